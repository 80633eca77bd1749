// Which sockets a connection to an address reaches.

extension SocketAddress {
  /// The IPv4 address that an IPv6 socket writes as an IPv4-mapped one (RFC 4291, 2.5.5.2); any other as it is.
  package var withoutMapping: SocketAddress {
    guard case .ipv6(high: 0, let low, _, let port) = self, low >> 32 == 0xFFFF else { return self }
    return .ipv4(UInt32(truncatingIfNeeded: low), port: port)
  }

  /// Where a connection to the address goes: to "any address" the kernel connects by loopback, and an IPv4 address in
  /// IPv6's clothes is the IPv4 address.
  package var destination: SocketAddress {
    switch withoutMapping {
    case .ipv4(0, let port): .ipv4(0x7F00_0001, port: port)
    case .ipv6(high: 0, low: 0, _, let port): .ipv6(high: 0, low: 1, scope: 0, port: port)
    case let plain: plain
    }
  }

  /// Whether it's an address of loopback, which is this machine's whatever its network is. No Unix socket's is.
  package var isLoopback: Bool {
    switch self {
    case .ipv4(let host, _): host >> 24 == 127
    case .ipv6(let high, let low, _, _): high == 0 && low == 1
    case .unix: false
    }
  }

  /// Whether it stands for every IPv4 address of this machine, or for every IPv6 one.
  package var isAny: Bool {
    switch self {
    case .ipv4(let host, _): host == 0
    case .ipv6(let high, let low, _, _): high == 0 && low == 0
    case .unix: false
    }
  }

  /// Whether it's an IPv4 address.
  package var isIPv4: Bool {
    if case .ipv4 = self { true } else { false }
  }

  /// Whether two sockets could be meant by one client: they're at the same address, or one stands for the other's as well.
  /// The kernel gives such a client to the one whose address says more: a host before all, IPv4 before both.
  package func overlaps(_ other: SocketAddress) -> Bool { includes(other) || other.includes(self) }

  /// Whether all clients of the other address could be meant for this one. All IPv6 addresses stand for the IPv4 ones as well.
  package func includes(_ other: SocketAddress) -> Bool {
    let (one, other) = (withoutMapping, other.withoutMapping)
    return one == other || one.port == other.port && one.isAny && (!one.isIPv4 || other.isIPv4)
  }

  /// Whether connecting to the other address reaches a socket that listens at this one. A socket at all IPv6 addresses
  /// takes IPv4 clients as well.
  ///
  /// - Parameter isLocal: whether an address is one of this machine's; only asked where that makes the difference.
  package func isReached(by other: SocketAddress, isLocal: (SocketAddress) -> Bool) -> Bool {
    let (bound, target) = (withoutMapping, other.destination)
    guard bound.port == target.port else { return false }
    if bound == target { return true }
    return bound.isAny && (!bound.isIPv4 || target.isIPv4) && isLocal(target)
  }
}
