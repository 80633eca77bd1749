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
  /// Names that have no address.
  package private(set) var unresolved: [BackendConfiguration] = []

  /// - Parameter addresses: those of a name, without a port; none as long as it isn't resolved.
  package init(_ backends: [BackendConfiguration], addresses: (_ name: String) -> [SocketAddress]) {
    var order: [SocketAddress] = []
    var givers: [SocketAddress: [BackendConfiguration]] = [:]
    for backend in backends {
      switch backend.endpoint {
      case .address(let address):
        if givers[address] == nil { order.append(address) }
        givers[address, default: []].append(backend)
      case .name(let name, let port):
        let known = addresses(name)
        if known.isEmpty { unresolved.append(backend) }
        for address in known.map({ $0.with(port: port) }) {
          if givers[address] == nil { order.append(address) }
          givers[address, default: []].append(backend)
        }
      }
    }
    places = order.compactMap { address in givers[address].flatMap { Place(address, givers: $0) } }
  }
}

extension Roster.Place {
  fileprivate init?(_ address: SocketAddress, givers: [BackendConfiguration]) {
    guard let configuration = givers.first(where: { !$0.isNamed }) ?? givers.first else { return nil }
    let names = givers.filter(\.isNamed).map(\.name).joined(separator: ",")
    self.init(
      address: address, configuration: configuration, origins: givers.map(\.endpoint),
      name: configuration.isNamed ? "\(names)@\(address)" : configuration.name)
  }
}
