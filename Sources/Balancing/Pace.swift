import Synchronization

/// A pace that all threads keep together: one event in each interval on average, and a burst of them at once.
///
/// The generic cell rate algorithm (ITU-T I.371), in its form as virtual scheduling: a single number, the time at which the
/// next event would be due if all came evenly. An event may come early by as much as the rest of a burst takes, and moves
/// that time on by one interval. So a token bucket fits into one atomic, and needs nobody to fill it.
///
/// Times are nanoseconds of the monotonic clock. Interval and burst are the caller's each time and may change from call
/// to call: what was taken is paid for at the interval it was taken at. A caller whose clock lags behind another's, as
/// threads' do that are interrupted after they have looked, gets nothing that it wouldn't get in time. Nothing traps:
/// what would lie beyond the end of time lies at its end.
package struct PaceWord: ~Copyable, Sendable {
  /// When the next event would be due if all came evenly.
  private let due = Atomic<UInt64>(0)

  /// Starts with a whole burst to give.
  package init() {}

  /// Takes one event, unless it's too early for one. Of several callers at once each takes one of its own or none.
  ///
  /// - Parameters:
  ///   - interval: what an event costs; 0 for no limit, which leaves no trace.
  ///   - burst: so many may be taken at once after a long enough rest; less than 1 counts as 1.
  ///   - waiting: by how much the event may be later than now.
  /// - Returns: by how much it is; nil if that were too much, and nothing is taken.
  package func take(at now: UInt64, interval: UInt64, burst: Int, waiting: UInt64 = 0) -> UInt64? {
    guard interval > 0 else { return 0 }
    let advance = Self.advance(interval: interval, burst: burst)
    let latest = Self.sum(Self.sum(now, advance), waiting)
    var current = due.load(ordering: .relaxed)
    while current <= latest {
      let (exchanged, original) = due.weakCompareExchange(
        expected: current, desired: Self.sum(max(current, now), interval), ordering: .relaxed)
      if exchanged { return current - min(current, Self.sum(now, advance)) }
      current = original
    }
    return nil
  }

  /// When `take` will say yes if nobody else takes meanwhile: `now` if it would at once.
  package func nextFree(at now: UInt64, interval: UInt64, burst: Int) -> UInt64 {
    guard interval > 0 else { return now }
    let current = due.load(ordering: .relaxed)
    return max(now, current - min(current, Self.advance(interval: interval, burst: burst)))
  }

  /// Gives back an event that was taken at this interval and came to nothing; what others have taken since stays.
  ///
  /// At the end of time, where nothing more is counted, it does nothing.
  package func giveBack(interval: UInt64) {
    var current = due.load(ordering: .relaxed)
    while current >= interval, current < .max {
      let (exchanged, original) = due.weakCompareExchange(
        expected: current, desired: current - interval, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }

  /// When all that was taken is made up for.
  package var isDue: UInt64 { due.load(ordering: .relaxed) }

  /// Has a whole burst to give again.
  package func forget() { due.store(0, ordering: .relaxed) }

  /// By how much an event may come before its time.
  private static func advance(interval: UInt64, burst: Int) -> UInt64 {
    let (product, overflow) = interval.multipliedReportingOverflow(by: UInt64(max(burst, 1) - 1))
    return overflow ? .max : product
  }

  private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}

/// A pace as an object, for those who share it.
package final class Pace: Sendable {
  private let word = PaceWord()

  /// Starts with a whole burst to give.
  package init() {}

  /// Takes one event, unless it's too early for one.
  package func take(at now: UInt64, interval: UInt64, burst: Int) -> Bool {
    word.take(at: now, interval: interval, burst: burst) != nil
  }

  /// Takes one event that may be so much later than now; gives by how much it is, or nil if that were too much.
  package func take(at now: UInt64, interval: UInt64, burst: Int, waiting: UInt64) -> UInt64? {
    word.take(at: now, interval: interval, burst: burst, waiting: waiting)
  }

  /// When `take` will say yes if nobody else takes meanwhile: `now` if it would at once.
  package func nextFree(at now: UInt64, interval: UInt64, burst: Int) -> UInt64 {
    word.nextFree(at: now, interval: interval, burst: burst)
  }
}
