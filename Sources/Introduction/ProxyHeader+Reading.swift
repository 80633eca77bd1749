import Sockets

extension ProxyHeader {
  /// What twelve bytes each header of version 2 begins with.
  static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
  /// What each header of version 1 begins with.
  static let word = Array("PROXY ".utf8)

  /// Reads what a connection begins with.
  ///
  /// - Parameters:
  ///   - bytes: what has come of it.
  ///   - versions: those that are taken.
  package static func read(_ bytes: Span<UInt8>, taking versions: Set<Version> = [.v1, .v2]) -> ProxyReading {
    guard bytes.count > 0 else { return .incomplete(needed: 1) }
    let (version, prefix): (Version, [UInt8]) = bytes[0] == word[0] ? (.v1, word) : (.v2, signature)
    for index in 0..<min(bytes.count, prefix.count) where bytes[index] != prefix[index] { return .wrong(.missing) }
    guard bytes.count >= prefix.count else { return .incomplete(needed: prefix.count) }
    guard versions.contains(version) else { return .wrong(.version) }
    do {
      switch version {
      case .v1: return try readLine(bytes)
      case .v2: return try readBinary(bytes)
      }
    } catch {
      return .wrong(error)
    }
  }

  // MARK: Version 1

  private static func readLine(_ bytes: Span<UInt8>) throws(ProxyFault) -> ProxyReading {
    let limit = min(bytes.count, longestLine)
    var end = word.count
    while end < limit, bytes[end] != 0x0A { end += 1 }
    guard end < limit else {
      if limit == longestLine { throw .tooLong }
      return .incomplete(needed: bytes.count + 1)
    }
    guard bytes[end - 1] == 0x0D else { throw .malformed }
    let line = bytes.extracting(word.count..<end - 1)
    return .header(ProxyHeader(.v1, try origin(of: line)), length: end + 1)
  }

  private static func origin(of line: Span<UInt8>) throws(ProxyFault) -> Origin {
    var text = ""
    for index in 0..<line.count {
      guard 0x20...0x7E ~= line[index] else { throw .malformed }
      text.unicodeScalars.append(Unicode.Scalar(line[index]))
    }
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    if words[0] == "UNKNOWN" { return .unknown }
    guard words.count == 5, words[0] == "TCP4" || words[0] == "TCP6", let from = port(words[3]), let to = port(words[4])
    else {
      throw .malformed
    }
    let isIPv6 = words[0] == "TCP6"
    return .client(try address(words[1], isIPv6, from), to: try address(words[2], isIPv6, to))
  }

  private static func address(_ text: Substring, _ isIPv6: Bool, _ port: UInt16) throws(ProxyFault) -> SocketAddress {
    // A scope means nothing on another machine.
    guard !text.contains("%"), let address = SocketAddress(ip: String(text), port: port) else { throw .malformed }
    guard case .ipv6 = address else {
      if isIPv6 { throw .malformed }
      return address
    }
    if !isIPv6 { throw .malformed }
    return address
  }

  /// Of its digits alone, and none of them a leading zero.
  private static func port(_ text: Substring) -> UInt16? {
    guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), text == "0" || text.first != "0" else { return nil }
    return UInt16(text)
  }

  // MARK: Version 2

  private static func readBinary(_ bytes: Span<UInt8>) throws(ProxyFault) -> ProxyReading {
    guard bytes.count >= 16 else { return .incomplete(needed: 16) }
    let (command, family) = (bytes[12], bytes[13])
    let length = 16 + Int(bytes[14]) << 8 + Int(bytes[15])
    guard command >> 4 == 2, command & 0x0F <= 1, family >> 4 <= 3, family & 0x0F <= 2 else { throw .malformed }
    guard length <= longest else { throw .tooLong }
    guard bytes.count >= length else { return .incomplete(needed: length) }
    let body = bytes.extracting(16..<length)
    // What a sender says of its own connection is to be ignored.
    guard command & 0x0F == 1 else { return .header(ProxyHeader(.v2, .sender), length: length) }
    let (origin, rest) = try origin(of: body, family)
    let fields = try ProxyField.fields(of: body.extracting(rest...))
    try check(bytes.extracting(..<length), fields, from: 16 + rest)
    let kept = fields.filter { $0.kind != .padding && $0.kind != .crc32c }
    return .header(ProxyHeader(.v2, origin, fields: kept), length: length)
  }

  /// Whose connection it is, and where the fields begin.
  private static func origin(of body: Span<UInt8>, _ family: UInt8) throws(ProxyFault) -> (Origin, Int) {
    let size =
      switch family >> 4 {
      case 1: 12
      case 2: 36
      case 3: 216
      default: 0
      }
    guard body.count >= size else { throw .malformed }
    // A stream is what it has to be.
    guard family & 0x0F == 1 else { return (.unknown, size) }
    switch family >> 4 {
    case 1:
      let (from, to) = (number(body, 8, 2), number(body, 10, 2))
      return (
        .client(
          .ipv4(UInt32(number(body, 0, 4)), port: UInt16(from)), to: .ipv4(UInt32(number(body, 4, 4)), port: UInt16(to))
        ),
        size
      )
    case 2:
      let (from, to) = (number(body, 32, 2), number(body, 34, 2))
      return (
        .client(
          .ipv6(high: number(body, 0, 8), low: number(body, 8, 8), scope: 0, port: UInt16(from)),
          to: .ipv6(high: number(body, 16, 8), low: number(body, 24, 8), scope: 0, port: UInt16(to))), size
      )
    case 3: return (.client(.unix(path: path(body, 0)), to: .unix(path: path(body, 108))), size)
    default: return (.unknown, size)
    }
  }

  /// A number in network order.
  private static func number(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> UInt64 {
    (start..<start + count).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
  }

  /// A Unix socket's path; empty if it has none, or one that isn't a file's.
  private static func path(_ bytes: Span<UInt8>, _ start: Int) -> String {
    var path: [UInt8] = []
    for index in start..<start + 108 {
      if bytes[index] == 0 { break }
      path.append(bytes[index])
    }
    return String(decoding: path.prefix(SocketAddress.longestUnixPath), as: UTF8.self)
  }

  /// Holds the header against its checksum, if it has one.
  private static func check(_ header: Span<UInt8>, _ fields: [ProxyField], from start: Int) throws(ProxyFault) {
    var place = start
    for field in fields {
      defer { place += 3 + field.value.count }
      guard field.kind == .crc32c else { continue }
      guard field.value.count == 4 else { throw .malformed }
      var bytes: [UInt8] = []
      for index in 0..<header.count { bytes.append(place + 3..<place + 7 ~= index ? 0 : header[index]) }
      let said = field.value.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
      if said != CRC32C(bytes).value { throw .checksum }
    }
  }
}

extension ProxyField {
  /// The fields that some bytes are, one after the other.
  static func fields(of bytes: Span<UInt8>) throws(ProxyFault) -> [ProxyField] {
    var fields: [ProxyField] = []
    var next = 0
    while next < bytes.count {
      guard next + 3 <= bytes.count else { throw .malformed }
      let count = Int(bytes[next + 1]) << 8 | Int(bytes[next + 2])
      guard next + 3 + count <= bytes.count else { throw .malformed }
      let kind = Kind(rawValue: bytes[next])
      if kind == .uniqueID, count > longestUniqueID { throw .malformed }
      var value: [UInt8] = []
      value.reserveCapacity(count)
      for index in next + 3..<next + 3 + count { value.append(bytes[index]) }
      fields.append(ProxyField(kind, value))
      next += 3 + count
    }
    return fields
  }
}
