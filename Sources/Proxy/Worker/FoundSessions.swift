/// Sessions that were found to be meant, and how far they were looked through.
struct FoundSessions {
  private var sessions: [Session] = []
  private var next = 0
  private var ended = 0

  var isEmpty: Bool { sessions.isEmpty }
  /// How many haven't been ended by a look.
  var left: Int { sessions.count - ended }

  mutating func append(_ session: Session) {
    sessions.append(session)
  }

  /// Makes room for what is found next. A look that had paused goes on at the same place, so that everybody has a turn.
  mutating func removeAll() {
    sessions.removeAll(keepingCapacity: true)
    ended = 0
  }

  /// What comes of a look at a session.
  enum Look {
    /// It was ended.
    case ended
    /// It goes on for now.
    case goesOn
    /// There's no time left for this one and those behind it.
    case pause
    /// Nothing can be done about anybody now.
    case stop
  }

  /// Looks at those who are left, each at most once, on from where the last look paused.
  mutating func look(_ body: (Session) -> Look) {
    if next >= sessions.count { next = 0 }
    for _ in sessions.indices {
      let session = sessions[next]
      if session.phase != .ended {
        switch body(session) {
        case .ended: ended += 1
        case .goesOn: break
        case .pause: return
        case .stop:
          // Who came first is the first one again.
          next = 0
          return
        }
      }
      next = next + 1 == sessions.count ? 0 : next + 1
    }
    next = 0
  }
}
