import Glibc

/// The clock that times everything: it never jumps, and has nothing to do with the time of day.
package enum MonotonicClock {
  /// Nanoseconds since some start, exact (CLOCK_MONOTONIC).
  @inline(__always)
  package static func now() -> UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
