import Balancing
import Testing

@Suite("An explanation of a route")
struct ExplanationTests {
  typealias Backend = PoolFixture.Backend

  private static let now: UInt64 = 1_000_000_000

  /// A pool of any shape: some tiers, weights, limits and guards, some of its slots taken already.
  private func anyPool(_ strategy: Strategy, using generator: inout SplitMix64) -> PoolFixture {
    let heaviest = [1, 5, 1_000].randomElement(using: &generator) ?? 1
    let backends = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
      Backend(
        weight: Int.random(in: 1...heaviest, using: &generator), tier: Int.random(in: 0...2, using: &generator),
        maxSessions: [.max, .max, Int.random(in: 0...6, using: &generator)].randomElement(using: &generator) ?? 0,
        rules: [
          nil, nil, GuardRules(maxConnecting: Int.random(in: 1...4, using: &generator)),
          GuardRules(interval: 1_000, burst: Int.random(in: 1...3, using: &generator)),
        ].randomElement(using: &generator) ?? nil)
    }
    let starts: [UInt64] = [0, 7, .max - 3, UInt64.random(in: 0...(.max), using: &generator)]
    let start = starts.randomElement(using: &generator) ?? 0
    let pool = PoolFixture(
      strategy, backends, eligible: backends.indices.filter { _ in Int.random(in: 0..<5, using: &generator) > 0 },
      start: start)
    for (load, backend) in zip(pool.loads, backends) {
      for _ in 0..<Int.random(in: 0...6, using: &generator) {
        guard load.acquire(limit: backend.maxSessions, rules: backend.rules, at: Self.now) == .acquired else {
          continue
        }
        if Bool.random(using: &generator) { load.connectEnded() }
      }
    }
    return pool
  }

  @Test("says what a pick then does", arguments: Strategy.allCases, 0..<200)
  func agrees(strategy: Strategy, seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let pool = anyPool(strategy, using: &generator)
    for step in 0..<30 {
      let client =
        Int.random(in: 0..<50, using: &generator) > 0 ? hash(of: Int.random(in: 0..<9, using: &generator)) : nil
      let patience = Bool.random(using: &generator) ? Patience.waits : .goesElsewhere
      let now = Self.now + UInt64(step) * 100
      let explanation = pool.route.explain(client: client, at: now, patience: patience)
      let pick = pool.route.pick(
        client: client, excluding: Exclusion(), at: now, patience: patience, using: &generator)
      switch (explanation.outcome, pick) {
      case (.exact(let index), .backend(let picked)): #expect(index == picked)
      case (.drawn, .backend(let picked)):
        let tier = explanation.tiers.first { $0.tier == explanation.serving }
        #expect(tier?.candidates.first { $0.index == picked }?.state == .usable)
        switch tier?.position {
        case .random, .twoChoices: break
        case .sourceHash(let entry, _, _, _): #expect(entry == nil && client == nil)
        // Only where the schedule names nobody for long.
        case .roundRobin(_, let length, _): #expect(length > 16)
        case .leastConnections, nil: Issue.record("nothing to draw")
        }
      case (.throttled, .throttled), (.full, .full), (.none, .none): break
      default: Issue.record("\(explanation.outcome), but \(pick)")
      }
      if case .backend(let index) = pick {
        if Bool.random(using: &generator) { pool.loads[index].connectEnded() }
        if step % 3 == 0 { pool.loads[index].release() }
      }
    }
  }

  @Test("changes nothing", arguments: Strategy.allCases, 0..<20)
  func noEffect(strategy: Strategy, seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let pool = anyPool(strategy, using: &generator)
    let before = (pool.cursor.current, pool.loads.map(\.active), pool.loads.map(\.connecting))
    let first = pool.route.explain(client: 5, at: Self.now)
    #expect(pool.route.explain(client: 5, at: Self.now) == first)
    #expect(before == (pool.cursor.current, pool.loads.map(\.active), pool.loads.map(\.connecting)))
  }

  @Test("tells of each candidate what it has and whether it's usable")
  func candidates() {
    let once = GuardRules(maxConnecting: 1)
    let slow = GuardRules(interval: 1_000)
    let pool = PoolFixture(
      .random,
      [
        Backend(weight: 3), Backend(maxSessions: 1), Backend(rules: once), Backend(maxSessions: 9, rules: slow),
        Backend(tier: 4),
      ], eligible: [0, 1, 2, 3, 4])
    for (index, rules) in [(0, nil), (0, nil), (1, nil), (2, once), (3, slow)] {
      #expect(pool.loads[index].acquire(limit: .max, rules: rules, at: Self.now) == .acquired)
    }
    for index in [0, 3] { pool.loads[index].connectEnded() }
    let explanation = pool.route.explain(client: nil, at: Self.now)
    #expect(explanation.strategy == .random)
    #expect(explanation.tiers.map(\.tier) == [0, 4])
    #expect(explanation.serving == 0)
    let candidates = explanation.tiers[0].candidates
    #expect(candidates.map(\.index) == [0, 1, 2, 3])
    #expect(candidates.map(\.weight) == [3, 1, 1, 1])
    #expect(candidates.map(\.active) == [2, 1, 1, 1])
    #expect(candidates.map(\.connecting) == [1, 1, 1, 0])
    #expect(candidates.map(\.maxSessions) == [.max, 1, .max, 9])
    #expect(candidates.map(\.guardRules) == [nil, nil, once, slow])
    #expect(candidates.map(\.state) == [.usable, .full, .throttled(.connecting), .throttled(.rate)])
    // Only one is left to draw.
    #expect(explanation.outcome == .exact(0) && explanation.pick == 0)
    #expect(explanation.tiers[0].position == .random(probabilities: [1, 0, 0, 0]))
    #expect(explanation.tiers[1].outcome == .exact(4))
  }

  @Test("names the tier that serves, and the one that is waited for")
  func serving() {
    let pool = PoolFixture(
      .leastConnections, [Backend(maxSessions: 0), Backend(tier: 1, rules: .init(maxConnecting: 1)), Backend(tier: 2)])
    #expect(pool.route.explain(client: nil, at: 0).serving == 1)
    #expect(pool.picks(1) == [.backend(1)])
    let patient = pool.route.explain(client: nil, at: 0)
    #expect(patient.serving == 1 && patient.outcome == .throttled && patient.pick == nil)
    #expect(patient.tiers.map(\.outcome) == [.full, .throttled, .exact(2)])
    let impatient = pool.route.explain(client: nil, at: 0, patience: .goesElsewhere)
    #expect(impatient.serving == 2 && impatient.pick == 2)
    let nobody = PoolFixture(.leastConnections, [Backend()], eligible: []).route.explain(client: nil, at: 0)
    #expect(nobody.serving == nil && nobody.outcome == .none && nobody.tiers.isEmpty)
  }

  @Test("shows the rotation's place and who comes next")
  func roundRobin() {
    let pool = PoolFixture(.roundRobin, weights: [5, 1, 1], start: 9)
    let position = pool.route.explain(client: nil, at: 0).tiers[0].position
    #expect(position == .roundRobin(place: 2, length: 7, next: [1, 0, 2, 0, 0, 0, 0]))
    #expect(pool.picks(7) == [1, 0, 2, 0, 0, 0, 0].map(Pick.backend))
    let long = PoolFixture(.roundRobin, weights: Array(repeating: 1, count: 40)).route.explain(client: nil, at: 0)
    #expect(long.tiers[0].position == .roundRobin(place: 0, length: 40, next: Array(0..<12)))
  }

  @Test("shows the loads and the lightest, which among equals is the next in turn")
  func leastConnections() {
    let pool = PoolFixture(.leastConnections, weights: [1, 2, 2], start: 2)
    _ = pool.loads[0].acquire(limit: .max)
    #expect(
      pool.route.explain(client: nil, at: 0).tiers[0].position == .leastConnections(loads: [2, 0.5, 0.5], lightest: 2))
  }

  @Test("shows the client's entry, its owner and who comes after")
  func sourceHash() {
    let pool = PoolFixture(.sourceHash, weights: Array(repeating: 1, count: 20))
    for client in 0..<50 {
      let hash = hash(of: client)
      let explanation = pool.route.explain(client: hash, at: 0)
      guard case .sourceHash(let entry, let size, let owner?, let next) = explanation.tiers[0].position else {
        Issue.record("no owner")
        continue
      }
      #expect(entry == Int(hash % UInt64(size)))
      #expect(owner == explanation.pick)
      #expect(next.count == 12 && Set(next).count == 12 && !next.contains(owner))
      // Tried one by one, they come in this order.
      var exclusion = Exclusion()
      var generator = SplitMix64(seed: 1)
      for expected in [owner] + next {
        let pick = pool.route.pick(client: hash, excluding: exclusion, at: 0, patience: .waits, using: &generator)
        #expect(pick == .backend(expected))
        exclusion.insert(expected)
      }
    }
    #expect(
      pool.route.explain(client: nil, at: 0).tiers[0].position
        == .sourceHash(entry: nil, size: 65_537, owner: nil, next: []))
  }

  @Test("gives the probabilities by which backends are drawn", arguments: [Strategy.random, .twoChoices], 0..<40)
  func probabilities(strategy: Strategy, seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let backends = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
      Backend(
        weight: Int.random(in: 1...4, using: &generator),
        maxSessions: Int.random(in: 0..<4, using: &generator) == 0 ? 0 : .max)
    }
    let pool = PoolFixture(strategy, backends)
    for (load, backend) in zip(pool.loads, backends) where backend.maxSessions > 0 {
      for _ in 0..<Int.random(in: 0...3, using: &generator) { _ = load.acquire(limit: .max) }
    }
    let position = pool.route.explain(client: nil, at: 0).tiers[0].position
    let expected: [Double]
    switch position {
    case .random(let probabilities), .twoChoices(let probabilities): expected = probabilities
    default: expected = []
    }
    let isAnyUsable = backends.contains { $0.maxSessions > 0 }
    #expect(abs(expected.reduce(0, +) - (isAnyUsable ? 1 : 0)) < 1e-9)
    let draws = 10_000
    var counts = backends.map { _ in 0 }
    for _ in 0..<draws {
      // One at a time, so that the loads are always the same.
      for case .backend(let index) in [
        pool.route.pick(
          client: nil, excluding: Exclusion(), at: 0, patience: .waits, using: &generator)
      ] {
        counts[index] += 1
        pool.loads[index].connectEnded()
        pool.loads[index].release()
      }
    }
    for (count, probability) in zip(counts, expected) {
      let deviation = (Double(draws) * probability * (1 - probability)).squareRoot()
      #expect(abs(Double(count) - Double(draws) * probability) <= 5 * deviation + 1e-6, "\(counts) \(expected)")
    }
  }

  @Test("explains a pool of thousands in no time", arguments: Strategy.allCases)
  func large(strategy: Strategy) {
    let pool = PoolFixture(strategy, weights: Array(repeating: 1, count: 5_000))
    _ = pool.picks(500)
    let elapsed = ContinuousClock().measure { _ = pool.route.explain(client: 3, at: 0) }
    #expect(elapsed < .seconds(2))
  }
}
