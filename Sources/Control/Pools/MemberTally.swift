package import Balancing
import Model

/// What has become of a backend so far, in counts that only grow.
package struct MemberTally: Codable, Equatable {
  /// Health checks that have ended.
  package private(set) var checks = 0
  /// Those of them that failed.
  package private(set) var checkFailures = 0
  /// Changes of its state.
  package private(set) var transitions = 0
  /// How often it was taken out because sessions couldn't connect to it.
  package private(set) var ejections = 0
  /// For how long its checks have said that it's down, in seconds, up to the last time that it was.
  private var down = 0.0
  /// Since when they say so; nil if they don't.
  private var downSince: Instant?

  /// A check has ended.
  mutating func checked(_ outcome: ProbeOutcome) {
    checks += 1
    if case .failed = outcome { checkFailures += 1 }
  }

  /// It was taken out.
  mutating func ejected() {
    ejections += 1
  }

  /// Its state has changed.
  mutating func changed(to state: Report.Backend.State, at now: Instant) {
    transitions += 1
    if state == .down {
      downSince = downSince ?? now
    } else if let since = downSince {
      down += (now - since).inSeconds
      downSince = nil
    }
  }

  /// For how long its checks have said that it's down, in seconds.
  package func secondsDown(at now: Instant) -> Double {
    down + (downSince.map { (now - $0).inSeconds } ?? 0)
  }
}
