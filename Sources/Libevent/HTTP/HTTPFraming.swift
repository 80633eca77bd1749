internal import Sockets

/// Where the content of an HTTP answer ends (RFC 9112, section 6.3), as the fields of its head tell.
package struct HTTPFraming: Equatable {
  /// What ends the content.
  package enum End: Equatable {
    /// The last of its chunks.
    case chunks
    /// So many bytes.
    case length(Int)
    /// The end of the connection.
    case connection
    /// The fields contradict themselves, or make no sense.
    case unclear
  }

  /// Knows of no field yet.
  package init() {}

  private var codings: [Substring] = []
  private var lengths: [Substring] = []

  /// Takes note of a line of the head.
  package mutating func take(_ line: [UInt8]) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
    let values = Self.trimmed(line[(colon + 1)...]).split(separator: ",", omittingEmptySubsequences: false)
    switch Self.trimmed(line[..<colon]) {
    case "transfer-encoding": codings += values.map { Self.trimmed($0.utf8) }.filter { !$0.isEmpty }
    case "content-length": lengths += values.map { Self.trimmed($0.utf8) }
    default: break
    }
  }

  /// What ends the content of an answer with this status.
  package func end(of status: Int) -> End {
    if status == 204 || status == 304 { return .length(0) }
    if let last = codings.last { return last == "chunked" ? .chunks : .connection }
    guard let first = lengths.first else { return .connection }
    // The same length may be there several times.
    guard lengths.allSatisfy({ $0 == first }), let length = Int(digits: first) else { return .unclear }
    return .length(length)
  }

  /// Text in lower case, without the blanks around it, which are part of neither a name nor a value.
  private static func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> Substring {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let bytes = bytes.drop(while: isBlank)
    let end = bytes.lastIndex { !isBlank($0) }.map(bytes.index(after:)) ?? bytes.startIndex
    return String(decoding: bytes[..<end], as: UTF8.self).lowercased()[...]
  }
}
