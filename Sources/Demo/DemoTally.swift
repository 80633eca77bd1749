/// What became of the requests of a stretch of time.
struct DemoTally: Equatable, Sendable {
  /// How many were answered, by backend.
  private(set) var answered: [String: Int] = [:]
  /// How many failed, by reason.
  private(set) var failures: [String: Int] = [:]
  /// How long the slowest took that was answered.
  private(set) var slowest = Duration.zero

  /// How many there were.
  var sent: Int { answered.values.reduce(0, +) + failed }
  /// How many of them failed.
  var failed: Int { failures.values.reduce(0, +) }

  /// A request was answered by the backend.
  mutating func answered(by backend: String, after time: Duration) {
    answered[backend, default: 0] += 1
    slowest = max(slowest, time)
  }

  /// A request failed.
  mutating func failed(_ reason: String) {
    failures[reason, default: 0] += 1
  }

  /// Adds what became of others.
  mutating func add(_ other: DemoTally) {
    answered.merge(other.answered, uniquingKeysWith: +)
    failures.merge(other.failures, uniquingKeysWith: +)
    slowest = max(slowest, other.slowest)
  }
}
