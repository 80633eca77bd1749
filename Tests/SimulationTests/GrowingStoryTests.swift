import Agreement
import Simulation
import Testing

/// A whole fleet whose nodes agree by themselves, and whose files come to name more nodes or fewer, played with under faults; `make simulate WORLD=growing`
/// plays more.
@Suite struct GrowingStoryTests {
  private static func world(_ seed: UInt64) -> World { World(Story(growing: seed)) }

  @Test(arguments: 0..<3) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 40 + 1...part * 40 + 40) { Self.world($0).play().finding }
  }

  /// Found in these once: somebody who wanted two out of three to vote no more, of whom one was lost, said it of the first one again and again (204);
  /// a node had lost its memory and was named alone then, so that it was a fleet of its own (1194); whoever was to vote, and didn't come, kept others
  /// from going (2326). Who was away while voters were let go followed nobody, as it counted on more than there are (9446).
  @Test(arguments: [204, 1194, 2326, 9446] as [UInt64]) func foundOnce(seed: UInt64) {
    #expect(Self.world(seed).play().finding == nil)
  }

  /// What it's about does happen.
  @Test func storiesAreEventful() {
    let total = Stories.counts(of: 1...40) { Self.world($0) }
    #expect(total.regrouped > 15)
    #expect(total.commits > 20)
    #expect(total.terms > 40)
    #expect(total.restores > 3)
  }
}
