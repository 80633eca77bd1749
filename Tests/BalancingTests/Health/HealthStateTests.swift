import Balancing
import Testing

@Suite("The health of a backend")
struct HealthStateTests {
  private let start = Instant(nanoseconds: 5_000_000_000)

  private static let passed = ProbeOutcome.passed(time: .milliseconds(2), detail: "HTTP 200")

  private static func failed(_ kind: ProbeFailure.Kind) -> ProbeOutcome {
    .failed(ProbeFailure(kind, detail: "seen", time: .milliseconds(7)))
  }

  /// The status after each result, one letter each: + passed, - refused, h a timeout that is held, r no resource of ours;
  /// u, d and ? for up, down and unknown.
  private func statuses(_ results: String, rise: Int = 2, fall: Int = 3) -> String {
    var state = HealthState(policy: HealthPolicy(rise: rise, fall: fall), at: start)
    var now = start
    let letters: [HealthStatus: Character] = [.unknown: "?", .up: "u", .down: "d"]
    return String(
      results.map { result in
        now = now + .seconds(2)
        let before = state.status
        let transition =
          switch result {
          case "+": state.observe(Self.passed, at: now)
          case "-": state.observe(Self.failed(.refused), at: now)
          case "h": state.observe(Self.failed(.timeout), at: now, trust: .held)
          default: state.observe(Self.failed(.localResource), at: now)
          }
        #expect((transition != nil) == (before != state.status))
        #expect(transition?.from ?? before == before)
        #expect(transition?.to ?? state.status == state.status)
        #expect(state.isEligible == (state.status != .down))
        return letters[state.status] ?? "!"
      })
  }

  @Test(
    "follows its results",
    arguments: [
      // The first result decides.
      ("+", "u"), ("-", "d"),
      // Three failures in a row bring it down, with any pass between them they don't.
      ("+---", "uuud"), ("+--+--+---", "uuuuuuuuud"),
      // Two passes in a row bring it up.
      ("-++", "ddu"), ("-+-+-++", "ddddddu"), ("+---++---", "uuudduuud"),
      // Failures that are held count, but only one that is believed decides.
      ("+hhhhh", "uuuuuu"), ("+hhh-", "uuuud"), ("+hh+--", "uuuuuu"), ("hhh", "???"), ("hh-", "??d"), ("hh+", "??u"),
      // A failure for want of our own resources is no result at all.
      ("rrr", "???"), ("+rrrr", "uuuuu"), ("+--r-", "uuuud"), ("-r+r+", "ddddu"),
    ])
  func follows(results: String, expected: String) {
    #expect(statuses(results) == expected)
  }

  @Test("changes at once if once is enough")
  func once() {
    #expect(statuses("+-+-", rise: 1, fall: 1) == "udud")
  }

  @Test("needs exactly as many results as asked for", arguments: 1...6, 1...6)
  func thresholds(rise: Int, fall: Int) {
    let results = "+" + String(repeating: "-", count: fall) + String(repeating: "+", count: rise)
    let expected =
      String(repeating: "u", count: fall) + String(repeating: "d", count: rise) + "u"
    #expect(statuses(results, rise: rise, fall: fall) == expected)
  }

  @Test("says of a transition what it was, why, when, and how long the check took")
  func transitions() {
    var state = HealthState(policy: HealthPolicy(), at: start)
    let first = start + .seconds(1)
    #expect(
      state.observe(Self.passed, at: first)
        == HealthTransition(
          from: .unknown, to: .up, reason: "check passed: HTTP 200", at: first, probeTime: .milliseconds(2)))
    _ = state.observe(Self.failed(.timeout), at: first)
    _ = state.observe(Self.failed(.timeout), at: first)
    #expect(state.since == first)
    #expect(state.contrary == 2)
    let second = start + .seconds(9)
    let down = state.observe(Self.failed(.wrongAnswer), at: second)
    #expect(
      down
        == HealthTransition(
          from: .up, to: .down, reason: "3 checks in a row failed, the last one: wrong-answer, seen", at: second,
          probeTime: .milliseconds(7)))
    #expect(down?.isRecovery == false)
    #expect(state.since == second)
    #expect(state.contrary == 0)
    _ = state.observe(Self.passed, at: second)
    let up = state.observe(Self.passed, at: second)
    #expect(up?.reason == "2 checks in a row passed, the last one: HTTP 200")
    #expect(up?.isRecovery == true)
  }

  @Test("says why by the latest checks: another fault, a first contrary check, and none at all")
  func reasons() {
    var state = HealthState(policy: HealthPolicy(rise: 2, fall: 3), at: start)
    #expect(state.reason == "not checked yet")
    _ = state.observe(Self.failed(.localResource), at: start)
    #expect(state.reason == "not checked yet: local-resource, seen")
    _ = state.observe(Self.failed(.timeout), at: start)
    #expect(state.reason == "check failed: timeout, seen")
    let now = start + .seconds(7)
    _ = state.observe(Self.failed(.refused), at: now)
    #expect(state.reason == "2 checks in a row failed, the last one: refused, seen")
    #expect(state.last?.at == now)
    _ = state.observe(Self.passed, at: now)
    #expect(
      state.reason
        == "2 checks in a row failed, the last one: refused, seen; 1 of the 2 that bring it back passed since: HTTP 200"
    )
    _ = state.observe(Self.failed(.reset), at: now)
    #expect(state.reason == "check failed: reset, seen")
    for _ in 1...4 { _ = state.observe(Self.passed, at: now) }
    #expect(state.reason == "check passed: HTTP 200")
    _ = state.observe(Self.failed(.reset), at: now)
    #expect(
      state.reason == "check passed: HTTP 200; 1 of the 3 that take it out failed since: reset, seen")
  }

  @Test("is not a recovery when the first check passes")
  func noRecovery() {
    var state = HealthState(policy: HealthPolicy(), at: start)
    #expect(state.observe(Self.passed, at: start)?.isRecovery == false)
  }
}

@Suite("The time of the next check")
struct NextCheckTests {
  private let start = Instant(nanoseconds: 5_000_000_000)
  private let passed = ProbeOutcome.passed(time: .zero, detail: "")
  private let failed = ProbeOutcome.failed(ProbeFailure(.refused, detail: "", time: .zero))

  private func delays(_ state: HealthState, at now: Instant, count: Int = 2_000) -> [Duration] {
    var generator = SplitMix64(seed: 11)
    return (0..<count).map { _ in state.nextCheck(after: now, using: &generator) }
  }

  /// Whether delays fill a range evenly and don't leave it.
  private func fill(_ delays: [Duration], _ low: Duration, _ high: Duration) -> Bool {
    let width = high - low
    let mean = delays.reduce(.zero, +) / delays.count
    return delays.allSatisfy { $0 >= low && $0 < high }
      && delays.contains { $0 < low + width / 20 } && delays.contains { $0 > high - width / 20 }
      && mean > low + width * 9 / 20 && mean < high - width * 9 / 20
  }

  private func state(_ outcomes: [ProbeOutcome], policy: HealthPolicy = HealthPolicy()) -> HealthState {
    var state = HealthState(policy: policy, at: start)
    for outcome in outcomes { _ = state.observe(outcome, at: start) }
    return state
  }

  @Test("is anywhere in the interval for the first one")
  func first() {
    #expect(fill(delays(state([]), at: start), .zero, .seconds(2)))
  }

  @Test("is the interval with its jitter while nothing changes")
  func steady() {
    #expect(fill(delays(state([passed]), at: start + .seconds(9_999)), .milliseconds(1_800), .milliseconds(2_200)))
    #expect(fill(delays(state([failed]), at: start + .seconds(3)), .milliseconds(1_800), .milliseconds(2_200)))
  }

  @Test("is soon while results contradict the state")
  func changing() {
    for outcomes in [[passed, failed], [passed, failed, failed], [failed, passed]] {
      #expect(fill(delays(state(outcomes), at: start + .seconds(100)), .milliseconds(450), .milliseconds(550)))
    }
    var held = state([])
    _ = held.observe(failed, at: start, trust: .held)
    #expect(fill(delays(held, at: start), .milliseconds(450), .milliseconds(550)))
  }

  @Test(
    "backs off to a tenth of the time that it has been down",
    arguments: [(0, 2_000), (20, 2_000), (30, 3_000), (70, 7_000), (100, 10_000), (100_000, 10_000)])
  func backsOff(seconds: Int, middle: Int) {
    let middle = Duration.milliseconds(middle)
    #expect(fill(delays(state([failed]), at: start + .seconds(seconds)), middle * 9 / 10, middle * 11 / 10))
  }

  @Test("never comes sooner by being slow, or later by being fast, than the interval")
  func ordered() {
    let slow = HealthPolicy(interval: .seconds(60), jitter: 0)
    #expect(delays(state([failed], policy: slow), at: start + .seconds(9_000), count: 1) == [.seconds(60)])
    let quick = HealthPolicy(interval: .milliseconds(100), jitter: 0)
    #expect(delays(state([passed, failed], policy: quick), at: start, count: 1) == [.milliseconds(100)])
  }

  @Test("goes by the design's defaults")
  func defaults() {
    let policy = HealthPolicy()
    #expect(policy.interval == .seconds(2) && policy.timeout == .seconds(1))
    #expect(policy.fastInterval == .milliseconds(500) && policy.slowInterval == .seconds(10))
    #expect(policy.rise == 2 && policy.fall == 3 && policy.jitter == 0.1 && policy.slowStart == .seconds(10))
  }
}
