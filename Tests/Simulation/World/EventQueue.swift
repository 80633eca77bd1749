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

  /// When something happens next.
  var soonest: Int64? { heap.first?.at }

  /// Puts something at a time in nanoseconds.
  mutating func put(_ event: consuming Event, at time: Int64) {
    let slot: UInt32
    if let last = free.popLast() {
      slot = last
      slots[Int(slot)] = event
    } else {
      slot = UInt32(slots.count)
      slots.append(event)
    }
    order += 1
    let place = Place(at: time, order: order, slot: slot)
    heap.append(place)
    unsafe heap.withUnsafeMutableBufferPointer { heap in
      var index = heap.count - 1
      while index > 0 {
        let parent = (index - 1) >> 2
        guard unsafe place.isBefore(heap[parent]) else { break }
        unsafe heap[index] = heap[parent]
        index = parent
      }
      unsafe heap[index] = place
    }
  }

  /// Takes what is first, and says its time.
  mutating func take(at time: inout Int64) -> Event? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    // It's half of what the queue costs: the places are within bounds by what is compared.
    unsafe heap.withUnsafeMutableBufferPointer { heap in
      guard !heap.isEmpty else { return }
      var index = 0
      while true {
        let child = 4 * index + 1
        guard child < heap.count else { break }
        var least = child
        var other = child + 1
        while other < min(child + 4, heap.count) {
          if unsafe heap[other].isBefore(heap[least]) { least = other }
          other += 1
        }
        guard unsafe heap[least].isBefore(last) else { break }
        unsafe heap[index] = heap[least]
        index = least
      }
      unsafe heap[index] = last
    }
    guard let event = slots[Int(first.slot)].take() else { preconditionFailure("an event was taken twice") }
    free.append(first.slot)
    time = first.at
    return event
  }
}
