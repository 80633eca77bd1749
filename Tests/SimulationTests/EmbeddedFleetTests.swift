import Agreement
import Simulation
import Testing

/// A whole fleet whose nodes agree by themselves, played with under faults; `make simulate WORLD=embedded` plays more.
@Suite struct EmbeddedFleetTests {
  private static func world(_ seed: UInt64, _ mutant: Mutant? = nil, _ programs: Story.Programs = .mixed) -> World {
    World(Story(seed: seed, engine: .embedded, programs: programs), mutant: mutant)
  }

  @Test(arguments: 0..<4) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 50 + 1...part * 50 + 50) { Self.world($0).play().finding }
  }

  /// Found in these once: an owner couldn't go on when one of those was lost for good who had chosen it, as another was away then, or had
  /// only promised; nobody could own what somebody had been promised who was lost, and who had been started more often than all others;
  /// after a vote that was split, whoever had the larger part waited for the end of his own lease; a node with a new memory heard what its
  /// leader told the one that it had lost, and so never noticed that it wasn't counted (two); what a node had said before it lost its memory
  /// came late, so that it was counted on as another one was let go, or was taken up again after its later memory had begun (the last two).
  @Test(
    arguments: [
      11180, 12559, 21482, 12803, 15815, 38324, 20_002_901, 30_004_321, 300_094_006, 310_197_648, 330_034_780,
      330_036_248,
    ] as [UInt64]
  ) func foundOnce(seed: UInt64) {
    #expect(Self.world(seed, nil, .alike).play().finding == nil)
  }

  /// And where programs may differ: who was let in, let go and let in again within a moment said his first word in between, when it counted for
  /// nothing; the judge minded what somebody gave up within the step in which it came to him; two who needed each other's voice led by turns;
  /// the judge counted a memory that had joined when it was to vote no more; who had given a name up went by a look from before he had it, as
  /// a late answer to that came, and owned once more what was another one's to take; backups were judged as their primary had just begun; what a
  /// node had said first came to nothing, and a copy of it was taken up as it was to vote again; several who tried for an address on slow disks took
  /// each other's promises away for too long; and one whose disk stored nothing was preferred, though it knew nothing of who counts;
  /// somebody wanted more within a second of a node with a slow disk than it can say in half a minute.
  @Test(
    arguments: [
      340_010_575, 350_006_755, 350_016_150, 411_516_062, 412_040_171, 412_040_537, 415_009_293, 560_011_457,
      560_021_739, 560_053_177, 570_101_921,
    ] as [UInt64])
  func foundOnceAmongDifferentPrograms(seed: UInt64) {
    #expect(Self.world(seed).play().finding == nil)
  }

  /// What the faults are for does happen: else they'd show nothing.
  @Test func storiesAreEventful() {
    let total = Stories.counts(of: 1...60) { Self.world($0) }
    #expect(total.commits > 40)
    #expect(total.aborts > 20)
    #expect(total.terms > 60)
    #expect(total.inherited > 0)
    #expect(total.restores > 3)
    #expect(total.prefixes > 500)
  }

  @Test func aSeedTellsTheSameStory() {
    let outcomes = (0..<2).map { _ in Self.world(3).play() }
    #expect(outcomes[0].hash == outcomes[1].hash && outcomes[0].events == outcomes[1].events)
  }

  /// One story of four has a node that votes only; with it the others agree, and own what there is to own.
  @Test func storiesHaveWitnesses() {
    let seeds = (1...120 as ClosedRange<UInt64>).filter { Story(seed: $0, engine: .embedded).witness != nil }
    #expect(seeds.count > 10)
    let total = Stories.counts(of: seeds) { Self.world($0) }
    #expect(total.commits > 10 && total.terms > 20, "\(total)")
  }

  @Test(arguments: Mutant.ofEngine) func mutantIsFound(_ mutant: Mutant) async {
    #expect(await Stories.firstFinding(in: 1...2_000) { Self.world($0, mutant).play().finding } != nil)
  }
}
