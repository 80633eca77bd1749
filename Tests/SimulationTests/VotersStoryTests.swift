import Agreement
import Simulation
import Testing

/// A whole fleet whose nodes agree by themselves, in which who votes changes all the time, played with under faults; `make simulate WORLD=voters` plays
/// more.
@Suite struct VotersStoryTests {
  private static func world(_ seed: UInt64) -> World { World(Story(reseating: seed)) }

  @Test(arguments: 0..<4) func stories(part: UInt64) async {
    await Stories.expectNoFinding(in: part * 40 + 1...part * 40 + 40) { Self.world($0).play().finding }
  }

  /// Found in these once: whoever had the last entries was to vote no more, and didn't know after a start by which of the members since its snapshot
  /// it was needed still, so that it wouldn't lead and nobody else could (557); on the way from one voter to three there were two for a moment, and
  /// one of them was gone by then (4937, 6800, 11838); somebody went on asking a node that told him to ask another one (13884); who was
  /// let go by an entry that nobody else had took no part after a start, though those who had less needed it (16187); those who had heard of the
  /// founding from another one, who was lost later, had forgotten after a start who counted (48700); of two who were to vote alone one was lost a
  /// moment before, and taken for present (562); two who had been there a moment ago got a voice though one of them talked with a later memory
  /// already (1001276); two memories of one node led its table by the same number, as it had only 16 bits of each (1273925); who had asked for something
  /// that was taken back on its way was told nothing (626).
  @Test(arguments: [557, 562, 626, 4937, 6800, 11838, 13884, 16187, 48700, 1_001_276, 1_273_925] as [UInt64])
  func foundOnce(seed: UInt64) {
    #expect(Self.world(seed).play().finding == nil)
  }

  /// What it's about does happen.
  @Test func storiesAreEventful() {
    let total = Stories.counts(of: 1...40) { Self.world($0) }
    #expect(total.commits > 20)
    #expect(total.terms > 40)
    #expect(total.restores > 3)
  }
}
