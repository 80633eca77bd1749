package import Config
package import Health
package import Introduction
package import Sockets
import TLS

/// What a backend's health check does and where: as long as it's the same, the checker goes on over a reload.
package struct CheckPlan: Equatable {
  /// How it is checked.
  package let check: HealthCheck
  /// Its address.
  package let address: SocketAddress
  /// The Host header of HTTP checks that don't give one.
  package let hostHeader: String
  /// How long a check may take.
  package let timeout: Duration
  /// With which header of the PROXY protocol one begins; nil for none.
  package let header: ProxyHeader.Version?
  /// How its connections leave this machine: as those of sessions do, though nobody's client is at their other end.
  package let egress: EgressRules
  /// How it speaks TLS; nil if it doesn't.
  let tls: TLSConfiguration?
  /// For whom the server's certificate must be, unless that's given.
  let serverName: TLSName

  /// - Parameter ports: those that the pool's clients may ask for.
  init(
    of backend: BackendConfiguration, at address: SocketAddress, pool: PoolConfiguration,
    askedAt ports: [ClosedRange<UInt16>]
  ) {
    check = pool.health.check
    self.address = backend.checkAddress(for: address)
    header = pool.health.proxy.version(
      where: backend.sendProxy, isSamePlace: self.address.isReached(at: address, askedAt: ports))
    egress = backend.egress
    hostHeader = backend.healthEndpoint.description
    timeout = pool.health.timing.timeout
    tls = pool.health.tls
    serverName = self.address.port == nil ? .host(Self.localHost) : TLSName(backend.healthEndpoint)
  }

  /// What somebody at a Unix socket is called.
  private static let localHost = "localhost"

  /// What a check does now.
  ///
  /// - Parameter more: files for TLS that aren't in use yet.
  package func task(by files: CheckTLS, with more: CheckTLS.Read? = nil) throws(HealthChecker.Obstacle) -> ProbeTask {
    var session: TLSSession?
    if let tls {
      session = files.session(by: tls, to: serverName, with: more)
      if session == nil { throw HealthChecker.Obstacle("its files for TLS aren't read yet") }
    }
    let host = address.port == nil ? Self.localHost : hostHeader
    guard let task = ProbeTask(check, host: host, header: header, over: session) else {
      throw HealthChecker.Obstacle("health checks are off")
    }
    return task
  }
}

extension SocketAddress {
  /// Whether sessions of a backend come to this address.
  fileprivate func isReached(at backend: SocketAddress, askedAt ports: [ClosedRange<UInt16>]) -> Bool {
    guard backend.hasSamePort, let port else { return self == backend }
    return with(port: 0) == backend && ports.contains { $0.contains(port) }
  }
}

extension BackendConfiguration {
  /// Whether the backend is given by a host name.
  var isNamed: Bool {
    if case .name = endpoint { true } else { false }
  }

  /// Where the health check of one of its addresses goes.
  func checkAddress(for address: SocketAddress) -> SocketAddress {
    switch healthEndpoint {
    case .address(let own) where healthEndpoint != endpoint: own
    case .name(_, let port): address.with(port: port)
    case .address, .targets: address
    }
  }
}
