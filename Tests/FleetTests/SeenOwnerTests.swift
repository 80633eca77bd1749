import Agreement
import Testing

@testable import Fleet

/// What a node remembers of an address's owners.
@Suite struct SeenOwnerTests {
  private let lb1 = NodeName("lb1")
  private let lb2 = NodeName("lb2")

  private func at(_ seconds: Int64) -> Moment { .start + .seconds(seconds) }

  /// A process that begins knows only what the one before it had; who gives it up knows that it's nobody's.
  @Test func whatIsNotKnownIsNotSeenUntilSomethingWas() {
    var seen = SeenOwner()
    seen.see(nil, 6, isKnown: false, at: at(1))
    #expect(seen.since == nil)
    seen.see(lb1, 7, at: at(2))
    seen.see(nil, 7, isKnown: false, at: at(3))
    #expect(seen.since == at(3))
  }

  @Test func itIsKnownSinceWhenAndHowOftenItMoved() {
    var seen = SeenOwner()
    #expect(seen.since == nil)
    seen.see(nil, 0, at: at(1))
    #expect(seen.since == at(1))
    seen.see(lb1, 1, at: at(2))
    seen.see(lb1, 1, at: at(3))
    #expect(seen.since == at(2) && seen.moves == 0)
    // Given up, and nobody's for a moment.
    seen.see(nil, 1, at: at(4))
    seen.see(lb2, 2, at: at(5))
    #expect(seen.since == at(5) && seen.moves == 1)
    // The same node by another generation, as after an upgrade.
    seen.see(lb2, 3, at: at(6))
    #expect(seen.since == at(6) && seen.moves == 1)
    seen.see(lb1, 4, at: at(7))
    #expect(seen.moves == 2)
  }
}
