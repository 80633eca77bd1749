import Agreement

extension World {
  /// What the nodes agree by, with little patience, so that much happens.
  func timing(of engine: Story.Engine) -> FleetPlan.Engine {
    switch engine {
    case .store:
      var timing = StoreLog.Timing()
      timing.entries = 12
      return .store(timing)
    case .embedded:
      var timing = EmbeddedLog.Timing()
      timing.entries = 12
      timing.zab.kept = 6
      timing.zab.piece = 100
      return .embedded(timing)
    }
  }

  func beginDisk(_ node: Int) {
    nodes[node].records = 0
    nodes[node].slotCounts = nodes[node].slotCounts.map { _ in 0 }
    nodes[node].isSyncing = false
  }

  /// What was on its way to the disk is there up to some record; a slot that was, or isn't.
  func endDisk(_ node: Int) {
    guard story.engine == .embedded || story.changesEngine else { return }
    let survivors = chance.below(nodes[node].pending.count + 1)
    for record in nodes[node].pending.prefix(survivors) { nodes[node].disk.embedded.take(record) }
    nodes[node].pending = []
    let slots = chance.below(nodes[node].slots.count + 1)
    for (address, slot) in nodes[node].slots.prefix(slots) { nodes[node].disk.embedded.slots["a\(address)"] = slot }
    nodes[node].slots = []
  }

  func persist(_ record: EmbeddedRecord, on node: Int) {
    if tell != nil { say("n\(node) stores \(Self.brief(record))") }
    nodes[node].pending.append(record)
    sync(node)
  }

  private static func brief(_ record: EmbeddedRecord) -> String {
    switch record {
    case .log(.entry(let zxid, _)): "entry \(zxid.text)"
    case .log(.snapshot(let zxid, _, _)): "a snapshot of \(zxid.text) from the leader"
    case .log(.compaction(let zxid, _, let kept)): "a snapshot of \(zxid.text), and keeps \(kept)"
    case .log(.truncate(let zxid)): "that nothing is after \(zxid.text)"
    case .log(let record): "\(record)"
    case .standing(let standing): "\(standing)"
    case .outlived(let lineage): "that it was outlived by \(lineage)"
    }
  }

  private func sync(_ node: Int) {
    guard !nodes[node].isSyncing, !nodes[node].pending.isEmpty else { return }
    nodes[node].isSyncing = true
    let time = chance.within(50_000...max(50_001, nodes[node].diskTime))
    queue.put(
      .synced(node: node, life: nodes[node].life, disk: nodes[node].disks, nodes[node].pending.count), at: now + time)
  }

  func synced(_ node: Int, _ count: Int) {
    for record in nodes[node].pending.prefix(count) { nodes[node].disk.embedded.take(record) }
    nodes[node].pending.removeFirst(count)
    nodes[node].records += UInt64(count)
    nodes[node].isSyncing = false
    sync(node)
    step(node, .persisted(nodes[node].records))
  }

  func persist(_ slot: PaxosSlot, of address: Int, on node: Int) {
    nodes[node].slots.append((address, slot))
    if nodes[node].slots.count == 1 { syncSlot(node) }
  }

  private func syncSlot(_ node: Int) {
    guard let next = nodes[node].slots.first else { return }
    let time = chance.within(50_000...max(50_001, nodes[node].diskTime))
    queue.put(
      .syncedSlot(
        node: node, life: nodes[node].life, disk: nodes[node].disks, address: next.address, next.slot), at: now + time)
  }

  func synced(_ node: Int, _ address: Int, _ slot: PaxosSlot) {
    nodes[node].disk.embedded.slots["a\(address)"] = slot
    nodes[node].slots.removeFirst()
    nodes[node].slotCounts[address] += 1
    syncSlot(node)
    step(node, .persistedSlot(address: address, nodes[node].slotCounts[address]))
  }

  /// Something happens to whoever leads the log.
  func strike(_ blow: Story.Blow, for span: Int64) {
    let leader = nodes.indices.first { node in
      nodes[node].fleet?.value.log.embedded?.zab?.value.leader?.node == NodeNumber(node)
    }
    guard let leader else { return }
    let others = nodes.indices.filter { $0 != leader }
    let (out, into) = (others.map { (leader, $0) }, others.map { ($0, leader) })
    let cut: [(Int, Int)]
    switch blow {
    case .crash:
      perform(.crash(node: leader, withHost: false))
      return queue.put(.mending(.start(node: leader, wiped: false)), at: now + span)
    case .freeze:
      perform(.freeze(node: leader))
      return queue.put(.mending(.thaw(node: leader)), at: now + span)
    case .cutOff: cut = out + into
    case .deafen: cut = into
    case .silence: cut = out
    }
    for (from, to) in cut {
      perform(.cut(from: from, to: to))
      queue.put(.mending(.mend(from: from, to: to)), at: now + span)
    }
  }
}
