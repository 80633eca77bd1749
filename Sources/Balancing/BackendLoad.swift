import Synchronization

/// What all workers share about one backend. It outlives snapshots: over reloads the control plane keeps the object of
/// a backend that stays.
///
/// All orderings are relaxed: these are counts, nothing else is published through them.
package final class BackendLoad: Sendable {
  private let sessions = Atomic<Int>(0)
  private let failures = Atomic<Int>(0)

  /// Starts without sessions and without failures.
  package init() {}

  /// Sessions of all workers, those that are still connecting included.
  package var active: Int {
    sessions.load(ordering: .relaxed)
  }

  /// Takes one session's slot, unless `limit` slots are taken. The one who got it gives it back with `release`.
  ///
  /// - Parameter limit: `Int.max` where there is none.
  package func acquire(limit: Int) -> Bool {
    guard limit < .max else {
      sessions.wrappingAdd(1, ordering: .relaxed)
      return true
    }
    // Not add-then-check: for a moment that would count a session which is never there, and refuse another for it.
    var current = sessions.load(ordering: .relaxed)
    while current < limit {
      let (exchanged, original) = sessions.weakCompareExchange(
        expected: current, desired: current + 1, ordering: .relaxed)
      if exchanged { return true }
      current = original
    }
    return false
  }

  /// Gives back a slot taken by `acquire`, by a pick that said `.backend` or by hand.
  package func release() {
    let (old, _) = sessions.wrappingSubtract(1, ordering: .relaxed)
    assert(old > 0, "a slot was given back that nobody had taken")
  }

  /// A worker's connect has succeeded: the run of failures is over. Stores only when there was one.
  package func connectSucceeded() {
    if failures.load(ordering: .relaxed) != 0 {
      failures.store(0, ordering: .relaxed)
    }
  }

  /// A worker's connect has failed. Says how many have failed in a row, over all workers, this one included.
  package func connectFailed() -> Int {
    failures.wrappingAdd(1, ordering: .relaxed).newValue
  }
}
