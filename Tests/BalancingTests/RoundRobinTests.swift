import Balancing
import Testing

@Suite("Round robin")
struct RoundRobinTests {
  @Test("goes in nginx's smooth order")
  func smooth() {
    let pool = PoolFixture(.roundRobin, weights: [5, 1, 1])
    let round = [0, 0, 1, 0, 2, 0, 0]
    #expect(pool.picks(14) == (round + round).map(Pick.backend))
  }

  /// The algorithm as nginx states it, step by step over all peers.
  private func reference(_ weights: [Int], steps: Int) -> [Int] {
    var credits = weights.map { _ in 0 }
    return (0..<steps).map { _ in
      for index in weights.indices { credits[index] += weights[index] }
      var best = 0
      for index in weights.indices where credits[index] > credits[best] { best = index }
      credits[best] -= weights.reduce(0, +)
      return best
    }
  }

  @Test("equals nginx's order for any weights", arguments: 0..<200)
  func equalsReference(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let largest = [1, 3, 10, 100].randomElement(using: &generator) ?? 1
    let weights = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
      Int.random(in: 1...largest, using: &generator)
    }
    let steps = weights.reduce(0, +) * 2
    let picks = PoolFixture(.roundRobin, weights: weights).picks(steps)
    #expect(picks == reference(weights, steps: steps).map(Pick.backend), "weights \(weights)")
  }

  @Test("gives each backend its exact share", arguments: 0..<50)
  func exact(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let weights = (0..<Int.random(in: 1...30, using: &generator)).map { _ in Int.random(in: 1...256, using: &generator)
    }
    let start = UInt64.random(in: 0...1_000_000, using: &generator)
    let pool = PoolFixture(.roundRobin, weights: weights, start: start)
    #expect(pool.counts(weights.reduce(0, +) * 3) == weights.map { $0 * 3 })
  }

  @Test("is exact over all workers, however many", arguments: [1, 2, 3, 8])
  func exactOverWorkers(workers: Int) async {
    let pool = PoolFixture(.roundRobin, weights: [1, 1, 1], start: 17)
    let weighted = PoolFixture(.roundRobin, weights: [3, 2, 1], start: 17)
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<workers {
        group.addTask {
          let share = 3_000 * (worker + 1) / workers - 3_000 * worker / workers
          _ = pool.picks(share)
          _ = weighted.picks(share)
        }
      }
    }
    #expect(pool.loads.map(\.active) == [1_000, 1_000, 1_000])
    #expect(weighted.loads.map(\.active) == [1_500, 1_000, 500])
  }

  @Test("goes on where the last snapshot was")
  func survivesSnapshots() {
    let cursor = Cursor(start: 0)
    let loads = (0..<4).map { _ in BackendLoad() }
    var generator = SplitMix64(seed: 1)
    let picks = (0..<8).map { _ in
      let candidates = loads.indices.map {
        Candidate(index: $0, weight: 1, tier: 0, maxSessions: .max, load: loads[$0], hashKey: "\($0)")
      }
      let route = PoolRoute(strategy: .roundRobin, candidates: candidates, cursor: cursor, poolSize: 4)
      return route.pick(client: nil, excluding: Exclusion(), at: 0, patience: .waits, using: &generator)
    }
    #expect(picks == [0, 1, 2, 3, 0, 1, 2, 3].map(Pick.backend))
  }

  @Test("spreads what an excluded backend can't take evenly over the others")
  func spreads() {
    #expect(PoolFixture(.roundRobin, weights: [1, 1, 1]).counts(3_000, excluding: [0]) == [0, 1_500, 1_500])
  }

  @Test("shares the rest by weight when one that is nearly the whole schedule is excluded")
  func skewed() {
    let counts = PoolFixture(.roundRobin, weights: [10_000, 1, 3]).counts(8_000, excluding: [0])
    #expect(counts[0] == 0)
    #expect(abs(counts[1] - 2_000) < 200, "\(counts)")
  }

  @Test("scales weights down that would make too long a schedule, and forgets nobody")
  func scales() {
    let counts = PoolFixture(.roundRobin, weights: [1_000_000, 500_000, 1]).counts(16_384)
    #expect(abs(counts[0] - 10_922) <= 2 && abs(counts[1] - 5_461) <= 2, "\(counts)")
    #expect(counts[2] == 1)
    let many = PoolFixture(.roundRobin, weights: Array(repeating: 1, count: 20_000))
    #expect(many.counts(20_000) == Array(repeating: 1, count: 20_000))
  }
}
