internal import Sockets
import Glibc
import SystemPackage

extension Configuration {
  /// What speaks against connections leaving this machine as they are to.
  package var egressObstacles: [ConfigIssue] {
    var told: [EgressRules] = []
    return pools.flatMap { pool in
      pool.backends.compactMap { backend -> ConfigIssue? in
        guard backend.egress != EgressRules(), !told.contains(backend.egress),
          let (message, hint) = backend.egress.obstacle(to: backend.endpoint)
        else { return nil }
        // The same for all that leave by the same rules.
        told.append(backend.egress)
        return ConfigIssue(path: "pools.\(pool.name).backends.\(backend.name)", message: message, hint: hint)
      }
    }
  }
}

extension EgressRules {
  fileprivate func obstacle(to endpoint: Endpoint) -> (message: String, hint: String)? {
    for sample in Self.samples(of: endpoint) {
      if let interface, let error = error(to: sample, trying: { $0.interface = interface }) {
        return error == Errno(rawValue: ENODEV)
          ? ("this machine has no interface \(interface)", "write one that `ip link` lists")
          : ("nothing may leave through \(interface): \(error)".lowercased(), Self.capability)
      }
      if let error = error(to: sample, trying: { $0.mark = mark }) {
        return ("packets may not be marked: \(error)".lowercased(), Self.capability)
      }
      if let error = error(to: sample, trying: { $0.source = source }) { return words(for: error) }
    }
    return nil
  }

  private func error(to address: SocketAddress, trying change: (inout EgressRules) -> Void) -> Errno? {
    var part = EgressRules()
    change(&part)
    do throws(Errno) {
      let socket = try Socket(for: address)
      defer { socket.close() }
      try socket.tryLeaving(by: part, to: address)
      return nil
    } catch {
      return error
    }
  }

  private func words(for error: Errno) -> (message: String, hint: String) {
    switch source {
    case .client: ("connections may not leave by their clients' addresses: \(error)".lowercased(), Self.capability)
    case .any, .addresses:
      error == .addressNotAvailable
        ? (
          "an address of \"source\" isn't this machine's",
          "give it to an interface, or write one that `ip address` lists"
        )
        : ("connections may not leave by \"source\": \(error)".lowercased(), "write an address that `ip address` lists")
    }
  }

  private static let capability = "it takes CAP_NET_ADMIN: of a unit, AmbientCapabilities=CAP_NET_ADMIN"

  /// An address of each family that a backend may have.
  private static func samples(of endpoint: Endpoint) -> [SocketAddress] {
    switch endpoint {
    case .address(let address): [address]
    case .name, .targets: [.ipv4(0x7F00_0001, port: 1), .ipv6(high: 0, low: 1, scope: 0, port: 1)]
    }
  }
}
