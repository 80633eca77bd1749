import Balancing
import Testing

@Suite("A pick by any strategy")
struct PoolRouteTests {
  typealias Backend = PoolFixture.Backend

  @Test("finds nobody in an empty pool", arguments: Strategy.allCases)
  func empty(strategy: Strategy) {
    #expect(PoolFixture(strategy, weights: []).picks(3) == [.none, .none, .none])
  }

  @Test("acquires a slot of the backend that it names", arguments: Strategy.allCases)
  func acquires(strategy: Strategy) {
    let pool = PoolFixture(strategy, weights: [1, 2, 3])
    let counts = pool.counts(600)
    #expect(pool.loads.map(\.active) == counts)
    #expect(counts.reduce(0, +) == 600)
  }

  @Test("answers places in the pool's list, not among the eligible", arguments: Strategy.allCases)
  func indices(strategy: Strategy) {
    let pool = PoolFixture(strategy, weights: [1, 1, 1, 1, 1], eligible: [1, 4])
    let counts = pool.counts(200)
    #expect(counts[0] + counts[2] + counts[3] == 0)
    #expect(counts[1] > 0 && counts[4] > 0)
  }

  @Test("never names an excluded backend", arguments: Strategy.allCases, [[0], [0, 1], [1, 2], [0, 1, 3]])
  func excludes(strategy: Strategy, excluded: [Int]) {
    let pool = PoolFixture(strategy, weights: [1_000, 1, 1, 500])
    let counts = pool.counts(2_000, excluding: excluded)
    #expect(excluded.allSatisfy { counts[$0] == 0 })
    #expect(counts.reduce(0, +) == 2_000)
    for index in counts.indices where !excluded.contains(index) { #expect(counts[index] > 0) }
  }

  @Test("finds nobody when all are excluded", arguments: Strategy.allCases)
  func excludesAll(strategy: Strategy) {
    #expect(PoolFixture(strategy, weights: [1, 2, 3]).picks(2, excluding: [0, 1, 2]) == [.none, .none])
  }

  @Test("fills every slot of every backend and then says full", arguments: Strategy.allCases)
  func fills(strategy: Strategy) {
    let pool = PoolFixture(
      strategy, [Backend(weight: 100, maxSessions: 3), Backend(maxSessions: 5), Backend(maxSessions: 1)])
    let picks = pool.picks(12)
    #expect(pool.loads.map(\.active) == [3, 5, 1])
    #expect(picks.suffix(3) == [.full, .full, .full])
    #expect(!picks.prefix(9).contains(.full))
    pool.loads[1].release()
    #expect(pool.picks(2) == [.backend(1), .full])
  }

  @Test("says full, not none, while one that wasn't tried is at its limit", arguments: Strategy.allCases)
  func fullOrNone(strategy: Strategy) {
    let pool = PoolFixture(strategy, [Backend(), Backend(maxSessions: 0)])
    #expect(pool.picks(1, excluding: [0]) == [.full])
    #expect(pool.picks(1, excluding: [0, 1]) == [.none])
    #expect(pool.loads.map(\.active) == [0, 0])
  }

  @Test("stays in the lowest tier that has candidates", arguments: Strategy.allCases)
  func lowestTier(strategy: Strategy) {
    let backends = [Backend(tier: 2), Backend(tier: 0), Backend(tier: 1), Backend(tier: 0)]
    let all = PoolFixture(strategy, backends).counts(300)
    #expect(all[0] == 0 && all[2] == 0)
    let spare = PoolFixture(strategy, backends, eligible: [0, 2]).counts(300)
    #expect(spare == [0, 0, 300, 0])
    #expect(PoolFixture(strategy, backends, eligible: [0]).counts(300) == [300, 0, 0, 0])
  }

  @Test("goes on to the next tier when all of one are tried or full", arguments: Strategy.allCases)
  func nextTier(strategy: Strategy) {
    let backends = [
      Backend(maxSessions: 2), Backend(), Backend(tier: 5, maxSessions: 1), Backend(tier: 7, maxSessions: 1),
    ]
    let pool = PoolFixture(strategy, backends)
    #expect(
      pool.picks(5, excluding: [1]) == [.backend(0), .backend(0), .backend(2), .backend(3), .full])
    #expect(pool.picks(1, excluding: [0, 1, 2, 3]) == [.none])
    #expect(pool.picks(1) == [.backend(1)])
  }

  @Test("says full when a lower tier is full and the next has nobody left to try", arguments: Strategy.allCases)
  func fullBelow(strategy: Strategy) {
    let pool = PoolFixture(strategy, [Backend(maxSessions: 0), Backend(tier: 1)])
    #expect(pool.picks(1, excluding: [1]) == [.full])
  }

  @Test("never exceeds a limit with many threads at once", arguments: Strategy.allCases)
  func limitUnderRace(strategy: Strategy) async {
    let pool = PoolFixture(strategy, [Backend(weight: 3, maxSessions: 70), Backend(maxSessions: 30)])
    let taken = await withTaskGroup(of: Int.self) { group in
      for seed in 0..<8 {
        group.addTask {
          pool.picks(50, seed: UInt64(seed)).count { if case .backend = $0 { true } else { false } }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(pool.loads.map(\.active) == [70, 30])
    #expect(taken == 100)
  }
}
