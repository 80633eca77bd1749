internal import Config

/// Writes a draft as the text of a configuration, and knows for each line of it where that comes from.
struct DraftWriter {
  private(set) var lines: [String] = []
  /// For each of them the line of the original, if there's one.
  private(set) var origins: [Int?] = []

  /// Values without comments that fit are written in one line.
  private static let width = 110

  init(_ draft: Draft) {
    write(draft, before: "", after: "", depth: 0, line: nil)
  }

  var text: String { lines.joined(separator: "\n") + "\n" }

  /// A comment as lines, so that a line of the original can't end it.
  static func comment(_ text: String, depth: Int = 0) -> String {
    String(repeating: "  ", count: depth) + "// \(text.printable)"
  }

  private mutating func write(_ draft: Draft, before: String, after: String, depth: Int, line: Int?) {
    let line = draft.line ?? line
    for comment in draft.comments { add(Self.comment(comment, depth: depth), line) }
    let indent = String(repeating: "  ", count: depth)
    if let short = Self.short(draft), indent.count + before.count + short.count <= Self.width {
      return add(indent + before + short + after, line)
    }
    switch draft.content {
    case .list(let values):
      add(indent + before + "[", line)
      for value in values { write(value, before: "", after: ",", depth: depth + 1, line: line) }
      add(indent + "]" + after, line)
    case .object(let members):
      add(indent + before + "{", line)
      for member in members {
        write(member.value, before: "\(member.key.jsonQuoted): ", after: ",", depth: depth + 1, line: line)
      }
      add(indent + "}" + after, line)
    case .text, .number, .flag: add(indent + before + Self.scalar(draft.content) + after, line)
    }
  }

  private mutating func add(_ text: String, _ line: Int?) {
    lines.append(text)
    origins.append(line)
  }

  /// It in one line; nil if something inside it has a comment, or it's large.
  private static func short(_ draft: Draft) -> String? {
    switch draft.content {
    case .list(let values):
      let parts = values.map { inner($0) }
      return parts.contains(nil) ? nil : "[" + parts.compactMap(\.self).joined(separator: ", ") + "]"
    case .object(let members):
      guard !members.contains(where: { ["listeners", "pools"].contains($0.key) }) else { return nil }
      let parts = members.map { member in inner(member.value).map { "\(member.key.jsonQuoted): \($0)" } }
      if parts.contains(nil) { return nil }
      return parts.isEmpty ? "{}" : "{ " + parts.compactMap(\.self).joined(separator: ", ") + " }"
    case .text, .number, .flag: return scalar(draft.content)
    }
  }

  private static func inner(_ draft: Draft) -> String? { draft.comments.isEmpty ? short(draft) : nil }

  private static func scalar(_ content: Draft.Content) -> String {
    switch content {
    // A text of the original is no variable of this program's.
    case .text(let text):
      text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${").jsonQuoted
    case .number(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .list, .object: ""
    }
  }
}
