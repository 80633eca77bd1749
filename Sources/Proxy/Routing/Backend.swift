package import Balancing
package import Sockets

/// One address that serves a pool's sessions. It keeps its identity, load and counts over all snapshots and reloads.
package final class Backend: Sendable {
  /// Tells backends apart for as long as the process runs; a renamed one keeps it.
  package let id: Int
  /// The name of its pool.
  package let pool: String
  /// Its name in the configuration; the address where it has none.
  package let name: String
  /// Where it's reached; where its port is the one that a client asks for, `address(askedAt:)` has it.
  package let address: SocketAddress
  /// Its port is the one that a client asks for.
  let hasSamePort: Bool
  /// It's reached by TCP, not through a Unix socket.
  package let isTCP: Bool
  /// The kernel may choose the backend's own port for our side of a connection. While nobody listens there, TCP then
  /// connects the socket to itself (RFC 9293, simultaneous open), and the proxy would talk to its own echo.
  private let mayConnectToItself: Bool
  /// What it's told of each session before its first byte; nil for nothing.
  package let header: HeaderRules?
  /// How connections to it leave this machine; nil if that's the kernel's to choose.
  let egress: EgressRules?
  /// What all workers share about it.
  package let load: BackendLoad
  /// What each worker counted.
  package let counters: [BackendCounters]

  /// A backend that nobody has used yet.
  package convenience init(
    id: Int, pool: String, name: String, address: SocketAddress, header: HeaderRules? = nil,
    egress: EgressRules = EgressRules(), workers: Int
  ) {
    self.init(
      id: id, pool: pool, name: name, address: address, header: header,
      egress: egress == EgressRules() ? nil : egress, load: BackendLoad(),
      counters: (0..<workers).map { _ in BackendCounters() })
  }

  private init(
    id: Int, pool: String, name: String, address: SocketAddress, header: HeaderRules?, egress: EgressRules?,
    load: BackendLoad,
    counters: [BackendCounters]
  ) {
    self.id = id
    self.pool = pool
    self.name = name
    self.address = address
    hasSamePort = address.hasSamePort
    self.header = header
    self.egress = egress
    self.load = load
    self.counters = counters
    isTCP = address.port != nil
    mayConnectToItself = EphemeralPorts.range.contains(address.port ?? 0)
  }

  /// Where it's reached by a client that asks for a port; nil if it hangs on that, and the client asks for none.
  func address(askedAt port: @autoclosure () -> UInt16?) -> SocketAddress? {
    hasSamePort ? port().map { address.with(port: $0) } : address
  }

  /// Whether a connection that a client has made necessary may be one to itself.
  func mayConnectToItself(askedAt port: @autoclosure () -> UInt16?) -> Bool {
    hasSamePort ? port().map(EphemeralPorts.range.contains) ?? false : mayConnectToItself
  }

  /// The same backend under another name, told otherwise of its sessions or reached in another way: its identity, load and counts are
  /// shared with what it was.
  package func with(name: String, header: HeaderRules?, egress: EgressRules = EgressRules()) -> Backend {
    Backend(
      id: id, pool: pool, name: name, address: address, header: header, egress: egress == EgressRules() ? nil : egress,
      load: load, counters: counters)
  }

  /// Whether connections to it leave by these rules.
  package func leaves(by rules: EgressRules) -> Bool { egress ?? EgressRules() == rules }
}
