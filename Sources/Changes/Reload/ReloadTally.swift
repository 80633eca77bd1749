package import Model

/// How many attempts to reload there were, over the processes that have taken over from each other, and the last of them.
package struct ReloadTally: Codable, Equatable {
  /// How many took effect, whether or not anything changed by them.
  private(set) var committed = 0
  /// How many were refused.
  private(set) var refused = 0
  /// When the last one was decided; nil before the first.
  private(set) var last: Timestamp?
  /// Whether the last one took effect; nil before the first.
  private(set) var hasSucceeded: Bool?

  /// Counts one.
  mutating func note(success: Bool, at time: Timestamp = .now) {
    if success { committed &+= 1 } else { refused &+= 1 }
    last = time
    hasSucceeded = success
  }

  /// It as it's reported.
  package var report: Report.Reloads {
    Report.Reloads(committed: committed, refused: refused, last: last, hasSucceeded: hasSucceeded)
  }
}
