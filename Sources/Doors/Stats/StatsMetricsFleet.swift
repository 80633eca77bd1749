import Model

extension StatsMetrics {
  /// The fleet that the process is a node of, as this node sees it; nothing without one.
  static func write(fleet: AdminAnswer.Fleet?, to writer: inout MetricsWriter) {
    guard let fleet else { return }
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
    func family(_ name: String, _ help: String, _ value: (AdminAnswer.Fleet.Node) -> Int?) {
      writer.family(
        "martlet_fleet_node_" + name, .gauge, help,
        fleet.nodes.compactMap { node in value(node).map { ([("node", node.name)], Double($0)) } })
    }
    family("present", "Whether the node was heard a moment ago.") { $0.present ? 1 : 0 }
    family("generation", "The generation that the node serves, as it says.") { $0.generation }
    family("position", "The last entry of the fleet's log that the node knows, as it says.") { $0.position }
    family("applied", "The last entry up to which the node's overrides are the fleet's, as it says.") { $0.applied }
    family("out_of_step", "Whether the node can't serve what the fleet has agreed on, as it says.") {
      $0.outOfStep == nil ? 0 : 1
    }
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
