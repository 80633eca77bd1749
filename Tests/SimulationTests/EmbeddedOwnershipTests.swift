import Agreement
import Simulation
import Testing

/// Who owns a name, decided among the nodes themselves, played with under faults; `make simulate WORLD=paxos` plays more.
@Suite struct EmbeddedOwnershipTests {
  @Test(arguments: 0..<2) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 200 + 1...part * 200 + 200) { PaxosWorld(PaxosStory(seed: $0)).play() }
  }

  /// An owner that had lapsed went on with its generation among other voters, after somebody else's later one.
  @Test(arguments: [40_005_749] as [UInt64]) func foundOnce(seed: UInt64) {
    #expect(PaxosWorld(PaxosStory(seed: seed)).play() == nil)
  }

  /// What the faults are for does happen: else they'd show nothing.
  @Test func storiesAreEventful() {
    var total = PaxosWorld.Counts()
    for seed: UInt64 in 1_001...1_060 {
      let world = PaxosWorld(PaxosStory(seed: seed))
      world.play()
      total += world.counts
    }
    #expect(total.terms > 120)
    #expect(total.inherited > 3)
    #expect(total.changes > 100)
  }

  @Test func aSeedTellsTheSameStory() {
    let worlds = (0..<2).map { _ in PaxosWorld(PaxosStory(seed: 5)) }
    for world in worlds { world.play() }
    #expect(worlds[0].hash == worlds[1].hash)
  }

  @Test(arguments: Mutant.ofPaxos) func mutantIsFound(_ mutant: Mutant) async {
    #expect(
      await Stories.firstFinding(in: 1...2_000) { PaxosWorld(PaxosStory(seed: $0), mutant: mutant).play() } != nil)
  }
}
