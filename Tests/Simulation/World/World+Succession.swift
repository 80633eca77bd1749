import Agreement

/// How nodes come from one engine to another.
extension World {
  /// The engine by which a node goes.
  func engine(of node: Int) -> Story.Engine {
    let name = nodes[node].disk.era.engine
    return name.isEmpty ? story.engine : Story.Engine(name: name)
  }

  /// What a node is told about its fleet.
  func plan(of node: Int) -> FleetPlan {
    var plan = FleetPlan(
      me: Self.name(node), nodes: story.grouping.nodes(nodes[node].side).map { Self.name($0) },
      witnesses: [story.witness].compactMap { $0.map(Self.name) },
      addresses: (0..<story.addresses).map {
        FleetPlan.Address(name: "a\($0)", prefer: prefer[$0].map { Self.name($0) }, lease: nodes[node].leaseBegunWith)
      }, engine: timing(of: engine(of: node)), replication: Self.replication, knowing: nodes[node].known)
    let begun = nodes[node].begunWith
    plan.wanted = begun == engine(of: node) ? nil : begun.name
    return plan
  }

  /// A node's log is over: it notes that, which takes its time.
  func succeed(_ node: Int, _ state: FleetState) {
    say("n\(node)'s log is over: \(state.succession.map { "\($0.era) is \($0.engine)" } ?? "")")
    let time = chance.within(50_000...max(50_001, nodes[node].diskTime * 4))
    queue.put(.succeeded(node: node, life: nodes[node].life, state), at: now + time)
  }

  /// It's noted, and the node goes on by the next one, if a file of its has named that.
  func succeeded(_ node: Int, _ state: FleetState) {
    guard let era = Era(after: state), nodes[node].named.contains(era.engine), era.number > nodes[node].disk.era.number
    else { return }
    outcome.counts.successions += 1
    nodes[node].disk.era = era
    say("n\(node) goes by era \(era.number)")
    // It may end before anything else is there.
    if !isHealed, chance.permille(100) {
      end(node, withHost: false)
      return queue.put(.mending(.start(node: node, wiped: false)), at: now + milliseconds(100))
    }
    beginEra(node)
    let host = nodes[node]
    host.calls = []
    let memory = host.disk
    let plan = plan(of: node)
    step(node) { $0.begin(plan, memory: memory, at: $1, into: &$2) }
  }

  /// What the nodes keep themselves begins anew with an era, unless it's there already.
  func beginEra(_ node: Int) {
    let host = nodes[node]
    guard engine(of: node) == .embedded, host.disk.era.number > 0, host.disk.embedded.era != host.disk.era.number,
      let memory = EmbeddedMemory(beginning: host.disk.era, names: (0..<story.addresses).map { "a\($0)" })
    else { return }
    host.disk.embedded = memory
    (host.pending, host.slots, host.records, host.isSyncing) = ([], [], 0, false)
    host.slotsOnTheirWay = 0
    host.slotCounts = host.slotCounts.map { _ in 0 }
    host.disks += 1
  }
}
