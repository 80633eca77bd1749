import Model

/// What nobody can want of a witness, which has no configuration, no backend and no address of its own to change.
extension AdminRouter.Route {
  private static let ofServers: Set<String> = [
    "/v1/overrides", "/v1/backends", "/v1/plan", "/v1/reload", "/v1/confirm", "/v1/revert", "/v1/stick",
    "/v1/sessions/close", "/v1/rebalance", "/v1/fleet/leave", "/v1/fleet/join",
  ]

  /// The same, but that a witness refuses it and names who could be asked.
  func forServers(of fleet: AdminActions.Fleet) -> Self {
    guard method != .get, Self.ofServers.contains(path) else { return self }
    return Self(method, path, parameters: parameters) { call, reply throws(AdminRefusal) in
      if let answer = fleet.look(), let node = answer.nodes.first(where: { $0.name == answer.node }),
        node.role == .witness
      {
        let servers = answer.servers.map(\.name).joined(separator: " or ")
        throw AdminRefusal(409, "\(node.name) is a witness: it votes, and serves nobody", hint: "ask \(servers)")
      }
      try act(call, reply)
    }
  }
}
