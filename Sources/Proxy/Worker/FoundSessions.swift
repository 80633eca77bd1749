/// Sessions that were found to be meant, and how far they were looked through.
struct FoundSessions {
  /// Nil where one was found to have ended.
  private var sessions: [Session?] = []
  private var next = 0
  private var ended = 0

  var isEmpty: Bool { sessions.isEmpty }
  /// How many aren't known to have ended.
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
      if let session = sessions[next] {
        switch session.phase == .ended ? .ended : body(session) {
        case .ended:
          sessions[next] = nil
          ended += 1
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
