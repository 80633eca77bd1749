/// How a backend is checked, and how much it takes to change one's mind about it.
package struct HealthPolicy: Equatable, Sendable {
  /// From the end of one check to the start of the next, while nothing changes.
  package var interval: Duration
  /// How long a check may take before it counts as failed.
  package var timeout: Duration
  /// The interval while results contradict the state, but too few yet to change it; at most `interval`.
  package var fastInterval: Duration
  /// The longest interval of a backend that stays down; at least `interval`.
  package var slowInterval: Duration
  /// So many passed checks in a row bring a backend up that was down: 1 or more.
  package var rise: Int
  /// So many failed checks in a row bring a backend down that was up: 1 or more.
  package var fall: Int
  /// By which part of itself an interval varies at random, either way: 0 to 1.
  package var jitter: Double
  /// How long a backend warms up after it has come back: see `SlowStart`.
  package var slowStart: Duration

  /// Takes the defaults for whatever isn't given.
  package init(
    interval: Duration = .seconds(2), timeout: Duration = .seconds(1), fastInterval: Duration = .milliseconds(500),
    slowInterval: Duration = .seconds(10), rise: Int = 2, fall: Int = 3, jitter: Double = 0.1,
    slowStart: Duration = .seconds(10)
  ) {
    self.interval = interval
    self.timeout = timeout
    self.fastInterval = fastInterval
    self.slowInterval = slowInterval
    self.rise = rise
    self.fall = fall
    self.jitter = jitter
    self.slowStart = slowStart
  }
}
