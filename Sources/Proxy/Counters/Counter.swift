import Synchronization

/// A count that one thread writes and any thread reads.
///
/// With a single writer no read-modify-write is needed: an increment is a plain load and store, and a reader sees some
/// recent value. Counters only grow; a level, such as the sessions that stand, is the difference of two of them.
package struct Counter: ~Copyable, Sendable {
  private let value = Atomic<Int>(0)

  /// A counter at 0.
  package init() {}

  /// Adds; only ever called by the thread that owns the counter.
  @inline(__always)
  package func add(_ amount: Int = 1) {
    value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }

  /// The count now, from any thread.
  package var current: Int {
    value.load(ordering: .relaxed)
  }
}
