/// When connect failures of real sessions take a backend out at once, before any health check notices, and for how long.
package struct EjectionPolicy: Equatable, Sendable {
  /// So many connect failures in a row, over all workers, eject: 1 or more.
  package var failures: Int
  /// How long the first ejection lasts. Each further one lasts twice as long as the one before.
  package var shortest: Duration
  /// How long an ejection lasts at most; also how long a backend must have been back for its past to be forgotten.
  package var longest: Duration

  /// Takes the defaults for whatever isn't given.
  package init(failures: Int = 3, shortest: Duration = .seconds(5), longest: Duration = .seconds(60)) {
    self.failures = failures
    self.shortest = shortest
    self.longest = longest
  }

  /// Whether a pool can do without one more of its backends: at most half of it is ever ejected, and never the last
  /// that is eligible. When most fail, the fault is likely not theirs, and a bad backend is better than none.
  ///
  /// - Parameters:
  ///   - backends: how many the pool has.
  ///   - eligible: how many of them are eligible, the one in question included.
  ///   - ejected: how many are ejected now, the one in question not included.
  package static func allows(backends: Int, eligible: Int, ejected: Int) -> Bool {
    eligible > 1 && (ejected + 1) * 2 <= backends
  }
}

/// The ejections of one backend.
///
/// The count of failures in a row isn't cleared by an ejection: when it ends, the first failed connect ejects the
/// backend again, and the first good one clears the count.
package struct Ejection: Equatable, Sendable {
  /// One ejection.
  package struct Term: Equatable, Sendable {
    /// Until when the backend is out.
    package let until: Instant
    /// For how long in all.
    package let length: Duration
    /// Why, in words for an operator; nil if nobody has said.
    package let reason: String?
  }

  /// How long ejections last.
  package var policy: EjectionPolicy
  /// The last ejection, whether it's over or not; nil if there was none.
  package private(set) var last: Term?

  /// Starts with a clean record.
  package init(policy: EjectionPolicy = EjectionPolicy()) {
    self.policy = policy
  }

  /// Whether the backend is out.
  package func isEjected(at now: Instant) -> Bool {
    last.map { now < $0.until } ?? false
  }

  /// Whether so many connect failures in a row call for an ejection now.
  package func isDue(failures: Int, at now: Instant) -> Bool {
    failures >= policy.failures && !isEjected(at: now)
  }

  /// Takes the backend out and says until when. One that is out already stays out as long as it would have: connects
  /// that were under way fail late, and are no news.
  package mutating func eject(at now: Instant, because reason: String? = nil) -> Instant {
    if let last, now < last.until { return last.until }
    var length = policy.shortest
    if let last, now < last.until + policy.longest {
      length = last.length > policy.longest / 2 ? policy.longest : last.length * 2
    }
    let until = now + length
    last = Term(until: until, length: length, reason: reason)
    return until
  }
}

extension Ejection {
  /// The last ejection, for a process that takes over. Whether it's over yet is a question of the time.
  package struct Snapshot: Codable, Equatable, Sendable {
    /// Until when the backend is or was out; nil if it never was.
    package let until: Instant?
    /// How long that ejection lasted in all; the next one may last twice as long.
    package let length: Duration?
    /// Why it was; nil if nobody has said.
    package var reason: String?
  }

  /// What there was so far.
  package var snapshot: Snapshot {
    Snapshot(until: last?.until, length: last?.length, reason: last?.reason)
  }

  /// Goes on where another process left off, on the same machine and since the same boot.
  package init(policy: EjectionPolicy, restoring snapshot: Snapshot) {
    self.policy = policy
    if let until = snapshot.until, let length = snapshot.length {
      last = Term(until: until, length: length, reason: snapshot.reason)
    }
  }
}
