/// What nodes say to each other about one table. All of it may be lost, late or twice.
package enum ReplicaMessage: Equatable, Sendable {
  /// The sender is the table's primary by this generation.
  case lead(generation: UInt64)
  /// The receiver's lead is acknowledged: the sender takes updates of no earlier one any more, and has updates up to this stamp.
  case follow(generation: UInt64, highest: Stamp)
  /// The sender has seen a later primary than the receiver.
  case deposed(by: UInt64)
  /// The primary lacks what comes after this stamp.
  case pull(generation: UInt64, after: Stamp, round: UInt64)
  /// Part of what it lacks, and whether it's the last one.
  case give(generation: UInt64, round: UInt64, index: Int, [StuckEntry], isLast: Bool)
  /// Updates from a sequence number on, one after the other.
  case updates(generation: UInt64, from: UInt64, [StuckUpdate])
  /// A part of the whole table, as it was after an update: which transfer, its how manieth part, and whether it's the last one.
  case part(generation: UInt64, transfer: UInt64, index: Int, asOf: UInt64, [StuckEntry], isLast: Bool)
  /// What the sender has: all updates up to this one; of a transfer under way, so many parts.
  case have(generation: UInt64, upTo: UInt64, transfer: UInt64, parts: Int)
  /// The sender lacks the updates from this one on, or, without a number, the whole table.
  case lack(generation: UInt64, from: UInt64?)
}
