package import Introduction
package import Sockets

/// Which sessions are meant: those that everything given here applies to; what is nil doesn't matter.
package struct SessionSelection: Equatable, Sendable {
  /// The name of the pool that serves them.
  package var pool: String?
  /// Their backends, by id; sessions without a backend aren't meant then.
  package var backendIDs: Set<Int>?
  /// The name of the listener that accepted them.
  package var listener: String?
  /// The addresses that their clients come from. Ports don't count, and an IPv4 address in IPv6's clothes (RFC 4291,
  /// 2.5.5.2) is the IPv4 address.
  package var clients: Set<SocketAddress>? {
    didSet { clients = clients.map { Set($0.map(\.hostAlone)) } }
  }
  /// A range of addresses that their clients come from, whom their listener doesn't let in any more.
  package var turnedAway: AddressRange?
  /// The address that they came in at, whatever the port.
  package var local: SocketAddress?
  /// Their ids.
  package var ids: Set<UInt64>?
  /// Those that are older than this, in nanoseconds.
  package var olderThan: UInt64?
  /// Those in which nothing has moved for longer than this, in nanoseconds.
  package var idleFor: UInt64?

  /// Of a selection without any part, every session is meant.
  package init(
    pool: String? = nil, backendIDs: Set<Int>? = nil, listener: String? = nil, clients: Set<SocketAddress>? = nil,
    local: SocketAddress? = nil, ids: Set<UInt64>? = nil, olderThan: UInt64? = nil, idleFor: UInt64? = nil
  ) {
    self.pool = pool
    self.backendIDs = backendIDs
    self.listener = listener
    self.clients = clients.map { Set($0.map(\.hostAlone)) }
    self.local = local?.hostAlone
    self.ids = ids
    self.olderThan = olderThan
    self.idleFor = idleFor
  }

  /// Whether a session is meant.
  func matches(_ session: Session, at now: UInt64) -> Bool {
    if let ids, !ids.contains(session.id) { return false }
    if let backendIDs {
      guard let backend = session.backend, backendIDs.contains(backend.id) else { return false }
    }
    if let olderThan, session.age(at: now) <= olderThan { return false }
    if let idleFor, session.idle <= idleFor { return false }
    if let pool, session.policy.pool.name != pool { return false }
    if let listener, session.listener.status.name != listener { return false }
    if let clients, !clients.contains(session.clientAddress.hostAlone) { return false }
    if let turnedAway {
      let client = session.clientAddress
      // A listener that has left its socket goes on by the table that it had then.
      let route = session.worker.route(for: session.listener) ?? session.listener.route
      guard turnedAway.unmapped.contains(client), route?.admission?.refusal(of: client) != nil else { return false }
    }
    // The last one, as the kernel has to be asked.
    if let local, (try? session.client.localAddress())?.hostAlone != local { return false }
    return true
  }
}

/// What a list of sessions is to show.
package struct SessionQuery: Equatable, Sendable {
  /// Which sessions.
  package var selection: SessionSelection
  /// How many of them at most; the longest-lived come first.
  package var limit: Int

  /// A query.
  package init(_ selection: SessionSelection = SessionSelection(), limit: Int) {
    self.selection = selection
    self.limit = limit
  }
}

/// A session as it was when it was looked at.
package struct SessionSummary: Sendable {
  /// Tells sessions apart for as long as the process runs; of one worker the smaller one is the older.
  package let id: UInt64
  /// The client's address.
  package let client: SocketAddress
  /// What it has said that it wants; nil where that isn't looked at, or not known yet.
  package let facts: ClientFacts?
  /// The listener that accepted it.
  package let listener: ListenerStatus
  /// The pool that serves it; nil as long as that isn't known.
  package let pool: PoolStatus?
  /// The backend that it has reached or tries to reach; nil while there's none.
  package let backend: Backend?
  /// How far it is.
  package let phase: SessionPhase
  /// How long ago the client was accepted, in nanoseconds.
  package let age: UInt64
  /// For how long nothing has moved, in nanoseconds, to a tenth of a second.
  package let idle: UInt64
  /// Bytes delivered to the backend.
  package let bytesToBackend: Int
  /// Bytes delivered to the client.
  package let bytesToClient: Int
  /// The worker that it lives on.
  package let worker: Int

  init(_ session: Session, at now: UInt64) {
    id = session.id
    client = session.clientAddress.unmapped
    listener = session.listener.status
    pool = session.poolStatus
    facts = session.introduction?.facts
    backend = session.backend
    phase = session.phase
    age = session.age(at: now)
    idle = session.idle
    bytesToBackend = session.toBackend.moved
    bytesToClient = session.toClient.moved
    worker = session.worker.index
  }
}

/// How far a session is. The raw value is the word for people.
package enum SessionPhase: String, CaseIterable, Sendable {
  /// Who the client is or what it wants isn't known yet, or its listener's rates hold it back.
  case introducing
  /// It waits for a slot of a backend.
  case queued
  /// It looks for a backend that answers.
  case connecting
  /// Both sides stand.
  case relaying
  /// One side broke; the other gets what is underway to it, then a reset.
  case resetting
  /// It's over.
  case ended
}
