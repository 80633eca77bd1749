package import Sockets

/// How a session ended.
package enum SessionEnd: Equatable, Sendable {
  /// It had reached a backend.
  case closed(CloseCause)
  /// It hadn't.
  case refused(Refusal)

  /// The end in words for people.
  package var text: String {
    switch self {
    case .closed(let cause): cause.text
    case .refused(let refusal): refusal.text
    }
  }
}

/// What is remembered of a session that has ended. A plain value of words that are there anyway: none is made for it.
package struct EndedSession: Sendable {
  /// The session's id.
  package let id: UInt64
  /// The client's address.
  package let client: SocketAddress
  /// The listener that accepted it.
  package let listener: ListenerStatus
  /// The pool that served it.
  package let pool: PoolStatus
  /// The backend that it had reached; nil if there was none.
  package let backend: Backend?
  /// When the client was accepted, in nanoseconds of the monotonic clock.
  package let acceptedAt: UInt64
  /// From then until both sides were closed, in nanoseconds.
  package let duration: UInt64
  /// How long connecting to the backend took, in nanoseconds; nil if none was reached.
  package let connectTime: UInt64?
  /// Bytes delivered to the backend.
  package let bytesToBackend: Int
  /// Bytes delivered to the client.
  package let bytesToClient: Int
  /// How it ended.
  package let end: SessionEnd
  /// How many connects were tried for it.
  package let attempts: Int

  init(_ session: Session, _ end: SessionEnd, backend: Backend?, at now: UInt64) {
    id = session.id
    client = session.clientAddress.unmapped
    listener = session.listener.status
    pool = session.policy.pool
    self.backend = backend
    acceptedAt = session.accepted
    duration = now &- session.accepted
    connectTime = backend == nil ? nil : session.connector.connectTime
    bytesToBackend = session.toBackend.moved
    bytesToClient = session.toClient.moved
    self.end = end
    attempts = session.connector.attempts
  }
}

/// The sessions that ended last: when there are as many as are kept, each new one takes the place of the oldest.
struct RecentSessions {
  /// How many are kept.
  static let capacity = 1_000

  private var sessions: [EndedSession] = []
  private var oldest = 0

  init() {
    // All the room at once, so that no session's end waits for a copy; the kernel gives memory for what is used.
    sessions.reserveCapacity(Self.capacity)
  }

  /// All of them, the one that ended first before the others.
  var all: [EndedSession] {
    Array(sessions[oldest...] + sessions[..<oldest])
  }

  mutating func append(_ session: EndedSession) {
    guard sessions.count == Self.capacity else { return sessions.append(session) }
    sessions[oldest] = session
    oldest = oldest + 1 == Self.capacity ? 0 : oldest + 1
  }
}
