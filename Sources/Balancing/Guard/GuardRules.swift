/// What a backend's guard lets through at present, over all workers: so that a herd of clients who all come at once, such
/// as after a failure, doesn't trample it.
package struct GuardRules: Equatable, Sendable {
  /// The most connects in flight at a time: 1 or more; `Int.max` where there is no limit.
  package let maxConnecting: Int
  /// From one new connection to the next on average, in nanoseconds; 0 where the rate isn't limited.
  package let interval: UInt64
  /// So many new connections may come at once after a rest: 1 or more.
  package let burst: Int

  /// Takes the rules, moved to the nearest that are in range.
  package init(maxConnecting: Int = .max, interval: UInt64 = 0, burst: Int = 1) {
    self.maxConnecting = max(maxConnecting, 1)
    self.interval = interval
    self.burst = max(burst, 1)
  }

  /// Limits the rate to so many new connections per second: 1 or more.
  ///
  /// As many may come at once as are due within a tenth of a second, and one more. Sessions that are held back are looked
  /// at once in a tick of about that length, and with a smaller burst they'd never reach the rate.
  package init(maxConnecting: Int = .max, perSecond rate: Int) {
    let rate = max(rate, 1)
    self.init(
      maxConnecting: maxConnecting, interval: max(1_000_000_000 / UInt64(rate), 1), burst: (rate - 1) / 10 + 2)
  }
}

/// What holds a session back from a backend that has a free slot.
package enum Throttle: Equatable, Sendable {
  /// So many connects are in flight that no more may be.
  case connecting
  /// New connections come too fast.
  case rate
}
