import Synchronization

/// Which backend each client of a pool had last, shared by all workers and kept over reloads.
///
/// It's bounded: whom it had seen the longest ago makes room for a new client. All that is done at once is done under one lock, for
/// some tens of nanoseconds; a session asks twice and tells once. What goes over many clients does so a part at a time, and lets
/// sessions by between two parts.
package final class StickTable: Sendable {
  private let book: Mutex<StickBook>
  /// Called when a client waits, while somebody follows.
  private let waker = Mutex<Waker?>(nil)
  /// Up to which of what was written another node knows it.
  private let acknowledgedUpTo = Atomic<UInt64>(0)

  /// So many clients are gone over at a time: some 0.05 ms, if nothing of them is in a cache.
  private static let part = 128

  /// A table without clients.
  ///
  /// - Parameters:
  ///   - limit: the most clients, 1…16,777,216.
  ///   - lifetime: how long one is remembered that has no session, in seconds.
  package init(limit: Int, lifetime: UInt32) {
    book = Mutex(StickBook(limit: limit, lifetime: lifetime))
  }

  // MARK: Sessions

  /// The backend that a client is to have, by its id.
  package func backend(of client: StickKey, at now: UInt64) -> Int? {
    entry(of: client, at: now)?.backend
  }

  /// A client has reached a backend: from now on that one is its.
  ///
  /// - Returns: what its session has to wait for, if it has to: a number for ``isAcknowledged(_:)``.
  @discardableResult
  package func assign(_ client: StickKey, to backend: Int, at now: UInt64) -> UInt64? {
    let awaited = book.withLock { $0.assign(client, to: backend, at: Self.seconds(now)) }
    if awaited != nil { waker.withLock { $0 }?.wake() }
    return awaited
  }

  /// Whether another node knows what a session waits for.
  func isAcknowledged(_ awaited: UInt64) -> Bool { awaited <= acknowledgedUpTo.load(ordering: .acquiring) }

  /// A session has waited for too long.
  func gaveUp() { book.withLock { $0.counts.unacknowledged &+= 1 } }

  /// A session of a client has ended: the time to remember it begins anew, if the backend is still its.
  ///
  /// - Parameter since: when the session reached it.
  package func touch(_ client: StickKey, on backend: Int, since: UInt64, at now: UInt64) {
    book.withLock { $0.touch(client, on: backend, since: Self.seconds(since), at: Self.seconds(now)) }
  }

  // MARK: One client

  /// What is known of one client.
  package func entry(of client: StickKey, at now: UInt64) -> StickEntry? {
    book.withLock { $0.entry(of: client, at: Self.seconds(now)) }
  }

  /// Takes up what is known elsewhere of a client, unless this table has seen it since.
  ///
  /// - Parameter seen: when it was seen there, in seconds of the monotonic clock.
  package func learn(_ client: StickKey, _ backend: Int, seen: UInt32, from source: StickSource) {
    book.withLock { $0.learn(client, backend, seen: seen, from: source) }
  }

  /// Forgets one client; false if it isn't known.
  package func forget(_ client: StickKey) -> Bool {
    book.withLock { $0.forget(client) }
  }

  // MARK: All clients

  /// Forgets the clients of all backends that don't meet a condition, but for those that reach one meanwhile. How many they were.
  @discardableResult
  package func keep(where isKept: (_ backend: Int) -> Bool) -> Int {
    guard !shares.keys.allSatisfy(isKept) else { return 0 }
    var gone = 0
    for start in stride(from: 0, to: book.withLock { $0.slots.indices.count }, by: Self.part) {
      gone += book.withLock { $0.keep(in: start..<start + Self.part, where: isKept) }
    }
    return gone
  }

  /// How many clients each backend has, by its id; those whose time is over are among them until they make room. Backends without
  /// any are left out.
  package var shares: [Int: Int] {
    let shares = book.withLock { $0.slots.shares }
    return Dictionary(uniqueKeysWithValues: shares.map { (Int($0), $1) })
  }

  /// What was known and counted at one moment.
  package func figures(at now: UInt64) -> StickFigures {
    for _ in 0..<80 {
      guard book.withLock({ $0.expire(atMost: Self.part, at: Self.seconds(now)) }) else { break }
    }
    return book.withLock {
      StickFigures(entries: $0.slots.count, limit: $0.limit, lifetime: Int($0.lifetime), counts: $0.counts)
    }
  }

  /// Takes over what another process has counted.
  package func inherit(_ counts: StickCounts) {
    book.withLock { $0.counts.add(counts) }
  }

  /// How far visits have come.
  package var mark: StickMark { book.withLock { StickMark(turn: $0.slots.turn) } }

  /// The clients that were seen last, the latest first. Who is seen meanwhile may be left out, or be there twice.
  ///
  /// - Parameters:
  ///   - limit: how many at most.
  ///   - mark: only those of whom something has come since.
  package func clients(atMost limit: Int, after mark: StickMark? = nil, at now: UInt64) -> [StickEntry] {
    var visits: [StickSlots.Visit] = []
    while visits.count < limit {
      let most = min(limit - visits.count, Self.part)
      let more = book.withLock { [visits] in
        $0.slots.visits(.older, beside: visits, atMost: most, after: mark?.turn)
      }
      if more.isEmpty { break }
      visits += more
    }
    let lifetime = book.withLock { $0.lifetime }
    return visits.lazy.map(\.slot).filter { !$0.isOver(at: Self.seconds(now), lifetime) }.map(StickEntry.init)
  }

  /// What sessions of clients wait for that are new to their backends, from now on.
  package func use(_ replication: StickReplication) { book.withLock { $0.replication = replication } }

  /// Goes by other bounds from now on. If there's room for fewer clients, those go that were seen the longest ago.
  package func use(limit: Int, lifetime: UInt32) {
    let old = book.withLock { book in
      defer { book.use(limit: limit, lifetime: lifetime) }
      return (limit: book.limit, turn: book.slots.turn)
    }
    guard limit != old.limit else { return }
    while book.withLock({ $0.shrink(atMost: Self.part) }) {}
    // What is left moves together, so that it fits into as much as it may take now. Who is seen meanwhile comes once more.
    var next = StickBook(limit: limit, lifetime: lifetime, after: old.turn)
    var visits: [StickSlots.Visit] = []
    repeat {
      visits = book.withLock { book in
        let more = book.slots.visits(.newer, beside: visits, atMost: Self.part)
        guard more.count < Self.part else { return more }
        for visit in more { next.take(visit.slot) }
        next.succeed(book)
        swap(&book, &next)
        return []
      }
      for visit in visits { next.take(visit.slot) }
    } while !visits.isEmpty
  }

  // MARK: Following

  /// Somebody wants to know what changes; what was written down for the last one who did is lost.
  ///
  /// - Parameter wake: called from any thread when a session waits until what has changed is known elsewhere.
  package func follow(wake: @escaping @Sendable () -> Void) {
    waker.withLock { $0 = Waker(wake) }
    book.withLock { $0.follow(true) }
  }

  /// Nobody does any more.
  package func unfollow() {
    book.withLock { $0.follow(false) }
    waker.withLock { $0 = nil }
  }

  /// Another node knows what has changed up to there, as ``changes(at:)`` has given it.
  package func acknowledge(upTo: UInt64) { acknowledgedUpTo.store(upTo, ordering: .releasing) }

  /// What has changed since this was asked last, in the order in which it first did, and up to where that goes; that clients were
  /// seen again is told every eighth of their time.
  package func changes(at now: UInt64) -> (clients: [StickChange], upTo: UInt64) {
    guard let (journal, upTo) = book.withLock({ $0.takeJournal() }) else { return ([], 0) }
    let clients = journal.clients
    var changes: [StickChange] = []
    for start in stride(from: 0, to: clients.count, by: Self.part) {
      let part = clients[start..<min(start + Self.part, clients.count)]
      changes += book.withLock { book in part.map { book.change(of: $0, at: Self.seconds(now)) } }
    }
    return (changes, upTo)
  }

  /// A call in a box of its own: one that is kept in a value that is generic, as a lock's is, gets another shell each time that it's
  /// looked at.
  private final class Waker: Sendable {
    let wake: @Sendable () -> Void

    init(_ wake: @escaping @Sendable () -> Void) { self.wake = wake }
  }

  private static func seconds(_ now: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: now / 1_000_000_000) }
}
