import Balancing
import Testing

@Suite("A pick beside guards")
struct GuardedPickTests {
  typealias Backend = PoolFixture.Backend

  private static let once = GuardRules(maxConnecting: 1)
  /// The strategies to which one backend of a tier is as good as another.
  private static let flexible = Strategy.allCases.filter { $0 != .sourceHash }

  @Test("takes another one of the tier while one is held back", arguments: flexible, [Patience.waits, .goesElsewhere])
  func takesAnother(strategy: Strategy, patience: Patience) {
    let pool = PoolFixture(
      strategy, [Backend(weight: 1_000, rules: .init(maxConnecting: 2)), Backend(), Backend(), Backend(tier: 1)])
    let counts = pool.picks(400, patience: patience)
    #expect(counts.count { $0 == .backend(0) } == 2)
    #expect(counts.allSatisfy { [.backend(0), .backend(1), .backend(2)].contains($0) })
    #expect(pool.loads[1].active > 100 && pool.loads[2].active > 100)
    // As soon as it may, it gets its share again.
    pool.loads[0].connectEnded()
    #expect(pool.picks(50, patience: patience).contains(.backend(0)))
  }

  @Test("counts who connects in the backend that it names", arguments: Strategy.allCases)
  func counts(strategy: Strategy) {
    let pool = PoolFixture(strategy, [Backend(), Backend(rules: .init(maxConnecting: 1_000)), Backend()])
    let counts = pool.counts(600)
    #expect(pool.loads.map(\.connecting) == counts)
    #expect(pool.loads.map(\.active) == counts)
  }

  @Test("waits for a tier all of which is held back, while it has patience", arguments: Strategy.allCases)
  func waits(strategy: Strategy) {
    let pool = PoolFixture(strategy, [Backend(rules: Self.once), Backend(rules: Self.once), Backend(tier: 1)])
    let first = pool.picks(40)
    #expect(first.count { $0 == .backend(0) } == 1 && first.count { $0 == .backend(1) } == 1)
    #expect(pool.picks(3) == [.throttled, .throttled, .throttled])
    #expect(pool.loads.map(\.active) == [1, 1, 0])
    #expect(pool.loads.map(\.connecting) == [1, 1, 0])
    pool.loads[1].connectEnded()
    #expect(pool.picks(40).count { $0 == .backend(1) } == 1)
  }

  @Test(
    "goes on to the next tiers without patience, and is throttled when nobody is left", arguments: Strategy.allCases)
  func goesElsewhere(strategy: Strategy) {
    let pool = PoolFixture(
      strategy, [Backend(rules: Self.once), Backend(tier: 3, rules: Self.once), Backend(tier: 8, maxSessions: 1)])
    #expect(
      pool.picks(5, patience: .goesElsewhere) == [
        .backend(0), .backend(1), .backend(2), .throttled, .throttled,
      ])
    // With patience it stays with the first tier whose backends have free slots.
    #expect(pool.picks(1) == [.throttled])
    #expect(pool.loads.map(\.active) == [1, 1, 1])
  }

  @Test("is held back only by backends that have a free slot and weren't tried", arguments: Strategy.allCases)
  func throttledOrFull(strategy: Strategy) {
    let pool = PoolFixture(
      strategy,
      [Backend(maxSessions: 1, rules: Self.once), Backend(maxSessions: 0), Backend(tier: 1, rules: Self.once)])
    #expect(pool.picks(2) == [.backend(0), .backend(2)])
    for patience in [Patience.waits, .goesElsewhere] {
      // The first tier is full, the second one has a slot that is held back.
      #expect(pool.picks(1, patience: patience) == [.throttled])
      #expect(pool.picks(1, excluding: [2], patience: patience) == [.full])
      #expect(pool.picks(1, excluding: [0, 1], patience: patience) == [.throttled])
      #expect(pool.picks(1, excluding: [0, 1, 2], patience: patience) == [.none])
    }
  }

  @Test("keeps the pace of each backend", arguments: Strategy.allCases)
  func pace(strategy: Strategy) {
    let rules = GuardRules(interval: 1_000, burst: 2)
    let pool = PoolFixture(strategy, [Backend(rules: rules), Backend(weight: 3, rules: rules)])
    let start: UInt64 = 1_000_000_000
    #expect(pool.counts(50) == [2, 2])
    #expect(pool.picks(1, at: start + 999) == [.throttled])
    for step in 1...20 {
      _ = pool.picks(40, at: start + UInt64(step) * 1_000)
      #expect(pool.loads.map(\.active) == [2 + step, 2 + step])
    }
  }

  @Test("waits for the client's own backend, and for no other, with source-hash")
  func ownBackend() {
    let weights = Array(repeating: Backend(), count: 5)
    let homes = PoolFixture(.sourceHash, weights).picks(500)
    var backends = weights
    backends[2].rules = Self.once
    let pool = PoolFixture(.sourceHash, backends)
    #expect(pool.loads[2].acquire(limit: .max, rules: Self.once, at: 0) == .acquired)
    let picks = pool.picks(500)
    for (home, pick) in zip(homes, picks) { #expect(pick == (home == .backend(2) ? .throttled : home)) }
    // Without patience its clients go where they'd go if it had been tried, and nobody else moves.
    let impatient = pool.picks(500, patience: .goesElsewhere)
    #expect(impatient == PoolFixture(.sourceHash, weights).picks(500, excluding: [2]))
    #expect(pool.loads[2].active == 1)
  }

  @Test("waits, with source-hash, for the first in the client's order that has a slot")
  func orderWithSourceHash() {
    let backends = [Backend(maxSessions: 0), Backend(), Backend(rules: Self.once)]
    let pool = PoolFixture(.sourceHash, backends)
    #expect(pool.loads[2].acquire(limit: .max, rules: Self.once, at: 0) == .acquired)
    let expected = PoolFixture(.sourceHash, weights: [1, 1, 1]).picks(500, excluding: [0])
    #expect(pool.picks(500) == expected.map { $0 == .backend(2) ? .throttled : $0 })
  }

  @Test("doesn't wait, with source-hash, for a client without an address while anybody is free")
  func anonymous() {
    let pool = PoolFixture(.sourceHash, [Backend(), Backend(rules: Self.once)])
    var generator = SplitMix64(seed: 5)
    for _ in 0..<200 {
      let pick = pool.route.pick(client: nil, excluding: Exclusion(), at: 0, patience: .waits, using: &generator)
      #expect(pick != .throttled)
    }
    #expect(pool.loads.map(\.active) == [199, 1])
  }

  @Test("never exceeds a cap with many threads at once", arguments: Strategy.allCases)
  func race(strategy: Strategy) async {
    let pool = PoolFixture(
      strategy,
      [
        Backend(weight: 3, rules: .init(maxConnecting: 70)), Backend(rules: .init(interval: 1_000_000, burst: 30)),
        Backend(tier: 1, maxSessions: 20, rules: .init(maxConnecting: 50)),
      ])
    await withTaskGroup(of: Void.self) { group in
      for seed in 0..<8 {
        group.addTask { _ = pool.picks(50, patience: .goesElsewhere, seed: UInt64(seed)) }
      }
    }
    #expect(pool.loads.map(\.active) == [70, 30, 20])
    #expect(pool.loads.map(\.connecting) == [70, 30, 20])
  }
}
