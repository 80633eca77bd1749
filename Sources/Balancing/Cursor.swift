import Synchronization

/// A pool's place in its rotation, shared by all workers. It survives snapshots, so that a new one goes on where the
/// old one was; it starts at an offset, so that proxies started together don't all begin with the same backend.
package final class Cursor: Sendable {
  private let place: Atomic<UInt64>

  /// Starts at a place of the caller's choice, at random if rotations of several proxies are to differ.
  package init(start: UInt64) {
    place = Atomic(start)
  }

  /// The place that the next call of `next` takes; a rotation that starts there goes on where this one is.
  package var current: UInt64 {
    place.load(ordering: .relaxed)
  }

  /// Takes the next place. No two calls get the same one, whichever worker asks (short of 2^64 calls).
  package func next() -> UInt64 {
    place.wrappingAdd(1, ordering: .relaxed).oldValue
  }
}
