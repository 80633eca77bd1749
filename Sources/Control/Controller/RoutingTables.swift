import Balancing
import Config
import Proxy

/// Makes the workers' tables, each with what has changed since the last one.
struct RoutingTables {
  /// How many there were.
  private(set) var count = 0
  private var snapshots: [String: Pool] = [:]
  private let accessLogs: AccessLogs

  init(_ accessLogs: AccessLogs) {
    self.accessLogs = accessLogs
  }

  /// Something of the pool isn't as in the last table.
  mutating func outdate(_ pool: PoolController) {
    snapshots[pool.name] = nil
  }

  /// The table by which these pools are served from now on.
  mutating func next(
    of pools: [PoolController], _ configuration: Configuration, at now: Instant,
    admission: (ListenerConfiguration) -> AdmissionRules?
  ) -> RoutingTable {
    for pool in pools where snapshots[pool.name] == nil { snapshots[pool.name] = pool.snapshot(at: now) }
    return next(of: snapshots, configuration, admission: admission)
  }

  /// A table of pools that may not be there yet.
  mutating func next(
    of pools: [String: Pool], _ configuration: Configuration, admission: (ListenerConfiguration) -> AdmissionRules?
  ) -> RoutingTable {
    count += 1
    let routes = configuration.listeners.compactMap { listener in
      pools[listener.pool].map {
        (
          listener.name,
          ListenerRoute(
            pool: $0, maxSessions: listener.maxSessions, introduction: listener.proxy.map { rules(of: $0, listener) },
            admission: admission(listener),
            accessLog: configuration.accessLog(of: listener).map(accessLogs.log))
        )
      }
    }
    return RoutingTable(
      generation: count, routes: Dictionary(uniqueKeysWithValues: routes),
      evictionInterval: 1_000_000_000 / UInt64(max(configuration.eviction.rate, 1)))
  }

  private func rules(of proxy: ProxyConfiguration, _ listener: ListenerConfiguration) -> IntroductionRules {
    IntroductionRules(
      proxies: proxy.from, versions: Set(proxy.versions), patience: listener.introduction.clockNanoseconds)
  }
}
