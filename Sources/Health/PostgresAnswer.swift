import Config

/// What a PostgreSQL says to a startup packet, and then to a question about its role (frontend/backend protocol 3.0).
package struct PostgresAnswer: Equatable {
  /// How long a message may be, and all of them together.
  static let longest = 65_536
  /// Asks whether TLS may begin; a lone `S` means yes.
  static let securityRequest: [UInt8] = [0, 0, 0, 8, 4, 210, 22, 47]

  private let check: PostgresCheck
  private var messages = Messages()
  private var isAsked = false
  var replies = Replies()

  /// Expects to be let in, or turned away, or a role.
  init(_ check: PostgresCheck) { self.check = check }

  /// What it answers.
  static func request(_ check: PostgresCheck) -> [UInt8] {
    let words = ["user", check.user, "database", check.database, "application_name", "martlet"]
    let texts = words.flatMap { word -> [UInt8] in Array(word.utf8) + [0] }
    let body: [UInt8] = [0, 3, 0, 0] + texts + [0]
    return length(of: body) + body
  }

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    messages.take(bytes)
    while true {
      switch messages.next() {
      case .incomplete: return nil
      case .broken: return .failed("not an answer of PostgreSQL: \(Excerpt(messages.beginning))")
      case .message(let kind, let body):
        if let verdict = judge(kind, body) { return verdict }
      }
    }
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? {
    if messages.beginning.isEmpty { return nil }
    return isAsked
      ? "let \(check.user) in, but didn't say what it is" : "answered, but didn't say whether it lets \(check.user) in"
  }

  private mutating func judge(_ kind: UInt8, _ body: ArraySlice<UInt8>) -> Verdict? {
    switch kind {
    case UInt8(ascii: "E"): return complained(PostgresComplaint(body))
    case UInt8(ascii: "R"):
      // Who needs no password may still be turned away after that.
      if body.starts(with: [0, 0, 0, 0]) { return nil }
      return check.role == nil
        ? .passed("asks \(check.user) for a password")
        : .failed("asks \(check.user) for a password, so its role can't be asked: let it in by trust")
    case UInt8(ascii: "Z"):
      guard check.role != nil else {
        leave()
        return .passed("lets \(check.user) in")
      }
      guard !isAsked else { return .failed("didn't say what it is") }
      isAsked = true
      say("Q", Array("SELECT pg_is_in_recovery()".utf8) + [0])
      return nil
    case UInt8(ascii: "D"):
      // One column of one byte.
      guard isAsked, body.count == 7, let word = body.last, let role = check.role else { return nil }
      leave()
      let found: PostgresCheck.Role = word == UInt8(ascii: "t") ? .replica : .primary
      return found == role ? .passed(found.rawValue) : .failed("is a \(found.rawValue), not a \(role.rawValue)")
    default: return nil
    }
  }

  private func complained(_ complaint: PostgresComplaint) -> Verdict {
    // Who is turned away was heard: invalid authorization (class 28), or a database that isn't there.
    let isService = check.role == nil && (complaint.code.hasPrefix("28") || complaint.code == "3D000")
    return isService ? .passed("turns \(check.user) away: \(complaint)") : .failed("said \(complaint)")
  }

  private mutating func leave() { say("X", []) }

  private mutating func say(_ kind: Unicode.Scalar, _ body: [UInt8]) {
    replies.say([UInt8(ascii: kind)] + Self.length(of: body) + body)
  }

  /// The length that goes before a body, its own four bytes included.
  private static func length(of body: [UInt8]) -> [UInt8] {
    let length = body.count + 4
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
  }
}

extension PostgresAnswer {
  /// Messages out of bytes: a kind, a length, and so many bytes.
  private struct Messages: Equatable {
    enum Next {
      case message(UInt8, ArraySlice<UInt8>)
      case incomplete
      /// There's something else than messages, or too much of them.
      case broken
    }

    private var heard: [UInt8] = []
    private var place = 0

    var beginning: ArraySlice<UInt8> { heard.prefix(Excerpt.longest + 1) }

    mutating func take(_ bytes: ArraySlice<UInt8>) { heard += bytes.prefix(PostgresAnswer.longest - heard.count) }

    mutating func next() -> Next {
      let incomplete: Next = heard.count == PostgresAnswer.longest ? .broken : .incomplete
      guard heard.count >= place + 5 else { return incomplete }
      let length = heard[(place + 1)..<(place + 5)].reduce(0) { $0 << 8 | Int($1) }
      guard length >= 4, length < PostgresAnswer.longest, Self.isKind(heard[place]) else { return .broken }
      let end = place + 1 + length
      guard heard.count >= end else { return incomplete }
      defer { place = end }
      return .message(heard[place], heard[(place + 5)..<end])
    }

    private static func isKind(_ byte: UInt8) -> Bool {
      Unicode.Scalar(byte).properties.isAlphabetic && byte < 128
    }
  }
}

/// An error as PostgreSQL tells it: fields of a letter and a text each.
private struct PostgresComplaint: CustomStringConvertible {
  /// The SQLSTATE, such as `57P03`.
  let code: String
  let description: String

  init(_ body: ArraySlice<UInt8>) {
    var fields: [UInt8: ArraySlice<UInt8>] = [:]
    for field in body.split(separator: 0) {
      if let letter = field.first { fields[letter] = field.dropFirst() }
    }
    code = String(decoding: fields[UInt8(ascii: "C")]?.prefix(5) ?? [], as: UTF8.self)
    description = "\(Excerpt(words: fields[UInt8(ascii: "M")] ?? [])) (\(code.isEmpty ? "no code" : code.printable))"
  }
}
