import Sockets

/// Time: what happens to sessions because nothing else does.
extension Worker {
  /// The length of a tick.
  static let tickLength = Duration.milliseconds(100)
  static let tickNanoseconds: UInt64 = 100_000_000
  /// All standing sessions are looked through once in so many ticks.
  static let ticksPerSweep: UInt32 = 10

  /// Notes that the session moves in this tick.
  func active(_ session: Session) {
    session.lastActive = tick
    activeThisTick.append(session)
  }

  /// Makes sure that time limits are looked at.
  func keepTicking() {
    if let ticker, !ticker.isScheduled { ticker.schedule(after: Self.tickLength) }
  }

  func ticked() {
    tick &+= 1
    swap(&activeLastTick, &activeThisTick)
    let moved = activeThisTick
    activeThisTick.removeAll(keepingCapacity: true)
    // Those that moved in the tick before the one that has ended, and not since, have gone quiet.
    for session in moved where session.lastActive == tick &- 2 { session.lookAgain() }
    let now = MonotonicClock.now()
    // A slot may have come free without a session's end: an attempt failed, or it was given back just before somebody
    // queued at another worker. And guards let more through as time passes.
    for pool in queues.pools { serveQueue(of: pool) }
    pending.forEach { check($0, at: now) }
    if tick % Self.ticksPerSweep == 0 {
      evictor.beginSweep()
      standing.forEach { sweep($0, at: now) }
      sweptAt = now
    }
    if !evictor.isIdle { evictor.work(at: now) }
    handOverRecords()
    listeners.resumeIfPossible()
    let isBusy =
      !pending.isEmpty || !standing.isEmpty || listeners.areAnyPaused || !activeLastTick.isEmpty
      || evictor.isUnfinished
    if isBusy { keepTicking() }
  }

  private func check(_ session: Session, at now: UInt64) {
    switch session.phase {
    case .introducing: session.checkIntroduction(at: now)
    case .connecting:
      if session.client.takeError() != nil {
        session.refuse(.clientLeft)
      } else if session.connector.isLate(at: now, session.policy) {
        session.attemptTimedOut(at: now)
      }
    case .queued:
      if session.client.takeError() != nil {
        session.refuse(.clientLeft)
      } else {
        checkQueued(session, at: now)
      }
    case .resetting:
      if session.hasDelivered() || session.idle >= session.policy.halfClosed { session.closeReset() }
    case .relaying, .ended: break
    }
  }

  /// Whether something has moved in a session within the last second or so: it's cut off if it ends now.
  func hasMovedLately(_ session: Session) -> Bool {
    tick &- session.lastActive <= Self.ticksPerSweep
  }

  private func sweep(_ session: Session, at now: UInt64) {
    noteLasting(session, at: now)
    let quiet = session.idle
    if quiet > 0 { session.rest() }
    if !session.isKeptAlive { session.keepAlive() }
    if collectDebt(of: session) { return }
    let limit = session.isHalfClosed ? session.policy.halfClosed : session.policy.idle
    if quiet >= limit { return session.close(session.isHalfClosed ? .halfClosed : .idle) }
    if session.policy.maxAge < .max, session.age(at: now) >= session.ageLimit { evictor.isOverdue(session) }
  }
}
