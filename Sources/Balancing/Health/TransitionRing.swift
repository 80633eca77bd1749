/// The last transitions, the newest at the end: when it is full, each new one takes the place of the oldest.
///
/// The element is the caller's: a `HealthTransition`, with whatever names the backend.
package struct TransitionRing<Transition: Sendable>: RandomAccessCollection, Sendable {
  /// How many it holds at most.
  package let capacity: Int
  private var storage: [Transition] = []
  private var oldest = 0

  /// Starts empty.
  package init(capacity: Int) {
    precondition(capacity > 0, "a ring without room")
    self.capacity = capacity
  }

  /// The place of the oldest.
  package var startIndex: Int { 0 }

  /// The place after the newest.
  package var endIndex: Int { storage.count }

  /// The transition at a place, counted from the oldest.
  package subscript(place: Int) -> Transition {
    storage[(oldest + place) % storage.count]
  }

  /// Adds the newest.
  package mutating func append(_ transition: Transition) {
    guard storage.count == capacity else { return storage.append(transition) }
    storage[oldest] = transition
    oldest = (oldest + 1) % capacity
  }
}
