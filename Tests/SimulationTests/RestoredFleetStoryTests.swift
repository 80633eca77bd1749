import Agreement
import Simulation
import Testing

/// A fleet that goes on from what one node has, as more than half are lost for good, played with under faults; `make simulate WORLD=restored` plays
/// more.
@Suite struct RestoredFleetStoryTests {
  private static func world(_ seed: UInt64, _ mutant: Mutant? = nil) -> World {
    World(Story(restoring: seed), mutant: mutant)
  }

  @Test(arguments: 0..<4) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 40 + 1...part * 40 + 40) { Self.world($0).play().finding }
  }

  /// Found in these once: a node that was about to vote no more had the last log that there was, and refused (367); so did one that served a
  /// configuration to be looked at, for ever, as nobody could decide on it (540, 1501); each of two refused for the other one's sake (911, 942); one
  /// that the fleet had gone on without never slept (1772); as two had tried for an address within a millisecond everybody waited for half a lease
  /// until somebody tried again (5453); the last one that had anything refused for the sake of one that was there, and had lost since what it had more (5942);
  /// whoever was to vote no more, by an entry that nobody else had, and a voter refused for each other's sake (129719, 133758); and who had had more of the
  /// former log took what came to a place of the next one for what it served from there (126445); and the only node that
  /// counted still was emptied while it was down (167559).
  @Test(arguments: [367, 540, 911, 942, 1501, 1772, 5453, 5942, 126_445, 129_719, 133_758, 167_559] as [UInt64])
  func foundOnce(
    seed: UInt64
  ) {
    #expect(Self.world(seed).play().finding == nil)
  }

  /// What it's about does happen.
  @Test func storiesAreEventful() {
    let total = Stories.counts(of: 1...40) { Self.world($0) }
    #expect(total.restorations > 20)
    #expect(total.commits > 20)
    #expect(total.terms > 40)
  }

  @Test(arguments: Mutant.ofRestoration) func mutantIsFound(_ mutant: Mutant) async {
    #expect(await Stories.firstFinding(in: 1...2_000) { Self.world($0, mutant).play().finding } != nil)
  }
}
