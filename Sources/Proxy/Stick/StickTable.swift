import Synchronization

/// Which backend each client of a pool had last, shared by all workers and kept over reloads.
///
/// It's bounded: whom it had seen the longest ago makes room for a new client. All that is done at once is done under one lock, for
/// some tens of nanoseconds; a session asks twice and tells once.
package final class StickTable: Sendable {
  private let book: Mutex<StickBook>

  /// A table without clients.
  ///
  /// - Parameters:
  ///   - limit: the most clients, 1…16,777,216.
  ///   - lifetime: how long one is remembered that has no session, in seconds.
  package init(limit: Int, lifetime: UInt32) {
    book = Mutex(StickBook(limit: limit, lifetime: lifetime))
  }

  /// Goes by other bounds from now on. If there's room for fewer clients, those go that were seen the longest ago.
  package func use(limit: Int, lifetime: UInt32) {
    book.withLock { $0.use(limit: limit, lifetime: lifetime) }
  }

  /// The backend that a client is to have, by its id.
  package func backend(of client: StickKey, at now: UInt64) -> Int? {
    book.withLock { $0.backend(of: client, at: Self.seconds(now)) }
  }

  /// A client has reached a backend: from now on that one is its.
  package func assign(_ client: StickKey, to backend: Int, at now: UInt64) {
    book.withLock { $0.assign(client, to: backend, at: Self.seconds(now)) }
  }

  /// A session of a client has ended: the time to remember it begins anew, if the backend is still its.
  package func touch(_ client: StickKey, on backend: Int, at now: UInt64) {
    book.withLock { $0.touch(client, on: backend, at: Self.seconds(now)) }
  }

  /// Takes up what another table knows of a client, unless this one has seen it since.
  ///
  /// - Parameter seen: when it was seen there, in seconds of the monotonic clock.
  package func learn(_ client: StickKey, _ backend: Int, seen: UInt32) {
    book.withLock { $0.learn(client, backend, seen: seen) }
  }

  /// Forgets one client; false if it isn't known.
  package func forget(_ client: StickKey) -> Bool {
    book.withLock { $0.forget(client) }
  }

  /// Forgets the clients of all backends that don't meet a condition. How many they were.
  @discardableResult
  package func keep(where isKept: (_ backend: Int) -> Bool) -> Int {
    book.withLock { $0.keep(where: isKept) }
  }

  /// What was known and counted at one moment.
  package func figures(at now: UInt64) -> StickFigures {
    book.withLock { $0.figures(at: Self.seconds(now)) }
  }

  /// Takes over what another process has counted.
  package func inherit(_ counts: StickCounts) {
    book.withLock { $0.counts.add(counts) }
  }

  /// The clients that were seen last, the latest first.
  ///
  /// - Parameters:
  ///   - limit: how many at most.
  ///   - since: only those that were seen in this second of the monotonic clock or later.
  package func clients(atMost limit: Int, since: UInt32 = 0, at now: UInt64) -> [StickEntry] {
    book.withLock { $0.clients(atMost: limit, since: since, at: Self.seconds(now)) }
  }

  /// Whether somebody wants to know what changes; what was written down for the last one who did is lost.
  package func follow(_ isFollowed: Bool) {
    book.withLock { $0.follow(isFollowed) }
  }

  /// What has changed since this was asked last, in the order in which it first did; that clients were seen again is told every
  /// eighth of their time.
  package func changes(at now: UInt64) -> [StickChange] {
    book.withLock { $0.changes(at: Self.seconds(now)) }
  }

  /// What is known of one client.
  package func entry(of client: StickKey, at now: UInt64) -> StickEntry? {
    book.withLock { $0.entry(of: client, at: Self.seconds(now)) }
  }

  private static func seconds(_ now: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: now / 1_000_000_000) }
}

/// A client and its backend.
package struct StickEntry: Equatable, Sendable {
  /// The client.
  package let client: StickKey
  /// The backend's id.
  package let backend: Int
  /// When the client was seen last, in seconds of the monotonic clock.
  package let seen: UInt32

  /// With all its parts.
  package init(client: StickKey, backend: Int, seen: UInt32) {
    self.client = client
    self.backend = backend
    self.seen = seen
  }
}

/// What has become of a client.
package struct StickChange: Equatable, Sendable {
  /// The client.
  package let client: StickKey
  /// Its backend's id; nil if it has none any more.
  package let backend: Int?
  /// For how many seconds it hasn't been seen.
  package let idle: UInt32

  /// With all its parts.
  package init(client: StickKey, backend: Int?, idle: UInt32) {
    self.client = client
    self.backend = backend
    self.idle = idle
  }
}

/// What was counted of a pool's clients. All of it only grows.
package struct StickCounts: Codable, Equatable, Sendable {
  /// Sessions whose client was known and got its backend.
  package var hits = 0
  /// Sessions whose client was known and got another one, which is its from then on: its own was away, or full.
  package var moves = 0
  /// Clients that had to make room for others before their time.
  package var evictions = 0

  /// Nothing counted.
  package init() {}

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: StickCounts) {
    hits &+= other.hits
    moves &+= other.moves
    evictions &+= other.evictions
  }
}

/// What a table is at one moment.
package struct StickFigures: Equatable, Sendable {
  /// How many clients are known.
  package var entries: Int
  /// How many may be.
  package var limit: Int
  /// How long one is remembered, in seconds.
  package var lifetime: Int
  /// What was counted.
  package var counts: StickCounts
}
