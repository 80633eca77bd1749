/// Where connections come from: the addresses that begin alike (CIDR, RFC 4632), or Unix sockets.
package enum AddressRange: Hashable, Sendable {
  /// IPv4 addresses whose first so many bits are those of one, the rest being 0.
  case ipv4(UInt32, bits: Int)
  /// IPv6 addresses, likewise.
  case ipv6(UInt128, bits: Int)
  /// All Unix sockets.
  case unix

  /// Whether an address is one of these. An IPv4 address in IPv6's clothes is the IPv4 address.
  package func contains(_ address: SocketAddress) -> Bool {
    switch (self, address.unmapped) {
    case (.ipv4(let first, let bits), .ipv4(let host, _)): bits == 0 || (first ^ host) >> UInt32(32 - bits) == 0
    case (.ipv6(let first, let bits), .ipv6(let high, let low, _, _)):
      bits == 0 || (first ^ (UInt128(high) << 64 | UInt128(low))) >> UInt128(128 - bits) == 0
    case (.unix, .unix): true
    default: false
    }
  }
}

extension AddressRange: CustomStringConvertible {
  /// Why a text is no range.
  package enum Fault: Error, Equatable, Sendable {
    /// It's nothing of the kind.
    case unreadable
    /// It has more bits than its length says; that is meant.
    case tooManyBits(AddressRange)
  }

  /// Reads `10.0.0.0/8`, `2001:db8::/32`, a single address, or `unix:`.
  package init(_ text: String) throws(Fault) {
    if text == "unix:" {
      self = .unix
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard !text.contains("%"), let address = SocketAddress(ip: String(parts[0]), port: 0) else { throw .unreadable }
    let width = if case .ipv4 = address { 32 } else { 128 }
    var bits = width
    if parts.count == 2 {
      guard let length = UInt16(digits: parts[1]), length <= width else { throw .unreadable }
      bits = Int(length)
    }
    switch address {
    case .ipv4(let host, _):
      let first = bits == 0 ? 0 : (host >> UInt32(32 - bits)) << UInt32(32 - bits)
      self = .ipv4(first, bits: bits)
      if first != host { throw .tooManyBits(self) }
    case .ipv6(let high, let low, _, _):
      let host = UInt128(high) << 64 | UInt128(low)
      let first = bits == 0 ? 0 : (host >> UInt128(128 - bits)) << UInt128(128 - bits)
      self = .ipv6(first, bits: bits)
      if first != host { throw .tooManyBits(self) }
    case .unix: throw .unreadable
    }
  }

  /// The form that `init(_:)` reads; the length is left out where it's a single address's.
  package var description: String {
    switch self {
    case .ipv4(let first, let bits):
      SocketAddress.ipv4(first, port: 0).host + (bits == 32 ? "" : "/\(bits)")
    case .ipv6(let first, let bits):
      SocketAddress.ipv6(high: UInt64(first >> 64), low: UInt64(truncatingIfNeeded: first), scope: 0, port: 0).host
        + (bits == 128 ? "" : "/\(bits)")
    case .unix: "unix:"
    }
  }
}
