package import Balancing
import Sockets

extension Instant {
  /// The time now.
  package static var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }
}
