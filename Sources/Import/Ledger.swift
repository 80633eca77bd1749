/// What there is to say of a line of the original that isn't in the draft as it was.
package struct Note: Hashable, Sendable {
  /// What became of it.
  package enum Fate: Sendable {
    /// It would mean something here, or nobody knows, and isn't in the draft.
    case untranslated
    /// It means nothing here.
    case leftOut
  }

  package let fate: Fate
  /// From 1; nil if it's the draft as a whole.
  package let line: Int?
  /// What it's about, in words of the original: `server a: ssl`.
  package let subject: String
  /// Why, or what to do about it.
  package let reason: String
}

extension Note: CustomStringConvertible {
  /// `line 12: server a: ssl: TLS to servers isn't spoken`
  package var description: String {
    (line.map { "line \($0): " } ?? "") + (subject.isEmpty ? "" : "\(subject): ") + reason
  }
}

/// Keeps account of every statement of the original, so that none is lost in silence: it's in the draft, left out for a reason, or
/// couldn't be translated. What nobody has said anything of is among the last.
struct Ledger {
  private(set) var notes: [Note] = []
  private var said: Set<Note> = []
  private var settled: Set<Int> = []

  /// It's in the draft.
  mutating func translate(_ statement: Statement) { settled.insert(statement.id) }

  /// It means nothing here, for this reason; or this part of it.
  mutating func leaveOut(_ statement: Statement, _ part: String? = nil, _ reason: String) {
    note(.leftOut, statement, part, reason)
  }

  /// It can't be translated, for this reason; or this part of it.
  mutating func refuse(_ statement: Statement, _ part: String? = nil, _ reason: String) {
    note(.untranslated, statement, part, reason)
  }

  /// A statement and all in it, as one.
  mutating func settleWhole(_ statement: Statement, _ fate: Note.Fate, _ reason: String) {
    for inner in statement.all { settled.insert(inner.id) }
    let last = statement.all.map(\.line).max() ?? statement.line
    let rest = last == statement.line ? "" : ", and all in it up to line \(last)"
    add(Note(fate: fate, line: statement.line, subject: Self.subject(of: statement, nil) + rest, reason: reason))
  }

  /// Something of the draft as a whole, or of a line of the original that is known by its number only.
  mutating func refuse(line: Int?, _ subject: String, _ reason: String) {
    add(Note(fate: .untranslated, line: line, subject: subject, reason: reason))
  }

  /// Whether something has been said of it.
  func isSettled(_ statement: Statement) -> Bool { settled.contains(statement.id) }

  private mutating func note(_ fate: Note.Fate, _ statement: Statement, _ part: String?, _ reason: String) {
    settled.insert(statement.id)
    add(Note(fate: fate, line: statement.line, subject: Self.subject(of: statement, part), reason: reason))
  }

  /// A line in defaults is looked at once for each section that has it; it's said once.
  private mutating func add(_ note: Note) {
    if said.insert(note).inserted { notes.append(note) }
  }

  private static func subject(of statement: Statement, _ part: String?) -> String {
    let words = statement.words.joined(separator: " ")
    guard let part else { return words.count > 60 ? "\(words.prefix(60))…" : words }
    return statement.words.prefix(2).joined(separator: " ") + ": \(part)"
  }
}
