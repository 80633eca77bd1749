/// What a node of the embedded log stores, in this order in its journal.
package enum ZabRecord: Equatable, Sendable {
  /// It has given its word to this leader for this epoch, and to no earlier one from now on.
  case accepted(epoch: UInt32, leader: NodeNumber)
  /// What it has is the first history of this epoch, or more.
  case current(epoch: UInt32)
  /// With whom the log begins.
  case foundation(Members)
  /// An entry, after those before.
  case entry(Zxid, ZabEntry)
  /// All entries after this one go.
  case truncate(Zxid)
  /// The state after an entry, and who counted then, in place of all that was there; nil where nobody else ever did.
  case snapshot(Zxid, Members?, [UInt8])
  /// What all entries up to one came to, of which so many are kept.
  case compaction(Zxid, [UInt8], keeping: Int)
}

/// What a node's journal comes to.
package struct ZabMemory: Equatable, Sendable {
  /// For which epoch it has given its word last.
  package var acceptedEpoch: UInt32 = 0
  /// To whom; nobody before the first time.
  package var acceptedLeader: NodeNumber?
  /// The last epoch of which it has the whole first history.
  package var currentEpoch: UInt32 = 0
  /// Its history.
  package var history = ZabHistory()

  /// An empty one.
  package init() {}

  /// Takes the next record.
  package mutating func take(_ record: ZabRecord) {
    switch record {
    case .accepted(let epoch, let leader): (acceptedEpoch, acceptedLeader) = (epoch, leader)
    case .current(let epoch): currentEpoch = epoch
    case .foundation(let members): history.begin(with: members)
    case .entry(let zxid, let entry): history.append(zxid, entry)
    case .truncate(let zxid): history.truncate(after: zxid)
    case .snapshot(let zxid, let members, let bytes): history.replace(by: zxid, members, bytes)
    case .compaction(let zxid, let bytes, let kept): history.compact(zxid, bytes, keeping: kept)
    }
  }
}
