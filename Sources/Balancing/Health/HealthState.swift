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
    let result: HealthStatus
    let time: Duration
    switch outcome {
    case .failed(let failure) where failure.kind == .localResource: return nil
    case .failed(let failure): (result, time) = (.down, failure.time)
    case .passed(let duration, _): (result, time) = (.up, duration)
    }
    guard result != status else {
      contrary = 0
      return nil
    }
    contrary += 1
    guard isEnough(for: result, trust: trust) else { return nil }
    defer {
      status = result
      since = now
      contrary = 0
    }
    return HealthTransition(from: status, to: result, reason: reason(of: outcome), at: now, probeTime: time)
  }

  private func isEnough(for result: HealthStatus, trust: Trust) -> Bool {
    switch (result, status) {
    case (.down, _) where trust == .held: false
    case (_, .unknown): true
    case (.down, _): contrary >= policy.fall
    case (_, _): contrary >= policy.rise
    }
  }

  private func reason(of outcome: ProbeOutcome) -> String {
    let (verb, detail) =
      switch outcome {
      case .passed(_, let detail): ("passed", detail)
      case .failed(let failure): ("failed", "\(failure.kind.rawValue), \(failure.detail)")
      }
    return contrary == 1 ? "check \(verb): \(detail)" : "\(contrary) checks in a row \(verb), the last one: \(detail)"
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
  }

  /// What is held now.
  package var snapshot: Snapshot {
    Snapshot(status: status, since: since, contrary: contrary)
  }

  /// Goes on where another process left off, on the same machine and since the same boot.
  package init(policy: HealthPolicy, restoring snapshot: Snapshot) {
    self.policy = policy
    status = snapshot.status
    since = snapshot.since
    contrary = max(snapshot.contrary, 0)
  }
}
