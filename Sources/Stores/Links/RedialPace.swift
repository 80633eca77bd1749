/// How soon the next server is dialled: at once, until all have been tried in vain, then after a pause that doubles.
package struct RedialPace {
  /// The pause after the first round, and the longest where nothing else is said: short enough for a lease of a few seconds to outlive
  /// an election.
  static let shortestPause = Duration.milliseconds(100)
  package static let longestPause = Duration.milliseconds(800)

  /// The longest pause.
  let longest: Duration
  private var failures = 0

  /// Nothing has failed yet.
  package init(longest: Duration = longestPause) {
    self.longest = longest
  }

  /// After how long to dial, one more connection being lost, with so many servers to choose from.
  mutating func pause(servers: Int) -> Duration {
    failures += 1
    let (rounds, rest) = failures.quotientAndRemainder(dividingBy: max(1, servers))
    guard rest == 0 else { return .zero }
    return min(Self.shortestPause * (1 << min(rounds - 1, 10)), longest)
  }

  /// A connection was good for a while.
  mutating func reset() {
    failures = 0
  }
}
