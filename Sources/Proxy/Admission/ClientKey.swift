import Sockets

/// What tells clients apart that have limits of their own: the first bits of their addresses. An IPv4 address is mapped (RFC 4291,
/// 2.5.5.2), and so the same one at an IPv6 socket.
struct ClientKey: Hashable {
  let high: UInt64
  let low: UInt64

  /// What a client is counted by; nil for a Unix socket, which can be anybody's.
  init?(_ client: SocketAddress, ipv4 ipv4Bits: Int, ipv6 ipv6Bits: Int) {
    switch client.unmapped {
    case .ipv4(let host, _):
      let unused = UInt32(32 - ipv4Bits)
      high = 0
      low = 0xFFFF_0000_0000 | UInt64((host >> unused) << unused)
    case .ipv6(let first, let last, _, _):
      high = first & (.max << UInt64(64 - min(ipv6Bits, 64)))
      low = last & (.max << UInt64(128 - max(ipv6Bits, 64)))
    case .unix: return nil
    }
  }
}
