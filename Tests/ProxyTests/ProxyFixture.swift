import Balancing
import Libevent
import Proxy
import Sockets
import Support
import SystemPackage

/// Real workers in threads of their own, in front of real sockets.
final class ProxyFixture {
  let address: SocketAddress
  let listener: ListenerStatus
  let backends: [Backend]
  let status: PoolStatus
  let workers: [WorkerCounters]
  let slots = Slots()

  private let inboxes: [Mailbox<WorkerCommand>]
  private let control = Mailbox<WorkerEvent>()
  private var threads: [Thread] = []

  /// Starts workers in front of the addresses.
  init(
    _ addresses: [SocketAddress], family: AddressFamily = .ipv4, workers count: Int = 1,
    strategy: Strategy = .roundRobin, policy: PoolPolicy = .test(), maxSessions: Int = .max,
    backendSessions: Int = .max, pipes: Int = 16
  ) throws {
    let listener = ListenerStatus(name: "test", maxSessions: maxSessions, workers: count)
    let status = PoolStatus(cursorStart: 0, workers: count)
    let backends = addresses.enumerated().map { index, address in
      Backend(id: index, pool: "test", name: "\(address)", address: address, workers: count)
    }
    let candidates = backends.map {
      Candidate(
        index: $0.id, weight: 1, tier: 0, maxSessions: backendSessions, load: $0.load, hashKey: "\($0.address)")
    }
    let route = PoolRoute(
      strategy: strategy, candidates: candidates, cursor: status.cursor, poolSize: max(backends.count, 1))
    let pool = Pool(name: "test", route: route, backends: backends, policy: policy, status: status)
    let table = RoutingTable(generation: 1, pools: ["test": pool])

    var bound = family.freshAddress()
    var sockets: [Socket] = []
    for _ in 0..<count {
      if family == .unix, let first = sockets.first {
        sockets.append(try first.duplicate())
        continue
      }
      let socket = try Socket(for: bound)
      if family != .unix {
        try socket.setReuseAddress()
        try socket.setReusePort()
        try socket.setNoDelay()
      }
      try socket.bind(to: bound)
      try socket.listen(backlog: 1024)
      bound = try socket.localAddress()
      sockets.append(socket)
    }
    inboxes = (0..<count).map { _ in Mailbox() }
    workers = (0..<count).map { _ in WorkerCounters() }
    (self.address, self.listener, self.backends, self.status) = (bound, listener, backends, status)
    for index in 0..<count {
      let setup = WorkerSetup(
        index: index, listening: [ListeningSocket(status: listener, socket: sockets[index])], table: table,
        inbox: inboxes[index], peers: inboxes.enumerated().filter { $0.offset != index }.map(\.element),
        control: control, sessionSlots: slots, sessionLimit: 9_000, pipeLimit: pipes, seed: UInt64(index),
        counters: workers[index])
      threads.append(Thread(setup))
    }
  }

  deinit {
    post(.stop)
    for thread in threads { thread.join() }
    if case .unix(let path) = address { UnixSocketFile.remove(path) }
  }

  func post(_ command: WorkerCommand) {
    for inbox in inboxes { inbox.post(command) }
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
    OpenSockets.count(at: address) <= workers.count
      && backends.allSatisfy { OpenSockets.count(to: $0.address) == 0 } && slots.taken == 0
      && listener.sessions.taken == 0 && status.waiting.taken == 0
      && backends.allSatisfy { $0.load.active == 0 }
  }

  private final class Thread {
    private var thread: LoopThread?

    init(_ setup: WorkerSetup) {
      thread = LoopThread(name: "test") { Worker.run(setup) }
    }

    func join() {
      thread.take()?.join()
    }
  }
}

extension PoolPolicy {
  /// Rules for tests: times in milliseconds.
  static func test(
    connect: UInt64 = 2_000, deadline: UInt64 = 5_000, attempts: Int = 3, idle: UInt64 = 3_600_000,
    halfClosed: UInt64 = 30_000, queue: Int = 0, queueTimeout: UInt64 = 5_000
  ) -> PoolPolicy {
    PoolPolicy(
      connectTimeout: connect * 1_000_000, connectDeadline: deadline * 1_000_000, attempts: attempts,
      idle: idle * 1_000_000, halfClosed: halfClosed * 1_000_000, queueSize: queue,
      queueTimeout: queueTimeout * 1_000_000)
  }
}

/// A client and the server's end of its session, with real workers in between.
struct RelayedPair {
  let proxy: ProxyFixture
  let client: Peer
  let server: Peer
  let listening: TestServer

  init(_ family: AddressFamily = .ipv4, policy: PoolPolicy = .test(), pipes: Int = 16) throws {
    listening = try TestServer(at: family.freshAddress())
    proxy = try ProxyFixture([listening.address], family: family, policy: policy, pipes: pipes)
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
