import Control

/// How many sessions a process can hold, as the one that is to take its place is told.
struct Capacity: Codable, Equatable {
  /// The most at once.
  var sessions: Int
  /// How many stood when it was told.
  var standing: Int

  /// Refuses to go on with much less: whoever has upgraded wouldn't notice before clients are turned away. Half of what there
  /// was is still no surprise, as what listeners and backends need comes off it.
  func ensure(_ limits: Limits) throws(StartError) {
    let problem: String
    if limits.sessions < standing {
      problem = "it could hold \(limits.sessions) sessions, and \(standing) stand"
    } else if limits.sessions < sessions / 2 {
      problem = "it could hold \(limits.sessions) sessions, and the process before it holds \(sessions)"
    } else {
      return
    }
    throw StartError(
      "\(problem): it may have \(limits.descriptors) descriptors only",
      hint: "raise its limit (ulimit -n, or LimitNOFILE= of the systemd unit), or use --force")
  }
}
