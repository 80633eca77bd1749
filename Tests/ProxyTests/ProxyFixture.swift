import Balancing
import Config
import Libevent
import Proxy
import Sockets
import Support
import SystemPackage

/// Real workers in threads of their own, in front of real sockets: one listener with one pool, both named `test`, unless a
/// test rolls out something else.
final class ProxyFixture {
  let bound: BoundListener
  let pool: PoolFixture
  let workers: [WorkerCounters]
  let slots = Slots()
  let events = EventLog()
  let accessLogs: AccessLogs
  private let idleCloses = IdleCloses()
  private let pace = Pace()

  private let inboxes: [Mailbox<WorkerCommand>]
  private var threads: [Thread] = []

  var address: SocketAddress { bound.address }
  var listener: ListenerStatus { bound.status }
  var backends: [Backend] { pool.backends }
  var status: PoolStatus { pool.status }

  /// Starts workers in front of the addresses.
  ///
  /// - Parameters:
  ///   - peerPatience: how long peers may owe acknowledgements, in milliseconds.
  ///   - holdTime: how long clients' first bytes wait for another node, in milliseconds.
  ///   - introduction: what is looked at of clients before a backend is looked for.
  ///   - header: what backends are told of each session.
  ///   - admission: whom the listener lets in.
  ///   - accessLog: how their sessions are logged.
  ///   - enter: called by each worker's thread before anything else.
  init(
    _ addresses: [SocketAddress], family: AddressFamily = .ipv4, workers count: Int = 1,
    strategy: Strategy = .roundRobin, policy: TestPolicy = .test(), maxSessions: Int = .max,
    backendSessions: Int = .max, pipes: Int = 16, evictionInterval: UInt64 = 0,
    guardRules: GuardRules? = nil, tiers: [Int] = [], peerPatience: UInt64 = 120_000,
    holdTime: UInt64 = 10, introduction: IntroductionRules? = nil, admission: AdmissionRules? = nil,
    header: HeaderRules? = nil, accessLog: AccessLogConfiguration? = nil,
    entering enter: @escaping @Sendable () -> Void = {}
  ) throws {
    pool = PoolFixture(addresses, header: header, workers: count)
    bound = try BoundListener(family, workers: count)
    let snapshot = pool.snapshot(
      strategy: strategy, policy: policy, backendSessions: backendSessions, guardRules: guardRules, tiers: tiers)
    accessLogs = AccessLogs(workers: count)
    let table = RoutingTable(
      generation: 1,
      routes: [
        "test": ListenerRoute(
          pool: snapshot, maxSessions: maxSessions, introduction: introduction, admission: admission,
          accessLog: accessLog.map(accessLogs.log))
      ],
      evictionInterval: evictionInterval)
    inboxes = (0..<count).map { _ in Mailbox() }
    workers = (0..<count).map { _ in WorkerCounters() }
    for index in 0..<count {
      let setup = WorkerSetup(
        index: index, table: table,
        inbox: inboxes[index], peers: inboxes.enumerated().filter { $0.offset != index }.map(\.element),
        control: events.mailbox, sessionSlots: slots, sessionLimit: 9_000, idleCloses: idleCloses, evictionPace: pace,
        peerPatience: peerPatience * 1_000_000, holdTime: holdTime * 1_000_000, pipeLimit: pipes,
        seed: UInt64(index),
        counters: workers[index], outbox: accessLogs.outboxes[index])
      inboxes[index].post(.open([bound.listening[index]]))
      threads.append(Thread(setup, entering: enter))
    }
    bound.letGo()
  }

  deinit {
    post(.stop)
    for thread in threads { thread.join() }
    bound.removeFile()
  }

  func post(_ command: WorkerCommand) {
    for inbox in inboxes { inbox.post(command) }
  }

  func post(_ command: WorkerCommand, to worker: Int) {
    inboxes[worker].post(command)
  }

  func connect() throws -> Peer {
    try Peer.connect(to: address)
  }

  /// Whether a new client is answered by a reset, which may reach it before it knows that it was connected.
  func isRefused() throws -> Bool {
    do {
      return try connect().receiveToEnd().ending == .reset
    } catch Errno.connectionReset {
      return true
    }
  }

  /// Sessions of a backend that ended for this reason.
  func closes(_ cause: CloseCause, of backend: Int = 0) -> Int {
    backends[backend].counters.reduce(0) { $0 + $1.closes[cause] }
  }

  func failures(_ failure: ConnectFailure, of backend: Int) -> Int {
    backends[backend].counters.reduce(0) { $0 + $1.failures[failure] }
  }

  func refused(_ refusal: Refusal) -> Int {
    status.counters.reduce(0) { $0 + $1.refused[refusal] }
  }

  /// Whether no session is left, and every place and every socket that sessions took has been given back.
  var isAtRest: Bool {
    OpenSockets.count(at: address) <= workers.count && isWithoutSessions
  }

  /// Whether every place and every connection to a backend that sessions took has been given back.
  var isWithoutSessions: Bool {
    backends.allSatisfy { OpenSockets.count(to: $0.address) == 0 } && slots.taken == 0
      && listener.sessions.taken == 0 && status.waiting.taken == 0 && status.heldBack.taken == 0
      && backends.allSatisfy { $0.load.active == 0 && $0.load.connecting == 0 }
  }

  private final class Thread {
    private var thread: LoopThread?

    init(_ setup: WorkerSetup, entering enter: @escaping @Sendable () -> Void) {
      thread = LoopThread(name: "test") {
        enter()
        Worker.run(setup)
      }
    }

    func join() {
      thread.take()?.join()
    }
  }
}

/// A client and the server's end of its session, with real workers in between.
struct RelayedPair {
  let proxy: ProxyFixture
  let client: Peer
  let server: Peer
  let listening: TestServer

  init(
    _ family: AddressFamily = .ipv4, policy: TestPolicy = .test(), pipes: Int = 16, peerPatience: UInt64 = 120_000,
    holdTime: UInt64 = 10
  ) throws {
    listening = try TestServer(at: family.freshAddress())
    proxy = try ProxyFixture(
      [listening.address], family: family, policy: policy, pipes: pipes, peerPatience: peerPatience,
      holdTime: holdTime)
    client = try proxy.connect()
    server = try listening.accept()
  }

  /// The ends by role: who sends and who receives.
  func ends(_ direction: Direction) -> (source: Peer, sink: Peer) {
    direction == .toBackend ? (client, server) : (server, client)
  }
}

enum Direction: String, CaseIterable, Sendable {
  case toBackend, toClient
}

/// Bytes that show any loss, doubling or change of order: a generator's output.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var generator = SplitMix64(seed: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 8)
  while bytes.count < count {
    let word = generator.next()
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
  }
  bytes.removeLast(bytes.count - count)
  return bytes
}
