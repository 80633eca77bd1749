import Simulation
import Testing

/// Plays one story after the other, and lets other tests have a turn in between: those that have their time mustn't wait behind all of these.
enum Stories {
  /// The first of these seeds with whose story something is wrong, and what.
  static func firstFinding(
    in seeds: some Sequence<UInt64>, _ play: (UInt64) -> Finding?
  ) async -> (seed: UInt64, finding: Finding)? {
    for seed in seeds {
      if let finding = play(seed) { return (seed, finding) }
      await Task.yield()
    }
    return nil
  }

  /// How often things happened in all of them, whatever came of it.
  static func counts(of seeds: some Sequence<UInt64>, _ world: (UInt64) -> World) -> World.Counts {
    seeds.reduce(into: World.Counts()) { $0 += world($1).play().counts }
  }

  /// Nothing is wrong with any of them.
  static func expectNoFinding(in seeds: some Sequence<UInt64>, _ play: (UInt64) -> Finding?) async {
    let found = await firstFinding(in: seeds, play)
    #expect(found == nil, "seed \(found?.seed ?? 0): \(found?.finding.description ?? "")")
  }
}
