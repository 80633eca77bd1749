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
  let idleCloses: IdleCloses
  private let evictionPace: Pace
  /// How long a peer may owe an acknowledgement: as long as keepalive waits for a sign of life.
  let peerPatience: UInt64
  var random: SplitMix64

  /// Time in steps of `tickLength`: exact enough for time limits of sessions, and free to read.
  var tick: UInt32 = 0
  var ticker: Timer?

  let peers: [Mailbox<WorkerCommand>]
  private let control: Mailbox<WorkerEvent>
  private var receiver: MailboxReceiver?

  /// What new sessions are served by.
  var table: RoutingTable
  private(set) lazy var listeners = WorkerListeners(self)

  /// Sessions that look for a backend, wait for one, or deliver their last bytes: their time is looked at every tick.
  var pending = SessionList()
  /// Sessions that relay.
  var standing = SessionList()
  var queues = SessionQueues()
  private(set) lazy var evictor = Evictor(self, pace: evictionPace)
  var goingOn: [Session] = []
  let gathering: Gathering
  let holds: Holds
  var endedThisTurn: [Session] = []
  /// Orders have come, or listeners leave: to be seen to after the turn. One look at this is all that other turns cost.
  var isCalledFor = false
  /// Pools in which connects ended that others had been held back for.
  var freedThisTurn: [PoolStatus] = []
  var activeThisTick: [Session] = []
  var activeLastTick: [Session] = []
  var sessionsMade: UInt64 = 0
  var recent = RecentSessions()
  /// What is to be logged of sessions, until the next tick.
  var records: [AccessRecord] = []
  let outbox: RecordOutbox
  /// When the standing sessions were looked through last, in nanoseconds of the monotonic clock.
  var sweptAt: UInt64 = 0

  /// Runs a worker on the calling thread until it's told to stop.
  package static func run(_ setup: WorkerSetup) {
    let worker = Worker(setup)
    worker.loop.run { worker.afterTurn() }
    worker.leave()
  }

  init(_ setup: WorkerSetup) {
    index = setup.index
    loop = EventLoop()
    counters = setup.counters
    tools = RelayTools(pipeLimit: setup.pipeLimit, counters: setup.counters)
    sessionSlots = setup.sessionSlots
    sessionLimit = setup.sessionLimit
    idleCloses = setup.idleCloses
    evictionPace = setup.evictionPace
    peerPatience = setup.peerPatience
    random = SplitMix64(seed: setup.seed)
    gathering = Gathering(on: loop)
    holds = Holds(of: setup.holdTime, on: loop)
    control = setup.control
    peers = setup.peers
    outbox = setup.outbox
    table = setup.table
    receiver = setup.inbox.receive(on: loop) { [unowned self] in obey($0) }
    ticker = Timer(on: loop) { [unowned self] in ticked() }
  }

  /// Breaks the cycles between the worker and what belongs to it.
  private func leave() {
    listeners.close()
    receiver = nil
    ticker = nil
    gathering.end()
    holds.end()
    endedThisTurn = []
    activeThisTick = []
    activeLastTick = []
    evictor.stop()
    handOverRecords()
  }

  // MARK: Commands and reports

  private func obey(_ command: WorkerCommand) {
    switch command {
    case .open(let sockets): listeners.open(sockets)
    case .adopt(let table): adopt(table)
    case .prepare(let rollout): listeners.prepare(rollout)
    case .commit(let rollout): listeners.commit(rollout)
    case .abort(let rollout): listeners.abort(rollout)
    case .evict(let order): evictor.take(order)
    case .endEviction(let id): evictor.end(id)
    case .freed(let pool): serveQueue(of: pool)
    case .acknowledged: holds.look()
    case .listSessions(let query, let ticket):
      let (sessions, total) = list(query)
      report(.sessions(worker: index, ticket: ticket, sessions, total: total))
    case .listRecent(let ticket): report(.recent(worker: index, ticket: ticket, recent.all))
    case .ping(let ticket): report(.pong(worker: index, ticket: ticket))
    case .drain: listeners.end(.takingAll)
    case .handOver: listeners.end(.takingNobody)
    case .stop:
      listeners.stop()
      standing.forEach { $0.close(.shutdown) }
      pending.forEach { $0.phase == .resetting ? $0.closeReset() : $0.refuse(.shutdown) }
      loop.stop()
    }
  }

  func report(_ event: WorkerEvent) {
    control.post(event)
  }

  // MARK: Sessions' lives

  /// - Parameter wait: how long its listener's rates hold it back, in nanoseconds.
  func start(_ session: Session, by rules: IntroductionRules?, after wait: UInt64 = 0) {
    pending.append(session)
    activeThisTick.append(session)
    keepTicking()
    if let rules, rules.expectsHeader(from: session.peer) {
      // What it begins with is told by the loop.
      session.introduction = ClientIntroduction(rules, awaiting: .header, since: session.accepted)
      session.phase = .introducing
    } else if wait > 0 {
      session.holdBack(for: wait)
    } else if rules?.routes != nil {
      session.phase = .introducing
      introduced(session)
    } else {
      search(for: session)
    }
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

  func ended(_ session: Session, from phase: SessionPhase) {
    switch phase {
    case .relaying: standing.remove(session)
    case .introducing, .queued, .connecting, .resetting: pending.remove(session)
    case .ended: return
    }
    if phase == .queued { queues.remove(session) }
    endedThisTurn.append(session)
    counters.ended.add()
    session.listener.counters.ended.add()
    session.listener.status.sessions.give()
    session.clientPlace?.leave()
    sessionSlots.give()
    listeners.resumeOne()
    reportIfDrained()
  }

  /// Tells that no session is left, if none comes any more.
  func reportIfDrained() {
    if listeners.haveEnded, pending.isEmpty, standing.isEmpty { report(.drained(worker: index)) }
  }

  // MARK: Tables

  /// Serves new sessions by another table.
  func adopt(_ table: RoutingTable) {
    self.table = table
    listeners.reroute()
    requeue()
  }

  /// How a listener's clients are served now, even if its socket is another one by now; nil if it's gone.
  func route(for listener: Listener) -> ListenerRoute? { table.routes[listener.status.name] }

  /// Where a session goes now whose client is known; nil if its listener leads nowhere any more.
  func destination(of session: Session) -> Destination? { route(for: session.listener)?.destination(of: session) }

  // MARK: Turns

  /// Comes back to the session in the next turn.
  func goOnLater(_ session: Session) {
    guard !session.isGoingOn else { return }
    session.isGoingOn = true
    goingOn.append(session)
  }

  /// Does what orders and rollouts have left for the end of a turn; whether another turn is needed for that.
  private func attend() -> Bool {
    if evictor.hasNews { evictor.work(at: MonotonicClock.now()) }
    isCalledFor = listeners.leave()
    return isCalledFor
  }

  private func afterTurn() -> AfterTurn {
    counters.turns.add()
    let isLeaving = isCalledFor && attend()
    if !endedThisTurn.isEmpty || !freedThisTurn.isEmpty { serveFreed() }
    let isUnfinished = isLeaving || !endedThisTurn.isEmpty || !freedThisTurn.isEmpty
    guard !goingOn.isEmpty else { return isUnfinished ? .goOn : .wait }
    let sessions = goingOn
    goingOn.removeAll(keepingCapacity: true)
    for session in sessions {
      session.isGoingOn = false
      if session.lastActive != tick { active(session) }
      session.goOn()
    }
    return .goOn
  }
}
