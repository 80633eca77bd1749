/// What happens next, in the order of time, and of being put for what happens at the same time.
///
/// A heap of four branches; what is to happen lies beside it, so that sifting moves little.
struct EventQueue<Event> {
  private struct Place {
    var at: Int64
    var order: UInt32
    var slot: UInt32

    func isBefore(_ other: Place) -> Bool {
      at != other.at ? at < other.at : order < other.order
    }
  }

  private var heap: [Place] = []
  private var slots: [Event?] = []
  private var free: [UInt32] = []
  private var order: UInt32 = 0

  /// Puts something at a time in nanoseconds.
  mutating func put(_ event: Event, at time: Int64) {
    let slot: UInt32
    if let last = free.popLast() {
      slot = last
      slots[Int(slot)] = event
    } else {
      slot = UInt32(slots.count)
      slots.append(event)
    }
    order += 1
    heap.append(Place(at: time, order: order, slot: slot))
    var index = heap.count - 1
    let place = heap[index]
    while index > 0 {
      let parent = (index - 1) >> 2
      guard place.isBefore(heap[parent]) else { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = place
  }

  /// Takes what is first, and says its time.
  mutating func take(at time: inout Int64) -> Event? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty {
      var index = 0
      while true {
        let child = 4 * index + 1
        guard child < heap.count else { break }
        var least = child
        for other in child + 1..<max(child + 1, min(child + 4, heap.count)) where heap[other].isBefore(heap[least]) {
          least = other
        }
        guard heap[least].isBefore(last) else { break }
        heap[index] = heap[least]
        index = least
      }
      heap[index] = last
    }
    guard let event = slots[Int(first.slot)].take() else { preconditionFailure("an event was taken twice") }
    free.append(first.slot)
    time = first.at
    return event
  }
}
