/// Whether a failure is taken at its word: see `CorrelatedFailure`.
package enum Trust: Equatable, Sendable {
  /// It counts in full.
  case believed
  /// It counts, but changes no state as long as this goes on.
  case held
}

/// What is held of one backend by its active health checks, and when to look again.
///
/// It starts `unknown`, which counts as eligible, and the very first result decides, as in HAProxy: nobody has to wait
/// for `rise` checks at start, and a backend that is dead then is known to be after one. From then on it takes `fall`
/// failures in a row to bring it down and `rise` passes in a row to bring it up.
package struct HealthState: Equatable, Sendable {
  /// How it is checked; may change with the configuration.
  package var policy: HealthPolicy
  /// What is held of it.
  package private(set) var status = HealthStatus.unknown
  /// Since when: when checks began, or when the last transition was.
  package private(set) var since: Instant
  /// How many results in a row contradict the state.
  package private(set) var contrary = 0
  /// The last check, whatever it came to; nil before the first.
  package private(set) var last: CheckResult?
  /// What the state rests on: the last check that agrees with it; nil as long as nothing is known.
  package private(set) var evidence: Evidence?

  /// Starts with nothing known.
  package init(policy: HealthPolicy, at now: Instant) {
    self.policy = policy
    since = now
  }

  /// Whether sessions may go there, as far as active checks know.
  package var isEligible: Bool {
    status != .down
  }

  /// Takes the result of a check, and says if that changed the state.
  ///
  /// A check that failed for want of our own resources says nothing about the backend, and is no result. A failure that
  /// is held back counts, so the first one believed after it may decide.
  package mutating func observe(
    _ outcome: ProbeOutcome, at now: Instant, trust: Trust = .believed
  ) -> HealthTransition? {
    last = CheckResult(outcome: outcome, at: now)
    let result: HealthStatus
    let time: Duration
    switch outcome {
    case .failed(let failure) where failure.kind == .localResource: return nil
    case .failed(let failure): (result, time) = (.down, failure.time)
    case .passed(let duration, _): (result, time) = (.up, duration)
    }
    guard result != status else {
      evidence = Evidence(outcome: outcome, inARow: contrary == 0 ? (evidence?.inARow ?? 0) + 1 : 1)
      contrary = 0
      return nil
    }
    contrary += 1
    guard isEnough(for: result, trust: trust) else { return nil }
    let decisive = Evidence(outcome: outcome, inARow: contrary)
    defer {
      status = result
      since = now
      contrary = 0
      evidence = decisive
    }
    return HealthTransition(from: status, to: result, reason: decisive.text, at: now, probeTime: time)
  }

  private func isEnough(for result: HealthStatus, trust: Trust) -> Bool {
    switch (result, status) {
    case (.down, _) where trust == .held: false
    case (_, .unknown): true
    case (.down, _): contrary >= policy.fall
    case (_, _): contrary >= policy.rise
    }
  }

  /// How long to wait before the next check, from the end of the last one (or from the start of it all).
  ///
  /// The first check comes at random within the interval, so that a start is no storm. A backend whose last result
  /// contradicts its state is looked at again fast. One that is down is looked at ever more seldom: after a tenth of
  /// the time that it has been down, from `interval` up to `slowInterval`.
  package func nextCheck(after now: Instant, using generator: inout SplitMix64) -> Duration {
    if contrary > 0 { return jittered(min(policy.fastInterval, policy.interval), using: &generator) }
    switch status {
    case .unknown:
      return policy.interval * generator.fraction()
    case .up:
      return jittered(policy.interval, using: &generator)
    case .down:
      let slowest = max(policy.slowInterval, policy.interval)
      return jittered(min(max((now - since) / 10, policy.interval), slowest), using: &generator)
    }
  }

  private func jittered(_ interval: Duration, using generator: inout SplitMix64) -> Duration {
    interval * (1 + policy.jitter * (2 * generator.fraction() - 1))
  }
}

// MARK: - Why

extension HealthState {
  /// What a check came to, and when.
  package struct CheckResult: Codable, Equatable, Sendable {
    /// What it came to.
    package let outcome: ProbeOutcome
    /// When it ended.
    package let at: Instant
  }

  /// Checks that say the same.
  package struct Evidence: Codable, Equatable, Sendable {
    /// What the last of them came to.
    package let outcome: ProbeOutcome
    /// How many there have been in a row.
    package let inARow: Int

    /// In words for an operator.
    var text: String {
      inARow == 1
        ? "check \(outcome.verb): \(outcome.finding)"
        : "\(inARow) checks in a row \(outcome.verb), the last one: \(outcome.finding)"
    }
  }

  /// Why it's held for what it is, by the latest checks, in words for an operator.
  package var reason: String {
    switch (status, evidence) {
    case (.unknown, _):
      last.map { "not checked yet: \($0.outcome.finding)" } ?? "not checked yet"
    case (.up, let evidence?):
      // How often it has passed in a row is no news.
      "check passed: \(evidence.outcome.finding)" + doubt("take it out", after: policy.fall)
    case (.down, let evidence?): evidence.text + doubt("bring it back", after: policy.rise)
    case (.up, nil): "checks pass"
    case (.down, nil): "checks fail"
    }
  }

  /// What speaks against the state and isn't enough yet.
  private func doubt(_ consequence: String, after enough: Int) -> String {
    guard contrary > 0, let last else { return "" }
    return "; \(contrary) of the \(enough) that \(consequence) \(last.outcome.verb) since: \(last.outcome.finding)"
  }
}

extension ProbeOutcome {
  fileprivate var verb: String {
    switch self {
    case .passed: "passed"
    case .failed: "failed"
    }
  }

  /// What was seen, with the kind of failure.
  fileprivate var finding: String {
    switch self {
    case .passed(_, let detail): detail
    case .failed(let failure): "\(failure.kind.rawValue), \(failure.detail)"
    }
  }
}

// MARK: - To another process

extension HealthState {
  /// What is held of a backend, for a process that takes over. How it's checked isn't part of it: that's in the
  /// configuration.
  package struct Snapshot: Codable, Equatable, Sendable {
    /// What is held of it.
    package let status: HealthStatus
    /// Since when.
    package let since: Instant
    /// How many results in a row contradict the state.
    package let contrary: Int
    /// The last check; nil if there was none, or if the process before didn't say.
    package var last: CheckResult?
    /// What the state rests on.
    package var evidence: Evidence?
  }

  /// What is held now.
  package var snapshot: Snapshot {
    Snapshot(status: status, since: since, contrary: contrary, last: last, evidence: evidence)
  }

  /// Goes on where another process left off, on the same machine and since the same boot.
  package init(policy: HealthPolicy, restoring snapshot: Snapshot) {
    self.policy = policy
    status = snapshot.status
    since = snapshot.since
    contrary = max(snapshot.contrary, 0)
    last = snapshot.last
    evidence = snapshot.evidence
  }
}
