import Config
import Introduction
import Proxy

/// What outlives tables of listeners' routes: what was counted of them, and how they are looked up.
package final class RouteBook {
  private struct Entry {
    var conditions: [RouteCondition]
    var rules: RouteRules
    /// By the routes' names.
    var statuses: [String: RouteStatus] = [:]
  }

  /// By the listeners' names.
  private var entries: [String: Entry] = [:]
  private let workers: Int

  /// What those are counted under whom no route takes: no name of a route.
  package static let others = "(others)"

  /// How many listeners, and how many routes of each, are remembered that are no more.
  private static let mostFormer = 256

  init(workers: Int) { self.workers = workers }

  /// A listener's routes to these pools; nil if it has none.
  func routes(of listener: ListenerConfiguration, to pools: [String: Pool]) -> ClientRoutes? {
    guard !listener.routes.isEmpty else { return nil }
    let conditions = listener.routes.map(\.condition)
    var entry = entries[listener.name] ?? Entry(conditions: conditions, rules: RouteRules(conditions))
    if entry.conditions != conditions { (entry.conditions, entry.rules) = (conditions, RouteRules(conditions)) }
    let names = Set(listener.routes.map(\.name) + [Self.others])
    if entry.statuses.count > names.count + Self.mostFormer {
      entry.statuses = entry.statuses.filter { names.contains($0.key) }
    }
    for name in names where entry.statuses[name] == nil { entry.statuses[name] = RouteStatus(workers: workers) }
    entries[listener.name] = entry
    func way(to pool: String, _ name: String) -> ClientRoutes.Way? {
      guard let pool = pools[pool], let status = entry.statuses[name] else { return nil }
      return ClientRoutes.Way(to: pool, status)
    }
    let ways = listener.routes.compactMap { way(to: $0.pool, $0.name) }
    guard ways.count == conditions.count else { return nil }
    return ClientRoutes(entry.rules, ways: ways, others: listener.pool.flatMap { way(to: $0, Self.others) })
  }

  /// Forgets listeners, if there are many that are no more.
  func keep(_ listeners: [ListenerConfiguration]) {
    guard entries.count > listeners.count + Self.mostFormer else { return }
    let names = Set(listeners.map(\.name))
    entries = entries.filter { names.contains($0.key) }
  }

  /// How many sessions routes of a listener took in this process, by their names; empty if it never had any.
  package func counts(of listener: String) -> [String: Int] {
    (entries[listener]?.statuses ?? [:]).mapValues { $0.counters.reduce(0) { $0 + $1.sessions.current } }
  }
}
