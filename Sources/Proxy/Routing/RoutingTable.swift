/// Everything that a worker needs to know to serve clients: an immutable snapshot.
///
/// The control plane makes a new one for every decision and mails it to the workers; nobody edits it.
package final class RoutingTable: Sendable {
  /// Counts the tables, from 1.
  package let generation: Int
  /// Where each listener's clients go, by the listener's name. Without a route a listener takes nobody, and its sessions
  /// that still wait are refused. The route of a listener that is gone lets those who wait at it go on.
  package let routes: [String: ListenerRoute]
  /// The time from one paced eviction to the next over all workers, in nanoseconds on average; 0 for no pace.
  package let evictionInterval: UInt64

  /// A table of routes, by listener.
  package init(generation: Int, routes: [String: ListenerRoute], evictionInterval: UInt64) {
    self.generation = generation
    self.routes = routes
    self.evictionInterval = evictionInterval
  }
}

/// Where the clients of a listener go, and how many may.
package struct ListenerRoute: Sendable {
  /// The pool that serves them, or, where there are routes, those whom none of these takes; nil for none.
  package let pool: Pool?
  /// The most sessions at a time over all workers; `Int.max` where there is no limit.
  package let maxSessions: Int
  /// What is looked at of a client before a backend is looked for, to know who it is and to which pool it goes; nil for nothing.
  package let introduction: IntroductionRules?
  /// How their sessions are logged; nil if they aren't.
  package let accessLog: AccessLog?
  /// Whom it lets in; nil for everybody.
  package let admission: AdmissionRules?

  /// A route to a pool.
  package init(
    pool: Pool?, maxSessions: Int, introduction: IntroductionRules? = nil, admission: AdmissionRules? = nil,
    accessLog: AccessLog? = nil
  ) {
    self.pool = pool
    self.maxSessions = maxSessions
    self.introduction = introduction
    self.admission = admission
    self.accessLog = accessLog
  }
}
