package import Introduction
package import Sockets

/// How a session ended.
package enum SessionEnd: Equatable, Sendable {
  /// It had reached a backend.
  case closed(CloseCause)
  /// It hadn't.
  case refused(Refusal)

  /// Why, in the word that stats, `recent` and the access log have for it.
  package var word: String {
    switch self {
    case .closed(let cause): cause.rawValue
    case .refused(let refusal): refusal.rawValue
    }
  }

  /// Whether something else than its two sides has ended it.
  var isFailure: Bool { self != .closed(.clientEnded) && self != .closed(.backendEnded) }

  /// The end in words for people.
  package var text: String {
    switch self {
    case .closed(let cause): cause.text
    case .refused(let refusal): refusal.text
    }
  }
}

/// A connect that failed.
package struct FailedAttempt: Sendable {
  /// Whom it was tried to.
  package let backend: Backend
  /// Why.
  package let failure: ConnectFailure

  /// A failure at a backend.
  package init(_ backend: Backend, _ failure: ConnectFailure) {
    self.backend = backend
    self.failure = failure
  }
}

/// What there is to say of a session at its end, or while it lasts. A plain value of words that are there anyway: none is made for it.
package struct SessionRecord: Sendable {
  /// The session's id.
  package let id: UInt64
  /// Who the client is.
  package let client: SocketAddress
  /// Where the connection came from.
  package let peer: SocketAddress
  /// The listener that accepted it.
  package let listener: ListenerStatus
  /// What the client has said that it wants; nil where that isn't looked at, or was never known.
  package let facts: ClientFacts?
  /// The pool that served it; nil if it came to none.
  package let pool: PoolStatus?
  /// The backend that it had reached; nil if there was none.
  package let backend: Backend?
  /// The port that the client has asked for; nil if it's none.
  package var askedPort: UInt16?
  /// When the client was accepted, in nanoseconds of the monotonic clock.
  package let acceptedAt: UInt64
  /// From then until both sides were closed, or until now, in nanoseconds.
  package let duration: UInt64
  /// From the accept until it was known who the client is and what it wants, in nanoseconds; nil where that isn't asked.
  package let introductionTime: UInt64?
  /// From then until the search for a backend began that was the last one, in nanoseconds: the time in queues. Nil if it came to none.
  package let waitTime: UInt64?
  /// How long connecting to the backend took, in nanoseconds; nil if none was reached.
  package let connectTime: UInt64?
  /// From then until the backend's first byte, in nanoseconds; nil if it sent none.
  package let firstByteTime: UInt64?
  /// Bytes delivered to the backend.
  package let bytesToBackend: Int
  /// Bytes delivered to the client.
  package let bytesToClient: Int
  /// How it ended; nil if it lasts.
  package let end: SessionEnd?
  /// How many connects were tried for it.
  package let attempts: Int
  /// Those that failed, in order.
  package let failures: [FailedAttempt]

  /// Where the backend was reached; nil if there was none.
  package var address: SocketAddress? { backend.flatMap { $0.address(askedAt: askedPort) } }

  /// Whether something went otherwise than its two sides wanted.
  package var isFailed: Bool { !failures.isEmpty || end?.isFailure == true }
}

extension SessionRecord {
  init(_ session: Session, _ end: SessionEnd?, backend: Backend?, at now: UInt64) {
    id = session.id
    client = session.clientAddress.unmapped
    peer = session.introduction == nil ? client : session.peer.unmapped
    listener = session.listener.status
    facts = session.introduction?.facts
    pool = session.poolStatus
    self.backend = backend
    askedPort = session.askedPort
    acceptedAt = session.accepted
    duration = now &- session.accepted
    introductionTime = session.introduction.map { ($0.ended ?? now) &- session.accepted }
    let known = session.accepted &+ (introductionTime ?? 0)
    switch session.phase {
    case .introducing: waitTime = nil
    case .queued: waitTime = now &- known
    case .connecting, .relaying, .resetting, .ended: waitTime = session.connector.began &- known
    }
    connectTime = backend == nil ? nil : session.connector.connectTime
    firstByteTime = session.connector.firstByteTime == 0 ? nil : session.connector.firstByteTime
    bytesToBackend = session.toBackend.moved
    bytesToClient = session.toClient.moved
    self.end = end
    attempts = session.connector.attempts
    failures = session.connector.failures
  }
}

/// The sessions that ended last: when there are as many as are kept, each new one takes the place of the oldest.
struct RecentSessions {
  /// How many are kept.
  static let capacity = 1_000

  private var sessions: [SessionRecord] = []
  private var oldest = 0

  init() {
    // All the room at once, so that no session's end waits for a copy; the kernel gives memory for what is used.
    sessions.reserveCapacity(Self.capacity)
  }

  /// All of them, the one that ended first before the others.
  var all: [SessionRecord] {
    Array(sessions[oldest...] + sessions[..<oldest])
  }

  mutating func append(_ session: SessionRecord) {
    guard sessions.count == Self.capacity else { return sessions.append(session) }
    sessions[oldest] = session
    oldest = oldest + 1 == Self.capacity ? 0 : oldest + 1
  }
}
