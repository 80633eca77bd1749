extension Report {
  /// One pool.
  package struct Pool: Codable, Equatable, Sendable {
    /// How a pool is, in one word.
    package enum State: String, Codable, CaseIterable, Sendable {
      /// Every backend is eligible, or was taken out on purpose, and every name has an address.
      case up
      /// Some backend isn't eligible, or a name has no address; another backend is eligible.
      case degraded
      /// No backend is eligible: clients are refused.
      case down
    }

    /// Its name.
    package var name: String
    /// How backends are picked.
    package var strategy: String
    /// How it is, in one word.
    package var state: State
    /// The sessions on all its backends.
    package var sessions: Sessions
    /// What they have moved.
    package var bytes: Bytes
    /// The clients that wait for a free place on a backend.
    package var queue: Queue
    /// The clients that get the backend they had; nil where none does, and of a process that doesn't tell.
    package var stick: Stick?
    /// How many clients were turned away, by cause.
    package var refused: [String: Int]
    /// Those of the present; nil if nobody was turned away within the last minute, and of a process that doesn't tell.
    package var refusing: Refusing?
    /// How many connects were tried again on another backend.
    package var retries: Int
    /// How many clients came back within 5 s after their session was ended for being idle: the idle limit is too short
    /// for them.
    package var idleRegrets: Int
    /// How long clients wait and stay; nil of a process that doesn't tell.
    package var times: Times?
    /// The tiers that sessions go to now; empty if no backend is eligible.
    package var tiersActive: [Int]
    /// Its backends, in the configuration's order.
    package var backends: [Backend]

    /// With all its parts.
    package init(
      name: String, strategy: String, state: State, sessions: Sessions, bytes: Bytes, queue: Queue, stick: Stick? = nil,
      refused: [String: Int], refusing: Refusing? = nil, retries: Int, idleRegrets: Int, times: Times? = nil,
      tiersActive: [Int], backends: [Backend]
    ) {
      self.name = name
      self.strategy = strategy
      self.state = state
      self.sessions = sessions
      self.bytes = bytes
      self.queue = queue
      self.stick = stick
      self.refused = refused
      self.refusing = refusing
      self.retries = retries
      self.idleRegrets = idleRegrets
      self.times = times
      self.tiersActive = tiersActive
      self.backends = backends
    }
  }

  /// Clients that get the backend they had.
  package struct Stick: Codable, Equatable, Sendable {
    /// How many are known.
    package var entries: Int
    /// How many may be.
    package var size: Int
    /// How long one is remembered after its last session.
    package var lifetime: Int
    /// Sessions whose client got the backend that it had.
    package var hits: Int
    /// Sessions whose client got another one, as its own was away or full, or didn't answer.
    package var moves: Int
    /// Clients that had to make room for others before their time.
    package var evictions: Int
    /// Sessions that have waited for another node in vain.
    package var unacknowledged: Int

    /// With all its parts.
    package init(entries: Int, size: Int, lifetime: Int, hits: Int, moves: Int, evictions: Int, unacknowledged: Int) {
      self.entries = entries
      self.size = size
      self.lifetime = lifetime
      self.hits = hits
      self.moves = moves
      self.evictions = evictions
      self.unacknowledged = unacknowledged
    }
  }

  /// Clients who are turned away, with never a minute in between in which nobody was.
  package struct Refusing: Codable, Equatable, Sendable {
    /// Since when, to within some seconds.
    package var since: Timestamp
    /// When it was last found that there were more of them.
    package var last: Timestamp
    /// How many since then, by cause; not those who left or were ended by an operator.
    package var causes: [String: Int]

    /// With all its parts.
    package init(since: Timestamp, last: Timestamp, causes: [String: Int]) {
      self.since = since
      self.last = last
      self.causes = causes
    }
  }

  /// Clients waiting for a free place on a backend.
  package struct Queue: Codable, Equatable, Sendable {
    /// How many wait now.
    package var waiting: Int
    /// How many may; 0 means that none ever waits.
    package var size: Int
    /// How many have waited for too long.
    package var timeouts: Int

    /// With all its parts.
    package init(waiting: Int, size: Int, timeouts: Int) {
      self.waiting = waiting
      self.size = size
      self.timeouts = timeouts
    }
  }

  /// One backend.
  package struct Backend: Codable, Equatable, Sendable {
    /// Whether a backend gets sessions, and why not.
    package enum State: String, Codable, CaseIterable, Sendable {
      /// It gets its share.
      case up
      /// It's back and gets more and more.
      case warming
      /// No check has said anything yet: it gets its share.
      case unknown
      /// Most backends failed at once: the last state is held, it gets its share.
      case held
      /// It was taken out on purpose: its sessions go on, it gets no new ones.
      case draining
      /// It was taken out for maintenance: it isn't checked, and its sessions are ended.
      case maintenance
      /// Connects failed in a row: it's out for some seconds.
      case ejected
      /// Its health check fails.
      case down
      /// This process itself answers at its address: it's neither checked nor given sessions.
      case ourselves = "self"
      /// No name gives its address any more: it gets its share until another backend is up, as the pool would have nobody.
      case vanished
      /// It stands for a name that has no address: there's nothing to give sessions to.
      case unresolved
      /// It isn't in the pool. Only transitions have this state: where a name gives an address, or gives it no more.
      case absent
    }

    /// Its name.
    package var name: String
    /// Its address.
    package var address: String
    /// Its tier; tier 1 gets sessions when tier 0 has nobody.
    package var tier: Int
    /// Its share as configured.
    package var weight: Int
    /// Its share now: less while warming, 0 if not eligible.
    package var effectiveWeight: Double
    /// What its health checks say, whatever else holds.
    package var health: Health
    /// What an operator has set at run time; nil if nothing.
    package var override: Override?
    /// Whether it gets sessions, and why not: what comes of its configuration, its health and overrides.
    package var state: State
    /// Why it is in this state, for people: made from what its overrides, its health and its ejection are now.
    package var reason: String
    /// Since when it is.
    package var since: Timestamp
    /// Its sessions.
    package var sessions: Sessions
    /// What they have moved.
    package var bytes: Bytes
    /// Connecting to it.
    package var connect: Connect
    /// How many sessions have ended, by cause.
    package var closes: [String: Int]
    /// How long connects took that succeeded.
    package var connectTime: Distribution
    /// How long sessions lasted.
    package var sessionTime: Distribution
    /// Its health check; nil without one.
    package var check: Check?
    /// What the agent beside it says; nil without one.
    package var agent: Agent?
    /// What has become of it so far; nil of a process that doesn't tell.
    package var tally: Tally?
    /// On which nodes of a fleet it's down; nil if on none.
    package var downOn: DownOn?

    /// With all its parts.
    package init(
      name: String, address: String, tier: Int, weight: Int, effectiveWeight: Double, health: Health,
      override: Override? = nil, state: State, reason: String, since: Timestamp, sessions: Sessions, bytes: Bytes,
      connect: Connect, closes: [String: Int], connectTime: Distribution, sessionTime: Distribution,
      check: Check? = nil, agent: Agent? = nil,
      tally: Tally? = nil, downOn: DownOn? = nil
    ) {
      self.name = name
      self.address = address
      self.tier = tier
      self.weight = weight
      self.effectiveWeight = effectiveWeight
      self.health = health
      self.override = override
      self.state = state
      self.reason = reason
      self.since = since
      self.sessions = sessions
      self.bytes = bytes
      self.connect = connect
      self.closes = closes
      self.connectTime = connectTime
      self.sessionTime = sessionTime
      self.check = check
      self.agent = agent
      self.tally = tally
      self.downOn = downOn
    }
  }

  /// On which nodes of a fleet a backend is down: on one a path is, on all of them the backend.
  package struct DownOn: Codable, Equatable, Sendable {
    /// Those nodes.
    package var nodes: [String]
    /// How many nodes say how they see it.
    package var of: Int

    /// With both.
    package init(nodes: [String], of: Int) {
      self.nodes = nodes
      self.of = of
    }

    /// In words: `1 of 3 (lb2)`, `3 of 3`.
    package var text: String {
      "\(nodes.count) of \(of)" + (nodes.count < of ? " (\(nodes.joined(separator: ", ")))" : "")
    }
  }

  /// What a backend's health checks say.
  package enum Health: String, Codable, CaseIterable, Sendable {
    /// They pass.
    case up
    /// They fail.
    case down
    /// Not checked yet.
    case unknown
    /// It isn't checked.
    case off
  }

  /// Connecting to a backend.
  package struct Connect: Codable, Equatable, Sendable {
    /// How many connects were begun.
    package var attempts: Int
    /// How many failed, by cause.
    package var failures: [String: Int]
    /// How many of the failed went on to another backend.
    package var retries: Int

    /// With all its parts.
    package init(attempts: Int, failures: [String: Int], retries: Int) {
      self.attempts = attempts
      self.failures = failures
      self.retries = retries
    }
  }

  /// A backend's health check.
  package struct Check: Codable, Equatable, Sendable {
    /// `tcp`, `http`, `tcp-script`, `redis`, `postgres`, `mysql`, `smtp` or `ldap`.
    package var type: String
    /// What the last one found, for people.
    package var lastResult: String?
    /// How long the last one took.
    package var lastDuration: Double?
    /// When the last one ended; nil before the first, and where a process before this one didn't say.
    package var lastTime: Timestamp?
    /// How long until the next one; nil while the backend isn't checked, as in maintenance.
    package var nextIn: Double?
    /// The server's certificate as a check has seen it last; nil where none has.
    package var certificate: Certificate?

    /// With all its parts.
    package init(
      type: String, lastResult: String? = nil, lastDuration: Double? = nil, lastTime: Timestamp? = nil,
      nextIn: Double? = nil, certificate: Certificate? = nil
    ) {
      self.type = type
      self.lastResult = lastResult
      self.lastDuration = lastDuration
      self.lastTime = lastTime
      self.nextIn = nextIn
      self.certificate = certificate
    }
  }
}
