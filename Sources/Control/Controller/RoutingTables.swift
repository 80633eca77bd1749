import Balancing
import Config
import Proxy

/// Makes the workers' tables, each with what has changed since the last one.
struct RoutingTables {
  /// How many there were.
  private(set) var count = 0
  private var snapshots: [String: Pool] = [:]
  private let routes: RouteBook
  private let accessLogs: AccessLogs

  init(_ routes: RouteBook, _ accessLogs: AccessLogs) {
    self.routes = routes
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
    routes.keep(configuration.listeners)
    let ways = configuration.listeners.compactMap { listener in
      route(of: listener, to: pools, admission(listener), configuration.accessLog(of: listener)).map {
        (listener.name, $0)
      }
    }
    return RoutingTable(
      generation: count, routes: Dictionary(uniqueKeysWithValues: ways),
      evictionInterval: 1_000_000_000 / UInt64(max(configuration.eviction.rate, 1)))
  }

  /// Nil if one of its pools isn't there yet.
  private func route(
    of listener: ListenerConfiguration, to pools: [String: Pool], _ admission: AdmissionRules?,
    _ accessLog: AccessLogConfiguration?
  ) -> ListenerRoute? {
    guard listener.pools.allSatisfy({ pools[$0] != nil }) else { return nil }
    let ways = routes.routes(of: listener, to: pools)
    let introduction =
      listener.proxy == nil && ways == nil
      ? nil
      : IntroductionRules(
        proxies: listener.proxy?.from ?? [], versions: Set(listener.proxy?.versions ?? []), routes: ways,
        patience: listener.introduction.clockNanoseconds)
    return ListenerRoute(
      pool: listener.pool.flatMap { pools[$0] }, maxSessions: listener.maxSessions, introduction: introduction,
      admission: admission, accessLog: accessLog.map(accessLogs.log))
  }
}
