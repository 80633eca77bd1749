import Sockets

/// Sessions as people want to see them.
extension Worker {
  /// An id that no other session of the process has or had.
  func makeSessionID() -> UInt64 {
    sessionsMade += 1
    return UInt64(index) << 48 | sessionsMade
  }

  /// The longest-lived of the sessions that the query is about, and how many there are.
  func list(_ query: SessionQuery) -> (sessions: [SessionSummary], total: Int) {
    let now = MonotonicClock.now()
    var ids: [UInt64] = []
    forEachSession { if query.selection.matches($0, at: now) { ids.append($0.id) } }
    let limit = max(query.limit, 0)
    ids.sort()
    // Ids count up: the oldest sessions are those up to this one.
    guard limit > 0, let last = ids.prefix(limit).last else { return ([], ids.count) }
    var summaries: [SessionSummary] = []
    summaries.reserveCapacity(min(limit, ids.count))
    forEachSession { session in
      if session.id <= last, query.selection.matches(session, at: now) {
        summaries.append(SessionSummary(session, at: now))
      }
    }
    return (summaries.sorted { $0.id < $1.id }, ids.count)
  }

  private func forEachSession(_ body: (Session) -> Void) {
    standing.forEach(body)
    pending.forEach(body)
  }
}
