import Balancing
import Testing

@Suite("A ring of transitions")
struct TransitionRingTests {
  @Test("keeps the last ones, the newest at the end", arguments: 1...5)
  func keeps(capacity: Int) {
    var ring = TransitionRing<Int>(capacity: capacity)
    #expect(ring.isEmpty)
    for count in 1...20 {
      ring.append(count)
      #expect(Array(ring) == Array(max(1, count - capacity + 1)...count))
      #expect(ring.last == count)
    }
  }

  @Test("is a value")
  func value() {
    var ring = TransitionRing<String>(capacity: 2)
    ring.append("a")
    let copy = ring
    ring.append("b")
    ring.append("c")
    #expect(Array(copy) == ["a"] && Array(ring) == ["b", "c"])
  }
}
