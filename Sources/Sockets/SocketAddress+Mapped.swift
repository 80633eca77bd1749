extension SocketAddress {
  /// The IPv4 address that an IPv6 socket shows as an IPv4-mapped one (RFC 4291, 2.5.5.2); any other as it is.
  package var unmapped: SocketAddress {
    guard case .ipv6(high: 0, let low, _, let port) = self, low >> 32 == 0xFFFF else { return self }
    return .ipv4(UInt32(truncatingIfNeeded: low), port: port)
  }

  /// An IPv4 address as an IPv6 socket shows it; any other as it is.
  package var mapped: SocketAddress {
    guard case .ipv4(let host, let port) = self else { return self }
    return .ipv6(high: 0, low: 0xFFFF_0000_0000 | UInt64(host), scope: 0, port: port)
  }

  /// The same address as it's said to other machines, where a scope means nothing.
  package var withoutScope: SocketAddress {
    guard case .ipv6(let high, let low, _, let port) = self else { return self }
    return .ipv6(high: high, low: low, scope: 0, port: port)
  }
}
