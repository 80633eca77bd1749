/// Watches whether a new configuration serves worse than the one before, so that a reload that broke something can be
/// taken back before anybody has to notice it.
///
/// It's fed with totals at intervals and judges them in windows of a second:
///
/// - **Connects** fail more often: of at least 20 attempts more than 10%, and more than twice the rate from before with
///   5% on top; or all of them, if they are at least 5. A window with too few attempts to tell goes on until there are
///   enough. Where all connects failed before already, their failing says nothing.
/// - **Backends** are lost: of those that both configurations have, less than half of those that were eligible before
///   still are, all through the window.
///
/// One such window makes it `suspect`: a burst of failures has many reasons. A second one of the same kind in a row is
/// `worse`, and stays so; a good one clears the suspicion.
///
/// So a reload that breaks everything is found out in two seconds, or in two more than a connect's time-out. A backend
/// that happens to die doesn't count against it, since it's ejected after a few failures, before a second window is bad.
/// And chance rarely does: where 1 connect in 20 fails as before, more than 3 of 20 fail in one window of 60, and in two
/// windows in a row once in 4,000.
package struct Regression: Equatable, Sendable {
  /// What the feeder counts.
  package struct Sample: Equatable, Sendable {
    /// Connects begun since some start, over all backends.
    package var attempts: Int
    /// How many of them have failed.
    package var failures: Int
    /// How many of the backends that both configurations have are eligible now.
    package var eligible: Int

    /// Takes the counts.
    package init(attempts: Int, failures: Int, eligible: Int) {
      self.attempts = attempts
      self.failures = failures
      self.eligible = eligible
    }
  }

  /// What is held of the new configuration.
  package enum Verdict: Equatable, Sendable {
    /// Nothing speaks against it.
    case fine
    /// The last window was bad; the next one decides.
    case suspect(Reason)
    /// It's worse.
    case worse(Reason)
  }

  /// What speaks against it.
  package enum Reason: Equatable, Sendable {
    /// So many of so many connects failed in a window; before it was this part of all, 0 to 1.
    case failures(Int, of: Int, before: Double)
    /// So few backends are eligible of those that were.
    case eligible(Int, of: Int)
  }

  private static let window = Duration.seconds(1)
  private static let fewestAttempts = 20
  private static let fewestFailures = 5

  /// The part of connects that failed before, 0 to 1.
  private let failureRate: Double
  private let eligibleBefore: Int
  private var windowBegan: Instant
  /// The most backends that were eligible at a time in this window.
  private var mostEligible = 0
  /// The totals at the start of the connects that aren't judged yet.
  private var judgedUpTo: Sample
  private var connects = Suspicion()
  private var backends = Suspicion()

  /// Starts at the moment of the reload.
  ///
  /// - Parameters:
  ///   - earlier: the totals some time before: how connects went from there to the reload is what later ones are compared
  ///     with.
  ///   - reload: the totals at the reload, and how many backends are eligible then.
  package init(from earlier: Sample, reload: Sample, at now: Instant) {
    failureRate = Connects(from: earlier, to: reload).failureRate
    eligibleBefore = reload.eligible
    judgedUpTo = reload
    windowBegan = now
  }

  /// Takes the totals of a moment after the reload, and says what to think of it all so far.
  package mutating func observe(_ sample: Sample, at now: Instant) -> Verdict {
    mostEligible = max(mostEligible, sample.eligible)
    if now - windowBegan >= Self.window, !isConvicted {
      judgeConnects(upTo: sample)
      backends.note(
        mostEligible * 2 < eligibleBefore ? .eligible(mostEligible, of: eligibleBefore) : nil)
      windowBegan = now
      mostEligible = 0
    }
    return verdict
  }

  private mutating func judgeConnects(upTo sample: Sample) {
    let ended = Connects(from: judgedUpTo, to: sample)
    let allFail = ended.failures >= Self.fewestFailures && ended.failures == ended.attempts && failureRate < 1
    let isEnough = ended.attempts >= Self.fewestAttempts
    let isWorse = isEnough && ended.failureRate > max(failureRate * 2 + 0.05, 0.1)
    guard isEnough || allFail else {
      // Totals that went back start anew.
      if sample.attempts < judgedUpTo.attempts || sample.failures < judgedUpTo.failures { judgedUpTo = sample }
      return
    }
    connects.note(isWorse || allFail ? .failures(ended.failures, of: ended.attempts, before: failureRate) : nil)
    judgedUpTo = sample
  }

  private var isConvicted: Bool {
    connects.badWindows >= Suspicion.enough || backends.badWindows >= Suspicion.enough
  }

  private var verdict: Verdict {
    let worst = connects.badWindows > backends.badWindows ? connects : backends
    guard let reason = worst.reason else { return .fine }
    return worst.badWindows >= Suspicion.enough ? .worse(reason) : .suspect(reason)
  }
}

/// How many windows in a row were bad, and what the last one showed.
private struct Suspicion: Equatable {
  /// So many bad windows in a row prove it.
  static let enough = 2

  private(set) var badWindows = 0
  private(set) var reason: Regression.Reason?

  mutating func note(_ finding: Regression.Reason?) {
    badWindows = finding == nil ? 0 : badWindows + 1
    reason = finding
  }
}

/// Connects between two totals.
private struct Connects {
  let attempts: Int
  let failures: Int

  init(from start: Regression.Sample, to end: Regression.Sample) {
    failures = max(end.failures - start.failures, 0)
    // Who fails now may have begun before.
    attempts = max(end.attempts - start.attempts, failures)
  }

  var failureRate: Double {
    attempts > 0 ? Double(failures) / Double(attempts) : 0
  }
}
