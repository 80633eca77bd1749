import Sockets

/// How a session ends: what its two sides get to see, and what is given back and counted.
extension Session {
  /// Ends the session by breaking the side that is left, after what is underway to it has arrived.
  func breakOff(_ cause: CloseCause, sparing survivor: Socket) {
    // A reset after a clean end counts as what it was in the end: a reset.
    self.cause = cause
    sparesClient = survivor.descriptor == client.descriptor
    underway = survivor.unacknowledged
    guard underway > 0 else { return close(cause, by: .reset) }
    phase = .resetting
    worker.lingers(self)
  }

  /// Whether a session that is resetting has delivered everything to the side that is left. It isn't quiet as long as bytes
  /// arrive. What the other side owes doesn't matter: it may be lost, and would owe it for ever.
  func hasDelivered() -> Bool {
    let left = sparesClient ? client.unacknowledged : server?.unacknowledged ?? 0
    if left != underway { lastActive = worker.tick }
    underway = left
    return left == 0
  }

  enum Manner {
    /// Everything was delivered: plain closes.
    case clean
    /// Something is missing, and both sides must see it.
    case reset
  }

  /// Closes both sides, clean only where nothing was cut off as far as can be told.
  func close(_ cause: CloseCause) {
    let isAmidst =
      switch cause {
      case .shutdown: worker.hasMovedLately(self)
      // The client still waits for its answer: an end would be an empty one.
      case .halfClosed: !toClient.isFinished
      default: false
      }
    let cutOff = toBackend.held > 0 || toClient.held > 0 || toBackend.sourceReady && !toBackend.isFinished
    self.cause = cause
    close(cause, by: isAmidst || cutOff ? .reset : .clean)
  }

  /// Whether nothing is on its way in either direction, as far as can be told: then an end cuts nothing off. While one
  /// side has ended, the other may be about to answer.
  var isBetweenBytes: Bool {
    guard let server, worker.tick &- lastActive >= 2, !isHalfClosed, toBackend.held == 0, toClient.held == 0 else {
      return false
    }
    return !client.hasInput && !server.hasInput && client.unacknowledged == 0 && server.unacknowledged == 0
  }

  /// How the session can be ended without cutting off anything that might still arrive; nil if it can't now.
  var harmlessEnd: Manner? {
    isBetweenBytes ? .clean : isStuck ? .reset : nil
  }

  /// Whether bytes are underway to a backend that has gone silent, and nothing is to the client: what can't arrive isn't
  /// worth waiting for. A client on a bad line gets more time.
  private var isStuck: Bool {
    guard let server, toClient.held == 0, server.silence >= Self.longestSilence else { return false }
    return !server.hasInput && client.unacknowledged == 0
  }

  /// How long is long for a backend, in nanoseconds: TCP repeats what isn't acknowledged after 0.2 s, then after twice that
  /// time and so on, where packets travel fast.
  private static let longestSilence: UInt64 = 1_000_000_000

  /// Ends a session in a manner that harms nobody, though both sides would go on.
  func evict(_ cause: CloseCause, by manner: Manner) {
    self.cause = cause
    close(cause, by: manner)
  }

  /// Ends a session whatever it is doing. Both sides see a reset if something is cut off.
  func cutOff(_ cause: CloseCause) {
    switch phase {
    case .relaying:
      self.cause = cause
      close(cause, by: worker.hasMovedLately(self) || !isBetweenBytes ? .reset : .clean)
    case .resetting: closeReset()
    case .introducing, .queued, .connecting: refuse(.closed)
    case .ended: break
    }
  }

  /// Closes both sides of a session whose break was announced.
  func closeReset() {
    close(cause ?? .backendReset, by: .reset)
  }

  private func close(_ cause: CloseCause, by manner: Manner) {
    let now = MonotonicClock.now()
    let cause = self.cause ?? cause
    if let backend {
      let counters = backend.counters[worker.index]
      counters.closes.add(cause)
      counters.sessionTime.record(nanoseconds: now &- accepted)
      policy.pool.counters[worker.index].sessionTime.record(nanoseconds: now &- accepted)
      backend.load.release()
      if let stick = policy.stick { leaveBackend(backend, by: stick, at: now) }
    }
    if cause == .idle { worker.idleCloses.note(clientAddress, of: policy.pool, at: now) }
    worker.note(SessionRecord(self, .closed(cause), backend: backend, at: now), of: self)
    leave(by: manner)
  }

  /// Ends a session that reached no backend. The client sees a reset: nothing that it could take for an answer.
  func refuse(_ refusal: Refusal) {
    worker.counters.refused.add()
    listener.counters.refused.add(refusal)
    // As long as it isn't known who the client is, it's nobody's.
    if phase != .introducing { policy.pool.counters[worker.index].refused.add(refusal) }
    if let backend {
      connectEnded(at: backend)
      backend.load.release()
    }
    worker.note(SessionRecord(self, .refused(refusal), backend: nil, at: MonotonicClock.now()), of: self)
    leave(by: .reset)
  }

  private func leave(by manner: Manner) {
    toBackend.abandon(worker.tools)
    toClient.abandon(worker.tools)
    clientEvent = nil
    serverEvent = nil
    switch manner {
    case .clean:
      client.close()
      server?.close()
    case .reset:
      client.reset()
      server?.reset()
    }
    let last = phase
    phase = .ended
    worker.ended(self, from: last)
  }
}
