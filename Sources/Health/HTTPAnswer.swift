import Config
import Libevent
import Sockets

/// An HTTP answer, as far as a health check needs it (RFC 9112): the status, and whether a text is in the content.
///
/// Without an expected text it is complete with its head. Content in chunks is put together, so that the text may stand
/// across their borders; what comes behind the content's end isn't looked at.
package struct HTTPAnswer: Equatable {
  private enum Part: Equatable {
    case statusLine
    case fields
    /// So many bytes are left; nil if it lasts until the connection ends.
    case content(left: Int?)
    case chunkSize
    case chunk(left: Int)
    case chunkEnd
  }

  /// How many bytes of head and of content, as they are sent, are looked at: 64 KiB of each.
  static let longest = 65_536

  private let expectation: HTTPExpectation
  private var search: TextSearch?
  private var part = Part.statusLine
  private var line: [UInt8] = []
  private var status = 0
  private var framing = HTTPFraming()
  /// How many bytes came of the head, or of the content after it.
  private var count = 0

  /// Expects an answer.
  init(_ expectation: HTTPExpectation) {
    self.expectation = expectation
    search = expectation.body.flatMap { $0.isEmpty ? nil : TextSearch(for: Array($0.utf8)) }
  }

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    for byte in bytes {
      if let verdict = take(byte) { return verdict }
    }
    // Something else than HTTP might never send the end of a line.
    return part == .statusLine && !line.starts(with: Self.version.prefix(line.count)) ? notHTTP : nil
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? {
    switch part {
    case .statusLine: count == 0 ? nil : "answered \(Excerpt(line)), which is no whole HTTP status line"
    case .fields: "HTTP \(status), but its head is incomplete"
    case .content(let left?): "HTTP \(status), but it ends \(left) bytes before the end of its content"
    case .content, .chunkSize, .chunk, .chunkEnd: without("the \(count) bytes of its content")
    }
  }

  private static let version = Array("HTTP/1.".utf8)

  private mutating func take(_ byte: UInt8) -> Verdict? {
    if count == Self.longest {
      switch part {
      case .statusLine, .fields: return .failed("the head of the HTTP answer exceeds 64 KiB")
      default: return .failed(without("the first 64 KiB of its content"))
      }
    }
    count += 1
    switch part {
    case .content(nil):
      return look(at: byte)
    case .content(let left?):
      part = .content(left: left - 1)
      return look(at: byte) ?? (left == 1 ? .failed(without("its content")) : nil)
    case .chunk(let left):
      part = left > 1 ? .chunk(left: left - 1) : .chunkEnd
      return look(at: byte)
    case .statusLine, .fields, .chunkSize, .chunkEnd:
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        return nil
      }
      // RFC 9112, section 2.2: a line may also end without the carriage return.
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      defer { line = [] }
      return endOfLine()
    }
  }

  private mutating func look(at byte: UInt8) -> Verdict? {
    guard search?.take(byte) ?? false else { return nil }
    return .passed("HTTP \(status) with \(text)")
  }

  private mutating func endOfLine() -> Verdict? {
    switch part {
    case .statusLine:
      // HTTP/1.1 200 OK
      let code = line.dropFirst(Self.version.count + 2).prefix(3)
      guard line.starts(with: Self.version), line.dropFirst(Self.version.count).first.map(Self.isDigit) == true,
        line.dropFirst(Self.version.count + 1).first == UInt8(ascii: " "),
        code.count == 3, code.allSatisfy(Self.isDigit),
        [nil, UInt8(ascii: " ")].contains(line.dropFirst(Self.version.count + 5).first)
      else { return notHTTP }
      status = code.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      part = .fields
    case .fields where line.isEmpty:
      return endOfHead()
    case .fields:
      framing.take(line)
    case .chunkSize:
      let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
      guard let size = Int(digits: String(decoding: digits, as: UTF8.self), radix: 16) else { return brokenChunks }
      guard size > 0 else { return .failed(without("its content")) }
      part = .chunk(left: size)
    case .chunkEnd:
      guard line.isEmpty else { return brokenChunks }
      part = .chunkSize
    case .content, .chunk:
      break
    }
    return nil
  }

  private mutating func endOfHead() -> Verdict? {
    // RFC 9110, section 15.2: any number of interim answers may come before the one that counts.
    let isInterim = (100...199).contains(status) && status != 101
    if isInterim, !expectation.status.contains(status) {
      part = .statusLine
      framing = HTTPFraming()
      return nil
    }
    guard expectation.status.contains(status) else { return .failed("HTTP \(status), expected \(expectation.status)") }
    guard search != nil else { return .passed("HTTP \(status)") }
    count = 0
    switch framing.end(of: status) {
    case .chunks: part = .chunkSize
    case .connection: part = .content(left: nil)
    case .length(0): return .failed(without("its content, which is empty"))
    case .length(let length): part = .content(left: length)
    case .unclear: return .failed("HTTP \(status), but its Content-Length makes no sense")
    }
    return nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private var brokenChunks: Verdict {
    .failed("HTTP \(status), but its chunks are broken")
  }

  private var notHTTP: Verdict {
    .failed("not an HTTP answer: \(Excerpt(line))")
  }

  private var text: String { Excerpt((expectation.body ?? "").utf8).description }

  private func without(_ place: String) -> String {
    "HTTP \(status), but no \(text) in \(place)"
  }
}
