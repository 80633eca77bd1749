import Balancing
import Libevent
import Sockets

/// One thread with one event loop and the sessions that it accepted: a share of the data plane that shares nothing.
package final class Worker {
  let index: Int
  let loop: EventLoop
  let counters: WorkerCounters
  let tools: RelayTools
  let sessionSlots: Slots
  let sessionLimit: Int
  var random: SplitMix64

  /// Time in steps of `tickLength`: exact enough for time limits of sessions, and free to read.
  private(set) var tick: UInt32 = 0
  /// The length of a tick.
  static let tickLength = Duration.milliseconds(100)
  static let tickNanoseconds: UInt64 = 100_000_000
  /// All standing sessions are looked through once in so many ticks.
  static let ticksPerSweep: UInt32 = 10

  private let control: Mailbox<WorkerEvent>
  private let peers: [Mailbox<WorkerCommand>]
  private var listeners: [Listener] = []
  private var receiver: MailboxReceiver?
  private var ticker: Timer?

  /// Sessions that look for a backend, wait for one, or deliver their last bytes: their time is looked at every tick.
  private var pending = SessionList()
  /// Sessions that relay.
  private var standing = SessionList()
  private var queues = SessionQueues()
  private var goingOn: [Session] = []
  private var endedThisTurn: [Session] = []
  private var activeThisTick: [Session] = []
  private var isDraining = false

  /// Runs a worker on the calling thread until it's told to stop.
  package static func run(_ setup: WorkerSetup) {
    let worker = Worker(setup)
    worker.loop.run { worker.afterTurn() }
    worker.leave()
  }

  private init(_ setup: WorkerSetup) {
    index = setup.index
    loop = EventLoop()
    counters = setup.counters
    tools = RelayTools(pipeLimit: setup.pipeLimit, counters: setup.counters)
    sessionSlots = setup.sessionSlots
    sessionLimit = setup.sessionLimit
    random = SplitMix64(seed: setup.seed)
    control = setup.control
    peers = setup.peers
    receiver = setup.inbox.receive(on: loop) { [unowned self] in obey($0) }
    ticker = Timer(on: loop) { [unowned self] in ticked() }
    for listening in setup.listening {
      guard let pool = setup.table.pools[listening.status.name] else { continue }
      listeners.append(Listener(listening, pool: pool, worker: self))
    }
  }

  /// Breaks the cycles between the worker and what belongs to it.
  private func leave() {
    closeListeners()
    listeners = []
    receiver = nil
    ticker = nil
    endedThisTurn = []
    activeThisTick = []
  }

  // MARK: Commands and reports

  private func obey(_ command: WorkerCommand) {
    switch command {
    case .adopt(let table): adopt(table)
    case .closeSessions(let id):
      standing.forEach { if $0.backend?.id == id { $0.close(.backendDown) } }
    case .slotFreed(let pool): serveQueue(of: pool)
    case .drain:
      isDraining = true
      closeListeners()
      reportIfDrained()
    case .stop:
      closeListeners()
      standing.forEach { $0.close(.shutdown) }
      pending.forEach { $0.phase == .resetting ? $0.closeReset() : $0.refuse(.shutdown) }
      loop.stop()
    }
  }

  func report(_ event: WorkerEvent) {
    control.post(event)
  }

  private func adopt(_ table: RoutingTable) {
    for listener in listeners {
      if let pool = table.pools[listener.status.name] { listener.pool = pool }
    }
    for session in queues.all {
      session.pool = session.listener.pool
      session.connector.tried = Exclusion()
    }
    for pool in queues.pools { serveQueue(of: pool) }
  }

  private func closeListeners() {
    for listener in listeners { listener.close() }
  }

  private func reportIfDrained() {
    if isDraining, pending.isEmpty, standing.isEmpty { report(.drained(worker: index)) }
  }

  // MARK: Sessions' lives

  func start(_ session: Session) {
    pending.append(session)
    activeThisTick.append(session)
    keepTicking()
    if queues.isWaiting(for: session.listener.pool.name) {
      // Who came first is served first.
      if queue(session) { return }
      return session.refuse(.saturated)
    }
    session.connect()
  }

  func established(_ session: Session) {
    pending.remove(session)
    standing.append(session)
  }

  func connectsAgain(_ session: Session) {
    standing.remove(session)
    pending.append(session)
    keepTicking()
  }

  func lingers(_ session: Session) {
    standing.remove(session)
    pending.append(session)
    keepTicking()
  }

  func ended(_ session: Session, from phase: Session.Phase) {
    switch phase {
    case .relaying: standing.remove(session)
    case .queued, .connecting, .resetting: pending.remove(session)
    case .ended: return
    }
    if phase == .queued { queues.remove(session) }
    endedThisTurn.append(session)
    counters.ended.add()
    session.listener.counters.ended.add()
    session.listener.status.sessions.give()
    sessionSlots.give()
    for listener in listeners where listener.isPaused { listener.resumeIfPossible() }
    reportIfDrained()
  }

  // MARK: The queue for a backend's slot

  /// Lets the session wait for a slot; false if the pool has no queue or it's full.
  func queue(_ session: Session) -> Bool {
    guard let pool = session.pool else { return false }
    if queues.first(of: pool.name) === session {
      // It had its turn, in vain, and keeps its place.
      session.phase = .queued
      return true
    }
    guard pool.policy.queueSize > 0, pool.status.waiting.take(limit: pool.policy.queueSize) else { return false }
    pool.status.counters[index].queued.add()
    session.phase = .queued
    session.connector.attemptBegan = MonotonicClock.now()
    queues.append(session, pool: pool.name)
    return true
  }

  /// A session of the pool has given back its backend's slot.
  private func slotFreed(_ session: Session) {
    let pool = session.listener.pool
    guard pool.status.waiting.taken > 0 else { return }
    if queues.isWaiting(for: pool.name) {
      serveQueue(of: pool.name)
    } else {
      for peer in peers { peer.post(.slotFreed(pool: pool.name)) }
    }
  }

  /// Lets those who wait try again, in order, until one has to go on waiting.
  private func serveQueue(of pool: String) {
    while let session = queues.first(of: pool) {
      session.connector.began = MonotonicClock.now()
      session.connect()
      if session.phase == .queued { return }
      queues.remove(session)
    }
  }

  // MARK: Turns

  /// Comes back to the session in the next turn.
  func goOnLater(_ session: Session) {
    guard !session.isGoingOn else { return }
    session.isGoingOn = true
    goingOn.append(session)
  }

  private func afterTurn() -> AfterTurn {
    if !endedThisTurn.isEmpty {
      let ended = endedThisTurn
      endedThisTurn.removeAll(keepingCapacity: true)
      for session in ended { slotFreed(session) }
    }
    guard !goingOn.isEmpty else { return .wait }
    let sessions = goingOn
    goingOn.removeAll(keepingCapacity: true)
    for session in sessions {
      session.isGoingOn = false
      if session.lastActive != tick { active(session) }
      session.goOn()
    }
    return .goOn
  }

  // MARK: Ticks

  /// Notes that the session moves in this tick.
  func active(_ session: Session) {
    session.lastActive = tick
    activeThisTick.append(session)
  }

  /// Makes sure that time limits are looked at.
  func keepTicking() {
    if let ticker, !ticker.isScheduled { ticker.schedule(after: Self.tickLength) }
  }

  private func ticked() {
    let active = activeThisTick
    activeThisTick.removeAll(keepingCapacity: true)
    tick &+= 1
    for session in active {
      // Moved in the tick before and not since: it has gone quiet.
      if session.lastActive == tick &- 1 { session.lookAgain() }
    }
    let now = MonotonicClock.now()
    // A slot may have come free without a session's end: an attempt failed, or it was given back just before somebody
    // queued at another worker.
    for pool in queues.pools { serveQueue(of: pool) }
    pending.forEach { check($0, at: now) }
    if tick % Self.ticksPerSweep == 0 { standing.forEach(sweep) }
    for listener in listeners where listener.isPaused { listener.resumeIfPossible() }
    let isBusy = !pending.isEmpty || !standing.isEmpty || listeners.contains { $0.isPaused } || !activeThisTick.isEmpty
    if isBusy { keepTicking() }
  }

  private func check(_ session: Session, at now: UInt64) {
    switch session.phase {
    case .connecting:
      if session.client.takeError() != nil {
        session.refuse(.clientLeft)
      } else if session.connector.isLate(at: now, session.policy) {
        session.attemptTimedOut()
      }
    case .queued:
      if session.client.takeError() != nil {
        session.refuse(.clientLeft)
      } else if now >= session.connector.attemptBegan + session.policy.queueTimeout {
        session.refuse(.queueTimeout)
      }
    case .resetting:
      if session.hasDelivered() || quiet(session) >= session.policy.halfClosed { session.closeReset() }
    case .relaying, .ended: break
    }
  }

  /// For how long nothing has moved in a session, in nanoseconds.
  private func quiet(_ session: Session) -> UInt64 {
    UInt64(tick &- session.lastActive) * Self.tickNanoseconds
  }

  /// Whether something has moved in a session within the last second or so: it's cut off if it ends now.
  func hasMovedLately(_ session: Session) -> Bool {
    tick &- session.lastActive <= Self.ticksPerSweep
  }

  private func sweep(_ session: Session) {
    let quiet = quiet(session)
    if quiet > 0 { session.rest() }
    if !session.isKeptAlive { session.keepAlive() }
    let limit = session.isHalfClosed ? session.policy.halfClosed : session.policy.idle
    if quiet >= limit { session.close(session.isHalfClosed ? .halfClosed : .idle) }
  }
}
