import Sockets

/// What a session's look for a backend came to.
enum SearchOutcome {
  /// A connection is asked for; what comes of it is told as readiness, or by the time that is over.
  case underway
  /// It stands.
  case established(Backend)
  /// Somebody may be able to take the session later: when there's a slot, or a guard lets it through.
  case mustWait(QueuePlace)
  /// Nobody takes it.
  case refused(Refusal)
}

/// A session's way from the accept to its backend, as `SessionPhase` tells it:
///
///     accepted ── a header has to come, or routes ask what it wants ─► introducing
///     introducing ─ it's wrong, too late, or no route takes it ──────► ended
///     introduced, or nothing to be known ─┬─ somebody waits before it ► queued
///                             └─ look ─┬─ underway ──────────────────► connecting
///                                      ├─ established ───────────────► relaying
///                                      ├─ must wait, and there's room ► queued
///                                      └─ refused, or no room ───────► ended
///     queued ────── a slot, a connect's end, a tick, a table ────────► look
///       └────────── too long, or the client left ────────────────────► ended
///     connecting ── stands ──────────────────────────────────────────► relaying
///       └────────── failed, or too late ─────────────────────────────► look
///     relaying ──── the backend broke before a byte was exchanged ───► look
extension Worker {
  /// Who the client is, is known, and perhaps what it wants: the end of what there is before a backend is looked for, unless routes hang on more.
  ///
  /// - Parameter refusal: why it's turned away if it has nowhere to go.
  func introduced(_ session: Session, orElse refusal: Refusal = .noRoute) {
    // The listener may lead elsewhere by now.
    switch destination(of: session) {
    case nil: return session.refuse(.closed)
    case .nowhere:
      session.listener.tellOfRefusal(refusal, of: session.clientAddress)
      return session.refuse(refusal)
    case .open: return session.awaitFacts()
    case .pool(let pool, let way):
      way?.counters[index].sessions.add()
      session.use(pool)
    }
    session.phase = .connecting
    session.connector.began = MonotonicClock.now()
    if let introduction = session.introduction, introduction.ended == nil {
      introduction.ended = session.connector.began
    }
    search(for: session)
  }

  /// Looks for a backend for a session whose client is known.
  func search(for session: Session) {
    if idleCloses.areRecent(at: session.accepted) { idleCloses.check(session) }
    search(session)
  }

  /// Looks for a backend for a session that is new to its pool. Who came first is served first; but a backend that is held
  /// back must not keep the clients of others waiting, where each client has a backend of its own.
  private func search(_ session: Session) {
    guard let first = queues.first(of: session.policy.pool), let place = first.connector.place,
      place == .slot || session.pool?.hasOwnBackends == false
    else { return look(for: session) }
    if !mustWait(session, for: place) { look(for: session) }
  }

  /// Looks for a backend, the first or another one.
  func look(for session: Session) {
    while true {
      switch session.seek() {
      case .underway: return
      case .established(let backend): return session.established(backend)
      case .mustWait(let place): if mustWait(session, for: place) { return }
      case .refused(let refusal): return session.refuse(refusal)
      }
    }
  }

  /// Lets the session wait, or refuses it; false if it's to look elsewhere, as there's no room for more who are held back.
  private func mustWait(_ session: Session, for place: QueuePlace) -> Bool {
    if place == .guard { session.noteThrottled(at: MonotonicClock.now()) }
    if queue(session, for: place) { return true }
    switch place {
    case .slot:
      session.refuse(.saturated)
      return true
    case .guard:
      session.connector.patience = .goesElsewhere
      return false
    }
  }

  /// Lets the session wait, or go on waiting at its place; false if nobody more may wait.
  private func queue(_ session: Session, for place: QueuePlace) -> Bool {
    let isNew = session.connector.place == nil
    guard queues.append(session, for: place) else { return false }
    session.phase = .queued
    if place == .slot {
      if isNew { session.policy.pool.counters[index].queued.add() }
      if session.connector.queuedSince == 0 { session.connector.queuedSince = MonotonicClock.now() }
    }
    return true
  }

  /// A connect of a session of the pool has ended: who was held back for it may go on after this turn.
  func connectEnded(in pool: PoolStatus) {
    if pool.heldBack.taken > 0, freedThisTurn.last !== pool { freedThisTurn.append(pool) }
  }

  /// Lets others have what sessions have given back in this turn.
  func serveFreed() {
    let (ended, pools) = (endedThisTurn, freedThisTurn)
    endedThisTurn.removeAll(keepingCapacity: true)
    freedThisTurn.removeAll(keepingCapacity: true)
    for session in ended { freed(session.policy.pool) }
    for pool in pools { freed(pool) }
  }

  /// A backend of the pool may be able to take another session: the slot of one was given back, or a connect has ended.
  func freed(_ pool: PoolStatus) {
    guard pool.waiting.taken > 0 || pool.heldBack.taken > 0 else { return }
    if queues.isWaiting(for: pool) {
      serveQueue(of: pool, passing: Self.passedAtOnce)
    } else {
      for peer in peers { peer.post(.freed(pool)) }
    }
  }

  /// How many of those who are held back are passed over each time that a backend may be able to take another session. The
  /// next tick looks at all of them.
  private static let passedAtOnce = 16

  /// Lets those who wait try again, in order, until one has to go on waiting. Where each client has a backend of its own,
  /// others may still be luckier than one that is held back: so many of these are passed over at most.
  func serveQueue(of pool: PoolStatus, passing limit: Int = .max) {
    var passed: Session?
    var count = 0
    while let session = passed.map({ queues.next(after: $0) }) ?? queues.first(of: pool) {
      tryAgain(session)
      if session.phase == .queued {
        guard session.connector.place == .guard, session.pool?.hasOwnBackends == true else { return }
        passed = session
        count += 1
        if count > limit { return }
      }
    }
  }

  /// Lets one who waits try again. It keeps its place if that's in vain.
  private func tryAgain(_ session: Session) {
    session.connector.began = MonotonicClock.now()
    look(for: session)
    if session.phase != .queued { queues.remove(session) }
  }

  /// Looks after the time of one who waits.
  func checkQueued(_ session: Session, at now: UInt64) {
    let policy = session.policy
    switch session.connector.place {
    case .slot:
      if now >= session.connector.queuedSince.sum(policy.queueTimeout) { session.refuse(.queueTimeout) }
    case .guard:
      if now >= session.connector.throttledSince.sum(policy.guardWait) {
        session.connector.patience = .goesElsewhere
        tryAgain(session)
      }
    case nil: break
    }
  }

  /// Lets those who wait go on by the table that holds now, with the pool that their listener has for them by now.
  func requeue() {
    for session in queues.all {
      switch destination(of: session) {
      case nil: session.refuse(.closed)
      case .nowhere: session.refuse(.noRoute)
      case .open:
        queues.remove(session)
        session.awaitFacts()
      case .pool(let pool, _) where pool.status === session.policy.pool: session.use(pool)
      case .pool(let pool, _):
        queues.remove(session)
        session.use(pool)
        session.phase = .connecting
        session.connector.began = MonotonicClock.now()
        search(session)
      }
    }
    for pool in queues.pools { serveQueue(of: pool) }
  }
}
