import Synchronization

/// Places that sessions take and give back, counted over all workers.
package final class Slots: Sendable {
  private let count = Atomic<Int>(0)

  /// No place taken.
  package init() {}

  /// How many places are taken now.
  package var taken: Int {
    count.load(ordering: .relaxed)
  }

  /// Takes a place unless so many are taken already.
  package func take(limit: Int) -> Bool {
    // Not add-then-check: for a moment that would count somebody who gets nothing, and refuse another for it.
    var current = taken
    while current < limit {
      let (exchanged, original) = count.weakCompareExchange(
        expected: current, desired: current + 1, ordering: .relaxed)
      if exchanged { return true }
      current = original
    }
    return false
  }

  /// Gives a place back.
  package func give() {
    count.subtract(1, ordering: .relaxed)
  }
}
