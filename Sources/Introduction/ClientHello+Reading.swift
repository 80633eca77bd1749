extension ClientHello {
  /// Reads what a connection begins with. A hello is read when it's whole; what follows doesn't matter.
  package static func read(_ bytes: Span<UInt8>) -> ClientHelloReading {
    let bytes = bytes.extracting(..<min(bytes.count, longest))
    var reader = HelloReader()
    do throws(HandshakeReader.Stop) {
      try reader.read(bytes)
    } catch .incomplete {
      return bytes.count < longest ? .incomplete : .wrong
    } catch {
      return .wrong
    }
    return .hello(reader.hello)
  }
}

/// Reads one hello. Every length is held against what stands around it, so that nothing reaches beyond its own place.
private struct HelloReader {
  private(set) var hello = ClientHello()
  private var reader = HandshakeReader()
  /// How many bytes of the message are left.
  private var left = 0

  typealias Stop = HandshakeReader.Stop

  private enum Extension {
    static let serverName = 0
    static let protocols = 16
  }

  mutating func read(_ bytes: Span<UInt8>) throws(Stop) {
    guard try reader.byte(bytes) == 1 else { throw .wrong }
    left = try reader.number(bytes, of: 3)
    guard left <= ClientHello.longest else { throw .wrong }
    // Its version and its random number.
    try skip(bytes, 34)
    guard try vector(bytes, 1) <= 32 else { throw .wrong }
    _ = try vector(bytes, 2)
    _ = try vector(bytes, 1)
    // One without extensions ends here (RFC 5246, 7.4.1.2).
    guard left > 0 else { return }
    let all = try number(bytes, 2)
    guard all == left else { throw .wrong }
    var hasName = false
    var hasProtocols = false
    while left > 0 {
      let kind = try number(bytes, 2)
      let length = try number(bytes, 2)
      guard length <= left else { throw .wrong }
      let rest = left - length
      // Of two of a kind a server might go by the other one.
      switch kind {
      case Extension.serverName:
        guard !hasName else { throw .wrong }
        hasName = true
        try readServerName(bytes, until: rest)
      case Extension.protocols:
        guard !hasProtocols else { throw .wrong }
        hasProtocols = true
        try readProtocols(bytes, until: rest)
      default: try skip(bytes, length)
      }
    }
  }

  /// - Parameter rest: how many bytes of the message are left behind it.
  private mutating func readServerName(_ bytes: Span<UInt8>, until rest: Int) throws(Stop) {
    guard left > rest else { return }
    guard try number(bytes, 2) == left - rest else { throw .wrong }
    var hasName = false
    while left > rest {
      let isHost = try number(bytes, 1) == 0
      let length = try number(bytes, 2)
      guard length <= left - rest, !(isHost && (hasName || length == 0)) else { throw .wrong }
      guard isHost, length <= ClientHello.longestName else {
        try skip(bytes, length)
        hasName = hasName || isHost
        continue
      }
      hasName = true
      var name = try text(bytes, length)
      name = name.map { $0.lowercased() }
      if name?.hasSuffix(".") == true { name?.removeLast() }
      hello.serverName = name?.isEmpty == true ? nil : name
    }
  }

  private mutating func readProtocols(_ bytes: Span<UInt8>, until rest: Int) throws(Stop) {
    guard try number(bytes, 2) == left - rest, left > rest else { throw .wrong }
    while left > rest {
      let length = try number(bytes, 1)
      guard length > 0, length <= left - rest else { throw .wrong }
      if hello.protocols.count == ClientHello.mostProtocols {
        try skip(bytes, length)
      } else if let name = try text(bytes, length) {
        hello.protocols.append(name)
      }
    }
  }

  // MARK: Bytes

  /// So many bytes as text; nil if they aren't printable ASCII.
  private mutating func text(_ bytes: Span<UInt8>, _ count: Int) throws(Stop) -> String? {
    try take(count)
    var letters: [UInt8] = []
    letters.reserveCapacity(count)
    for _ in 0..<count { letters.append(UInt8(truncatingIfNeeded: try reader.byte(bytes))) }
    return letters.allSatisfy { 0x21...0x7E ~= $0 } ? String(decoding: letters, as: UTF8.self) : nil
  }

  private mutating func number(_ bytes: Span<UInt8>, _ count: Int) throws(Stop) -> Int {
    try take(count)
    return try reader.number(bytes, of: count)
  }

  /// Goes on behind a list with its length before it, a number of so many bytes; that length.
  private mutating func vector(_ bytes: Span<UInt8>, _ count: Int) throws(Stop) -> Int {
    let length = try number(bytes, count)
    try skip(bytes, length)
    return length
  }

  private mutating func skip(_ bytes: Span<UInt8>, _ count: Int) throws(Stop) {
    try take(count)
    try reader.skip(bytes, count)
  }

  private mutating func take(_ count: Int) throws(Stop) {
    guard count <= left else { throw .wrong }
    left -= count
  }
}
