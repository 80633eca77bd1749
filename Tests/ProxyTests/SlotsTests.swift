import Libevent
import Proxy
import Synchronization
import Testing

/// Places that are counted over all workers.
@Suite struct SlotsTests {
  @Test("as many are taken as there are, and a place that was given back is there for the next")
  func limit() {
    let slots = Slots()
    #expect((0..<3).map { _ in slots.take(limit: 2) } == [true, true, false])
    #expect(slots.taken == 2)
    slots.give()
    #expect(slots.take(limit: 2) && !slots.take(limit: 0) && slots.taken == 2)
  }

  @Test("nobody is refused for the sake of others who get nothing")
  func strangers() {
    let slots = Slots()
    let isOver = Flag()
    let strangers = (0..<2).map { _ in
      Joined { while !isOver.value.load(ordering: .relaxed) { _ = slots.take(limit: 0) } }
    }
    var refused = 0
    for _ in 0..<300_000 {
      if slots.take(limit: 1) { slots.give() } else { refused += 1 }
    }
    isOver.value.store(true, ordering: .relaxed)
    for stranger in strangers { stranger.join() }
    #expect(refused == 0 && slots.taken == 0)
  }

  private final class Flag: Sendable {
    let value = Atomic(false)
  }
}
