/// What an LDAP server says to somebody who binds as nobody (RFC 4511, 4.2).
package struct LDAPAnswer: Equatable {
  /// How long its answer may be.
  static let longest = 65_536
  /// A simple bind of version 3 without name and password, which every server takes unless it's told not to.
  static let request: [UInt8] = [0x30, 0x0C, 0x02, 0x01, 0x01, 0x60, 0x07, 0x02, 0x01, 0x03, 0x04, 0x00, 0x80, 0x00]

  private var heard: [UInt8] = []
  var replies = Replies()

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    heard += bytes.prefix(Self.longest - heard.count)
    guard heard.first == 0x30 else { return notLDAP }
    var rest = heard[...]
    switch BERField.next(in: &rest) {
    case .incomplete: return heard.count == Self.longest ? notLDAP : nil
    case .broken: return notLDAP
    case .field(let message): return judge(message.content)
    }
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? { heard.isEmpty ? nil : "answered, but not all of its answer came" }

  private mutating func judge(_ message: ArraySlice<UInt8>) -> Verdict {
    var rest = message
    guard case .field(let number) = BERField.next(in: &rest), number.tag == 0x02,
      case .field(let answer) = BERField.next(in: &rest), answer.tag == 0x61 || answer.tag == 0x78
    else { return notLDAP }
    // The result, a name, and words.
    rest = answer.content
    guard case .field(let result) = BERField.next(in: &rest), result.tag == 0x0A, result.content.count == 1,
      let code = result.content.first, case .field = BERField.next(in: &rest),
      case .field(let words) = BERField.next(in: &rest)
    else { return notLDAP }
    // A notice that nobody has asked for says that it's about to leave.
    guard answer.tag == 0x61 else {
      return .failed("ends the connection: result \(code), \(Excerpt(words: words.content))")
    }
    replies.say([0x30, 0x05, 0x02, 0x01, 0x02, 0x42, 0x00])
    return code == 0
      ? .passed("lets anybody bind")
      : .failed("doesn't let anybody bind: result \(code), \(Excerpt(words: words.content))")
  }

  private var notLDAP: Verdict { .failed("not an answer of LDAP: \(Excerpt(heard))") }
}

/// A field as BER writes it, with a definite length of at most four bytes (X.690, 8.1).
private struct BERField {
  enum Next {
    case field(BERField)
    case incomplete, broken
  }

  let tag: UInt8
  let content: ArraySlice<UInt8>

  /// Takes the next field away from the front.
  static func next(in bytes: inout ArraySlice<UInt8>) -> Next {
    guard bytes.count >= 2, let tag = bytes.first else { return .incomplete }
    var rest = bytes.dropFirst()
    var length = Int(rest.removeFirst())
    if length >= 0x80 {
      let count = length - 0x80
      guard (1...4).contains(count) else { return .broken }
      guard rest.count >= count else { return .incomplete }
      length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(count)
    }
    guard length <= LDAPAnswer.longest else { return .broken }
    guard rest.count >= length else { return .incomplete }
    bytes = rest.dropFirst(length)
    return .field(BERField(tag: tag, content: rest.prefix(length)))
  }
}
