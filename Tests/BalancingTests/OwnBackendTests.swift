import Balancing
import Testing

@Suite("A pick that prefers the backend that a client had")
struct OwnBackendTests {
  private func pool(_ backends: [PoolFixture.Backend], _ strategy: Strategy = .roundRobin, eligible: [Int]? = nil)
    -> PoolFixture
  {
    PoolFixture(strategy, backends, eligible: eligible, isSticky: true)
  }

  private func pick(
    _ pool: PoolFixture, own: Int?, excluding excluded: [Int] = [], patience: Patience = .waits
  ) -> Pick {
    var generator = SplitMix64(seed: 1)
    return pool.route.pick(
      client: 1, own: own, excluding: Exclusion(excluded), at: 1_000_000_000, patience: patience, using: &generator)
  }

  @Test("gets it, by any strategy and from any tier, and its slot", arguments: Strategy.allCases)
  func own(strategy: Strategy) {
    let pool = pool([.init(), .init(), .init(tier: 1), .init()], strategy, eligible: [0, 2, 3])
    for index in [2, 2, 3, 0, 2] { #expect(pick(pool, own: index) == .backend(index)) }
    #expect(pool.loads.map(\.active) == [1, 0, 3, 1] && pool.loads.map(\.connecting) == [1, 0, 3, 1])
  }

  @Test("gets another one if it isn't eligible, was tried or is full")
  func another() {
    let pool = pool([.init(), .init(), .init(maxSessions: 1)], eligible: [0, 2])
    #expect(pick(pool, own: 1) == .backend(0))
    #expect(pick(pool, own: 0, excluding: [0]) == .backend(2))
    #expect(pick(pool, own: 2) == .backend(0))
    #expect(pick(pool, own: 9) == .backend(0) && pick(pool, own: nil) == .backend(0))
  }

  @Test("waits for one that is held back as long as it has patience")
  func heldBack() {
    let pool = pool([.init(), .init(rules: GuardRules(maxConnecting: 1))])
    #expect(pick(pool, own: 1) == .backend(1))
    #expect(pick(pool, own: 1) == .throttled)
    #expect(pick(pool, own: 1, patience: .goesElsewhere) == .backend(0))
  }

  @Test("has no effect where clients keep nothing")
  func off() {
    let pool = PoolFixture(.roundRobin, weights: [1, 1])
    #expect(pick(pool, own: 1) == .backend(0))
  }
}
