package import Balancing

/// Everything that a worker needs to know to serve clients: an immutable snapshot.
///
/// The control plane makes a new one for every decision and mails it to the workers; nobody edits it.
package final class RoutingTable: Sendable {
  /// Counts the tables, from 1.
  package let generation: Int
  /// Where each listener's clients go, by the listener's name.
  package let pools: [String: Pool]

  /// A table of the pools of listeners, by listener.
  package init(generation: Int, pools: [String: Pool]) {
    self.generation = generation
    self.pools = pools
  }
}

/// A pool as a snapshot sees it: who may be picked now, and how.
package final class Pool: Sendable {
  /// The pool's name in the configuration.
  package let name: String
  /// Picks among the eligible backends; the index it gives is one of `backends`.
  package let route: PoolRoute
  /// All backends, eligible or not.
  package let backends: [Backend]
  /// Times, limits and attempts.
  package let policy: PoolPolicy
  /// What outlives this snapshot.
  package let status: PoolStatus

  /// A snapshot of a pool.
  package init(name: String, route: PoolRoute, backends: [Backend], policy: PoolPolicy, status: PoolStatus) {
    self.name = name
    self.route = route
    self.backends = backends
    self.policy = policy
    self.status = status
  }
}

/// The rules of a pool for its sessions. An object, so that a session that stands keeps its rules with one word.
package final class PoolPolicy: Sendable {
  /// How long one attempt to connect may take, in nanoseconds.
  package let connectTimeout: UInt64
  /// How long all attempts of a session may take together, in nanoseconds.
  package let connectDeadline: UInt64
  /// How many backends a session tries at most.
  package let attempts: Int
  /// How long nothing may move in a session, in nanoseconds.
  package let idle: UInt64
  /// How long nothing may move after one side has ended, in nanoseconds.
  package let halfClosed: UInt64
  /// How many sessions may wait for a backend's slot over all workers; 0 for none.
  package let queueSize: Int
  /// How long they may wait, in nanoseconds.
  package let queueTimeout: UInt64

  /// The rules, all times in nanoseconds.
  package init(
    connectTimeout: UInt64, connectDeadline: UInt64, attempts: Int, idle: UInt64, halfClosed: UInt64, queueSize: Int,
    queueTimeout: UInt64
  ) {
    self.connectTimeout = connectTimeout
    self.connectDeadline = connectDeadline
    self.attempts = attempts
    self.idle = idle
    self.halfClosed = halfClosed
    self.queueSize = queueSize
    self.queueTimeout = queueTimeout
  }
}

/// What belongs to a pool for as long as it exists, over all its snapshots.
package final class PoolStatus: Sendable {
  /// The round robin's cursor.
  package let cursor: Cursor
  /// Sessions that wait for a backend's slot, over all workers.
  package let waiting = Slots()
  /// What each worker counted.
  package let counters: [PoolCounters]

  /// The status of a new pool whose cursor starts at an offset.
  package init(cursorStart: UInt64, workers: Int) {
    cursor = Cursor(start: cursorStart)
    counters = (0..<workers).map { _ in PoolCounters() }
  }
}
