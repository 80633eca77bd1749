import Balancing
import Config
import Health
import Libevent

/// Checks members again and again, and judges by what comes of it.
final class HealthChecks {
  /// What a check has made of a member.
  enum Verdict {
    /// It's up again.
    case recovered(because: String, took: Duration?)
    /// It isn't what it was, and isn't up.
    case changed(isDown: Bool, because: String, took: Duration?)
    /// Its last state is held: most backends are silent at once.
    case held
    /// That is over: backends answer again.
    case released
  }

  private let loop: EventLoop
  private var correlation: CorrelatedFailure
  private var random = SplitMix64(seed: UInt64.random(in: .min ... .max))
  /// Takes what isn't as before.
  var judged: (Verdict, Member, PoolController) -> Void = { _, _, _ in }

  /// - Parameter window: as long as it takes until every backend has had its turn.
  init(
    window: Duration, on loop: EventLoop
  ) {
    self.loop = loop
    correlation = CorrelatedFailure(window: window)
  }

  /// What is known of failures that come together, for another process.
  var correlated: CorrelatedFailure.Snapshot { correlation.snapshot }

  /// Every backend has its turn in another time from now on.
  ///
  /// - Parameter known: what another process has known.
  func use(window: Duration, restoring known: CorrelatedFailure.Snapshot? = nil) {
    correlation =
      known.map { CorrelatedFailure(window: window, restoring: $0) } ?? CorrelatedFailure(window: window)
  }

  /// Checks a member from now on by what is said of it now, if it's to be checked.
  func start(_ member: Member, in pool: PoolController) {
    stop(member)
    guard member.isToBeChecked else { return }
    member.checker = HealthChecker(
      check: member.check.check, address: member.check.address, egress: member.check.egress,
      hostHeader: member.check.hostHeader,
      header: member.check.header,
      timeout: member.check.timeout, firstDelay: member.health.nextCheck(after: .now, using: &random), on: loop
    ) { [unowned self, unowned member, unowned pool] outcome in
      judge(outcome, of: member, in: pool)
    }
  }

  /// Checks a member no more.
  func stop(_ member: Member) {
    member.checker?.stop()
    member.checker = nil
  }

  /// A member is gone: what it did says nothing of the others.
  func forget(_ member: Member) {
    stop(member)
    correlation.forget(backend: member.key.whole)
  }

  /// Takes in a check's outcome; gives the time until the next check.
  private func judge(_ outcome: ProbeOutcome, of member: Member, in pool: PoolController) -> Duration {
    let now = Instant.now
    let trust = correlation.observe(outcome, backend: member.key.whole, host: member.check.address.host, at: now)
    let transition = member.observe(outcome, at: now, trust: trust)
    let wasHeld = member.isHeld
    member.isHeld = trust == .held
    if let transition {
      if transition.isRecovery { member.comeBack(at: now) }
      let (reason, time) = (transition.reason, transition.probeTime)
      judged(
        transition.isRecovery
          ? .recovered(because: reason, took: time)
          : .changed(isDown: transition.to == .down, because: reason, took: time),
        member, pool)
    } else if member.isHeld != wasHeld {
      judged(member.isHeld ? .held : .released, member, pool)
    }
    return member.health.nextCheck(after: now, using: &random)
  }
}
