/// What a node of the embedded engine stores about the log, in this order in its journal.
package enum EmbeddedRecord: Equatable, Sendable {
  /// How far it is with the founding.
  case standing(Founding.Standing)
  /// Of the log.
  case log(ZabRecord)
  /// The fleet was restored without this node: what it remembers counts no more, unless it has a seat there.
  case outlived(Lineage)

  /// How many bytes there are of it, about.
  package var size: Int {
    switch self {
    case .log(.entry(_, let entry)): 64 + entry.size
    case .log(.snapshot(_, _, let bytes)), .log(.compaction(_, let bytes, _)): 64 + bytes.count
    case .standing, .log, .outlived: 64
    }
  }
}

/// What a node of the embedded engine knows after a crash, of what it has promised to others.
package struct EmbeddedMemory: Equatable, Sendable {
  /// How far it is with the founding.
  package var standing = Founding.Standing.new
  /// The log.
  package var log = ZabMemory()
  /// The last engine that it heard of.
  package var outlived = Lineage.first
  /// What it has promised and accepted, by the names of the addresses.
  package var slots: [String: PaxosSlot] = [:]

  /// Nothing yet.
  package init() {}

  /// Takes the next record.
  package mutating func take(_ record: EmbeddedRecord) {
    switch record {
    case .standing(let standing): self.standing = standing
    case .log(let record): log.take(record)
    case .outlived(let lineage): outlived = lineage
    }
  }

  /// Who counts, as far as it's known; journals of the first days say it by the nodes of the file only.
  package func members(of nodes: [NodeName]) -> Members? {
    if let members = log.history.members { return members }
    guard case .founded(let memories) = standing, memories.count == nodes.count else { return nil }
    return Members(founders: zip(nodes, memories).map { Participant($0, $1) })
  }

  /// What stands for all records so far.
  package var records: [EmbeddedRecord] {
    let history = log.history
    var records = [EmbeddedRecord.standing(standing)]
    if outlived > .first { records.append(.outlived(outlived)) }
    if let leader = log.acceptedLeader { records.append(.log(.accepted(epoch: log.acceptedEpoch, leader: leader))) }
    if log.currentEpoch > 0 { records.append(.log(.current(epoch: log.currentEpoch))) }
    if history.base > .zero {
      records.append(.log(.snapshot(history.base, history.foundation, [])))
    } else if let members = history.foundation {
      records.append(.log(.foundation(members)))
    }
    records += history.items.map { .log(.entry($0.zxid, $0.entry)) }
    if history.snapshot > .zero {
      let place = history.index(of: history.snapshot)
      let kept = place.isThere ? place.index + 1 : 0
      records.append(.log(.compaction(history.snapshot, history.state, keeping: kept)))
    }
    return records
  }
}
