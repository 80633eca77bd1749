import Model

extension StatsMetrics {
  /// The fleet that the process is a node of, as this node sees it; nothing without one.
  static func write(fleet: AdminAnswer.Fleet?, at now: Timestamp, to writer: inout MetricsWriter) {
    guard let fleet else { return }
    writer.family(
      "martlet_fleet_info", .gauge, "Always 1; the labels say which node this is, and of which fleet.",
      [([("fleet", fleet.name), ("node", fleet.node)], 1)])
    let figures: [(String, String, Double)] = [
      ("generation", "The generation that the fleet has agreed on; 0 before the first.", Double(fleet.generation)),
      (
        "log_live", "Whether the fleet's log can be reached: only then something can be agreed on.",
        fleet.log.live ? 1 : 0
      ),
      ("log_position", "The last entry of the fleet's log that this node knows.", Double(fleet.log.position)),
      ("log_end", "The last entry of the fleet's log, as far as this node knows.", Double(fleet.log.end)),
      (
        "in_step", "Whether this node can serve what the fleet has agreed on.", fleet.outOfStep == nil ? 1 : 0
      ),
      (
        "rollout_running", "Whether a rollout is under way, or waits to be confirmed.", fleet.rollout == nil ? 0 : 1
      ),
    ]
    for (name, help, value) in figures { writer.family("martlet_fleet_" + name, .gauge, help, [([], value)]) }
    writer.histograms(
      "martlet_fleet_append_seconds",
      "From when something was wanted at this node until it had its place in the fleet's log.",
      fleet.log.appends.map { [([], $0)] } ?? [])
    if let last = fleet.last {
      writer.family(
        "martlet_fleet_last_rollout", .gauge, "1 for how the fleet's last rollout ended.",
        AdminAnswer.Fleet.Rollout.Outcome.ends.map { ([("outcome", $0.rawValue)], last.outcome == $0 ? 1 : 0) })
    }
    func family(_ name: String, _ help: String, _ value: (AdminAnswer.Fleet.Node) -> Int?) {
      writer.family(
        "martlet_fleet_node_" + name, .gauge, help,
        fleet.nodes.compactMap { node in value(node).map { ([("node", node.name)], Double($0)) } })
    }
    family("present", "Whether the node was heard a moment ago.") { $0.present ? 1 : 0 }
    if fleet.nodes.contains(where: { $0.voice != nil }) {
      family("votes", "Whether the node's word counts where the nodes agree by themselves.") {
        $0.voice.map { $0 == .votes ? 1 : 0 }
      }
      family("witness", "Whether the node votes only, and serves nobody.") { $0.role == .witness ? 1 : 0 }
    }
    if let forms = fleet.forms {
      writer.family(
        "martlet_fleet_form", .gauge,
        "The form of what nodes agree on that is in use: the last that all their programs know.",
        [([], Double(forms.inUse))])
      family("form", "Up to which form the node's program knows what nodes agree on.") { $0.form }
    }
    family("generation", "The generation that the node serves, as it says.") { $0.generation }
    family("position", "The last entry of the fleet's log that the node knows, as it says.") { $0.position }
    family("applied", "The last entry up to which the node's overrides are the fleet's, as it says.") { $0.applied }
    family("out_of_step", "Whether the node can't serve what the fleet has agreed on, as it says.") {
      $0.outOfStep == nil ? 0 : 1
    }
    family(
      "own_configuration", "Whether the node serves another configuration than the fleet has agreed on, as it says."
    ) {
      node in node.generation.map { _ in node.own?.configuration == true ? 1 : 0 }
    }
    family("own_overrides", "How many overrides hold on the node alone, as it says.") { node in
      node.generation.map { _ in node.own?.overrides ?? 0 }
    }
    if fleet.nodes.contains(where: { $0.clients != nil }) { write(clientsOf: fleet, to: &writer) }
    if let addresses = fleet.addresses { write(addresses, of: fleet, at: now, to: &writer) }
  }

  /// Of a fleet without addresses, in which each node tells the others of the clients that come to it.
  private static func write(clientsOf fleet: AdminAnswer.Fleet, to writer: inout MetricsWriter) {
    writer.family(
      "martlet_fleet_node_clients", .gauge,
      "How many of the clients that come to the node this node knows with the backends they had.",
      fleet.nodes.compactMap { node in node.clients.map { ([("node", node.name)], Double($0)) } })
    writer.family(
      "martlet_fleet_behind_updates", .gauge,
      "How many changes of the clients that come to this node the node hasn't said to have.",
      fleet.nodes.flatMap { $0.followers ?? [] }.compactMap { follower in
        follower.behind.map { ([("node", follower.node)], Double($0)) }
      })
  }

  private static func write(
    _ addresses: [AdminAnswer.Fleet.Address], of fleet: AdminAnswer.Fleet, at now: Timestamp,
    to writer: inout MetricsWriter
  ) {
    writer.family(
      "martlet_fleet_left", .gauge, "Whether this node owns no address because an operator wants it so.",
      [([], fleet.hasLeft == true ? 1 : 0)])
    writer.family(
      "martlet_fleet_isolated", .gauge,
      "Whether this node sees backends down that most others see up, and so owns no address that they may have.",
      [([], fleet.isIsolated == true ? 1 : 0)])
    func family(
      _ name: String, _ kind: MetricsWriter.Kind, _ help: String, _ value: (AdminAnswer.Fleet.Address) -> Double?
    ) {
      writer.family(
        "martlet_fleet_address_" + name, kind, help,
        addresses.compactMap { address in value(address).map { ([("address", address.name)], $0) } })
    }
    family("owned", .gauge, "Whether this node has the address: by its lease, or kept after it.") {
      $0.isHere ? 1 : 0
    }
    family("lease_seconds", .gauge, "How long this node's lease of the address still runs, of those that it has.") {
      $0.until.map { max($0.seconds(since: now), 0) }
    }
    family("generation", .gauge, "Grows by one with each owner of the address, as far as this node has seen.") {
      Double($0.generation)
    }
    family("moves_total", .counter, "How often the address went to another node, as far as this process has seen.") {
      Double($0.moves)
    }
    family(
      "heirs", .gauge, "How many nodes beside its owner are there and may own the address, as far as this node knows."
    ) { Double($0.heirs.count) }
    family("hindered", .gauge, "Whether something is in the way of the address on this node.") {
      $0.problem == nil ? 0 : 1
    }
    family("clients", .gauge, "How many of the address's clients this node knows with the backends they had.") {
      Double($0.clients)
    }
    writer.family(
      "martlet_fleet_address_behind_updates", .gauge,
      "How many changes of the address's clients the node hasn't said to have; told by the node that has the address.",
      addresses.flatMap { address in
        (address.followers ?? []).compactMap { follower in
          follower.behind.map { ([("address", address.name), ("node", follower.node)], Double($0)) }
        }
      })
  }

  /// On how many nodes of the fleet each backend is down, of those that are on any.
  static func write(downOf pools: [Report.Pool], to writer: inout MetricsWriter) {
    writer.family(
      "martlet_fleet_backend_down_nodes", .gauge, "On how many nodes of the fleet the backend is down.",
      pools.flatMap { pool in
        pool.backends.compactMap { backend in
          backend.downOn.map { ([("pool", pool.name), ("backend", backend.name)], Double($0.nodes.count)) }
        }
      })
  }
}
