/// What an SMTP server says first, and then to being greeted (RFC 5321, 4.2).
package struct SMTPAnswer: Equatable {
  /// How many bytes are looked at.
  static let longest = 16_384

  private enum Part: Equatable {
    case greeting, hello
  }

  private var part = Part.greeting
  private var line: [UInt8] = []
  private var count = 0
  var replies = Replies()

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    for byte in bytes {
      count += 1
      guard count <= Self.longest else { return .failed("said more than 16 KiB before it came to an end") }
      if byte != UInt8(ascii: "\n") {
        line.append(byte)
        // Something else than SMTP might never send the end of a line.
        if line.count <= 3, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { return notSMTP }
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if let verdict = endOfLine() { return verdict }
      line = []
    }
    return nil
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? {
    if part == .hello { return "greeted, but didn't answer EHLO" }
    return count == 0 ? nil : "said \(Excerpt(line)), which is no whole greeting"
  }

  private mutating func endOfLine() -> Verdict? {
    guard line.count >= 3 else { return notSMTP }
    // More lines follow one with a hyphen behind its code.
    if line.dropFirst(3).first == UInt8(ascii: "-") { return nil }
    let code = String(decoding: line.prefix(3), as: UTF8.self)
    switch (part, code) {
    case (.greeting, "220"):
      part = .hello
      replies.say(Array("EHLO localhost\r\n".utf8))
      return nil
    case (.hello, "250"):
      replies.say(Array("QUIT\r\n".utf8))
      return .passed("answered EHLO")
    default:
      replies.say(Array("QUIT\r\n".utf8))
      return .failed("said \(Excerpt(words: line)) \(part == .greeting ? "first" : "to EHLO")")
    }
  }

  private var notSMTP: Verdict { .failed("not an answer of SMTP: \(Excerpt(line))") }
}
