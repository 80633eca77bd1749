import Config

/// What a redis says to PING, or to ROLE where it has to be a master or a replica (RESP2, which every redis speaks to begin with).
package struct RedisAnswer: Equatable {
  /// How many bytes are looked at: what is needed of ROLE is at its begin.
  static let longest = 1024

  private let role: RedisCheck.Role?
  private var heard: [UInt8] = []

  /// Expects a sign of life, or a role.
  init(_ check: RedisCheck) { role = check.role }

  /// What it answers.
  static func request(_ check: RedisCheck) -> [UInt8] {
    Array("*1\r\n$4\r\n\(check.role == nil ? "PING" : "ROLE")\r\n".utf8)
  }

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    heard += bytes.prefix(Self.longest - heard.count)
    guard let first = heard.first, "+-*".utf8.contains(first) else { return notRedis }
    // The last one isn't whole.
    let lines = heard.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map { line in
      line.last == UInt8(ascii: "\r") ? Array(line.dropLast()) : Array(line)
    }
    guard let line = lines.first else { return heard.count == Self.longest ? notRedis : nil }
    if first == UInt8(ascii: "-") { return complained(line.dropFirst()) }
    guard let role else { return line == Array("+PONG".utf8) ? .passed("answered PONG") : notRedis }
    guard first == UInt8(ascii: "*") else { return notRedis }
    // *3, $6, master
    guard lines.count >= 3 else { return heard.count == Self.longest ? notRedis : nil }
    let word = String(decoding: lines[2], as: UTF8.self)
    guard let found = word == "slave" ? .replica : RedisCheck.Role(rawValue: word) else {
      return .failed("is \(Excerpt(lines[2])), not a \(role.rawValue)")
    }
    return found == role ? .passed(found.rawValue) : .failed("is a \(found.rawValue), not a \(role.rawValue)")
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? { heard.isEmpty ? nil : "answered \(Excerpt(heard)), which isn't all of an answer" }

  private func complained(_ words: some Collection<UInt8>) -> Verdict {
    // Who asks for a password serves those who have one.
    guard words.starts(with: "NOAUTH".utf8) else { return .failed("said \(Excerpt(words: words))") }
    return role == nil
      ? .passed("asks for a password")
      : .failed("asks for a password, so its role can't be asked: said \(Excerpt(words: words))")
  }

  private var notRedis: Verdict { .failed("not an answer of redis: \(Excerpt(heard))") }
}
