import Agreement
import Simulation
import Testing

/// The fleet's protocols, played with under faults by the hundred; `make simulate` plays more.
@Suite struct SimulationTests {
  @Test(arguments: 0..<4) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 100 + 1...part * 100 + 100) { World(Story(seed: $0)).play().finding }
  }

  /// What the faults are for does happen: else they'd show nothing.
  @Test func storiesAreEventful() {
    let total = Stories.counts(of: 1_001...1_040) { World(Story(seed: $0)) }
    #expect(total.commits > 40)
    #expect(total.aborts > 20)
    #expect(total.reverts > 0)
    #expect(total.terms > 60)
    #expect(total.inherited > 5)
    #expect(total.grants > 20)
    #expect(total.unknowns > 500)
    #expect(total.restores > 5)
    #expect(total.prefixes > 500)
  }

  @Test(arguments: 1...3) func aSeedTellsTheSameStory(seed: UInt64) {
    let first = World(Story(seed: seed)).play()
    let second = World(Story(seed: seed)).play()
    #expect(first.hash == second.hash)
    #expect(first.events == second.events)
    #expect(first.hash != World(Story(seed: seed + 1)).play().hash)
  }

  /// Those that take a rare turn of things are looked for from a little before it; `make mutants` begins with the first story.
  private static let rare: [Mutant: UInt64] = [
    .leaveBeforeRecord: 1_400, .takenThoughNotAsked: 400, .leaseFromTheAnswer: 250, .ownGenerationWithoutMark: 210,
    .leaseInheritedAnew: 190, .foreignIncarnationVotes: 180, .behindAndOwning: 160,
  ]

  /// Every mistake that is made on purpose is found, or the world is too kind.
  @Test(arguments: Mutant.ofFleet) func mutantIsFound(_ mutant: Mutant) async {
    let first = Self.rare[mutant] ?? 1
    #expect(
      await Stories.firstFinding(in: first...2_000) { World(Story(seed: $0), mutant: mutant).play().finding } != nil)
  }

  @Test func aStoryIsMadeShorter() throws {
    let failing = (1...100).first { World(Story(seed: $0), mutant: .givingUpAloneAfterYes).play().finding != nil }
    let whole = Story(seed: try #require(failing))
    let finding = try #require(World(whole, mutant: .givingUpAloneAfterYes).play().finding)
    let (story, shrunk) = try #require(whole.shrunk(mutant: .givingUpAloneAfterYes))
    #expect(shrunk.promise == finding.promise)
    #expect(story.deeds.count < whole.deeds.count / 2)
    for index in story.deeds.indices {
      var shorter = story
      shorter.deeds.remove(at: index)
      #expect(World(shorter, mutant: .givingUpAloneAfterYes).play().finding?.promise != finding.promise)
    }
  }

  @Test func whatHappensIsTold() {
    let world = World(Story(seed: 2))
    var lines: [String] = []
    world.tell = { lines.append($0) }
    let outcome = world.play()
    #expect(lines.contains { $0.contains("owns a0 by generation 1") })
    #expect(lines.contains { $0.contains("everything is mended") })
    // To be told changes nothing.
    #expect(outcome.hash == World(Story(seed: 2)).play().hash)
  }
}
