/// What has been counted of backends, without causes and distributions: as little as it takes to add up many of them, or to
/// see whether anything was counted since.
package struct BackendSums: Equatable, Sendable {
  /// Connections attempted.
  package private(set) var attempts = 0
  /// Those of them that followed a failed one to another backend.
  package private(set) var retries = 0
  /// Connections that failed.
  package private(set) var failures = 0
  /// Sessions that reached a backend.
  package private(set) var sessions = 0
  /// Sessions that ended.
  package private(set) var closes = 0
  /// Bytes moved from clients to backends.
  package private(set) var bytesToBackend = 0
  /// Bytes moved from backends to clients.
  package private(set) var bytesToClient = 0

  /// Nothing counted.
  package init() {}

  /// What workers have counted.
  package init(_ counters: [BackendCounters]) {
    for counter in counters {
      attempts += counter.attempts.current
      retries += counter.retries.current
      failures += counter.failures.total
      sessions += counter.sessions.current
      closes += counter.closes.total
      bytesToBackend += counter.bytesToBackend.current
      bytesToClient += counter.bytesToClient.current
    }
  }

  /// What was counted in more detail.
  package init(_ counts: BackendCounts) {
    attempts = counts.attempts
    retries = counts.retries
    failures = counts.failures.values.reduce(0, +)
    sessions = counts.sessions
    closes = counts.closes.values.reduce(0, +)
    bytesToBackend = counts.bytesToBackend
    bytesToClient = counts.bytesToClient
  }

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: BackendSums) {
    attempts += other.attempts
    retries += other.retries
    failures += other.failures
    sessions += other.sessions
    closes += other.closes
    bytesToBackend += other.bytesToBackend
    bytesToClient += other.bytesToClient
  }
}
