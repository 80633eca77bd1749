extension AdminAnswer {
  /// `POST /v1/plan`: what a reload would do now.
  package struct Plan: Codable, Equatable, Sendable {
    /// How much it would touch.
    package enum Severity: String, Codable, CaseIterable, Sendable {
      /// Nothing would change.
      case none
      /// No session would notice.
      case additive
      /// Sessions would drain or be closed, an address would be given up, or the reload would be refused.
      case disruptive
    }

    /// How much it would touch.
    package var severity: Severity
    /// The changes, one a line: `+ backend web/10.0.0.3:80 (tier 0, weight 1)`.
    package var changes: [String]
    /// Addresses that would be bound.
    package var binds: [String]
    /// Addresses that would be given up.
    package var unbinds: [String]
    /// Backends that would be added, as POOL/BACKEND.
    package var added: [String]
    /// Backends that would be removed.
    package var removed: [String]
    /// Backends whose settings would change.
    package var changed: [String]
    /// How many sessions would have to finish within their limit.
    package var draining: Int
    /// How many sessions would be closed.
    package var closing: Int
    /// Backends whose health nobody knows yet.
    package var unknownHealth: [String]
    /// Backends whose name has no address yet.
    package var unresolved: [String]
    /// What stands against limits: descriptors, sessions.
    package var limits: [String]
    /// Why a reload would be refused; empty if it wouldn't.
    package var obstacles: [String]
    /// What is legal but doubtful.
    package var warnings: [String]
    /// What the other nodes of the fleet say; nil without one, or where only this node was asked.
    package var nodes: [NodePlan]?

    /// With all its parts.
    package init(
      severity: Severity, changes: [String], binds: [String], unbinds: [String], added: [String], removed: [String],
      changed: [String], draining: Int, closing: Int, unknownHealth: [String], unresolved: [String], limits: [String],
      obstacles: [String], warnings: [String], nodes: [NodePlan]? = nil
    ) {
      self.nodes = nodes
      self.severity = severity
      self.changes = changes
      self.binds = binds
      self.unbinds = unbinds
      self.added = added
      self.removed = removed
      self.changed = changed
      self.draining = draining
      self.closing = closing
      self.unknownHealth = unknownHealth
      self.unresolved = unresolved
      self.limits = limits
      self.obstacles = obstacles
      self.warnings = warnings
    }
  }

  /// `POST /v1/reload`.
  package struct Reloaded: Codable, Equatable, Sendable {
    /// The generation that runs now.
    package var generation: Int
    /// What has changed, one a line; empty if nothing has.
    package var changes: [String]
    /// How many sessions have to finish within their limit.
    package var draining: Int
    /// How many sessions are closed.
    package var closing: Int
    /// What to mind.
    package var warnings: [String]
    /// Until when it has to be confirmed.
    package var confirmUntil: Timestamp?
    /// How many seconds it took.
    package var seconds: Double
    /// For a fleet's way back, which each node takes by itself: what was said to all of them.
    package var message: String?

    /// With all its parts.
    package init(
      generation: Int, changes: [String], draining: Int, closing: Int, warnings: [String],
      confirmUntil: Timestamp? = nil, seconds: Double, message: String? = nil
    ) {
      self.message = message
      self.generation = generation
      self.changes = changes
      self.draining = draining
      self.closing = closing
      self.warnings = warnings
      self.confirmUntil = confirmUntil
      self.seconds = seconds
    }
  }
}
