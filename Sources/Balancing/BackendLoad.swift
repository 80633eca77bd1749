import Synchronization

/// What all workers share about one backend. It outlives snapshots: over reloads the control plane keeps the object of
/// a backend that stays.
///
/// All orderings are relaxed: these are counts, nothing else is published through them.
package final class BackendLoad: Sendable {
  /// The sessions in the lower half, the connects in flight in the upper one: so both are taken, and both limits held,
  /// in one step.
  private let counts = Atomic<UInt64>(0)
  private let failures: Atomic<Int>
  private let pace = Pace()

  private static let session: UInt64 = 1
  private static let connect: UInt64 = 1 << 32

  /// Starts without sessions.
  ///
  /// - Parameter failuresInARow: the connects that have failed in a row so far, for a process that takes over.
  package init(failuresInARow: Int = 0) {
    failures = Atomic(max(failuresInARow, 0))
  }

  /// Sessions of all workers, those that are still connecting included.
  package var active: Int {
    Self.sessions(of: counts.load(ordering: .relaxed))
  }

  /// Connects of all workers that are in flight.
  package var connecting: Int {
    Self.connects(of: counts.load(ordering: .relaxed))
  }

  // MARK: Slots

  /// Takes a slot for a session that connects, unless it's full or its guard holds it back. Who acquired gives back both
  /// the slot, with `release`, and the place among those that connect, with `connectEnded`.
  ///
  /// The place is counted with and without a guard: then nobody has to remember whether it was, and a guard that comes
  /// with a new configuration knows of the connects that are in flight already. All it costs is the atomic subtraction
  /// at the end of each connect.
  ///
  /// - Parameters:
  ///   - limit: the most sessions; `Int.max` where there is no limit.
  ///   - rules: its guard's rules, if it has one.
  ///   - now: nanoseconds of the monotonic clock; only a guard looks at it.
  package func acquire(limit: Int, rules: GuardRules?, at now: UInt64) -> Acquisition {
    guard let rules else { return take(Self.session + Self.connect, limit: limit, maxConnecting: .max) }
    // A look first, so that a herd that waits doesn't take and give back slots all the time, which others would miss.
    if throttle(by: rules, at: now) == .rate { return active < limit ? .throttled : .full }
    let acquisition = take(Self.session + Self.connect, limit: limit, maxConnecting: rules.maxConnecting)
    // The pace comes last: what it gave can't be given back.
    guard acquisition == .acquired, !pace.take(at: now, interval: rules.interval, burst: rules.burst) else {
      return acquisition
    }
    counts.wrappingSubtract(Self.session + Self.connect, ordering: .relaxed)
    return .throttled
  }

  /// Takes one session's slot, unless `limit` slots are taken. The one who got it gives it back with `release`.
  ///
  /// - Parameter limit: `Int.max` where there is none.
  package func acquire(limit: Int) -> Bool {
    take(Self.session, limit: limit, maxConnecting: .max) == .acquired
  }

  /// Gives back a slot taken by `acquire`, by a pick that said `.backend` or by hand.
  package func release() {
    let (old, _) = counts.wrappingSubtract(Self.session, ordering: .relaxed)
    assert(Self.sessions(of: old) > 0, "a slot was given back that nobody had taken")
  }

  /// A connect has ended whose slot was taken by a pick that said `.backend`: it succeeded, failed or was given up. The
  /// slot stays taken.
  package func connectEnded() {
    let (old, _) = counts.wrappingSubtract(Self.connect, ordering: .relaxed)
    assert(Self.connects(of: old) > 0, "a connect ended that nobody had begun")
  }

  /// What holds a session back by these rules just now, if anything does. Takes nothing.
  package func throttle(by rules: GuardRules, at now: UInt64) -> Throttle? {
    if connecting >= rules.maxConnecting { return .connecting }
    return pace.nextFree(at: now, interval: rules.interval, burst: rules.burst) > now ? .rate : nil
  }

  private func take(_ amount: UInt64, limit: Int, maxConnecting: Int) -> Acquisition {
    guard limit < .max || maxConnecting < .max else {
      counts.wrappingAdd(amount, ordering: .relaxed)
      return .acquired
    }
    // Not add-then-check: for a moment that would count a session which is never there, and refuse another for it.
    var current = counts.load(ordering: .relaxed)
    while Self.sessions(of: current) < limit {
      guard Self.connects(of: current) < maxConnecting else { return .throttled }
      let (exchanged, original) = counts.weakCompareExchange(
        expected: current, desired: current + amount, ordering: .relaxed)
      if exchanged { return .acquired }
      current = original
    }
    return .full
  }

  private static func sessions(of counts: UInt64) -> Int {
    Int(counts & (connect - 1))
  }

  private static func connects(of counts: UInt64) -> Int {
    Int(counts >> 32)
  }

  // MARK: Failures

  /// How many connects have failed in a row, over all workers.
  package var failuresInARow: Int {
    failures.load(ordering: .relaxed)
  }

  /// A worker's connect has succeeded: the run of failures is over. Stores only when there was one.
  package func connectSucceeded() {
    if failures.load(ordering: .relaxed) != 0 {
      failures.store(0, ordering: .relaxed)
    }
  }

  /// A worker's connect has failed. Says how many have failed in a row, over all workers, this one included.
  package func connectFailed() -> Int {
    failures.wrappingAdd(1, ordering: .relaxed).newValue
  }
}

/// What an attempt to take a backend's slot came to.
package enum Acquisition: Equatable, Sendable {
  /// A slot and a place among those that connect are taken.
  case acquired
  /// There is no free slot. Nothing is taken.
  case full
  /// There is a free slot, but the backend's guard holds the session back. Nothing is taken.
  case throttled
}
