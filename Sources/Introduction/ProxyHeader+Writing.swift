import Sockets

extension ProxyHeader {
  /// Whether a checksum goes with it.
  package enum Check: Sendable {
    case none
    case crc32c
  }

  /// How it's written.
  ///
  /// Version 1 has words for IP addresses alone: a Unix socket's client is UNKNOWN, and fields are left out. An address of each family makes both
  /// IPv6, the other one as an IPv4-mapped one (RFC 4291, 2.5.5.2).
  ///
  /// - Parameter check: whether it has a checksum, in version 2.
  package func bytes(_ check: Check = .none) -> [UInt8] {
    switch version {
    case .v1: Array(line.utf8)
    case .v2: binary(check)
    }
  }

  private var line: String {
    guard case .client(let from, let to) = origin, let (from, to) = Self.sameFamily(from, to), let port = from.port,
      let other = to.port
    else { return "PROXY UNKNOWN\r\n" }
    let family = if case .ipv4 = from { "TCP4" } else { "TCP6" }
    return "PROXY \(family) \(from.withoutScope.host) \(to.withoutScope.host) \(port) \(other)\r\n"
  }

  private func binary(_ check: Check) -> [UInt8] {
    var (command, family, body): (UInt8, UInt8, [UInt8]) = (0x21, 0x00, [])
    switch origin {
    case .sender: command = 0x20
    case .unknown: break
    case .client(.unix(let from), to: .unix(let to)):
      family = 0x31
      for path in [from, to] {
        let bytes = Array(path.utf8.prefix(SocketAddress.longestUnixPath))
        body += bytes + Array(repeating: 0, count: 108 - bytes.count)
      }
    case .client(let from, let to):
      guard let (from, to) = Self.sameFamily(from, to), let port = from.port, let other = to.port else { break }
      family = if case .ipv4 = from { 0x11 } else { 0x21 }
      body += (from.hostBytes ?? []) + (to.hostBytes ?? []) + Self.two(Int(port)) + Self.two(Int(other))
    }
    for field in fields { body += [field.kind.rawValue] + Self.two(field.value.count) + field.value }
    if check == .crc32c { body += [ProxyField.Kind.crc32c.rawValue] + Self.two(4) + [0, 0, 0, 0] }
    var header = Self.signature + [command, family] + Self.two(body.count) + body
    if check == .crc32c {
      let sum = CRC32C(header).value
      header.replaceSubrange(
        header.count - 4..<header.count, with: Self.two(Int(sum >> 16)) + Self.two(Int(sum & 0xFFFF)))
    }
    return header
  }

  private static func two(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)] }

  /// Two addresses as ones of one family; nil if one isn't an IP address.
  private static func sameFamily(_ one: SocketAddress, _ other: SocketAddress) -> (SocketAddress, SocketAddress)? {
    switch (one.unmapped, other.unmapped) {
    case (.unix, _), (_, .unix): nil
    case (.ipv4, .ipv6): (one.unmapped.mapped, other)
    case (.ipv6, .ipv4): (one, other.unmapped.mapped)
    case (let one, let other): (one, other)
    }
  }
}
