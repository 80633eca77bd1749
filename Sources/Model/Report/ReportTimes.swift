extension Report {
  /// How long the clients of a pool wait and stay, as counts that can be summed over pools and processes.
  package struct Times: Codable, Equatable, Sendable {
    /// From the call to connect until the connection to a backend stood.
    package var connect: Histogram
    /// From then until the backend's first byte; what the client had to say first is part of it.
    package var firstByte: Histogram
    /// From accept until both sides were closed.
    package var session: Histogram

    /// With all its parts.
    package init(connect: Histogram, firstByte: Histogram, session: Histogram) {
      self.connect = connect
      self.firstByte = firstByte
      self.session = session
    }
  }

  /// Durations counted in buckets.
  package struct Histogram: Codable, Equatable, Sendable {
    /// Up to how long each bucket but the last takes, in seconds.
    package var bounds: [Double]
    /// How many durations are in each bucket; the last one has what is longer than all bounds.
    package var counts: [Int]
    /// All durations together, in seconds.
    package var sum: Double

    /// With all its parts.
    package init(bounds: [Double], counts: [Int], sum: Double) {
      self.bounds = bounds
      self.counts = counts
      self.sum = sum
    }
  }

  /// What has become of a backend so far, in counts that only grow.
  package struct Tally: Codable, Equatable, Sendable {
    /// Health checks that have ended.
    package var checks: Int
    /// Those of them that failed.
    package var checkFailures: Int
    /// Changes of its state.
    package var transitions: Int
    /// How often it was taken out because sessions couldn't connect to it.
    package var ejections: Int
    /// For how long its checks have said that it's down, in seconds.
    package var secondsDown: Double

    /// With all its parts.
    package init(checks: Int, checkFailures: Int, transitions: Int, ejections: Int, secondsDown: Double) {
      self.checks = checks
      self.checkFailures = checkFailures
      self.transitions = transitions
      self.ejections = ejections
      self.secondsDown = secondsDown
    }
  }
}
