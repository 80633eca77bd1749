import Agreement

/// What somebody does who knows that most of those who vote are lost for good.
extension World {
  /// The log by which a node goes.
  func branch(of node: Int) -> Int {
    guard branches.count > 1, let zab = nodes[node].fleet?.value.log.embedded?.zab?.value else { return 0 }
    return branches.lastIndex { $0.lineage == zab.memory.history.members?.lineage } ?? 0
  }

  /// So many of those who vote lose all that they have that nobody can go on; one at least is left.
  func loseMost(_ choice: UInt64) {
    var chance = Chance(choice)
    let members = latestMembers
    var voters = nodes.indices.filter { isVoter($0, among: members) }
    guard !isMajorityLost, voters.count > 1, nodes.indices.allSatisfy({ !isUnfounded($0) }) else { return }
    voters = chance.shuffled(voters)
    // Who has no vote any more has a memory still.
    var kept = nodes.indices.filter { !voters.contains($0) } + [voters.removeFirst()]
    for node in voters where chance.permille(400) && !canGoOn(kept + [node]) { kept.append(node) }
    guard !canGoOn(kept) else { return }
    isMajorityLost = true
    for node in voters where !kept.contains(node) {
      lose(node, for: seconds(8))
    }
    queue.put(.look, at: now + seconds(2))
  }

  /// A disk is gone, with the machine or alone; an empty one is there in its place after so long at most.
  private func lose(_ node: Int, for span: Int64) {
    if nodes[node].fleet != nil { end(node, withHost: chance.permille(500)) }
    wipe(node)
    queue.put(.replaced(node: node), at: now + chance.within(milliseconds(100)...span))
  }

  /// Whether these nodes, with the memories that they have, are more than half of those who count, by what anybody knows.
  private func canGoOn(_ kept: [Int]) -> Bool {
    let there = kept.map { Participant(Self.name($0), nodes[$0].disk.incarnation) }
    return knownMembers.contains { members in
      var lost = NodeSet()
      for seat in members.seated where members[seat].map({ !there.contains($0) }) ?? true { lost.insert(seat) }
      return members.isMajority(without: lost)
    }
  }

  /// Somebody does as a node says that was restored apart from the others.
  func emptyThoseApart() {
    for node in nodes.indices where nodes[node].fleet?.value.log.embedded?.isApart == true {
      lose(node, for: milliseconds(300))
    }
  }

  /// A node has an empty disk.
  func wipe(_ node: Int) {
    nodes[node].isFounder = false
    nodes[node].disk = FleetMemory(incarnation: Incarnation(bits: chance.next()), run: 0)
    nodes[node].everReserved = []
  }

  /// Somebody looks whether the fleet could go on from a node, again and again.
  func look() {
    guard isMajorityLost else { return }
    queue.put(.look, at: now + milliseconds(300))
    let left = nodes.indices.filter { nodes[$0].fleet != nil && !nodes[$0].isFrozen }
    guard !left.isEmpty else { return }
    let mark = chance.next()
    ask(
      left[Int(requests + 1) % left.count],
      .restore(without: nil, as: Incarnation(bits: chance.next()), mark: mark))
  }

  /// A node says what would be lost.
  func restore(_ node: Int, without loss: FleetNode.Loss) {
    queue.put(
      .restore(node: node, life: nodes[node].life, loss), at: now + chance.within(milliseconds(1)...milliseconds(100)))
  }

  /// Somebody wants that, and has emptied the folders of those whom it names, or of those alone that were lost.
  func goOn(from node: Int, without loss: FleetNode.Loss) {
    guard isMajorityLost, !nodes.contains(where: \.isRestoring) else { return }
    if chance.permille(300) {
      for other in loss.gone.map({ index(of: $0) }) where other != node {
        lose(other, for: seconds(4))
      }
    }
    let mark = chance.next()
    ask(node, .restore(without: loss.gone, as: Incarnation(bits: chance.next()), mark: mark))
  }

  /// A node stores that it goes on so, which takes its time.
  func restore(_ node: Int, _ memory: FleetMemory, _ loss: FleetNode.Loss, _ number: UInt64) {
    nodes[node].isRestoring = true
    queue.put(
      .restored(node: node, life: nodes[node].life, memory, loss, number: number),
      at: now + chance.within(100_000...max(100_001, nodes[node].diskTime * 2)))
  }

  /// It's stored.
  func restored(_ node: Int, _ memory: FleetMemory, _ loss: FleetNode.Loss, _ number: UInt64) {
    let host = nodes[node]
    guard let fleet = host.fleet, let lineage = memory.embedded.log.history.members?.lineage,
      let state = try? FleetState(encoded: memory.embedded.log.history.state)
    else { return fail("a fleet that is restored can be read", "n\(node)") }
    say("-- the fleet goes on from n\(node), entry \(loss.position), without \(loss.gone.map(\.text))")
    let tail = fleet.value.tail ?? []
    var all = fleet.value.state
    for entry in tail { all.fold(entry) }
    // After a crash it may have stored more than it knows of the log.
    let known = host.disk
    let hasMore = known.stored.generation > all.committed.generation && state.committed.text == known.stored.text
    if state.overrides != all.overrides || !hasMore && state.committed.text != all.committed.text
      || !hasMore && state.rollout?.proposal != all.rollout?.proposal
    {
      fail("a fleet that is restored has all that is there", "n\(node) goes on from \(loss.position)")
    }
    branches.append(
      Branch(
        lineage, after: branches[branch(of: node)], at: fleet.value.state, tail, with: state,
        storing: known.stored.origin, nodes))
    judgeAnswer(.restored(loss), number, of: node)
    outcome.counts.restorations += 1
    isMajorityLost = false
    for other in nodes.indices where other != node { nodes[other].mayGoBackTo = branches.count - 1 }
    (host.isRestoring, host.isFounder) = (false, false)
    (host.disk.embedded, host.disk.incarnation) = (memory.embedded, memory.incarnation)
    (host.pending, host.slots, host.records, host.isSyncing) = ([], [], 0, false)
    host.slotsOnTheirWay = 0
    host.slotCounts = host.slotCounts.map { _ in 0 }
    host.disks += 1
    host.everReserved = []
    for branch in branches.indices { branches[branch].forms.begins(Self.name(node), host.disk, host.known) }
    let disk = host.disk
    step(node) { $0.beginAnew(disk, at: $1, into: &$2) }
  }
}
