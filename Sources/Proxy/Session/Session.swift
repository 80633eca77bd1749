import Libevent
import Sockets
import SystemPackage

/// One accepted client, until both its sides are closed.
///
/// It lives on the worker that accepted it. `ready` brings readiness from the loop; the flows move bytes; whatever they
/// report is judged here. A session that has ended stays in memory until the loop's turn is over, so a callback that was
/// still pending finds `.ended`.
final class Session: IOHandler, Waiting {
  /// Tells sessions apart for as long as the process runs: the worker in the top 16 bits, a count below.
  let id: UInt64
  let worker: Worker
  let listener: Listener
  let client: Socket
  /// Where the connection comes from.
  let peer: SocketAddress
  let accepted: UInt64

  var phase = SessionPhase.connecting
  /// Who the client is by another one's word, and what it wants by its own; nil if nobody is asked.
  var introduction: ClientIntroduction?
  /// What it has of what its client may have; nil where that isn't counted.
  var clientPlace: ClientPlace?
  /// When its listener's rates let it go on, in nanoseconds; 0 if they don't hold it back.
  var heldBackUntil: UInt64 = 0
  /// The pool while a backend is looked for.
  var pool: Pool?
  var connector: Connector
  var policy: PoolPolicy
  var backend: Backend?
  /// The connection to the backend; nil while there's none.
  var server: Socket?

  var toBackend: Flow
  var toClient = Flow(shortReadEmpties: false)

  /// The worker's tick in which something moved last.
  var lastActive: UInt32
  /// What its peers owe us in acknowledgements.
  var debt: Debt
  /// Already in the worker's list of sessions that have more to do.
  var isGoingOn = false
  /// Already in the worker's list of sessions whose sources gather.
  var isGathering = false
  /// What the client's first bytes wait for, as the worker counts that; 0 for nothing.
  var hold: UInt32 = 0
  /// The side that is left of a session that is resetting is the client's.
  var sparesClient = false
  /// The kernel asks silent peers for a sign of life.
  var isKeptAlive = false
  var cause: CloseCause?
  /// The place in the worker's list that the session is in.
  var slot = 0
  /// The place in its pool's queue, if it's in one.
  var linePlace = 0
  /// How much was underway to the side that's left when a session that is resetting was looked at last, in bytes.
  var underway = 0

  var clientEvent: IOEvent?
  var serverEvent: IOEvent?

  /// A session that nobody has been looked for yet.
  ///
  /// - Parameter pool: where its listener's clients go; nil if that hangs on who they are or what they want.
  init(_ client: Socket, from peer: SocketAddress, pool: Pool?, listener: Listener, worker: Worker) {
    id = worker.makeSessionID()
    self.client = client
    self.peer = peer
    self.pool = pool
    self.policy = pool?.policy ?? .undecided
    self.listener = listener
    self.worker = worker
    accepted = MonotonicClock.now()
    connector = Connector(began: accepted)
    lastActive = worker.tick
    debt = Debt(asked: worker.tick)
    toBackend = Flow(shortReadEmpties: peer.port != nil)
    super.init()
    clientEvent = IOEvent(client.descriptor, on: worker.loop, trigger: .edge, handler: self)
  }

  /// Who the client is: everything that decides goes by this, what concerns the socket by `peer`.
  var clientAddress: SocketAddress { introduction?.client ?? peer }

  /// The port that the client asks for, by the word of whoever introduces it or by the socket that it has come to; nil if it's none.
  var askedPort: UInt16? { introduction?.askedPort ?? listener.port }

  /// The pool that it's in; nil if that isn't known yet.
  var poolStatus: PoolStatus? { policy === PoolPolicy.undecided ? nil : policy.pool }

  // MARK: Readiness

  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    if lastActive != worker.tick { worker.active(self) }
    if descriptor == client.descriptor {
      clientReady(readiness)
    } else {
      serverReady(readiness)
    }
  }

  private func clientReady(_ readiness: Readiness) {
    if readiness.contains(.closed) { toBackend.sourceHungUp = true }
    if !readiness.isDisjoint(with: [.read, .closed]) { toBackend.sourceReady = true }
    let hadRoom = toClient.sinkReady
    if readiness.contains(.write) { toClient.sinkReady = true }
    switch phase {
    case .relaying:
      if toBackend.isFinished, let error = breakAfterEnd(of: client, readiness) { return clientBroke(error) }
      if toBackend.sourceReady { pumpToBackend() }
      if !hadRoom, phase == .relaying { pumpToClient() }
    // Room for bytes towards the client is told of first, and says nothing of what it has sent.
    case .introducing: if toBackend.sourceReady { introduce() }
    // The client's bytes stay in the kernel until a backend is there.
    case .connecting, .queued, .resetting, .ended: break
    }
  }

  private func serverReady(_ readiness: Readiness) {
    switch phase {
    case .connecting: connectionReady(readiness)
    case .relaying:
      if let server, toClient.isFinished, let error = breakAfterEnd(of: server, readiness) { return serverBroke(error) }
      if readiness.contains(.closed) { toClient.sourceHungUp = true }
      if !readiness.isDisjoint(with: [.read, .closed]) { toClient.sourceReady = true }
      let hadRoom = toBackend.sinkReady
      if readiness.contains(.write), hold == 0 { toBackend.sinkReady = true }
      if toClient.sourceReady { pumpToClient() }
      if !hadRoom, phase == .relaying { pumpToBackend() }
    case .introducing, .queued, .resetting, .ended: break
    }
  }

  /// A side that has ended and breaks now: nobody reads from it any more, so nobody would notice. From its end on it's
  /// reported as ended each time, unless there is an error.
  private func breakAfterEnd(of side: Socket, _ readiness: Readiness) -> Errno? {
    readiness.contains(.read) && !readiness.contains(.closed) ? side.takeError() : nil
  }

  /// Takes up work that was left over for the sake of fairness.
  func goOn() {
    guard phase == .relaying else { return }
    pumpToBackend()
    if phase == .relaying { pumpToClient() }
  }

  /// Takes what has gathered.
  func lookForMore() {
    guard phase == .relaying else { return }
    toBackend.lookForMore()
    toClient.lookForMore()
    look()
  }

  /// Asks both sources once more, some time after they went quiet.
  ///
  /// libevent reports a reset as nothing but readiness to read and write. When it arrives together with the last bytes, a
  /// short read takes them for all there is, and no edge follows: this look finds the reset. So it is with one that came
  /// while a backend was looked for, and with what lies behind an urgent byte.
  func lookAgain() {
    toBackend.lookAgain()
    toClient.lookAgain()
    look()
    guard phase == .relaying else { return }
    if toBackend.isFinished, let error = client.takeError() { return clientBroke(error) }
    if toClient.isFinished, let error = server?.takeError() { return serverBroke(error) }
  }

  /// Goes on without having been told of anything. What moves then counts as well.
  private func look() {
    let before = toBackend.moved &+ toClient.moved
    goOn()
    if toBackend.moved &+ toClient.moved != before, lastActive != worker.tick { worker.active(self) }
  }

  // MARK: Relay

  /// Takes the connection to a backend, which may still be pending.
  func watch(_ server: Socket, isTCP: Bool) {
    self.server = server
    toClient = Flow(shortReadEmpties: isTCP)
    // The client's side has stood for long enough to have had its one edge: room is to be found out by writing.
    toClient.sinkReady = true
    toBackend.sinkDelays = isTCP
    serverEvent = IOEvent(server.descriptor, on: worker.loop, trigger: .edge, handler: self)
  }

  /// Drops a connection that failed.
  func dropServer() {
    serverEvent = nil
    server?.close()
    server = nil
  }

  func startRelaying() {
    phase = .relaying
    // It may have been connected by a tick, with no event of its own.
    if lastActive != worker.tick { worker.active(self) }
    toBackend.sinkReady = hold == 0
    pumpToBackend()
    if phase == .relaying, toClient.sourceReady { pumpToClient() }
  }

  /// What the client's first bytes have waited for is over; false if they wait for something else by now, or nobody does.
  @discardableResult
  func letGo(_ number: UInt32) -> Bool {
    guard hold == number else { return false }
    hold = 0
    guard phase == .relaying else { return false }
    toBackend.sinkReady = true
    look()
    return true
  }

  private func pumpToBackend() {
    guard let server else { return }
    let before = toBackend.moved
    let progress = toBackend.pump(from: client, to: server, with: worker.tools)
    let moved = toBackend.moved &- before
    if moved > 0 {
      backend?.counters[worker.index].bytesToBackend.add(moved)
      listener.counters.bytesToBackend.add(moved)
    }
    switch progress {
    case .waiting: break
    case .gathering: worker.gathering.add(self)
    case .goOn: worker.goOnLater(self)
    case .ended: flowEnded(.clientEnded, to: server)
    case .sourceBroke(let error):
      breakOff(error == .timedOut ? .clientLost : .clientReset, sparing: server)
    case .sinkBroke(let error): serverBroke(error)
    }
  }

  private func pumpToClient() {
    guard let server else { return }
    let before = toClient.moved
    let progress = toClient.pump(from: server, to: client, with: worker.tools)
    let moved = toClient.moved &- before
    if moved > 0 {
      if before == 0 { connector.firstByteCame(policy.pool.counters[worker.index]) }
      backend?.counters[worker.index].bytesToClient.add(moved)
      listener.counters.bytesToClient.add(moved)
    }
    switch progress {
    case .waiting: break
    case .gathering: worker.gathering.add(self)
    case .goOn: worker.goOnLater(self)
    case .ended:
      tellIfHeaderUnanswered()
      flowEnded(.backendEnded, to: client)
    case .sourceBroke(let error):
      tellIfHeaderUnanswered()
      if isUntouched, retry(after: error) { return }
      breakOff(error == .timedOut ? .backendLost : .backendReset, sparing: client)
    case .sinkBroke(let error): clientBroke(error)
    }
  }

  /// The client takes no more bytes, but what it sent before still belongs to the backend.
  private func clientBroke(_ error: Errno) {
    guard let server else { return }
    let cause: CloseCause = error == .timedOut ? .clientLost : .clientReset
    toClient.abandon(worker.tools)
    if toBackend.isFinished { return breakOff(cause, sparing: server) }
    self.cause = self.cause ?? cause
    toBackend.breakAtEnd(error)
    pumpToBackend()
  }

  /// The backend takes no more bytes, but what it sent before still belongs to the client.
  private func serverBroke(_ error: Errno) {
    if isUntouched, !toClient.isFinished, retry(after: error) { return }
    let cause: CloseCause = error == .timedOut ? .backendLost : .backendReset
    toBackend.abandon(worker.tools)
    if toClient.isFinished { return breakOff(cause, sparing: client) }
    self.cause = self.cause ?? cause
    toClient.breakAtEnd(error)
    pumpToClient()
  }

  /// The client's kernel has owed an acknowledgement for too long: nothing will come from there, nor arrive there.
  func clientLost() {
    guard let server else { return }
    toClient.abandon(worker.tools)
    if toBackend.isFinished { return breakOff(.clientLost, sparing: server) }
    toBackend.breakNow(.timedOut)
    pumpToBackend()
  }

  /// The backend's kernel has owed an acknowledgement for too long: nothing will come from there, nor arrive there.
  func serverLost() {
    toBackend.abandon(worker.tools)
    if toClient.isFinished { return breakOff(.backendLost, sparing: client) }
    toClient.breakNow(.timedOut)
    pumpToClient()
  }

  /// Not a byte has passed in either direction or waits to, so another backend can serve the client without it noticing.
  private var isUntouched: Bool {
    toBackend.moved == 0 && toClient.moved == 0 && !toBackend.isFinished && server?.hasInput != true
  }

  /// A source has ended, and all its bytes are delivered. The first end is passed on (FIN); the second one is passed on
  /// by the close.
  private func flowEnded(_ cause: CloseCause, to sink: Socket) {
    self.cause = self.cause ?? cause
    if isFinished { close(self.cause ?? cause) } else { sink.shutdownWrite() }
  }

  // MARK: Time

  /// For how long nothing has moved, in nanoseconds.
  var idle: UInt64 {
    UInt64(worker.tick &- lastActive) * Worker.tickNanoseconds
  }

  /// One side has ended, and the other goes on.
  var isHalfClosed: Bool { toBackend.isFinished || toClient.isFinished }
  private var isFinished: Bool { toBackend.isFinished && toClient.isFinished }

  /// Gives back what a quiet session doesn't need.
  func rest() {
    toBackend.rest(client, worker.tools)
    if let server { toClient.rest(server, worker.tools) }
  }

  /// Has the kernel look for peers that died silently. Only done for sessions that live long enough to need it: it takes
  /// four system calls a side.
  func keepAlive() {
    isKeptAlive = true
    try? client.setKeepAlive()
    try? server?.setKeepAlive()
  }
}
