package import Introduction
import Sockets

/// Where clients of a listener go that don't all go to the same pool: a snapshot, as the pools are.
package struct ClientRoutes: Sendable {
  /// A way to a pool.
  package struct Way: Sendable {
    /// The pool.
    let pool: Pool
    /// What is counted of it.
    let status: RouteStatus

    /// A way to a pool.
    package init(to pool: Pool, _ status: RouteStatus) {
      self.pool = pool
      self.status = status
    }
  }

  /// Whom each way is for.
  let rules: RouteRules
  /// The ways, in the order of the rules' conditions.
  let ways: [Way]
  /// The way of those whom no condition holds for; nil for none, and then they are turned away.
  let others: Way?

  /// As many ways as the rules have conditions.
  package init(_ rules: RouteRules, ways: [Way], others: Way?) {
    precondition(ways.count == rules.conditions.count, "a condition leads nowhere")
    self.rules = rules
    self.ways = ways
    self.others = others
  }
}

/// What all workers share about a listener's routes of one name; it outlives snapshots.
package final class RouteStatus: Sendable {
  /// What each worker counted.
  package let counters: [RouteCounters]

  /// Nothing is counted yet.
  package init(workers: Int) {
    counters = (0..<workers).map { _ in RouteCounters() }
  }
}

/// What one worker counts of one route.
package final class RouteCounters: Sendable {
  /// Sessions that it took.
  package let sessions = Counter()
}

/// Where a session goes.
enum Destination {
  /// To this pool, by a way that is counted if the listener has several.
  case pool(Pool, by: RouteStatus?)
  /// It hangs on what the client says.
  case open
  /// Nowhere: it's to be turned away.
  case nowhere
}

extension ListenerRoute {
  /// Where a session goes whose client is known.
  func destination(of session: Session) -> Destination {
    guard let routes = introduction?.routes else { return pool.map { .pool($0, by: nil) } ?? .nowhere }
    let way: ClientRoutes.Way?
    switch routes.rules.decide(for: session.clientAddress, session.introduction?.facts) {
    case .route(let place): way = routes.ways[place]
    case .none: way = routes.others
    case .open: return .open
    }
    return way.map { .pool($0.pool, by: $0.status) } ?? .nowhere
  }
}
