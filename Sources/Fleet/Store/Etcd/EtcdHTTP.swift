import Libevent
import Sockets

/// Reads one HTTP answer (RFC 9112) while it comes. Pure: it sees bytes, and neither sockets nor time.
struct EtcdHTTP: Equatable {
  /// Why it can't be read.
  enum Fault: Error, Equatable {
    /// It's no HTTP.
    case malformed
    /// More waits to be taken than may.
    case tooLarge
  }

  /// What there is of it so far.
  enum Progress: Equatable {
    /// More has to come.
    case unfinished
    /// It's whole. Whether the connection goes on after it.
    case whole(goesOn: Bool)
  }

  private enum Part: Equatable {
    case statusLine, fields, chunkSize, chunkEnd, trailer
    /// So many bytes are left; nil for all that come until the end of the connection.
    case content(left: Int?)
    case chunk(left: Int)
    case over
  }

  /// The most bytes of a line, of which there may be so many before the content.
  private static let longestLine = 8192
  private static let mostLines = 100

  private let largest: Int
  private var part = Part.statusLine
  private var line: [UInt8] = []
  private var lines = 0
  private var framing = HTTPFraming()
  private var goesOn = true
  /// Its status; 0 as long as there's none.
  private(set) var status = 0
  /// What has come of its content, without the marks of chunks, and wasn't taken.
  private(set) var content: [UInt8] = []

  /// - Parameter largest: the most bytes of content that aren't taken.
  init(largest: Int) {
    self.largest = largest
  }

  /// Takes the next bytes. Behind the end of an answer nothing may come, as nothing is asked before that.
  mutating func take(_ bytes: [UInt8]) throws(Fault) -> Progress {
    var rest = bytes[...]
    while !rest.isEmpty {
      switch part {
      case .over: throw .malformed
      case .content(let left):
        let count = try keep(&rest, atMost: left ?? .max)
        part = .content(left: left.map { $0 - count })
        if left == count { part = .over }
      case .chunk(let left):
        let count = try keep(&rest, atMost: left)
        part = left == count ? .chunkEnd : .chunk(left: left - count)
      case .statusLine, .fields, .chunkSize, .chunkEnd, .trailer:
        if try takeLine(&rest) { try endOfLine() }
      }
    }
    return part == .over ? .whole(goesOn: goesOn) : .unfinished
  }

  /// Whether it's whole if the connection ends now.
  var endsWithConnection: Bool { part == .content(left: nil) }

  /// Takes the content that has come.
  mutating func takeContent() -> [UInt8] {
    defer { content = [] }
    return content
  }

  private mutating func keep(_ rest: inout ArraySlice<UInt8>, atMost most: Int) throws(Fault) -> Int {
    let piece = rest.prefix(most)
    guard content.count + piece.count <= largest else { throw .tooLarge }
    content += piece
    rest = rest.dropFirst(piece.count)
    return piece.count
  }

  /// Whether the line is whole.
  private mutating func takeLine(_ rest: inout ArraySlice<UInt8>) throws(Fault) -> Bool {
    let end = rest.firstIndex(of: UInt8(ascii: "\n"))
    line += rest[..<(end ?? rest.endIndex)]
    guard line.count <= Self.longestLine else { throw .malformed }
    rest = end.map { rest[($0 + 1)...] } ?? []
    if part == .statusLine, !line.starts(with: Self.version.prefix(line.count)) { throw .malformed }
    return end != nil
  }

  private static let version = Array("HTTP/1.".utf8)

  private mutating func endOfLine() throws(Fault) {
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    defer { line = [] }
    lines += 1
    switch part {
    case .statusLine:
      // HTTP/1.1 200 OK
      let words = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 2)
      guard words.count >= 2, words[1].utf8.count == 3, let status = Int(digits: words[1]), (100...599) ~= status else {
        throw .malformed
      }
      (self.status, goesOn, part) = (status, words[0] == "HTTP/1.1", .fields)
    case .fields where line.isEmpty: try endOfHead()
    case .fields:
      guard lines <= Self.mostLines else { throw .malformed }
      framing.take(line)
      let text = String(decoding: line, as: UTF8.self).lowercased().filter { $0 != " " }
      if text == "connection:close" { goesOn = false }
    case .chunkSize:
      let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
      guard let size = Int(digits: String(decoding: digits, as: UTF8.self), radix: 16) else { throw .malformed }
      part = size > 0 ? .chunk(left: size) : .trailer
      lines = 0
    case .chunkEnd:
      guard line.isEmpty else { throw .malformed }
      part = .chunkSize
    case .trailer:
      guard lines <= Self.mostLines else { throw .malformed }
      if line.isEmpty { part = .over }
    case .content, .chunk, .over: break
    }
  }

  private mutating func endOfHead() throws(Fault) {
    guard status >= 200 else {
      // Interim answers may come before the one that counts.
      (part, framing) = (.statusLine, HTTPFraming())
      return
    }
    switch framing.end(of: status) {
    case .chunks: part = .chunkSize
    case .length(0): part = .over
    case .length(let length):
      guard length <= largest else { throw .tooLarge }
      part = .content(left: length)
    case .connection: (part, goesOn) = (.content(left: nil), false)
    case .unclear: throw .malformed
    }
  }
}
