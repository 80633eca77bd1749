import Agreement
import Simulation
import Testing

/// The embedded log, played with under faults; `make simulate WORLD=zab` plays more.
@Suite struct EmbeddedLogTests {
  @Test(arguments: 0..<4) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 50 + 1...part * 50 + 50) { ZabWorld(ZabStory(seed: $0)).play() }
  }

  /// A voter was added beside the lost memory of the same node, and lost as well: two of four weren't there any more. Who looked for a leader
  /// didn't count those who followed it already, so it never had a majority, and nobody else was as good.
  @Test(arguments: [81_000_542, 2_294] as [UInt64]) func foundOnce(seed: UInt64) {
    #expect(ZabWorld(ZabStory(seed: seed)).play() == nil)
  }

  /// What the faults are for does happen: else they'd show nothing.
  @Test func storiesAreEventful() {
    var total = ZabWorld.Counts()
    for seed: UInt64 in 1_001...1_060 {
      let world = ZabWorld(ZabStory(seed: seed))
      world.play()
      total += world.counts
    }
    #expect(total.leaders > 100)
    #expect(total.delivered > 10_000)
    #expect(total.truncations > 0)
    #expect(total.restored > 30)
  }

  @Test(arguments: 1...3) func aSeedTellsTheSameStory(seed: UInt64) {
    let worlds = (0..<2).map { _ in ZabWorld(ZabStory(seed: seed)) }
    for world in worlds { world.play() }
    #expect(worlds[0].hash == worlds[1].hash)
  }

  /// Those that take a rare turn of things are looked for from a little before it; `make mutants` begins with the first story.
  private static let rare: [Mutant: UInt64] = [
    .membersChangedAtOnce: 1_450, .learnerCounted: 1_180, .othersWithoutFormer: 700, .snapshotInPlaceOfTruncation: 370,
    .begunWithWhatItHas: 370, .ownEntryNotDurable: 110,
  ]

  @Test(arguments: Mutant.ofEmbeddedLog) func mutantIsFound(_ mutant: Mutant) async {
    let first = Self.rare[mutant] ?? 1
    #expect(
      await Stories.firstFinding(in: first...2_000) { ZabWorld(ZabStory(seed: $0), mutant: mutant).play() } != nil)
  }
}
