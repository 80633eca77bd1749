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

extension Duration {
  /// Nanoseconds that can be added to the clock, whatever somebody has asked for: a negative duration counts as none, and
  /// one of more than a hundred years as that.
  package var clockNanoseconds: UInt64 {
    let (seconds, attoseconds) = min(max(self, .zero), .seconds(3_155_760_000)).components
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}
