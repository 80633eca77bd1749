/// Warms a backend up that has come back: its weight grows from a tenth to the whole, so that cold caches and pools
/// don't meet the full load at once.
package struct SlowStart: Equatable, Sendable {
  /// So many weight steps make a whole weight.
  private static let scale = 10

  /// How long warming up takes; zero for not at all.
  package let duration: Duration

  /// Takes the time that warming up takes.
  package init(duration: Duration) {
    self.duration = duration
  }

  /// How far a backend is that came back at `since`: from 0, just back, to 1, warm.
  package func progress(since: Instant, at now: Instant) -> Double {
    guard duration > .zero else { return 1 }
    return min(max((now - since) / duration, 0), 1)
  }

  /// How long it takes the weight to change by a step, which is when to compute weights anew.
  package var step: Duration {
    duration / (Self.scale - 1)
  }

  /// The effective weights of a pool's backends, linear in their progress and all on one scale: the weights themselves if
  /// all are whole, their hundredths otherwise; and ten times that while anybody warms up.
  ///
  /// Ten steps are enough to be gentle, and few enough for the schedules made of the weights to stay short.
  package static func weights(_ backends: [(weight: Weight, progress: Double)]) -> [Int] {
    let unit = backends.allSatisfy { $0.weight.hundredths % 100 == 0 } ? 100 : 1
    guard backends.contains(where: { $0.progress < 1 }) else { return backends.map { $0.weight.hundredths / unit } }
    return backends.map { weight, progress in
      weight.hundredths / unit * Int((1 + Double(scale - 1) * min(max(progress, 0), 1)).rounded())
    }
  }
}
