package import Config
package import Proxy
package import Sockets

/// A listener as the control plane sees it.
package final class BoundListener {
  /// What the file says of it.
  package internal(set) var configuration: ListenerConfiguration
  /// Its sessions and counts.
  package let status: ListenerStatus
  /// Its sockets at each of its addresses, in the order of their ports; none once they were closed here, or left to another process.
  package internal(set) var bindings: [Binding]
  /// Where it's bound, or was last.
  package private(set) var address: BindAddress

  /// A listener that is bound.
  package init(_ configuration: ListenerConfiguration, status: ListenerStatus, bindings: [Binding]) {
    self.configuration = configuration
    self.status = status
    self.bindings = bindings
    address = Self.address(configuration, bindings)
  }

  /// Becomes another one at these sockets.
  func move(to bindings: [Binding], as configuration: ListenerConfiguration) {
    self.configuration = configuration
    self.bindings = bindings
    address = Self.address(configuration, bindings)
  }

  private static func address(_ configuration: ListenerConfiguration, _ bindings: [Binding]) -> BindAddress {
    configuration.bind.isPortOpen
      ? bindings.first.map { BindAddress($0.address) } ?? configuration.bind : configuration.bind
  }

  /// Every socket of it.
  package var sockets: [SharedSocket] { bindings.flatMap(\.all) }

  /// The sockets that a worker accepts from.
  package func listening(at worker: Int) -> [ListeningSocket] {
    bindings.flatMap { $0.listening(at: worker, for: status) }
  }

  /// Its sockets at an address that it has by its configuration, and not by the kernel's choice; nil if it hasn't.
  func binding(at address: SocketAddress) -> Binding? {
    guard !configuration.bind.isPortOpen, configuration.bind.has(address) else { return nil }
    let place = Int(address.port ?? 0) - Int(configuration.bind.first.port ?? 0)
    return bindings.indices.contains(place) ? bindings[place] : nil
  }

  /// Whether clients find the way to it.
  package var isReachable: Bool { bindings.allSatisfy(\.isReachable) }
}

extension Binding {
  /// Those of its sockets that a worker accepts from.
  func listening(at worker: Int, for status: ListenerStatus) -> [ListeningSocket] {
    sockets[worker].map { ListeningSocket(status: status, socket: $0, port: address.port) }
  }
}
