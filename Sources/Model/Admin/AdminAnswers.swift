import Config

/// What the admin door answers, as JSON. `GET /v1/status` answers a `Report`.
package enum AdminAnswer {
  /// Why something was refused, and what helps. The status code tells the kind: 400 malformed, 404 no such thing,
  /// 409 not in the present state, 422 understood and impossible, 503 not at the moment.
  package struct Problem: Error, Codable, Equatable, Sendable {
    /// What is wrong.
    package var error: String
    /// What to do about it.
    package var hint: String?
    /// Where there are several things: each of them, such as the errors of a configuration file.
    package var details: [String]?
    /// What kind of problem it is, where a program may want to know.
    package var kind: Kind?

    /// What a program may want to know.
    package enum Kind: String, Codable, CaseIterable, Sendable {
      /// The configuration is wrong, or can't be read.
      case configuration
    }

    /// A problem with its remedy.
    package init(_ error: String, hint: String? = nil, details: [String]? = nil, kind: Kind? = nil) {
      self.error = error
      self.hint = hint
      self.details = details
      self.kind = kind
    }
  }

  /// `GET /v1/overrides`.
  package struct Overrides: Codable, Equatable, Sendable {
    /// All that hold, in the order in which they were made.
    package var overrides: [Report.Override]

    /// With all its parts.
    package init(overrides: [Report.Override]) {
      self.overrides = overrides
    }
  }

  /// A change was made.
  package struct Done: Codable, Equatable, Sendable {
    /// What was done, for people.
    package var message: String
    /// What to mind, such as that nobody is left to serve the pool.
    package var warnings: [String]
    /// Of a change that a fleet has agreed on: where it has got.
    package var fleet: Agreed?

    /// With all its parts.
    package init(message: String, warnings: [String], fleet: Agreed? = nil) {
      self.message = message
      self.warnings = warnings
      self.fleet = fleet
    }
  }

  /// How far a change has got that a fleet has agreed on.
  package struct Agreed: Codable, Equatable, Sendable {
    /// The entry of the fleet's log that it is.
    package var position: Int
    /// The nodes on which it holds, and will after a crash.
    package var applied: [String]
    /// The other nodes: they follow.
    package var waiting: [String]

    /// With all its parts.
    package init(position: Int, applied: [String], waiting: [String]) {
      self.position = position
      self.applied = applied
      self.waiting = waiting
    }

    /// In words: `position 42, applied on 3 of 3`.
    package var text: String {
      "position \(position), applied on \(applied.count) of \(applied.count + waiting.count)"
    }
  }

  /// `GET /v1/sessions`.
  package struct Sessions: Codable, Equatable, Sendable {
    /// How many sessions match.
    package var total: Int
    /// The oldest of them, up to the limit.
    package var sessions: [Session]

    /// With all its parts.
    package init(total: Int, sessions: [Session]) {
      self.total = total
      self.sessions = sessions
    }
  }

  /// A session that stands.
  package struct Session: Codable, Equatable, Sendable {
    /// Its id, for as long as the process runs.
    package var id: String
    /// The client's address.
    package var client: String
    /// The listener's name.
    package var listener: String
    /// The pool's name.
    package var pool: String
    /// The backend's name; nil while there is none.
    package var backend: String?
    /// `queued`, `connecting`, `relaying` or `resetting`.
    package var phase: String
    /// For how many seconds it has stood.
    package var age: Double
    /// For how many seconds nothing has moved.
    package var idle: Double
    /// What it has moved.
    package var bytes: Report.Bytes
    /// The worker that it lives on.
    package var worker: Int

    /// With all its parts.
    package init(
      id: String, client: String, listener: String, pool: String, backend: String? = nil, phase: String, age: Double,
      idle: Double, bytes: Report.Bytes, worker: Int
    ) {
      self.id = id
      self.client = client
      self.listener = listener
      self.pool = pool
      self.backend = backend
      self.phase = phase
      self.age = age
      self.idle = idle
      self.bytes = bytes
      self.worker = worker
    }
  }

  /// `POST /v1/sessions/close`.
  package struct Closing: Codable, Equatable, Sendable {
    /// How many sessions the selection matched.
    package var matching: Int
    /// At most how many of them are ended in a second; nil if all are ended at once.
    package var perSecond: Int?

    /// With all its parts.
    package init(matching: Int, perSecond: Int? = nil) {
      self.matching = matching
      self.perSecond = perSecond
    }
  }

  /// `POST /v1/rebalance`.
  package struct Rebalance: Codable, Equatable, Sendable {
    /// One backend's part.
    package struct Share: Codable, Equatable, Sendable {
      /// The backend's name.
      package var backend: String
      /// Its sessions now.
      package var active: Int
      /// How many of them are over its fair share, and are ended.
      package var excess: Int

      /// With all its parts.
      package init(backend: String, active: Int, excess: Int) {
        self.backend = backend
        self.active = active
        self.excess = excess
      }
    }

    /// The pool's name.
    package var pool: String
    /// The eligible backends of the tier that serves.
    package var shares: [Share]
    /// At most how many sessions are ended in a second.
    package var perSecond: Int

    /// With all its parts.
    package init(pool: String, shares: [Share], perSecond: Int) {
      self.pool = pool
      self.shares = shares
      self.perSecond = perSecond
    }
  }

  /// `GET /v1/stick`: which backends clients of a pool had, and get again.
  package struct Stick: Codable, Equatable, Sendable {
    /// A client.
    package struct Client: Codable, Equatable, Sendable {
      /// Its address; of IPv6 its network, `…/64`.
      package var client: String
      /// Its backend's name.
      package var backend: String
      /// For how many seconds it hasn't been seen.
      package var idle: Int

      /// With all its parts.
      package init(client: String, backend: String, idle: Int) {
        self.client = client
        self.backend = backend
        self.idle = idle
      }
    }

    /// The pool's name.
    package var pool: String
    /// What is known and was counted.
    package var figures: Report.Stick
    /// How many clients each backend has, by its name.
    package var backends: [String: Int]
    /// The client that was asked about, or those seen last, the latest first.
    package var clients: [Client]

    /// With all its parts.
    package init(pool: String, figures: Report.Stick, backends: [String: Int], clients: [Client]) {
      self.pool = pool
      self.figures = figures
      self.backends = backends
      self.clients = clients
    }
  }

  /// `GET /v1/why`: what the strategy would decide now.
  package struct Why: Codable, Equatable, Sendable {
    /// One backend's part in the decision.
    package struct Backend: Codable, Equatable, Sendable {
      /// Its name.
      package var name: String
      /// Its address.
      package var address: String
      /// Its tier.
      package var tier: Int
      /// Whether new sessions may go to it.
      package var isEligible: Bool
      /// Why, or why not, in words.
      package var reason: String
      /// Its weight now.
      package var weight: Double
      /// Its sessions now.
      package var active: Int
      /// The probability that the next session goes to it, 0…1, as far as the strategy lets it be known.
      package var chance: Double?

      /// With all its parts.
      package init(
        name: String, address: String, tier: Int, isEligible: Bool, reason: String, weight: Double, active: Int,
        chance: Double? = nil
      ) {
        self.name = name
        self.address = address
        self.tier = tier
        self.isEligible = isEligible
        self.reason = reason
        self.weight = weight
        self.active = active
        self.chance = chance
      }
    }

    /// The pool's name.
    package var pool: String
    /// Its strategy.
    package var strategy: String
    /// The client that was asked about.
    package var client: String?
    /// Every backend of the pool.
    package var backends: [Backend]
    /// Where the strategy stands, in words: the position in the schedule, the entry in the table.
    package var position: String
    /// The names of the backends whose turn comes next, in order, as far as the strategy lets them be known.
    package var next: [String]
    /// The backend that a session would go to now; nil where it's drawn, and where nobody can serve it.
    package var pick: String?
    /// The decision in a sentence.
    package var sentence: String
    /// What to mind: idle time-outs that cut off clients who come back, a limit that is near.
    package var hints: [String]

    /// With all its parts.
    package init(
      pool: String, strategy: String, client: String? = nil, backends: [Backend], position: String, next: [String],
      pick: String? = nil, sentence: String, hints: [String]
    ) {
      self.pool = pool
      self.strategy = strategy
      self.client = client
      self.backends = backends
      self.position = position
      self.next = next
      self.pick = pick
      self.sentence = sentence
      self.hints = hints
    }
  }

  /// `GET /v1/history`.
  package struct History: Codable, Equatable, Sendable {
    /// Changes of state, the newest first.
    package var transitions: [Report.Transition]

    /// With all its parts.
    package init(transitions: [Report.Transition]) {
      self.transitions = transitions
    }
  }

  /// `GET /v1/recent`.
  package struct Recent: Codable, Equatable, Sendable {
    /// The sessions that ended last, the newest first.
    package var sessions: [EndedSession]

    /// With all its parts.
    package init(sessions: [EndedSession]) {
      self.sessions = sessions
    }
  }

  /// A session that has ended.
  package struct EndedSession: Codable, Equatable, Sendable {
    /// Its id.
    package var id: String
    /// The client's address.
    package var client: String
    /// The listener's name.
    package var listener: String
    /// The pool's name.
    package var pool: String
    /// The backend's name; nil if it reached none.
    package var backend: String?
    /// When it was accepted.
    package var began: Timestamp
    /// How many seconds it lasted.
    package var duration: Double
    /// How many seconds it took to connect to the backend; nil if none was reached.
    package var connectTime: Double?
    /// How many backends were tried.
    package var attempts: Int
    /// What it moved.
    package var bytes: Report.Bytes
    /// Why it ended: a key of `closes` or `refused` in the statistics.
    package var cause: String
    /// The same in words.
    package var text: String

    /// With all its parts.
    package init(
      id: String, client: String, listener: String, pool: String, backend: String? = nil, began: Timestamp,
      duration: Double, connectTime: Double? = nil, attempts: Int, bytes: Report.Bytes, cause: String, text: String
    ) {
      self.id = id
      self.client = client
      self.listener = listener
      self.pool = pool
      self.backend = backend
      self.began = began
      self.duration = duration
      self.connectTime = connectTime
      self.attempts = attempts
      self.bytes = bytes
      self.cause = cause
      self.text = text
    }
  }

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

    /// With all its parts.
    package init(
      generation: Int, changes: [String], draining: Int, closing: Int, warnings: [String],
      confirmUntil: Timestamp? = nil, seconds: Double
    ) {
      self.generation = generation
      self.changes = changes
      self.draining = draining
      self.closing = closing
      self.warnings = warnings
      self.confirmUntil = confirmUntil
      self.seconds = seconds
    }
  }

  /// `POST /v1/upgrade`.
  package struct Upgraded: Codable, Equatable, Sendable {
    /// The process that serves now.
    package var pid: Int
    /// Its version.
    package var version: String
    /// How many sessions the old process still serves.
    package var draining: Int
    /// Until when they may go on.
    package var deadline: Timestamp

    /// With all its parts.
    package init(pid: Int, version: String, draining: Int, deadline: Timestamp) {
      self.pid = pid
      self.version = version
      self.draining = draining
      self.deadline = deadline
    }
  }

  /// `GET` and `PUT /v1/log`.
  package struct Log: Codable, Equatable, Sendable {
    /// The least severe messages that are logged.
    package var level: String

    /// With all its parts.
    package init(level: String) {
      self.level = level
    }
  }
}
