package import Balancing

/// A pool as a snapshot sees it: who may be picked now, and how.
package final class Pool: Sendable {
  /// Picks among the eligible backends; the index it gives is one of `backends`.
  package let route: PoolRoute
  /// All backends, eligible or not.
  package let backends: [Backend]
  /// Times, limits and attempts.
  package let policy: PoolPolicy

  /// The places of the backends by their ids; empty where no client is sent back to the one it had.
  let places: [Int: Int]

  /// What outlives this snapshot.
  package var status: PoolStatus { policy.pool }

  /// A snapshot of the policy's pool.
  package init(route: PoolRoute, backends: [Backend], policy: PoolPolicy) {
    self.route = route
    self.backends = backends
    self.policy = policy
    places =
      policy.stick == nil
      ? [:] : Dictionary(backends.enumerated().map { ($0.element.id, $0.offset) }) { first, _ in first }
  }

  /// Whether each client has a backend of its own, so that one who waits for his may be passed by others.
  var hasOwnBackends: Bool { route.looksAtClient || policy.stick != nil }
}

/// The rules of a pool for its sessions. An object, so that a session that stands keeps its rules with one word, and
/// knows by it whose they are, whatever a reload does to its listener.
package final class PoolPolicy: Sendable {
  /// The pool that the rules are of.
  package let pool: PoolStatus
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
  /// How many sessions may wait for backends that their guards hold back, over all workers; 0 for none.
  package let guardQueue: Int
  /// How long they may wait, in nanoseconds, before they go elsewhere.
  package let guardWait: UInt64
  /// How old a session may become, in nanoseconds, give or take a tenth; `.max` for any age.
  package let maxAge: UInt64
  /// How long a session that is too old may wait for a pause between its bytes, in nanoseconds, before it's cut off.
  package let patience: UInt64
  /// Which backends clients had, to get them again; nil where they needn't.
  package let stick: StickTable?

  /// The rules, all times in nanoseconds.
  package init(
    pool: PoolStatus, connectTimeout: UInt64, connectDeadline: UInt64, attempts: Int, idle: UInt64, halfClosed: UInt64,
    queueSize: Int, queueTimeout: UInt64, guardQueue: Int = 0, guardWait: UInt64 = 0, maxAge: UInt64 = .max,
    patience: UInt64 = .max, stick: StickTable? = nil
  ) {
    self.pool = pool
    self.connectTimeout = connectTimeout
    self.connectDeadline = connectDeadline
    self.attempts = attempts
    self.idle = idle
    self.halfClosed = halfClosed
    self.queueSize = queueSize
    self.queueTimeout = queueTimeout
    self.guardQueue = guardQueue
    self.guardWait = guardWait
    self.maxAge = maxAge
    self.patience = patience
    self.stick = stick
  }
}

extension PoolPolicy {
  /// That of sessions whose pool isn't known yet. Nothing is waited for, counted or connected by it.
  static let undecided = PoolPolicy(
    pool: PoolStatus(name: "", cursorStart: 0, workers: 0), connectTimeout: 0, connectDeadline: 0, attempts: 0, idle: 0,
    halfClosed: 0, queueSize: 0, queueTimeout: 0)
}

/// What belongs to a pool for as long as it exists, over all its snapshots. The object is the pool's identity.
package final class PoolStatus: Sendable {
  /// The pool's name in the configuration.
  package let name: String
  /// The round robin's cursor.
  package let cursor: Cursor
  /// Sessions that wait for a backend's slot, over all workers.
  package let waiting = Slots()
  /// Sessions that wait for backends which their guards hold back, over all workers.
  package let heldBack = Slots()
  /// What each worker counted.
  package let counters: [PoolCounters]

  /// The status of a new pool whose cursor starts at an offset.
  package init(name: String, cursorStart: UInt64, workers: Int) {
    self.name = name
    cursor = Cursor(start: cursorStart)
    counters = (0..<workers).map { _ in PoolCounters() }
  }
}
