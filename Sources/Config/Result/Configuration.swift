package import Introduction
package import Sockets

/// What a configuration file comes to: checked as a whole, every default filled in.
package struct Configuration: Equatable, Sendable {
  /// How many threads serve clients.
  package var workers = Workers.perCore
  /// Where clients are accepted; at least one, no two at the same address.
  package var listeners: [ListenerConfiguration]
  /// The backends; at least one pool, names are unique.
  package var pools: [PoolConfiguration]
  /// The stats port; nil if there is none.
  package var stats: StatsConfiguration?
  /// How the program ends.
  package var shutdown = ShutdownConfiguration()
  /// How a process ends that another one has taken over from.
  package var upgrade = UpgradeConfiguration()
  /// What is logged, and how.
  package var log = LogConfiguration()
  /// How sessions are logged, where a listener doesn't say otherwise; nil if they aren't.
  package var accessLog: AccessLogConfiguration?
  /// How host names are resolved.
  package var resolver = ResolverConfiguration()
  /// The admin socket; nil if there is none.
  package var admin: AdminConfiguration? = AdminConfiguration()
  /// When the file is read again.
  package var reload = ReloadTrigger.signal
  /// How sessions end that have to go.
  package var eviction = EvictionConfiguration()
  /// The fleet that this is a node of; nil if it's by itself.
  package var fleet: FleetConfiguration?
  /// Where ZooKeeper is, if the file says so itself; see ``registry``.
  package var zooKeeper: ZooKeeperConfiguration?
  /// What is legal but doubtful, such as a pool that no listener uses.
  package var warnings: [ConfigIssue] = []
}

extension Configuration {
  /// The ports that clients of a pool ask for, as far as its listeners have ports of their own: those to which a backend's `same` may come.
  package func ports(leadingTo pool: String) -> [ClosedRange<UInt16>] {
    listeners.compactMap { $0.pools.contains(pool) && !$0.bind.isPortOpen ? $0.bind.ports : nil }
  }

  /// The ports that clients of a pool may ask for: those of its listeners, and any where a header names it.
  package func ports(askedOf pool: String) -> [ClosedRange<UInt16>] {
    let isNamed = listeners.contains { $0.proxy != nil && $0.pools.contains(pool) }
    return isNamed ? [1...UInt16.max] : ports(leadingTo: pool)
  }

  /// Whether another configuration makes the program do the same, whatever is doubtful in either file.
  package func isSame(as other: Configuration) -> Bool {
    var other = other
    other.warnings = warnings
    return self == other
  }
}

/// How many workers run.
package enum Workers: Equatable, Sendable {
  /// As many as the process may use cores.
  case perCore
  /// So many, 1…256.
  case count(Int)

  /// The number on a machine where the process may use so many cores.
  package func count(cores: Int) -> Int {
    switch self {
    case .perCore: max(1, cores)
    case .count(let count): count
    }
  }
}

/// One bound address and the pools behind it.
package struct ListenerConfiguration: Equatable, Sendable {
  /// Unique among the listeners.
  package var name: String
  /// The address, with one port or several; port 0 lets the kernel choose. `[::]` is meant for IPv4 clients too.
  package var bind: BindAddress
  /// The name of the pool for those whom no route takes, which exists; nil if they are turned away.
  package var pool: String?
  /// The ways to other pools before that; of those that hold for a client the first one counts.
  package var routes: [RouteConfiguration] = []
  /// The most sessions at once; `Int.max` if unlimited.
  package var maxSessions: Int
  /// How many connections the kernel may hold ready to be accepted, 1…65,535 (listen(2)).
  package var backlog: Int
  /// What happens to the sessions of the listener when it is removed.
  package var onRemove: OnRemove
  /// How long they may go on at most if they drain.
  package var drainLimit: Duration
  /// Who may connect, if it's a Unix socket.
  package var access = SocketAccess()
  /// Whether the address may be one that this machine doesn't have yet (IP_FREEBIND, ip(7)).
  package var isFreebind = false
  /// Whose connections begin with a header that says who the client is; nil if nobody's do.
  package var proxy: ProxyConfiguration?
  /// How long a client may take until it's known who it is and what it wants, where that is looked at; 10 ms…60 s.
  package var introduction = Duration.seconds(3)
  /// Which clients it lets in.
  package var addresses = AddressLists()
  /// How often clients may come, and what each may have; nil for anything.
  package var limits: LimitsConfiguration?
  /// How its sessions are logged; nil for what holds for all listeners.
  package var accessLog: ListenerAccessLog?
}

extension ListenerConfiguration {
  /// Whether its clients ask for no port that a backend could have as well: they come by a Unix socket, or the kernel has chosen it.
  /// Whoever introduces them may name one.
  package var hasNoPort: Bool { proxy == nil && (bind.ports == nil || bind.isPortOpen) }
}

/// Who says by the PROXY protocol whose connection it is.
package struct ProxyConfiguration: Equatable, Sendable {
  /// Where those connect from who have to; all others can't.
  package var from: [AddressRange]
  /// The versions that they may speak.
  package var versions: [ProxyHeader.Version]

  /// Those of these ranges.
  package init(from: [AddressRange], versions: [ProxyHeader.Version] = ProxyHeader.Version.allCases) {
    self.from = from
    self.versions = versions
  }
}

/// The stats port.
package struct StatsConfiguration: Equatable, Sendable {
  /// Where it answers; port 0 lets the kernel choose.
  package var bind: SocketAddress
  /// The names by which it's asked, beside those that every machine has.
  package var hosts: [String] = []
  /// Of what there are metrics.
  package var detail = StatsDetail.backends
}

/// Of what there are metrics. The raw value is the word in the file.
package enum StatsDetail: String, CaseIterable, Sendable {
  /// Of each backend, too.
  case backends
  /// Of pools at most: fewer series where there are many backends.
  case pools
}

/// How a process ends that another one has taken over from.
package struct UpgradeConfiguration: Equatable, Sendable {
  /// How long its sessions may go on, 0…7 days.
  package var drain = Duration.seconds(3600)

  /// The defaults.
  package init() {}
}

/// How the program ends.
package struct ShutdownConfiguration: Equatable, Sendable {
  /// How long sessions may go on after SIGTERM; zero ends them at once.
  package var drain = Duration.seconds(30)

  /// The defaults.
  package init() {}
}

/// What is logged, and how.
package struct LogConfiguration: Equatable, Sendable {
  /// From which level on records are written.
  package var level = LogLevel.info
  /// How records look.
  package var format = LogFormat.auto

  /// The defaults.
  package init() {}
}

/// The least severe messages that are logged; the words are swift-log's.
package enum LogLevel: String, CaseIterable, Sendable {
  case trace, debug, info, notice, warning, error, critical
}

/// How a log message is written.
package enum LogFormat: String, CaseIterable, Sendable {
  /// Text on a terminal, JSON otherwise.
  case auto
  /// A line for people.
  case text
  /// A JSON object on each line.
  case json
}

/// How host names are resolved.
package struct ResolverConfiguration: Equatable, Sendable {
  /// The name servers to ask; empty for those of the system's resolv.conf.
  package var nameservers: [SocketAddress] = []
  /// The kinds of address that are used.
  package var family = NameFamily.both
  /// How often a name is resolved again.
  package var interval = Duration.seconds(30)
  /// How long an answer may take.
  package var timeout = Duration.seconds(5)

  /// The defaults.
  package init() {}
}

/// Which addresses of a host name are used.
package enum NameFamily: String, CaseIterable, Sendable {
  case ipv4, ipv6, both
}
