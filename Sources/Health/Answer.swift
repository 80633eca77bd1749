/// What the bytes of an answer come to.
enum Verdict: Equatable, Sendable {
  /// It is what was expected; the text says what came.
  case passed(String)
  /// It isn't; the text says what came instead.
  case failed(String)
}

/// Judges the answer to a health check while it comes in. Pure: it sees bytes, and neither sockets nor time.
package enum Answer: Equatable {
  case http(HTTPAnswer)
  case script(ScriptAnswer)
  /// While bytes are taken.
  case taking

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    // Held once, lest each packet have what came before copied.
    let before = self
    self = .taking
    switch consume before {
    case .http(var answer):
      defer { self = .http(answer) }
      return answer.take(bytes)
    case .script(var answer):
      defer { self = .script(answer) }
      return answer.take(bytes)
    case .taking: return nil
    }
  }

  /// What is wrong if nothing more comes, in words that go before "within 1s"; nil if nothing came at all.
  var shortcoming: String? {
    switch self {
    case .http(let answer): answer.shortcoming
    case .script(let answer): answer.shortcoming
    case .taking: nil
    }
  }
}

/// The answer to a script: passed as soon as the expected bytes are in it.
package struct ScriptAnswer: Equatable {
  /// How many bytes are looked at.
  static let longest = 65_536

  private var search: TextSearch
  private var beginning: [UInt8] = []
  private var count = 0

  /// Expects bytes, at least one.
  init(expect: [UInt8]) {
    search = TextSearch(for: expect)
  }

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    beginning += bytes.prefix(Excerpt.longest + 1 - beginning.count)
    for byte in bytes {
      count += 1
      if search.take(byte) { return .passed("answered \(Excerpt(search.wanted))") }
      if count == Self.longest { return .failed("no \(Excerpt(search.wanted)) in the first 64 KiB") }
    }
    return nil
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? {
    count == 0 ? nil : "answered \(Excerpt(beginning)), not \(Excerpt(search.wanted))"
  }
}

/// Foreign bytes as they may be shown in one line: quoted, cut, and with escapes for all that isn't printable ASCII.
struct Excerpt: CustomStringConvertible {
  /// How many bytes are shown.
  static let longest = 40

  let description: String

  init(_ bytes: some Collection<UInt8>) {
    let shown = bytes.prefix(Self.longest).map { byte in
      switch byte {
      case UInt8(ascii: "\r"): "\\r"
      case UInt8(ascii: "\n"): "\\n"
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
      case 0x20...0x7E: String(UnicodeScalar(byte))
      default: (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
      }
    }
    description = "\"\(shown.joined())\(bytes.count > Self.longest ? "…" : "")\""
  }
}
