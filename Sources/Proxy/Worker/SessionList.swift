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
}

/// Sessions of one worker that wait for a backend's slot, in the order in which they came, by pool.
struct SessionQueues {
  private var waiting: [String: [Session]] = [:]

  /// The pools that somebody waits for.
  var pools: [String] { Array(waiting.keys) }
  /// Everybody who waits.
  var all: [Session] { waiting.values.flatMap(\.self) }

  func isWaiting(for pool: String) -> Bool {
    !waiting.isEmpty && waiting[pool] != nil
  }

  func first(of pool: String) -> Session? {
    waiting[pool]?.first
  }

  mutating func append(_ session: Session, pool: String) {
    waiting[pool, default: []].append(session)
  }

  /// Takes the session out and gives its place in the pool's queue back.
  mutating func remove(_ session: Session) {
    let pool = session.listener.pool
    guard let place = waiting[pool.name]?.firstIndex(where: { $0 === session }) else { return }
    waiting[pool.name]?.remove(at: place)
    if waiting[pool.name]?.isEmpty == true { waiting[pool.name] = nil }
    pool.status.waiting.give()
  }
}
