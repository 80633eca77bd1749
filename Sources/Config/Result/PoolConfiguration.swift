package import Balancing
package import Sockets

/// A named set of backends with a strategy and a health check.
package struct PoolConfiguration: Equatable, Sendable {
  /// Unique among the pools.
  package var name: String
  /// How backends are picked.
  package var strategy: Strategy
  /// At least one; names and endpoints are unique, and at least one has a weight above 0.
  package var backends: [BackendConfiguration]
  /// How it's found out which of them may be.
  package var health: HealthConfiguration
  /// How long and how often connecting is tried.
  package var connect: ConnectConfiguration
  /// How long sessions may be silent, and how old they may become.
  package var timeouts: TimeoutsConfiguration
  /// How many clients may wait for a free place, and for how long.
  package var queue: QueueConfiguration
  /// How backends are guarded against herds.
  package var `guard`: GuardConfiguration
  /// What becomes of the sessions of a backend that goes down.
  package var onDown: OnDown
  /// What happens to the sessions of the pool, or of one of its backends, when that is removed.
  package var onRemove: OnRemove
  /// How long they may go on at most if they drain.
  package var drainLimit: Duration
  /// What becomes of clients when no backend is eligible.
  package var whenAllDown: WhenAllDown
  /// How long a recovered backend warms up to its full weight; zero switches the warm-up off.
  package var slowStart: Duration
  /// When connect failures eject a backend; nil if they never do.
  package var ejection: EjectionConfiguration?
  /// How clients are sent back to the backend that they had; nil if they aren't.
  package var stick: StickConfiguration?
  /// How agents beside the backends are asked; nil if there are none.
  package var agent: AgentConfiguration?
}

/// One backend of a pool.
package struct BackendConfiguration: Equatable, Sendable {
  /// Unique in the pool; the address as it was written if no name was given.
  package var name: String
  /// Its address, or the host name that gives it.
  package var endpoint: Endpoint
  /// The share of new sessions, 0…256; 0 gets none.
  package var weight: Int
  /// 0…15; backends of the lowest tier with eligible ones are used.
  package var tier: Int
  /// The most sessions at once; `Int.max` if unlimited.
  package var maxSessions: Int
  /// Where the health check goes: the endpoint, unless the backend or the pool's health check says otherwise.
  package var healthEndpoint: Endpoint
  /// How it's told whose session it is; nil if it isn't.
  package var sendProxy: SendProxyConfiguration?
  /// How connections to it leave this machine.
  package var egress: EgressRules

  /// All of it.
  package init(
    name: String, endpoint: Endpoint, weight: Int, tier: Int, maxSessions: Int, healthEndpoint: Endpoint,
    sendProxy: SendProxyConfiguration? = nil, egress: EgressRules = EgressRules()
  ) {
    self.name = name
    self.endpoint = endpoint
    self.weight = weight
    self.tier = tier
    self.maxSessions = maxSessions
    self.healthEndpoint = healthEndpoint
    self.sendProxy = sendProxy
    self.egress = egress
  }
}

/// The limits of connecting a session to a backend.
package struct ConnectConfiguration: Equatable, Sendable {
  /// How long one attempt may take.
  package var timeout = Duration.seconds(2)
  /// How long all attempts may take together; not shorter than ``timeout``.
  package var deadline = Duration.seconds(5)
  /// How many backends are tried at most, 1…16.
  package var attempts = 3

  /// The defaults.
  package init() {}
}

/// How long a session may be silent, and how long it may last.
package struct TimeoutsConfiguration: Equatable, Sendable {
  /// Without a byte in either direction; nil if unlimited.
  package var idle: Duration? = .seconds(3600)
  /// Without a byte after one side has ended its direction.
  package var halfClosed = Duration.seconds(30)
  /// From its start to its end, however busy it is; nil if unlimited.
  package var maxAge: Duration?

  /// The defaults.
  package init() {}
}

/// Where sessions wait for a backend slot when all are at their `maxSessions`.
package struct QueueConfiguration: Equatable, Sendable {
  /// How many sessions may wait; 0 switches the queue off.
  package var size = 0
  /// How long one may wait.
  package var timeout = Duration.seconds(5)

  /// The defaults.
  package init() {}
}

/// What keeps a herd of new sessions from running down a backend. Each limit is for one backend, over all workers.
package struct GuardConfiguration: Equatable, Sendable {
  /// The most connection attempts under way at once; `Int.max` if unlimited.
  package var connecting = Int.max
  /// The most new connections per second, 1…1,000,000; `Int.max` if unlimited.
  package var rate = Int.max
  /// How long the limits take to rise to their full height after a recovery, or when a peer has died.
  package var ramp = Duration.seconds(10)
  /// How long a session that is over a limit waits at most, before it goes elsewhere.
  package var wait = Duration.milliseconds(500)
  /// How many sessions may wait at most, 0…100,000.
  package var queue = 1000

  /// The defaults.
  package init() {}
}

/// What happens to the sessions of a backend that goes down.
package enum OnDown: String, CaseIterable, Sendable {
  /// They go on for as long as they can.
  case keep
  /// They are closed.
  case close
}

/// What happens to a new session when no backend is eligible.
package enum WhenAllDown: String, CaseIterable, Sendable {
  /// It is refused by a reset.
  case refuse
  /// All backends are used, regardless of their health.
  case panic
}

/// How a pool remembers which backend each client had.
package struct StickConfiguration: Equatable, Sendable {
  /// How long a client is remembered after its last session; whole seconds, 1 s…30 d.
  package var lifetime = Duration.seconds(1800)
  /// How many clients are remembered, 1…10,000,000; whom it had seen the longest ago makes room for a new one.
  package var size = 100_000
  /// What a session of a client that is new to its backend waits for, in a fleet.
  package var replication = Replication.async

  /// What a session of a client waits for that is new to its backend.
  package enum Replication: String, CaseIterable, Sendable {
    /// Nothing: other nodes know it a moment later.
    case async
    /// Another node knows it, or 10 ms are over.
    case ackOne = "ack-one"
  }

  /// The defaults.
  package init() {}
}

/// When connect failures of sessions eject a backend.
package struct EjectionConfiguration: Equatable, Sendable {
  /// So many failures in a row, 1…1,000.
  package var failures = 3
  /// How long the first time; doubled each time.
  package var base = Duration.seconds(5)
  /// How long at most; not shorter than ``base``.
  package var max = Duration.seconds(60)

  /// The defaults.
  package init() {}
}
