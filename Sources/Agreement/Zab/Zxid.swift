/// The place of an entry in the embedded log: the epoch of the leader that proposed it, and its number in that, from 1 on.
package struct Zxid: Comparable, Hashable, Sendable {
  /// The epoch in the upper half, the number in the lower one; so later ones are larger.
  package var bits: UInt64

  /// With both halves.
  package init(epoch: UInt32, counter: UInt32) {
    bits = UInt64(epoch) << 32 | UInt64(counter)
  }

  /// Takes both halves in one.
  package init(bits: UInt64) {
    self.bits = bits
  }

  /// Before all entries.
  package static let zero = Zxid(bits: 0)

  /// Of which leader.
  package var epoch: UInt32 { UInt32(bits >> 32) }
  /// Which of its entries; 0 before the first one.
  package var counter: UInt32 { UInt32(truncatingIfNeeded: bits) }

  /// Whether one comes before another.
  package static func < (left: Zxid, right: Zxid) -> Bool { left.bits < right.bits }

  /// Whether this is the entry right after another one in a log without a hole.
  package func follows(_ other: Zxid) -> Bool {
    epoch == other.epoch ? counter > 0 && counter == other.counter &+ 1 : epoch > other.epoch && counter == 1
  }
}

/// A node of the embedded engine: its seat among the members, from 0 on.
package typealias NodeNumber = UInt8

/// Some of at most sixteen nodes, which are gone through in their order.
package struct NodeSet: Equatable, Hashable, Sendable, Sequence {
  /// A bit for each.
  package var bits: UInt16

  /// With these bits.
  package init(bits: UInt16 = 0) {
    self.bits = bits
  }

  /// The first so many nodes.
  package init(first count: Int) {
    bits = UInt16(truncatingIfNeeded: (1 << count) - 1)
  }

  /// How many.
  package var count: Int { bits.nonzeroBitCount }

  /// Whether a node is among them.
  package func contains(_ node: NodeNumber) -> Bool { bits & (1 << node) != 0 }

  /// Takes a node in.
  package mutating func insert(_ node: NodeNumber) { bits |= 1 << node }

  /// Leaves a node out.
  package mutating func remove(_ node: NodeNumber) { bits &= ~(1 << node) }

  /// Goes through them, from the first one on.
  package func makeIterator() -> Iterator { Iterator(left: bits) }

  /// What is left to go through.
  package struct Iterator: IteratorProtocol {
    fileprivate var left: UInt16

    /// The next one.
    package mutating func next() -> NodeNumber? {
      guard left != 0 else { return nil }
      defer { left &= left - 1 }
      return NodeNumber(left.trailingZeroBitCount)
    }
  }

  /// Whether they're more than half of all.
  package func isMajority(of all: NodeSet) -> Bool { (bits & all.bits).nonzeroBitCount * 2 > all.count }
}
