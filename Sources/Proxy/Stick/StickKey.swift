package import Sockets

/// What a client is recognised by when it comes back: its address without the port, of an IPv6 one the first 64 bits, as a host
/// chooses the others anew from time to time (RFC 8981). An IPv4 address is mapped (RFC 4291, 2.5.5.2), and so the same one at an
/// IPv6 socket.
package struct StickKey: Hashable, Sendable {
  /// The first 64 bits of the address.
  package let high: UInt64
  /// The others; 0 for all IPv6 addresses but mapped ones.
  package let low: UInt64

  /// With both halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// What a client is recognised by; nil for a Unix socket, which can be anybody's.
  package init?(_ client: SocketAddress) {
    switch client.unmapped {
    case .ipv4(let host, _): self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(host))
    case .ipv6(let high, _, _, _): self.init(high: high, low: 0)
    case .unix: return nil
    }
  }
}

extension StickKey: CustomStringConvertible {
  /// An IPv4 address, or an IPv6 network.
  package var description: String {
    if high == 0, low >> 32 == 0xFFFF { return SocketAddress.ipv4(UInt32(truncatingIfNeeded: low), port: 0).host }
    return SocketAddress.ipv6(high: high, low: 0, scope: 0, port: 0).host + "/64"
  }
}
