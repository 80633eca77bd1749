import Glibc
package import SystemPackage

/// How connections leave this machine, where that isn't left to the kernel alone. A Unix socket's don't leave it, so nothing of
/// this is for them.
package struct EgressRules: Equatable, Sendable {
  /// By which address.
  package var source = Source.any
  /// Through which interface, whatever the routes say; nil for the one that they name.
  package var interface: String?
  /// By which number the kernel's routing and firewall know its packets; 0 for none.
  package var mark: UInt32 = 0
  /// What their header asks routers for, 0…63 (RFC 2474); 0 for nothing.
  package var dscp: UInt8 = 0

  /// By which address connections leave.
  package enum Source: Hashable, Sendable {
    /// By the one that the kernel chooses.
    case any
    /// By one of these, without ports; by the kernel's choice where none is of the other end's family.
    case addresses([SocketAddress])
    /// By the client's own, which packets back have to be routed here for; by the kernel's choice where there's none of the other
    /// end's family.
    case client
  }

  /// What the kernel does by itself.
  package init() {}
}

extension Socket {
  /// Asks for a connection to the address that leaves as the rules say. What this machine doesn't allow or have fails at once.
  ///
  /// - Parameters:
  ///   - client: whom the connection is for; nil for nobody.
  ///   - turn: which of several sources is asked first, any number. One that has no port left for the address, or isn't this machine's
  ///     now, passes the turn on.
  package func connect(
    to address: SocketAddress, by rules: EgressRules, for client: SocketAddress? = nil, turn: UInt64 = 0
  ) -> Connection {
    guard address.port != nil else { return connect(to: address) }
    do throws(Errno) {
      try leave(by: rules, to: address)
      switch rules.source {
      case .any: return connect(to: address)
      case .client:
        guard let client = client?.withoutMapping, client.family == address.family, client.mayLeave(to: address) else {
          break
        }
        try setTransparent(address.family)
        return connect(to: address, from: client)
      case .addresses(let sources):
        let first = Int(turn % UInt64(sources.count))
        var isBound = false
        for offset in sources.indices {
          let source = sources[(first + offset) % sources.count]
          guard source.family == address.family else { continue }
          isBound = true
          let connection = connect(to: address, from: source)
          if connection != .failed(.addressNotAvailable) { return connection }
        }
        if isBound { return .failed(.addressNotAvailable) }
      }
      return connect(to: address)
    } catch {
      return .failed(error)
    }
  }

  /// Asks this machine for all that the rules want of it, as a connection to such an address would, and connects to nobody.
  package func tryLeaving(by rules: EgressRules, to address: SocketAddress) throws(Errno) {
    try leave(by: rules, to: address)
    switch rules.source {
    case .any: break
    case .client: try setTransparent(address.family)
    case .addresses(let sources):
      for source in sources where source.family == address.family { try bindWithoutPort(to: source) }
    }
  }

  private func connect(to address: SocketAddress, from source: SocketAddress) -> Connection {
    do throws(Errno) {
      try bindWithoutPort(to: source)
      let connection = connect(to: address)
      // There's no way from that address to the other one: nothing that the other end could be blamed for.
      return connection == .failed(.invalidArgument) ? .failed(.addressNotAvailable) : connection
    } catch {
      return .failed(error)
    }
  }

  /// Lets connecting choose the port: it needs to be free for that other end alone, not for all (IP_BIND_ADDRESS_NO_PORT, ip(7)).
  /// A socket that is bound so can be bound to another address, as long as it isn't connected.
  private func bindWithoutPort(to source: SocketAddress) throws(Errno) {
    // Without it there are fewer ports, and that is all.
    try? setOption(Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
    try bind(to: source.with(port: 0))
  }

  /// Sets all but the source.
  private func leave(by rules: EgressRules, to address: SocketAddress) throws(Errno) {
    if let interface = rules.interface { try setInterface(interface) }
    if rules.mark != 0 { try setOption(SOL_SOCKET, SO_MARK, Int32(bitPattern: rules.mark)) }
    if rules.dscp != 0 {
      // Its two lowest bits are the kernel's own, for congestion (RFC 3168).
      let byte = Int32(rules.dscp) << 2
      if address.family == AF_INET6 { try setOption(Int32(IPPROTO_IPV6), IPV6_TCLASS, byte) }
      if address.family == AF_INET { try setOption(Int32(IPPROTO_IP), IP_TOS, byte) }
    }
  }

  /// Sends by one interface alone, and takes only what comes by it (SO_BINDTODEVICE, socket(7)).
  private func setInterface(_ name: String) throws(Errno) {
    _ = try syscall {
      unsafe name.withCString { text in
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, text, socklen_t(name.utf8.count + 1))
      }
    }
  }

  /// Lets the socket be bound to another machine's address (IP_TRANSPARENT, ip(7)); takes CAP_NET_ADMIN or CAP_NET_RAW.
  private func setTransparent(_ family: Int32) throws(Errno) {
    if family == AF_INET6 {
      try setOption(Int32(IPPROTO_IPV6), IPV6_TRANSPARENT, 1)
    } else {
      try setOption(Int32(IPPROTO_IP), IP_TRANSPARENT, 1)
    }
  }
}

extension SocketAddress {
  /// Whether a connection to the other address can leave by this one, as far as their kinds say.
  fileprivate func mayLeave(to other: SocketAddress) -> Bool {
    switch self {
    case .ipv4(0xE000_0000..., _), .ipv6(0xFF00_0000_0000_0000..., _, _, _): false
    default: !isAny && (!isLoopback || other.isLoopback)
    }
  }
}
