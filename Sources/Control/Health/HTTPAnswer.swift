import Config

/// An HTTP answer, as far as a health check needs it (RFC 9112): the status, and whether a text is in the content.
///
/// Without an expected text it is complete with its head. Content in chunks is put together, so that the text may stand
/// across their borders. Where the content ends is otherwise for the server to say, by ending the connection, which it
/// was asked to do.
struct HTTPAnswer: Equatable {
  private enum Part: Equatable {
    case statusLine
    case fields
    case content
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
  private var isChunked = false
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
    case .content:
      return look(at: byte)
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
      guard line.starts(with: Self.version), line.dropFirst(Self.version.count + 1).first == UInt8(ascii: " "),
        code.count == 3, code.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        [nil, UInt8(ascii: " ")].contains(line.dropFirst(Self.version.count + 5).first)
      else { return notHTTP }
      status = code.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      part = .fields
    case .fields where line.isEmpty:
      return endOfHead()
    case .fields:
      let field = String(decoding: line, as: UTF8.self).lowercased()
      if field.hasPrefix("transfer-encoding:"), field.hasSuffix("chunked") { isChunked = true }
    case .chunkSize:
      let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
      guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else {
        return .failed("HTTP \(status), but its chunks are broken")
      }
      guard size > 0 else { return .failed(without("its content")) }
      part = .chunk(left: size)
    case .chunkEnd:
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
      isChunked = false
      return nil
    }
    guard expectation.status.contains(status) else { return .failed("HTTP \(status), expected \(expectation.status)") }
    guard search != nil else { return .passed("HTTP \(status)") }
    part = isChunked ? .chunkSize : .content
    count = 0
    return nil
  }

  private var notHTTP: Verdict {
    .failed("not an HTTP answer: \(Excerpt(line))")
  }

  private var text: String { Excerpt((expectation.body ?? "").utf8).description }

  private func without(_ place: String) -> String {
    "HTTP \(status), but no \(text) in \(place)"
  }
}
