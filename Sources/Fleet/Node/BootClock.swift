package import Agreement
import Glibc

/// The clock that a node counts leases by: it goes on while the machine sleeps.
package enum BootClock {
  /// Now, by CLOCK_BOOTTIME.
  package static func now() -> Moment {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
    return Moment(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// How long it is until the next whole multiple of a span: then the node does what it does every so often.
  static func rest(of span: Span) -> Duration {
    let now = now()
    return .nanoseconds((now.next(every: span) - now).nanoseconds)
  }
}
