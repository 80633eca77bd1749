import Config

extension Report {
  /// Which configuration runs, and what is to come of it.
  package struct Configuration: Codable, Equatable, Sendable {
    /// The file that a reload reads; nil if it didn't come from a file.
    package var file: String?
    /// The file that the running one came from, which a restart doesn't read if it isn't `file`; nil if it came from none.
    package var source: String?
    /// Who has loaded it; nil if it runs since the process was started.
    package var author: String?
    /// When it took effect.
    package var since: Timestamp
    /// Until when it has to be confirmed; nil if it hasn't to be.
    package var confirmUntil: Timestamp?
    /// The way back from it; nil if none is due.
    package var revert: Revert?
    /// What came of the last attempt to reload, in words; nil before the first.
    package var lastReload: String?
    /// Who wants `file` to be read again, and has to wait for what is under way; nil if nobody.
    package var waiting: String?
    /// When `file` is read again that was refused; nil if it isn't before it changes.
    package var nextTry: Timestamp?
    /// How many attempts to reload there were; nil of a process that doesn't count them.
    package var reloads: Reloads?

    /// With all its parts.
    package init(
      file: String? = nil, source: String? = nil, author: String? = nil, since: Timestamp,
      confirmUntil: Timestamp? = nil, revert: Revert? = nil, lastReload: String? = nil, waiting: String? = nil,
      nextTry: Timestamp? = nil, reloads: Reloads? = nil
    ) {
      self.file = file
      self.source = source
      self.author = author
      self.since = since
      self.confirmUntil = confirmUntil
      self.revert = revert
      self.lastReload = lastReload
      self.waiting = waiting
      self.nextTry = nextTry
      self.reloads = reloads
    }
  }

  /// Attempts to reload, over the processes that have taken over from each other.
  package struct Reloads: Codable, Equatable, Sendable {
    /// How many took effect, whether or not anything changed by them.
    package var committed: Int
    /// How many were refused.
    package var refused: Int
    /// When the last one was decided; nil before the first.
    package var last: Timestamp?
    /// Whether the last one took effect; nil before the first.
    package var hasSucceeded: Bool?

    /// With all its parts.
    package init(committed: Int, refused: Int, last: Timestamp? = nil, hasSucceeded: Bool? = nil) {
      self.committed = committed
      self.refused = refused
      self.last = last
      self.hasSucceeded = hasSucceeded
    }
  }

  /// A place where lines of the access log go.
  package struct AccessLog: Codable, Equatable, Sendable {
    /// The place, as in the configuration.
    package var to: String
    /// Whether the configuration that runs names it.
    package var isUsed: Bool
    /// How many lines were written.
    package var lines: Int
    /// How many lines were lost, as they couldn't be written in time.
    package var lost: Int
    /// Why nothing can be written at present; nil if it can.
    package var problem: String?
    /// Since when; nil if it can.
    package var since: Timestamp?

    /// With all its parts.
    package init(
      to: String, isUsed: Bool, lines: Int, lost: Int, problem: String? = nil, since: Timestamp? = nil
    ) {
      self.to = to
      self.isUsed = isUsed
      self.lines = lines
      self.lost = lost
      self.problem = problem
      self.since = since
    }
  }

  /// The way back to the configuration before, which is tried until it succeeds.
  package struct Revert: Codable, Equatable, Sendable {
    /// Why it's due.
    package var reason: String
    /// Why it was refused, if it was.
    package var problem: String?
    /// When it's tried again.
    package var nextTry: Timestamp?

    /// With all its parts.
    package init(reason: String, problem: String? = nil, nextTry: Timestamp? = nil) {
      self.reason = reason
      self.problem = problem
      self.nextTry = nextTry
    }
  }

  /// A change at run time: a lease on what the configuration says.
  package struct Override: Codable, Equatable, Sendable {
    /// What it does.
    package enum Action: String, Codable, CaseIterable, Sendable {
      /// No new sessions; those that stand go on.
      case drain
      /// No new sessions, those that stand are evicted, no health checks.
      case maintain
      /// What the fleet has said of the backend's service doesn't hold on this node.
      case ready
      /// Another weight than the configured one.
      case weight
      /// A backend that the configuration doesn't have.
      case add
      /// A backend of the configuration that isn't used.
      case remove
    }

    /// The pool.
    package var pool: String
    /// The backend's name.
    package var backend: String
    /// The backend's address.
    package var address: String
    /// What it does.
    package var action: Action
    /// For `weight` and `add`: the weight.
    package var weight: Double?
    /// Who made it: the user at the admin socket.
    package var author: String
    /// Why.
    package var reason: String?
    /// Since when it holds.
    package var since: Timestamp
    /// When it ends by itself; nil if it doesn't.
    package var until: Timestamp?
    /// What isn't there, so that it changes nothing; nil if it's there.
    package var missing: Missing?
    /// Of one that holds on all nodes of a fleet: where that comes from.
    package var fleet: Agreed?
    /// Of one on a node of a fleet that holds there alone: true.
    package var thisNode: Bool?

    /// Where an override comes from that a fleet has agreed on.
    package struct Agreed: Codable, Equatable, Sendable {
      /// The node on which it was made.
      package var node: String
      /// The entry of the fleet's log that it is.
      package var position: Int

      /// With both.
      package init(node: String, position: Int) {
        self.node = node
        self.position = position
      }
    }

    /// What an override is about.
    package enum Missing: String, Codable, CaseIterable, Sendable {
      /// The pool.
      case pool
      /// The backend, of a pool that is there.
      case backend
    }

    /// With all its parts.
    package init(
      pool: String, backend: String, address: String, action: Action, weight: Double? = nil, author: String,
      reason: String? = nil, since: Timestamp, until: Timestamp? = nil, missing: Missing? = nil, fleet: Agreed? = nil,
      thisNode: Bool? = nil
    ) {
      self.pool = pool
      self.backend = backend
      self.address = address
      self.action = action
      self.weight = weight
      self.author = author
      self.reason = reason
      self.since = since
      self.until = until
      self.missing = missing
      self.fleet = fleet
      self.thisNode = thisNode
    }

    /// Who made it, and where it holds, for people: `ann on lb1 (entry 42)`, `ann, on this node alone`.
    package var maker: String {
      if let fleet { return "\(author) on \(fleet.node) (entry \(fleet.position))" }
      return thisNode == true ? "\(author), on this node alone" : author
    }
  }

  /// A process that has been upgraded, and serves its last sessions.
  package struct Predecessor: Codable, Equatable, Sendable {
    /// Its process id.
    package var pid: Int
    /// Its version.
    package var version: String
    /// The sessions it has left.
    package var sessions: Int
    /// Until when they may go on.
    package var deadline: Timestamp

    /// With all its parts.
    package init(pid: Int, version: String, sessions: Int, deadline: Timestamp) {
      self.pid = pid
      self.version = version
      self.sessions = sessions
      self.deadline = deadline
    }
  }

  /// An upgrade under way: another process starts to take this one's place.
  package struct Upgrade: Codable, Equatable, Sendable {
    /// The program that is started.
    package var program: String
    /// Who has asked for it.
    package var author: String
    /// Since when.
    package var since: Timestamp
    /// Until when it has to say that it serves, or this process goes on.
    package var deadline: Timestamp

    /// With all its parts.
    package init(program: String, author: String, since: Timestamp, deadline: Timestamp) {
      self.program = program
      self.author = author
      self.since = since
      self.deadline = deadline
    }
  }

  /// Something that the process can run out of.
  package struct Resource: Codable, Equatable, Sendable {
    /// What: `descriptors`, `sessions`, `ports to 10.0.0.1:80`, `queue of web`, `memory`.
    package var name: String
    /// How much of it is used.
    package var used: Int
    /// How much there is.
    package var limit: Int
    /// The used share, 0…1 and more.
    package var share: Double
    /// Since when it's near its limit, as far as it was noticed; nil if it isn't.
    package var since: Timestamp?

    /// So much of something, of so much.
    package init(_ name: String, used: Int, limit: Int, since: Timestamp? = nil) {
      self.name = name
      self.used = used
      self.limit = limit
      share = limit > 0 ? Double(used) / Double(limit) : 1
      self.since = since
    }
  }

  /// What the resource of open descriptors is called.
  package static let descriptors = "descriptors"

  /// How near the process is to its limits.
  package struct Headroom: Codable, Equatable, Sendable {
    /// What it would run out of first.
    package var limiting: Resource
    /// Everything that was looked at, the scarcest first.
    package var resources: [Resource]

    /// With all its parts.
    package init(limiting: Resource, resources: [Resource]) {
      self.limiting = limiting
      self.resources = resources
    }
  }

  /// A decision to end sessions that isn't carried out yet.
  package struct Eviction: Codable, Equatable, Sendable {
    /// Whose sessions, in words: `backend web/b1 (removed)`.
    package var what: String
    /// The cause that ended sessions are counted under.
    package var cause: String
    /// How many sessions are left.
    package var left: Int
    /// When the rest is cut off; nil if never.
    package var deadline: Timestamp?

    /// With all its parts.
    package init(what: String, cause: String, left: Int, deadline: Timestamp? = nil) {
      self.what = what
      self.cause = cause
      self.left = left
      self.deadline = deadline
    }
  }
}
