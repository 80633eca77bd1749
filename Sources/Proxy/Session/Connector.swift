import Balancing
import Libevent
import Sockets
import SystemPackage

/// A session's search for a backend that answers: which were tried, and how much time is left.
struct Connector: ~Copyable {
  /// When the search began, in nanoseconds of the monotonic clock; the time in a queue doesn't count.
  var began: UInt64
  /// When the attempt that is under way began.
  var attemptBegan: UInt64 = 0
  /// When the session began to wait for a slot; 0 if it never had to.
  var queuedSince: UInt64 = 0
  /// When a guard first held the session back; 0 if none has.
  var throttledSince: UInt64 = 0
  /// Whether it waits for backends that are held back.
  var patience = Patience.waits
  /// How many attempts failed through this machine's fault.
  var hindrances: UInt32 = 0
  /// It's in its pool's queue, and what it waits for there.
  var place: QueuePlace?
  /// How long the attempt that succeeded took, in nanoseconds; 0 as long as there's none.
  var connectTime: UInt64 = 0
  /// From then until the backend's first byte, in nanoseconds; 0 as long as there's none.
  var firstByteTime: UInt64 = 0
  /// How many backends were tried.
  var attempts = 0
  /// The backends that were tried, by their place in the pool.
  var tried = Exclusion()
  /// Those that failed: in another snapshot they have other places. Takes no memory until one does.
  var failures: [FailedAttempt] = []

  init(began: UInt64) {
    self.began = began
  }

  /// Whether another backend may be tried now.
  func mayTry(at now: UInt64, _ policy: PoolPolicy) -> Bool {
    attempts < policy.attempts && now < began + policy.connectDeadline
  }

  /// Why a session is refused that has found nobody.
  var refusal: Refusal {
    attempts > 0 && hindrances == attempts ? .localFault : .connectFailed
  }

  /// Whether the attempt that is under way, or the search as a whole, has taken too long.
  func isLate(at now: UInt64, _ policy: PoolPolicy) -> Bool {
    now >= min(attemptBegan + policy.connectTimeout, began + policy.connectDeadline)
  }

  /// The backend has said something for the first time.
  mutating func firstByteCame(_ counters: PoolCounters) {
    firstByteTime = max(MonotonicClock.now() &- (attemptBegan &+ connectTime), 1)
    counters.firstByteTime.record(nanoseconds: firstByteTime)
  }

  /// Whether the attempt that is under way has had all the time that one may get.
  func hasHadItsTime(at now: UInt64, _ policy: PoolPolicy) -> Bool {
    now >= attemptBegan + min(policy.connectTimeout, policy.connectDeadline)
  }
}

extension Session {
  /// Goes by another snapshot of a pool, or by another pool, while a backend is looked for. Who has failed isn't asked
  /// again: where each client has an order of preference, it would be the same two in turn, and never the third.
  func use(_ pool: Pool) {
    self.pool = pool
    policy = pool.policy
    connector.tried = Exclusion()
    guard !connector.failures.isEmpty else { return }
    let failed = connector.failures.map(\.backend.id)
    for (place, backend) in pool.backends.enumerated() where failed.contains(backend.id) {
      connector.tried.insert(place)
    }
  }

  /// Looks for a backend: picks one and asks for a connection, and goes on to the next as long as that fails at once.
  func seek() -> SearchOutcome {
    guard let pool else { return .underway }
    let counters = pool.status.counters[worker.index]
    let hash = pool.route.looksAtClient ? clientAddress.hostHash : nil
    let own = policy.stick.flatMap { ownPlace(in: pool, by: $0) }
    while true {
      let now = MonotonicClock.now()
      guard connector.mayTry(at: now, policy) else { return .refused(connector.refusal) }
      switch pool.route.pick(
        client: hash, own: own, excluding: connector.tried, at: now, patience: connector.patience, using: &worker.random
      )
      {
      case .backend(let index):
        let backend = pool.backends[index]
        self.backend = backend
        phase = .connecting
        connector.tried.insert(index)
        connector.attempts += 1
        connector.attemptBegan = now
        backend.counters[worker.index].attempts.add()
        if connector.attempts > 1 {
          counters.retries.add()
          backend.counters[worker.index].retries.add()
        }
        switch attempt(backend) {
        case .established: return .established(backend)
        case .pending: return .underway
        case .failed(let error):
          attemptFailed(ConnectFailure(error, isTCP: backend.isTCP), error)
          // No other backend would do better.
          if error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem { return .refused(.descriptors) }
        }
      case .throttled:
        noteThrottled(at: now)
        return connector.patience == .waits ? .mustWait(.guard) : .refused(.throttled)
      case .full: return .mustWait(.slot)
      case .none: return .refused(connector.attempts == 0 ? .noBackend : connector.refusal)
      }
    }
  }

  /// Counts a session that is held back for the first time.
  func noteThrottled(at now: UInt64) {
    guard connector.throttledSince == 0 else { return }
    connector.throttledSince = now
    policy.pool.counters[worker.index].throttled.add()
  }

  private func attempt(_ backend: Backend) -> Connection {
    do throws(Errno) {
      guard let address = backend.address(askedAt: askedPort) else { throw .addressRequired }
      let socket = try Socket(for: address)
      try? socket.setUrgentInline()
      if backend.isTCP, backend.header != nil || client.hasInput { socket.holdHandshake() }
      let connection =
        if let egress = backend.egress {
          socket.connect(to: address, by: egress, for: clientAddress, turn: worker.random.next())
        } else {
          socket.connect(to: address)
        }
      watch(socket, isTCP: backend.isTCP)
      return connection
    } catch {
      return .failed(error)
    }
  }

  /// The connection that was pending stands or has failed.
  func connectionReady(_ readiness: Readiness) {
    guard let server, let backend else { return }
    // Room to write and nothing to read can only be success; everything else is asked for.
    if !readiness.isDisjoint(with: [.read, .closed]) {
      if let error = server.takeError() {
        guard server.hasInput else {
          attemptFailed(ConnectFailure(error, isTCP: backend.isTCP), error)
          return worker.look(for: self)
        }
        // It stood, and what was said before it broke is the client's.
        toClient.breakAtEnd(error)
      }
      toClient.sourceReady = true
      if readiness.contains(.closed) { toClient.sourceHungUp = true }
    }
    if backend.mayConnectToItself(askedAt: askedPort),
      (try? server.localAddress()) == backend.address(askedAt: askedPort)
    {
      attemptFailed(.refused, .connectionRefused)
      return worker.look(for: self)
    }
    established(backend)
  }

  /// The connection to a backend stands.
  func established(_ backend: Backend) {
    let counters = backend.counters[worker.index]
    if connector.connectTime == 0 {
      listener.counters.begun.add()
      worker.counters.begun.add()
    }
    connector.connectTime = max(MonotonicClock.now() &- connector.attemptBegan, 1)
    counters.connectTime.record(nanoseconds: connector.connectTime)
    policy.pool.counters[worker.index].connectTime.record(nanoseconds: connector.connectTime)
    counters.sessions.add()
    connectEnded(at: backend)
    backend.load.connectSucceeded()
    if let rules = backend.header {
      toBackend.head(with: rules.header(of: self))
    } else if connector.attempts > 1 {
      // The one before may have had one.
      toBackend.head(with: [])
    }
    hold = policy.stick.flatMap { keepBackend(backend, by: $0) } ?? 0
    worker.established(self)
    // The snapshot isn't needed any more; later ones shall not pile up behind long sessions.
    pool = nil
    startRelaying()
  }

  /// An attempt is over, whatever came of it: its place among the backend's connects in flight is free.
  func connectEnded(at backend: Backend) {
    backend.load.connectEnded()
    worker.connectEnded(in: policy.pool)
  }

  /// Books a failed attempt and drops its connection.
  private func attemptFailed(_ failure: ConnectFailure, _ error: Errno) {
    guard let backend else { return }
    connectEnded(at: backend)
    leave(backend, failure, error)
  }

  /// Gives up a backend that has failed.
  private func leave(_ backend: Backend, _ failure: ConnectFailure, _ error: Errno) {
    backend.counters[worker.index].failures.add(failure)
    backend.load.release()
    connector.failures.append(FailedAttempt(backend, failure))
    if failure.isOurs {
      connector.hindrances += 1
      worker.report(.connectHindered(backend, error))
    } else {
      // One port at which nobody answers says nothing of the others.
      let failures = failure == .refused && backend.hasSamePort ? 0 : backend.load.connectFailed()
      worker.report(.connectFailed(backend, error, inARow: failures))
    }
    self.backend = nil
    dropServer()
  }

  /// The attempt took too long: the next one, or the end. It's no failure of a backend that was asked shortly before the
  /// search's time was over.
  func attemptTimedOut(at now: UInt64) {
    guard connector.hasHadItsTime(at: now, policy) else { return refuse(connector.refusal) }
    attemptFailed(.timeout, .timedOut)
    worker.look(for: self)
  }

  /// The backend broke the connection before a byte was exchanged: another one is asked, as if it had never stood.
  ///
  /// - Returns: false if there is no pool any more to find one in, or no more time or attempts to do so.
  func retry(after error: Errno) -> Bool {
    guard let backend, case .pool(let pool, _) = worker.destination(of: self),
      connector.mayTry(at: MonotonicClock.now(), pool.policy)
    else { return false }
    worker.connectsAgain(self)
    phase = .connecting
    toBackend.sinkReady = false
    backend.counters[worker.index].closes.add(.retried)
    leave(backend, .reset, error)
    use(pool)
    worker.look(for: self)
    return true
  }
}
