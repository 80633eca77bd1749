/// What is held of a backend. The raw value is the word used in statistics and logs.
package enum HealthStatus: String, Codable, Sendable, CaseIterable {
  /// Not checked yet: it counts as eligible.
  case unknown
  /// Checks pass.
  case up
  /// Checks fail.
  case down
}

/// A change of mind about a backend.
package struct HealthTransition: Equatable, Sendable {
  /// What was held before.
  package let from: HealthStatus
  /// What is held now.
  package let to: HealthStatus
  /// Why, in words for an operator.
  package let reason: String
  /// When the check that decided it ended.
  package let at: Instant
  /// How long that check took.
  package let probeTime: Duration

  /// Describes a change of mind.
  package init(from: HealthStatus, to: HealthStatus, reason: String, at: Instant, probeTime: Duration) {
    self.from = from
    self.to = to
    self.reason = reason
    self.at = at
    self.probeTime = probeTime
  }

  /// Whether the backend is back from a failure, and so has to warm up. At process start nobody has.
  package var isRecovery: Bool {
    from == .down && to == .up
  }
}
