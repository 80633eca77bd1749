/// What a MySQL or MariaDB says first, and then to a login as somebody who needn't exist.
///
/// A server counts who leaves between its greeting and a login, and lets a host in no more that has done so a hundred times (max_connect_errors,
/// error 1129). So a check logs in, and leaves in due form where it's let in.
package struct MySQLAnswer: Equatable {
  /// How long a packet may be.
  static let longest = 65_536
  /// Errors that say that nobody is served, whatever his name: too many connections, shutting down, host blocked, host not allowed, too many
  /// of this user.
  private static let refusals: Set = [1040, 1053, 1129, 1130, 1203]

  private enum Part: Equatable {
    case greeting, login
  }

  private let user: String
  private var part = Part.greeting
  private var heard: [UInt8] = []
  /// So many more are answered, each of which wants the login in another way.
  private var patience = 2
  var replies = Replies()

  /// Expects a greeting.
  init(user: String) { self.user = user }

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    heard += bytes.prefix(Self.longest - heard.count)
    // Three bytes of length, the packet's number, and so many bytes.
    while heard.count >= 4 {
      let length = heard[..<3].reversed().reduce(0) { $0 << 8 | Int($1) }
      guard length > 0, length <= Self.longest - 4, part == .login || heard[3] == 0 else { return notMySQL }
      guard heard.count >= 4 + length else { return nil }
      let (number, body) = (heard[3], Array(heard[4..<(4 + length)]))
      if let verdict = judge(body, number) { return verdict }
      heard.removeFirst(4 + length)
    }
    return nil
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? {
    if part == .login { return "greeted, but didn't answer a login" }
    return heard.isEmpty ? nil : "said \(Excerpt(heard)), which is no whole greeting"
  }

  private mutating func judge(_ body: [UInt8], _ number: UInt8) -> Verdict? {
    switch (part, body[0]) {
    case (.greeting, 10):
      part = .login
      say(login, after: number)
      return nil
    case (.greeting, 0xFF): return .failed("said \(MySQLComplaint(body))")
    case (.greeting, _): return notMySQL
    case (.login, 0):
      // COM_QUIT
      replies.say([1, 0, 0, 0, 1])
      return .passed("lets \(user) in")
    case (.login, 0xFF):
      let complaint = MySQLComplaint(body)
      return Self.refusals.contains(complaint.code)
        ? .failed("said \(complaint)") : .passed("turns \(user) away: \(complaint)")
    case (.login, 0xFE):
      guard patience > 0 else { return .failed("wants \(user)'s login in ever other ways") }
      patience -= 1
      // No password: of some ways that's nothing, of the others a lone zero.
      let way = String(decoding: body.dropFirst().prefix { $0 != 0 }, as: UTF8.self)
      say(way.contains("sha2") ? [0] : [], after: number)
      return nil
    case (.login, _): return .passed("asks \(user) for a password")
    }
  }

  /// HandshakeResponse41: what this side can (long password, protocol 4.1, secure connection, plugins), 16 MiB of packet, utf8, the user, no
  /// password, and the way that has none.
  private var login: [UInt8] {
    let abilities: [UInt8] = [0x01, 0x82, 0x08, 0x00]
    return abilities + [0, 0, 0, 1, 33] + [UInt8](repeating: 0, count: 23) + Array(user.utf8) + [0, 0]
      + Array("mysql_native_password".utf8) + [0]
  }

  private mutating func say(_ body: [UInt8], after number: UInt8) {
    replies.say([UInt8(body.count & 0xFF), UInt8(body.count >> 8), 0, number &+ 1] + body)
  }

  private var notMySQL: Verdict { .failed("not an answer of MySQL: \(Excerpt(heard))") }
}

/// An error as MySQL tells it: a number, perhaps a sharp and five characters of state, and a text.
private struct MySQLComplaint: CustomStringConvertible {
  let code: Int
  let description: String

  init(_ body: [UInt8]) {
    let rest = body.dropFirst(3)
    code = body.count < 3 ? 0 : Int(body[1]) | Int(body[2]) << 8
    description = "\(Excerpt(words: rest.first == UInt8(ascii: "#") ? rest.dropFirst(6) : rest)) (\(code))"
  }
}
