import Sockets

/// How a session gets the backend that its client had, where its pool has it so.
extension Session {
  /// The place of the client's backend in the pool, if it has one there.
  func ownPlace(in pool: Pool, by stick: StickTable) -> Int? {
    guard let key = StickKey(clientAddress), let backend = stick.backend(of: key, at: MonotonicClock.now()) else {
      return nil
    }
    return pool.places[backend]
  }

  /// The client has reached a backend, and gets it again. What its first bytes have to wait for, if they have to.
  func keepBackend(_ backend: Backend, by stick: StickTable) -> UInt32? {
    guard let key = StickKey(clientAddress),
      let awaited = stick.assign(key, to: backend.id, at: connector.attemptBegan)
    else { return nil }
    return worker.holds.add(self, for: awaited, in: stick)
  }

  /// The session ends: from now on it counts for how long the client is away.
  func leaveBackend(_ backend: Backend, by stick: StickTable, at now: UInt64) {
    // Of a short one it's known already when the client was here, to within a second.
    guard now &- connector.attemptBegan >= 1_000_000_000, let key = StickKey(clientAddress) else { return }
    stick.touch(key, on: backend.id, since: connector.attemptBegan, at: now)
  }
}
