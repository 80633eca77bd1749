import Agreement
import Simulation
import Testing

/// A whole fleet that comes from one engine to another and back, played with under faults; `make simulate WORLD=engines` plays more.
@Suite struct SuccessionTests {
  private static func world(_ seed: UInt64, _ mutant: Mutant? = nil) -> World {
    World(Story(changing: seed), mutant: mutant)
  }

  @Test(arguments: 0..<4) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 50 + 1...part * 50 + 50) { Self.world($0).play().finding }
  }

  /// Found in these once: what was said of a change that had been given up counted for none of the next ones; a node that ended before it had noted
  /// the next era couldn't come after the others with the former file; what a node was preparing as it came over never came to an end; and one
  /// that was behind and wanted nothing else wasn't told that its log was over.
  @Test(arguments: [23, 67, 140, 313] as [UInt64]) func foundOnce(seed: UInt64) {
    #expect(Self.world(seed).play().finding == nil)
  }

  /// What it's about does happen.
  @Test func storiesAreEventful() {
    let total = Stories.counts(of: 1...50) { Self.world($0) }
    #expect(total.successions > 100)
    #expect(total.commits > 20)
    #expect(total.terms > 40)
    #expect(total.inherited > 20)
  }

  @Test(arguments: Mutant.ofSuccession) func mutantIsFound(_ mutant: Mutant) async {
    #expect(await Stories.firstFinding(in: 1...2_000) { Self.world($0, mutant).play().finding } != nil)
  }
}
