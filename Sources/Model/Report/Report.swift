import Config

/// Everything that the stats port says, taken at one moment: the model of `/stats.json`, and what every other page of
/// the port is rendered from.
///
/// The schema is documented in Docs/Stats.md and stable: keys are added, never renamed and never given another meaning.
/// Counters only grow while the process lives, over reloads too. Sizes are bytes, times are seconds, numbers are finite;
/// a key whose value is nil (no limit, not known yet) is left out.
package struct Report: Codable, Equatable, Sendable {
  /// The program's version.
  package var version: String
  /// Which configuration runs: 1 at start, one more with each reload.
  package var generation: Int
  /// When this report was made.
  package var time: Timestamp
  /// How long the process has run.
  package var uptime: Double
  /// The process as the kernel sees it, and its limits.
  package var process: Process
  /// The workers, by index.
  package var workers: [Worker]
  /// The listeners, in the configuration's order.
  package var listeners: [Listener]
  /// The pools with their backends, in the configuration's order.
  package var pools: [Pool]
  /// The latest changes of backends' states, the newest first.
  package var transitions: [Transition]
  /// Which configuration runs.
  package var configuration: Configuration
  /// The changes made at run time that hold now, in the order in which they were made.
  package var overrides: [Override]
  /// Decisions to end sessions that aren't carried out yet.
  package var evictions: [Eviction]
  /// How near the process is to its limits.
  package var headroom: Headroom
  /// The process before an upgrade, as long as it has sessions left.
  package var predecessor: Predecessor?
  /// The upgrade under way, as long as the new process hasn't said that it serves.
  package var upgrade: Upgrade?
  /// The fleet that the process is a node of, as this node sees it; nil if it's none.
  package var fleet: AdminAnswer.Fleet?
  /// Where the access log goes and went; nil of a process that doesn't tell.
  package var accessLogs: [AccessLog]?
  /// What is wrong now or about to change, the worst first; nil of a process that doesn't tell, and until it was looked at.
  package var concerns: [Concern]?

  /// With all its parts.
  package init(
    version: String, generation: Int, time: Timestamp, uptime: Double, process: Process, workers: [Worker],
    listeners: [Listener], pools: [Pool], transitions: [Transition], configuration: Configuration,
    overrides: [Override], evictions: [Eviction], headroom: Headroom, predecessor: Predecessor? = nil,
    upgrade: Upgrade? = nil, fleet: AdminAnswer.Fleet? = nil, accessLogs: [AccessLog]? = nil,
    concerns: [Concern]? = nil
  ) {
    self.version = version
    self.generation = generation
    self.time = time
    self.uptime = uptime
    self.process = process
    self.workers = workers
    self.listeners = listeners
    self.pools = pools
    self.transitions = transitions
    self.configuration = configuration
    self.overrides = overrides
    self.evictions = evictions
    self.headroom = headroom
    self.predecessor = predecessor
    self.upgrade = upgrade
    self.fleet = fleet
    self.accessLogs = accessLogs
    self.concerns = concerns
  }
}

extension Report {
  /// The process as the kernel sees it, and its limits.
  package struct Process: Codable, Equatable, Sendable {
    /// Its id.
    package var pid: Int
    /// The name of the machine that it runs on; nil of a process that doesn't tell.
    package var host: String?
    /// The program's file; nil of a process that doesn't tell.
    package var program: String?
    /// Resident memory.
    package var rssBytes: Int
    /// The size of its address space; nil of a process that doesn't tell.
    package var virtualBytes: Int?
    /// When it was started; nil of a process that doesn't tell.
    package var started: Timestamp?
    /// How many descriptors are open.
    package var openDescriptors: Int
    /// How many may be (RLIMIT_NOFILE).
    package var descriptorLimit: Int
    /// How many sessions fit into that.
    package var sessionLimit: Int
    /// How many threads run.
    package var threads: Int
    /// Processor time used, user and system.
    package var cpuSeconds: Double
    /// How many turns of the control loop took more than 50 ms, or made a timer so late.
    package var slowTurns: Int?
    /// The kernel features in use, such as `splice`.
    package var features: [String]

    /// With all its parts.
    package init(
      pid: Int, host: String? = nil, program: String? = nil, rssBytes: Int, virtualBytes: Int? = nil,
      started: Timestamp? = nil, openDescriptors: Int, descriptorLimit: Int, sessionLimit: Int, threads: Int,
      cpuSeconds: Double, slowTurns: Int? = nil, features: [String]
    ) {
      self.pid = pid
      self.host = host
      self.program = program
      self.rssBytes = rssBytes
      self.virtualBytes = virtualBytes
      self.started = started
      self.openDescriptors = openDescriptors
      self.descriptorLimit = descriptorLimit
      self.sessionLimit = sessionLimit
      self.threads = threads
      self.cpuSeconds = cpuSeconds
      self.slowTurns = slowTurns
      self.features = features
    }
  }

  /// One worker: a thread with a loop of its own.
  package struct Worker: Codable, Equatable, Sendable {
    /// 0, 1, 2 …
    package var index: Int
    /// The sessions that live on it.
    package var sessions: Sessions
    /// How many clients it has accepted, refused ones too.
    package var accepted: Int
    /// How many of them were refused; nil of a process that doesn't count them.
    package var refused: Int?
    /// How many turns its loop has made.
    package var turns: Int?
    /// How many flows were promoted to a pipe; nil of a process that doesn't tell.
    package var promotions: Int?
    /// How many bytes went through a pipe; nil of a process that doesn't tell.
    package var spliced: Int?

    /// With all its parts.
    package init(
      index: Int, sessions: Sessions, accepted: Int, refused: Int? = nil, turns: Int? = nil, promotions: Int? = nil,
      spliced: Int? = nil
    ) {
      self.index = index
      self.sessions = sessions
      self.accepted = accepted
      self.refused = refused
      self.turns = turns
      self.promotions = promotions
      self.spliced = spliced
    }
  }

  /// One listener.
  package struct Listener: Codable, Equatable, Sendable {
    /// Whether a listener takes clients.
    package enum State: String, Codable, CaseIterable, Sendable {
      /// It takes clients.
      case listening
      /// It leaves them in the kernel's queue: a limit is reached or descriptors have run out.
      case paused
      /// The file of its Unix socket is gone, or another's is at its place: no client finds it.
      case unreachable
      /// It's closed: the process is about to end.
      case closed
    }

    /// Its name.
    package var name: String
    /// The address it is bound to.
    package var bind: String
    /// The pool that its clients go to, or those whom none of its routes takes; nil if these are turned away.
    package var pool: String?
    /// Its routes in their order, at the end that to its pool if it has one; nil if all clients go to that.
    package var routes: [Route]?
    /// Whether it takes clients.
    package var state: State
    /// Since when it takes none, as far as it was noticed; nil while it does.
    package var since: Timestamp?
    /// Its sessions.
    package var sessions: Sessions
    /// How many clients it has accepted, refused ones too; nil of a process that doesn't tell.
    package var accepted: Int?
    /// How many clients were turned away, by cause.
    package var refused: [String: Int]
    /// What its sessions have moved.
    package var bytes: Bytes
    /// Whom it lets in; nil if that's everybody.
    package var admission: Admission?

    /// With all its parts.
    package init(
      name: String, bind: String, pool: String?, routes: [Route]? = nil, state: State, since: Timestamp? = nil,
      sessions: Sessions, accepted: Int? = nil, refused: [String: Int], bytes: Bytes, admission: Admission? = nil
    ) {
      self.name = name
      self.bind = bind
      self.pool = pool
      self.routes = routes
      self.state = state
      self.since = since
      self.sessions = sessions
      self.accepted = accepted
      self.refused = refused
      self.bytes = bytes
      self.admission = admission
    }
  }

  /// A change of a backend's state.
  package struct Transition: Codable, Equatable, Sendable {
    /// What brings a change about.
    package enum Cause: String, Codable, CaseIterable, Sendable {
      /// The backend's health checks.
      case active
      /// Sessions that couldn't connect to it.
      case passive
      /// An operator, or the end of what an operator had set.
      case override
      /// The answer of a name server.
      case names
      /// Another configuration.
      case reload
      /// Time that has passed: a warm-up or an ejection is over.
      case time
      /// The addresses of this machine, or what this process answers at.
      case addresses
      /// The agent beside it.
      case agent
    }

    /// When it happened.
    package var time: Timestamp
    /// The backend's pool.
    package var pool: String
    /// The backend.
    package var backend: String
    /// The state it was in.
    package var from: Backend.State
    /// The state it is in since.
    package var to: Backend.State
    /// What brought it about.
    package var cause: Cause
    /// Why, for people.
    package var reason: String
    /// How long the health check took that decided it.
    package var duration: Double?

    /// With all its parts.
    package init(
      time: Timestamp, pool: String, backend: String, from: Backend.State, to: Backend.State, cause: Cause,
      reason: String, duration: Double? = nil
    ) {
      self.time = time
      self.pool = pool
      self.backend = backend
      self.from = from
      self.to = to
      self.cause = cause
      self.reason = reason
      self.duration = duration
    }
  }
}

extension Report {
  /// Accepted clients until they are closed.
  package struct Sessions: Codable, Equatable, Sendable {
    /// How many there are now.
    package var active: Int
    /// How many there have been, those included.
    package var total: Int
    /// How many there may be at once.
    package var max: Int?

    /// With all its parts.
    package init(active: Int, total: Int, max: Int? = nil) {
      self.active = active
      self.total = total
      self.max = max
    }
  }

  /// Bytes moved, each way.
  package struct Bytes: Codable, Equatable, Sendable {
    /// From clients to backends.
    package var toBackend: Int
    /// From backends to clients.
    package var toClient: Int

    /// With all its parts.
    package init(toBackend: Int, toClient: Int) {
      self.toBackend = toBackend
      self.toClient = toClient
    }
  }

  /// How long something took, over the life of the process. All zero as long as nothing was measured.
  package struct Distribution: Codable, Equatable, Sendable {
    /// How many were measured.
    package var count: Int
    /// All together.
    package var sum: Double
    /// Half of them took no longer.
    package var p50: Double
    /// Nine of ten took no longer.
    package var p90: Double
    /// 99 of 100 took no longer.
    package var p99: Double
    /// The longest.
    package var max: Double

    /// With all its parts.
    package init(count: Int, sum: Double, p50: Double, p90: Double, p99: Double, max: Double) {
      self.count = count
      self.sum = sum
      self.p50 = p50
      self.p90 = p90
      self.p99 = p99
      self.max = max
    }
  }
}
