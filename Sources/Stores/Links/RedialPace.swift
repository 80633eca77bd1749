/// How soon the next server is dialled: at once, until all have been tried in vain, then after a pause that doubles.
struct RedialPace {
  /// The pause after the first round, and the longest: short enough for a lease of a few seconds to outlive an election.
  static let shortestPause = Duration.milliseconds(100)
  static let longestPause = Duration.milliseconds(800)

  private var failures = 0

  /// After how long to dial, one more connection being lost, with so many servers to choose from.
  mutating func pause(servers: Int) -> Duration {
    failures += 1
    let (rounds, rest) = failures.quotientAndRemainder(dividingBy: max(1, servers))
    guard rest == 0 else { return .zero }
    return min(Self.shortestPause * (1 << min(rounds - 1, 10)), Self.longestPause)
  }

  /// A connection was good for a while.
  mutating func reset() {
    failures = 0
  }
}
