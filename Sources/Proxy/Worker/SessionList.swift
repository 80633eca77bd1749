/// Sessions in no order; adding and removing take the same time however many there are.
///
/// A session is in one list at a time, and knows its place in it.
struct SessionList {
  private var sessions: [Session] = []

  var isEmpty: Bool { sessions.isEmpty }
  var count: Int { sessions.count }

  mutating func append(_ session: Session) {
    session.slot = sessions.count
    sessions.append(session)
  }

  mutating func remove(_ session: Session) {
    let slot = session.slot
    precondition(sessions[slot] === session, "a session was removed from a list that it isn't in")
    let last = sessions.removeLast()
    if last !== session {
      sessions[slot] = last
      last.slot = slot
    }
  }

  /// Calls for each session that is in the list now; the call may end it.
  func forEach(_ body: (Session) -> Void) {
    for session in sessions { body(session) }
  }

  /// All of them, those first in which nothing has moved for longest.
  func longestIdleFirst(at tick: UInt32) -> [Session] {
    // Sorted as plain numbers: the idle time, then the place.
    let keys = sessions.enumerated().map { UInt64(tick &- $1.lastActive) << 32 | UInt64($0) }.sorted(by: >)
    return keys.map { sessions[Int($0 & 0xFFFF_FFFF)] }
  }
}
