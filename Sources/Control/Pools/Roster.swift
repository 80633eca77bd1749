package import Config
package import Sockets

/// Which backends a pool has by its configuration and by the addresses that names have: each address once, whoever gives
/// it. Pure: what is known of names is passed in.
package struct Roster {
  /// One address.
  struct Place: Equatable {
    let address: SocketAddress
    /// What is said of it: by the first in the configuration's order that gives it, but before all names by the one that
    /// gives the address itself.
    let configuration: BackendConfiguration
    /// All that give it, in the configuration's order.
    let origins: [Endpoint]
    /// What it's called: one of a host name's addresses has both, of several names all of them.
    let name: String
  }

  /// In the configuration's order.
  private(set) var places: [Place] = []
  /// Names that have no address, and sources at which nothing was found.
  package private(set) var unresolved: [BackendConfiguration] = []

  /// A backend that gives an address, and the source that it was found at, if it was.
  fileprivate struct Giver {
    let backend: BackendConfiguration
    var source: Endpoint?
  }

  /// - Parameters:
  ///   - targets: what was found at a source; nothing as long as nobody has.
  ///   - addresses: those of a name, without a port; none as long as it isn't resolved.
  package init(
    _ backends: [BackendConfiguration], targets: (TargetSource) -> [Target] = { _ in [] },
    addresses: (_ name: String) -> [SocketAddress]
  ) {
    var order: [SocketAddress] = []
    var givers: [SocketAddress: [Giver]] = [:]
    func note(_ giver: Giver, at address: SocketAddress) {
      if givers[address] == nil { order.append(address) }
      givers[address, default: []].append(giver)
    }
    for giver in Self.givers(backends, targets: targets) {
      switch giver.backend.endpoint {
      case .address(let address): note(giver, at: address)
      case .name(let name, let port):
        let known = addresses(name)
        if known.isEmpty { unresolved.append(giver.backend) }
        for address in known { note(giver, at: address.with(port: port)) }
      case .targets: unresolved.append(giver.backend)
      }
    }
    places = order.compactMap { address in givers[address].flatMap { Place(address, givers: $0) } }
  }

  /// The host names by which backends are given, in the configuration or where they're found.
  static func names(of backends: [BackendConfiguration], targets: (TargetSource) -> [Target]) -> Set<String> {
    Set(
      givers(backends, targets: targets).compactMap { giver in
        if case .name(let name, _) = giver.backend.endpoint { name } else { nil }
      })
  }

  /// The backends, with those that are found at sources in the sources' places.
  private static func givers(_ backends: [BackendConfiguration], targets: (TargetSource) -> [Target]) -> [Giver] {
    backends.flatMap { backend -> [Giver] in
      guard case .targets(let source, _) = backend.endpoint else { return [Giver(backend: backend)] }
      let found = targets(source)
      if found.isEmpty { return [Giver(backend: backend)] }
      return found.map { Giver(backend: backend.standing(for: $0), source: backend.endpoint) }
    }
  }
}

extension Roster.Place {
  fileprivate init?(_ address: SocketAddress, givers: [Roster.Giver]) {
    let backends = givers.map(\.backend)
    guard let configuration = backends.first(where: { !$0.isNamed }) ?? backends.first else { return nil }
    let names = backends.filter(\.isNamed).map(\.name).joined(separator: ",")
    self.init(
      address: address, configuration: configuration,
      origins: givers.flatMap { [$0.backend.endpoint] + ($0.source.map { [$0] } ?? []) },
      name: configuration.isNamed ? "\(names)@\(address.backendText)" : configuration.name)
  }
}
