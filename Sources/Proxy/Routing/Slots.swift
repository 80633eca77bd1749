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
    if count.add(1, ordering: .relaxed).newValue <= limit { return true }
    give()
    return false
  }

  /// Gives a place back.
  package func give() {
    count.subtract(1, ordering: .relaxed)
  }
}
