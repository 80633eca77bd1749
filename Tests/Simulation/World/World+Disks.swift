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
    nodes[node].slotsOnTheirWay = 0
  }

  /// What was on its way to the disk is there up to some record; a slot that was, or isn't.
  func endDisk(_ node: Int) {
    guard story.engine == .embedded || story.changesEngine else { return }
    let survivors = chance.below(nodes[node].pending.count + 1)
    for record in nodes[node].pending.prefix(survivors) { nodes[node].disk.embedded.take(record) }
    nodes[node].pending = []
    let slots = chance.below(nodes[node].slots.count + 1)
    for (address, slot, _) in nodes[node].slots.prefix(slots) { nodes[node].disk.embedded.slots["a\(address)"] = slot }
    (nodes[node].slots, nodes[node].slotsOnTheirWay) = ([], 0)
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
    guard !stuck.contains(node), !nodes[node].isSyncing, !nodes[node].pending.isEmpty else { return }
    nodes[node].isSyncing = true
    let time = timeOfDisk(node)
    queue.put(
      .synced(node: node, life: nodes[node].life, disk: nodes[node].disks, nodes[node].pending.count), at: now + time)
  }

  /// How long a disk takes for what it's given now. In the end those that are slow always are.
  private func timeOfDisk(_ node: Int) -> Int64 {
    let longest = nodes[node].diskTime
    let shortest = isHealed && longest > milliseconds(100) ? longest * 4 / 5 : 50_000
    return chance.within(shortest...max(shortest + 1, longest))
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
    // What is being stored already is; of what waits the last is enough.
    let waiting = nodes[node].slots.indices.dropFirst(nodes[node].slotsOnTheirWay)
    if let index = waiting.first(where: { nodes[node].slots[$0].address == address }) {
      nodes[node].slots[index].slot = slot
      nodes[node].slots[index].count += 1
    } else {
      nodes[node].slots.append((address, slot, 1))
    }
    syncSlots(node)
  }

  /// All that wait are stored at once.
  private func syncSlots(_ node: Int) {
    guard !stuck.contains(node), nodes[node].slotsOnTheirWay == 0, !nodes[node].slots.isEmpty else { return }
    nodes[node].slotsOnTheirWay = nodes[node].slots.count
    let at = now + timeOfDisk(node)
    for (index, next) in nodes[node].slots.enumerated() {
      queue.put(
        .syncedSlot(
          node: node, life: nodes[node].life, disk: nodes[node].disks, address: next.address, next.slot),
        at: at + Int64(index))
    }
  }

  func synced(_ node: Int, _ address: Int, _ slot: PaxosSlot) {
    nodes[node].disk.embedded.slots["a\(address)"] = slot
    nodes[node].slotsOnTheirWay -= 1
    nodes[node].slotCounts[address] += nodes[node].slots.removeFirst().count
    syncSlots(node)
    step(node, .persistedSlot(address: address, nodes[node].slotCounts[address]))
  }

  /// Who leads the log.
  var leader: Int? {
    nodes.indices.first { node in
      nodes[node].fleet?.value.log.embedded?.zab?.value.leader?.node == NodeNumber(node)
    }
  }

  /// Something happens to whoever leads the log.
  func strike(_ blow: Story.Blow, for span: Int64) {
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
