/// What the admin door is asked to do, as JSON.
package enum AdminRequest {
  /// The longest time that a lease or a confirmation may be given, in seconds: 30 days.
  package static let longestTime = 2_592_000.0

  /// `POST /v1/admission`: says who may come in, until it's taken back or its time is over.
  package struct Admission: Codable, Equatable, Sendable {
    /// The clients, by a range of addresses or a single one.
    package var range: String
    /// What becomes of them.
    package var action: AdmissionLease.Verdict
    /// The listener at which it holds; without it, all.
    package var listener: String?
    /// After how many seconds it ends by itself; without it, it stays until it's taken back.
    package var seconds: Double?
    /// Why, for whoever looks at it later.
    package var reason: String?
    /// With `deny`: their sessions end, too.
    package var close: Bool?
    /// Of a node of a fleet: it's known that it holds on this node alone.
    package var thisNode: Bool?

    /// A request with all its parts.
    package init(
      range: String, action: AdmissionLease.Verdict, listener: String? = nil, seconds: Double? = nil,
      reason: String? = nil, close: Bool? = nil, thisNode: Bool? = nil
    ) {
      self.range = range
      self.action = action
      self.listener = listener
      self.seconds = seconds
      self.reason = reason
      self.close = close
      self.thisNode = thisNode
    }
  }

  /// `POST /v1/overrides`: changes what a backend is for, until it's taken back or its time is over.
  package struct Override: Codable, Equatable, Sendable {
    /// What an override does.
    package enum Action: String, Codable, CaseIterable, Sendable {
      /// No new sessions; those that stand go on.
      case drain
      /// No new sessions, those that stand are evicted, and no health checks.
      case maintain
      /// Takes back `drain` and `maintain`: the backend is what the configuration and its health say.
      case ready
      /// Another weight than the configured one.
      case weight
    }

    /// The pool's name.
    package var pool: String
    /// The backend's name or address.
    package var backend: String
    /// What to do.
    package var action: Action
    /// For `weight` alone: `0`…`256`, with at most two digits after a point, or a change of the weight that holds now: `+50%`, `-20%`.
    package var weight: String?
    /// After how many seconds it ends by itself; without it, it stays until it's taken back.
    package var seconds: Double?
    /// Why, for whoever looks at it later.
    package var reason: String?
    /// Even if the pool serves now and would have no eligible backend.
    package var force: Bool?
    /// Of a node of a fleet: it holds on this node alone, on top of what all nodes have, and the fleet isn't asked.
    package var thisNode: Bool?

    /// A request with all its parts.
    package init(
      pool: String, backend: String, action: Action, weight: String? = nil, seconds: Double? = nil,
      reason: String? = nil, force: Bool? = nil, thisNode: Bool? = nil
    ) {
      self.pool = pool
      self.backend = backend
      self.action = action
      self.weight = weight
      self.seconds = seconds
      self.reason = reason
      self.force = force
      self.thisNode = thisNode
    }
  }

  /// `POST /v1/backends`: a backend that the configuration doesn't have.
  package struct AddBackend: Codable, Equatable, Sendable {
    /// The pool's name.
    package var pool: String
    /// Its address, as in the configuration.
    package var address: String
    /// Its name; without it the address.
    package var name: String?
    /// Its share, 0…256; 1 if not given.
    package var weight: Int?
    /// Its tier, 0…15; 0 if not given.
    package var tier: Int?
    /// The most sessions at once; without it there's no limit.
    package var maxSessions: Int?
    /// After how many seconds it's removed again by itself.
    package var seconds: Double?
    /// Why.
    package var reason: String?
    /// Of a node of a fleet: it's added on this node alone, and the fleet isn't asked.
    package var thisNode: Bool?

    /// A request with all its parts.
    package init(
      pool: String, address: String, name: String? = nil, weight: Int? = nil, tier: Int? = nil,
      maxSessions: Int? = nil, seconds: Double? = nil, reason: String? = nil, thisNode: Bool? = nil
    ) {
      self.pool = pool
      self.address = address
      self.name = name
      self.weight = weight
      self.tier = tier
      self.maxSessions = maxSessions
      self.seconds = seconds
      self.reason = reason
      self.thisNode = thisNode
    }
  }

  /// `POST /v1/sessions/close`: the sessions that all of the given parts apply to. At least one has to be given.
  package struct CloseSessions: Codable, Equatable, Sendable {
    /// Sessions of this pool.
    package var pool: String?
    /// Sessions of this backend, by name or address; needs `pool`.
    package var backend: String?
    /// Sessions of this listener.
    package var listener: String?
    /// Sessions from this IP address.
    package var client: String?
    /// Sessions that have stood for at least so many seconds.
    package var olderThan: Double?
    /// Sessions with these ids.
    package var ids: [String]?
    /// Really all sessions, where nothing else is given.
    package var all: Bool?
    /// At once and amid their bytes, instead of paced and between bytes.
    package var now: Bool?

    /// A selection; everything that isn't given doesn't matter.
    package init(
      pool: String? = nil, backend: String? = nil, listener: String? = nil, client: String? = nil,
      olderThan: Double? = nil, ids: [String]? = nil, all: Bool? = nil, now: Bool? = nil
    ) {
      self.pool = pool
      self.backend = backend
      self.listener = listener
      self.client = client
      self.olderThan = olderThan
      self.ids = ids
      self.all = all
      self.now = now
    }
  }

  /// `POST /v1/rebalance`.
  package struct Rebalance: Codable, Equatable, Sendable {
    /// The pool's name.
    package var pool: String

    /// A pool to rebalance.
    package init(pool: String) { self.pool = pool }
  }

  /// `POST /v1/plan` and `POST /v1/reload`: a configuration. Without `content` the process reads its own file again.
  package struct Reload: Codable, Equatable, Sendable {
    /// The text of a configuration file.
    package var content: String?
    /// What errors call that file, and the status of a process that runs it.
    package var name: String?
    /// For a reload: goes back after so many seconds unless it's confirmed, and at once when things get clearly worse.
    package var confirm: Double?
    /// For a reload: takes effect even if a pool that serves now would have no eligible backend.
    package var force: Bool?
    /// For a node of a fleet: only this node takes it, or says what it would do, and the fleet isn't asked.
    package var thisNode: Bool?
    /// For a reload of a fleet: it isn't begun while a node can't be reached.
    package var requireAll: Bool?
    /// For a reload of a fleet: the node that has it first, alone.
    package var canary: String?
    /// For a reload of a fleet with a canary: how many seconds that is looked at, 60 unless it's said.
    package var soak: Double?

    /// A request with all its parts.
    package init(
      content: String? = nil, name: String? = nil, confirm: Double? = nil, force: Bool? = nil, thisNode: Bool? = nil,
      requireAll: Bool? = nil, canary: String? = nil, soak: Double? = nil
    ) {
      self.content = content
      self.name = name
      self.confirm = confirm
      self.force = force
      self.thisNode = thisNode
      self.requireAll = requireAll
      self.canary = canary
      self.soak = soak
    }
  }

  /// `POST /v1/upgrade`.
  package struct Upgrade: Codable, Equatable, Sendable {
    /// The absolute path of the program to start; without it the path by which this process was started.
    package var program: String?

    /// Whether a process may take over that can hold fewer sessions than stand, or far fewer than before.
    package var force: Bool?

    /// An upgrade to a program.
    package init(program: String? = nil, force: Bool? = nil) {
      self.program = program
      self.force = force
    }
  }

  /// `POST /v1/fleet/move`.
  package struct MoveAddress: Codable, Equatable, Sendable {
    /// The name of a floating address.
    package var address: String
    /// The node that is to have it; without it whichever may.
    package var node: String?

    /// A move.
    package init(address: String, node: String? = nil) {
      self.address = address
      self.node = node
    }
  }

  /// `POST /v1/fleet/replace` and `POST /v1/fleet/remove`.
  package struct VotingNode: Codable, Equatable, Sendable {
    /// The node that is to vote, or not any more.
    package var node: String

    /// Takes a node.
    package init(node: String) {
      self.node = node
    }
  }

  /// `POST /v1/fleet/restore`.
  package struct Restore: Codable, Equatable, Sendable {
    /// The nodes of which it's accepted that what they knew is lost for good; without it nothing is done, and it's told who they'd be.
    package var acceptLoss: [String]?

    /// With those who are lost.
    package init(acceptLoss: [String]? = nil) {
      self.acceptLoss = acceptLoss
    }
  }

  /// `PUT /v1/log`.
  package struct Log: Codable, Equatable, Sendable {
    /// The least severe messages that are logged: a `log.level` of the configuration.
    package var level: String

    /// A level.
    package init(level: String) { self.level = level }
  }
}
