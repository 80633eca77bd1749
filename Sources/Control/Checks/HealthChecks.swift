import Balancing
import Config
import Health
import Libevent
import Model
import TLS

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
    /// Its certificate ends soon, or has ended; in words.
    case certificate(String)
    /// That is over: backends answer again.
    case released
  }

  private let loop: EventLoop
  private let tls: CheckTLS
  private var correlation: CorrelatedFailure
  private var random = SplitMix64(seed: UInt64.random(in: .min ... .max))
  /// Takes what isn't as before.
  var judged: (Verdict, Member, PoolController) -> Void = { _, _, _ in }

  /// - Parameter window: as long as it takes until every backend has had its turn.
  init(
    window: Duration, tls: CheckTLS, on loop: EventLoop
  ) {
    self.loop = loop
    self.tls = tls
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
    let plan = member.check
    member.checker = HealthChecker(
      at: plan.address, by: plan.egress, timeout: plan.timeout,
      firstDelay: member.health.nextCheck(after: .now, using: &random), on: loop,
      task: { [unowned tls] () throws(HealthChecker.Obstacle) in try plan.task(by: tls) },
      evaluate: { [unowned self, unowned member, unowned pool] outcome, certificate in
        if let certificate { look(at: certificate, of: member, in: pool) }
        return judge(outcome, of: member, in: pool)
      })
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

  private func look(at certificate: CertificateFacts, of member: Member, in pool: PoolController) {
    let now = Timestamp.now.milliseconds / 1000
    if let words = member.certificate.look(at: certificate, now: now) { judged(.certificate(words), member, pool) }
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
