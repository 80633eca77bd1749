import Balancing
import Testing

@Suite("A regression after a reload")
struct RegressionTests {
  typealias Sample = Regression.Sample

  /// What one window brings: attempts and failures that come on top, and how many backends are eligible.
  struct Window {
    var attempts = 0
    var failures = 0
    var eligible = 4
  }

  /// The verdict after each window, one letter each: f fine, s suspect, w worse.
  private func verdicts(_ windows: [Window], attempts: Int = 1_000, failures: Int = 0, eligible: Int = 4) -> String {
    var now = Instant(nanoseconds: 5_000_000_000)
    let earlier = Sample(attempts: 100, failures: 50, eligible: 0)
    var total = Sample(attempts: 100 + attempts, failures: 50 + failures, eligible: eligible)
    var regression = Regression(from: earlier, reload: total, at: now)
    return String(
      windows.map { window in
        now = now + .seconds(1)
        total.attempts += window.attempts
        total.failures += window.failures
        total.eligible = window.eligible
        return switch regression.observe(total, at: now) {
        case .fine: "f"
        case .suspect: "s"
        case .worse: "w"
        }
      })
  }

  private static let good = Window(attempts: 100)
  private static let bad = Window(attempts: 100, failures: 50)
  private static let lost = Window(attempts: 100, eligible: 1)
  private static let quiet = Window()

  @Test(
    "takes two bad windows in a row to be believed, and then stays so",
    arguments: [
      ([good, good, good], "fff"), ([bad], "s"), ([bad, bad], "sw"), ([bad, good, bad, good], "sfsf"),
      ([good, bad, bad, good, good], "fswww"), ([lost, lost], "sw"), ([lost, good, lost, lost], "sfsw"),
      // Two of different kinds don't make one of either.
      ([bad, lost, bad], "sss"),
      ([Window(attempts: 100, failures: 50, eligible: 1), lost], "sw"),
      // Nothing to judge changes nothing.
      ([quiet, quiet], "ff"), ([bad, quiet, quiet, bad], "sssw"), ([bad, quiet, good], "ssf"),
    ] as [([Window], String)])
  func hysteresis(windows: [Window], expected: String) {
    #expect(verdicts(windows) == expected)
  }

  @Test(
    "goes by how many connects failed before",
    arguments: [
      // failures of 1,000 before, failures of 100 in each window, verdict
      (0, 10, "f"), (0, 11, "s"), (20, 10, "f"), (20, 11, "s"), (25, 10, "f"), (25, 11, "s"), (50, 15, "f"),
      (50, 16, "s"), (200, 45, "f"), (200, 46, "s"), (400, 85, "f"), (400, 86, "s"), (600, 99, "f"), (600, 100, "s"),
      (999, 100, "s"), (1_000, 100, "f"),
    ])
  func baseline(before: Int, failures: Int, expected: String) {
    #expect(verdicts([Window(attempts: 100, failures: failures)], failures: before) == expected)
  }

  @Test(
    "needs twenty attempts, or five of which none succeeds",
    arguments: [
      (19, 18, "f"), (20, 3, "s"), (20, 2, "f"), (19, 19, "s"), (5, 5, "s"), (4, 4, "f"), (6, 5, "f"),
      // Who fails now may have begun before.
      (0, 5, "s"), (3, 6, "s"), (0, 4, "f"),
    ])
  func fewest(attempts: Int, failures: Int, expected: String) {
    #expect(verdicts([Window(attempts: attempts, failures: failures)]) == expected)
  }

  @Test("collects over several windows where there's little to see")
  func collects() {
    let trickle = Window(attempts: 7, failures: 2)
    #expect(verdicts([trickle, trickle, trickle, trickle, trickle, trickle]) == "ffsssw")
    let fine = Window(attempts: 7)
    #expect(verdicts([fine, fine, trickle, fine, fine]) == "fffff")
  }

  @Test(
    "sees when more than half of the backends are lost",
    arguments: [
      // before, after, verdict
      (4, 2, "f"), (4, 1, "s"), (4, 0, "s"), (3, 2, "f"), (3, 1, "s"), (2, 1, "f"), (2, 0, "s"), (1, 1, "f"),
      (1, 0, "s"), (0, 0, "f"), (0, 5, "f"), (10, 5, "f"), (10, 4, "s"), (4, 9, "f"),
    ])
  func eligible(before: Int, after: Int, expected: String) {
    #expect(verdicts([Window(attempts: 100, eligible: after)], eligible: before) == expected)
  }

  @Test("without anything before goes by the rules for none that failed")
  func noBaseline() {
    #expect(verdicts([Self.bad, Self.bad], attempts: 0) == "sw")
    #expect(verdicts([Window(attempts: 100, failures: 10)], attempts: 0) == "f")
  }

  @Test("gives its reason")
  func reasons() {
    let start = Instant(nanoseconds: 0)
    let reload = Sample(attempts: 100, failures: 10, eligible: 3)
    let earlier = Sample(attempts: 0, failures: 0, eligible: 3)
    var failing = Regression(from: earlier, reload: reload, at: start)
    let failed = Sample(attempts: 150, failures: 40, eligible: 3)
    #expect(failing.observe(failed, at: start + .seconds(1)) == .suspect(.failures(30, of: 50, before: 0.1)))
    let again = Sample(attempts: 170, failures: 60, eligible: 3)
    let verdict = Regression.Verdict.worse(.failures(20, of: 20, before: 0.1))
    #expect(failing.observe(again, at: start + .seconds(2)) == verdict)
    #expect(failing.observe(reload, at: start + .seconds(9)) == verdict)
    var losing = Regression(from: earlier, reload: reload, at: start)
    let lost = Sample(attempts: 100, failures: 10, eligible: 1)
    #expect(losing.observe(lost, at: start + .seconds(1)) == .suspect(.eligible(1, of: 3)))
    #expect(losing.observe(lost, at: start + .seconds(2)) == .worse(.eligible(1, of: 3)))
  }

  @Test("judges a second at least, however often it is fed, and backends only if they were lost all through it")
  func windows() {
    let start = Instant(nanoseconds: 1_000)
    let reload = Sample(attempts: 0, failures: 0, eligible: 4)
    var often = Regression(from: reload, reload: reload, at: start)
    var verdicts: [Regression.Verdict] = []
    for step in 1...20 {
      let sample = Sample(attempts: step * 10, failures: step * 10, eligible: step % 5 == 1 ? 4 : 0)
      verdicts.append(often.observe(sample, at: start + .milliseconds(100) * step))
    }
    let suspect = Regression.Verdict.suspect(.failures(100, of: 100, before: 0))
    #expect(
      verdicts == Array(repeating: .fine, count: 9) + Array(repeating: suspect, count: 10) + [
        .worse(.failures(100, of: 100, before: 0))
      ])
  }

  @Test("starts anew where totals went back")
  func backwards() {
    #expect(verdicts([Window(attempts: -900, failures: 0), Self.good]) == "ff")
    #expect(verdicts([Window(attempts: -900, failures: -50), Self.bad, Self.bad]) == "fsw")
  }
}
