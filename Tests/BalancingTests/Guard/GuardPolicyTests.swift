import Balancing
import Testing

@Suite("The caps of a guard")
struct GuardPolicyTests {
  private let start = Instant(nanoseconds: 1_000_000_000)
  private let policy = GuardPolicy(connecting: 100, rate: 1_000, ramp: .seconds(9))

  /// The rules some time after a recovery, and some time after a peer's fall.
  private func rules(_ policy: GuardPolicy, recovered: Duration? = nil, survived: Duration? = nil) -> GuardRules? {
    let now = start + .seconds(1_000)
    return policy.rules(recoveredSince: recovered.map { now - $0 }, survivorSince: survived.map { now - $0 }, at: now)
  }

  @Test("are whole as long as nothing has happened")
  func whole() {
    #expect(rules(policy) == GuardRules(maxConnecting: 100, perSecond: 1_000))
    #expect(!policy.isRamping(recoveredSince: nil, survivorSince: nil, at: start))
  }

  @Test("are none where nothing is capped")
  func none() {
    let open = GuardPolicy(ramp: .seconds(10))
    #expect(open.rules(recoveredSince: start, survivorSince: start, at: start) == nil)
    #expect(!open.isRamping(recoveredSince: start, survivorSince: start, at: start))
  }

  @Test("stay open where only the other one is capped")
  func one() {
    #expect(rules(GuardPolicy(connecting: 7)) == GuardRules(maxConnecting: 7, interval: 0))
    #expect(rules(GuardPolicy(rate: 4)) == GuardRules(maxConnecting: .max, interval: 250_000_000, burst: 2))
  }

  @Test(
    "grow from a tenth after a recovery, from half on survivors, and are the lower of both",
    arguments: [
      // seconds since recovery, since a peer fell, connecting, rate
      (0.0, nil, 10, 100), (1, nil, 20, 200), (4.5, nil, 55, 550), (8, nil, 90, 900), (9, nil, 100, 1_000),
      (100, nil, 100, 1_000),
      (nil, 0.0, 50, 500), (nil, 1.8, 60, 600), (nil, 4.5, 75, 750), (nil, 9, 100, 1_000), (nil, 50, 100, 1_000),
      (0, 0, 10, 100), (7, 0, 50, 500), (2, 4.5, 30, 300), (100, 4.5, 75, 750), (4.5, 100, 55, 550),
      // A time that is yet to come hasn't begun.
      (-5, nil, 10, 100), (nil, -5, 50, 500),
    ] as [(Double?, Double?, Int, Int)])
  func grow(recovered: Double?, survived: Double?, connecting: Int, rate: Int) {
    let rules = rules(
      policy, recovered: recovered.map { .seconds($0) }, survived: survived.map { .seconds($0) })
    #expect(rules == GuardRules(maxConnecting: connecting, perSecond: rate))
    let now = start + .seconds(1_000)
    let isRamping = policy.isRamping(
      recoveredSince: recovered.map { now - .seconds($0) }, survivorSince: survived.map { now - .seconds($0) }, at: now)
    #expect(isRamping == (connecting < 100))
  }

  @Test("are never below one", arguments: [1, 2, 3])
  func atLeastOne(cap: Int) {
    let small = GuardPolicy(connecting: cap, rate: cap, ramp: .seconds(10))
    #expect(rules(small, recovered: .zero) == GuardRules(maxConnecting: 1, perSecond: 1))
  }

  @Test("are never lowered without a ramp")
  func noRamp() {
    let steady = GuardPolicy(connecting: 100, rate: 1_000)
    #expect(rules(steady, recovered: .zero, survived: .zero) == rules(steady))
  }

  @Test("never fall while they ramp, and reach the whole in nine steps", arguments: [1, 3, 100, 12_345, 1_000_000_000])
  func monotonic(cap: Int) {
    let policy = GuardPolicy(connecting: cap, rate: cap, ramp: .seconds(10))
    let caps = (0...9).map { step in
      policy.rules(recoveredSince: start, survivorSince: nil, at: start + policy.step * step)?.maxConnecting ?? 0
    }
    #expect(caps == caps.sorted())
    #expect(caps.last == cap)
    #expect(policy.step == SlowStart(duration: .seconds(10)).step)
  }

  @Test("let as many come at once as it takes for who looks in ticks to reach the rate")
  func burst() {
    let expected = [1: (1_000_000_000, 2), 10: (100_000_000, 2), 11: (90_909_090, 3), 1_000: (1_000_000, 101)]
    for (rate, (interval, burst)) in expected {
      #expect(GuardRules(perSecond: rate) == GuardRules(interval: UInt64(interval), burst: burst))
    }
    for rate in [1, 7, 10, 19, 95, 100, 1_000, 5_000] {
      let pool = PoolFixture(.roundRobin, [.init(rules: GuardRules(perSecond: rate))])
      _ = pool.picks(rate)
      let before = pool.loads[0].active
      // Ten seconds in ticks of a tenth, with as many who wait as want to.
      for tick in 1...100 { _ = pool.picks(rate, at: 1_000_000_000 + UInt64(tick) * 100_000_000) }
      #expect(abs(pool.loads[0].active - before - rate * 10) <= 1, "\(rate)")
    }
  }

  @Test("are moved into their range")
  func range() {
    #expect(GuardRules(maxConnecting: 0, interval: 5, burst: -1) == GuardRules(maxConnecting: 1, interval: 5, burst: 1))
    #expect(GuardRules(perSecond: -3) == GuardRules(perSecond: 1))
    #expect(GuardRules(perSecond: .max).interval == 1)
    let huge = GuardPolicy(connecting: .max, rate: .max, ramp: .seconds(1_000_000_000))
    #expect(huge.rules(recoveredSince: start, survivorSince: nil, at: start + .seconds(1_000_000_000 - 1)) != nil)
    #expect(
      GuardPolicy(connecting: 0, rate: -1).rules(recoveredSince: nil, survivorSince: nil, at: start)
        == GuardRules(maxConnecting: 1, perSecond: 1))
  }
}
