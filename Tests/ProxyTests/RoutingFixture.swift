import Balancing
import Libevent
import Proxy
import Sockets
import Support
import SystemPackage
import Synchronization

/// A pool of backends, and snapshots of it.
struct PoolFixture {
  let status: PoolStatus
  var backends: [Backend]

  /// - Parameter firstID: the ids of its backends count from here.
  init(
    _ addresses: [SocketAddress], named name: String = "test", header: HeaderRules? = nil, workers: Int = 1,
    firstID: Int = 0
  ) {
    status = PoolStatus(name: name, cursorStart: 0, workers: workers)
    backends = addresses.enumerated().map { index, address in
      Backend(
        id: firstID + index, pool: name, name: "\(address)", address: address, header: header, workers: workers)
    }
  }

  /// All backends are eligible, but those at the places left out.
  func snapshot(
    strategy: Strategy = .roundRobin, policy: TestPolicy = .test(), backendSessions: Int = .max,
    guardRules: GuardRules? = nil, tiers: [Int] = [], without: Set<Int> = []
  ) -> Pool {
    let candidates = backends.enumerated().filter { !without.contains($0.offset) }.map { index, backend in
      Candidate(
        index: index, weight: 1, tier: index < tiers.count ? tiers[index] : 0, maxSessions: backendSessions,
        guardRules: guardRules, load: backend.load,
        hashKey: "\(backend.address)")
    }
    let route = PoolRoute(
      strategy: strategy, candidates: candidates, cursor: status.cursor, poolSize: max(backends.count, 1))
    return Pool(route: route, backends: backends, policy: policy.of(status))
  }
}

extension RoutingTable {
  /// A table in which each listener's clients go to a pool without a limit.
  convenience init(_ routes: [String: Pool], evictionInterval: UInt64 = 0) {
    self.init(
      generation: 2, routes: routes.mapValues { ListenerRoute(pool: $0, maxSessions: .max) },
      evictionInterval: evictionInterval)
  }
}

/// The rules of a pool that is yet to be made: times in milliseconds.
struct TestPolicy: Sendable {
  var connect: UInt64 = 2_000
  var deadline: UInt64 = 5_000
  var attempts = 3
  var idle: UInt64 = 3_600_000
  var halfClosed: UInt64 = 30_000
  var queue = 0
  var queueTimeout: UInt64 = 5_000
  var guardQueue = 0
  var guardWait: UInt64 = 0
  var maxAge: UInt64?
  var patience: UInt64?
  var stick: StickTable?

  static func test(
    connect: UInt64 = 2_000, deadline: UInt64 = 5_000, attempts: Int = 3, idle: UInt64 = 3_600_000,
    halfClosed: UInt64 = 30_000, queue: Int = 0, queueTimeout: UInt64 = 5_000,
    guardQueue: Int = 0, guardWait: UInt64 = 0, maxAge: UInt64? = nil, patience: UInt64? = nil,
    stick: StickTable? = nil
  ) -> TestPolicy {
    TestPolicy(
      connect: connect, deadline: deadline, attempts: attempts, idle: idle, halfClosed: halfClosed, queue: queue,
      queueTimeout: queueTimeout, guardQueue: guardQueue, guardWait: guardWait, maxAge: maxAge, patience: patience,
      stick: stick)
  }

  func of(_ pool: PoolStatus) -> PoolPolicy {
    PoolPolicy(
      pool: pool, connectTimeout: connect * 1_000_000, connectDeadline: deadline * 1_000_000, attempts: attempts,
      idle: idle * 1_000_000, halfClosed: halfClosed * 1_000_000, queueSize: queue,
      queueTimeout: queueTimeout * 1_000_000, guardQueue: guardQueue, guardWait: guardWait * 1_000_000,
      maxAge: maxAge.map { $0 * 1_000_000 } ?? .max,
      patience: patience.map { $0 * 1_000_000 } ?? .max, stick: stick)
  }
}

/// The listening sockets of a listener, one for each worker.
final class BoundListener {
  let address: SocketAddress
  let status: ListenerStatus
  /// The file of a Unix socket.
  private let file: UnixSocketFile?
  private var held: [SharedSocket]
  private let known: [Known]

  private struct Known { weak var socket: SharedSocket? }

  /// Those that are open.
  var sockets: [SharedSocket] { known.compactMap(\.socket) }

  /// Leaves them to the workers, who have got them.
  func letGo() { held = [] }

  var listening: [ListeningSocket] { sockets.map { ListeningSocket(status: status, socket: $0) } }

  init(_ family: AddressFamily = .ipv4, named name: String = "test", workers: Int = 1) throws {
    var bound = family.freshAddress()
    var sockets: [SharedSocket] = []
    for _ in 0..<workers {
      if family == .unix, let first = sockets.first {
        sockets.append(try first.duplicate())
        continue
      }
      let socket = try SharedSocket(listeningAt: bound, backlog: 1024) { (socket) throws(Errno) in
        guard family != .unix else { return }
        try socket.setReuseAddress()
        try socket.setReusePort()
        try socket.setNoDelay()
        try socket.setUrgentInline()
      }
      bound = try socket.socket.localAddress()
      sockets.append(socket)
    }
    address = bound
    status = ListenerStatus(name: name, workers: workers)
    held = sockets
    known = sockets.map { Known(socket: $0) }
    file = if case .unix(let path) = bound { UnixSocketFile(at: path) } else { nil }
  }

  func removeFile() { file?.remove() }
}

/// What workers report, as long as the log lives.
final class EventLog: Sendable {
  let mailbox = Mailbox<WorkerEvent>()
  private let events: Events
  private let end: Mailbox<Void>

  private final class Events: Sendable {
    let list = Mutex<[WorkerEvent]>([])
  }

  init() {
    let (events, end, mailbox) = (Events(), Mailbox<Void>(), mailbox)
    (self.events, self.end) = (events, end)
    _ = LoopThread(name: "events") {
      let loop = EventLoop()
      let receivers = [
        mailbox.receive(on: loop) { event in events.list.withLock { $0.append(event) } },
        end.receive(on: loop) { loop.stop() },
      ]
      withExtendedLifetime(receivers) { loop.run() }
    }
  }

  deinit {
    end.post(())
  }

  var all: [WorkerEvent] { events.list.withLock(\.self) }

  /// Waits for an event that is what's looked for; nil if there's none in time.
  func first<Found>(seconds: Double = 20, _ find: (WorkerEvent) -> Found?) -> Found? {
    var found: Found?
    _ = eventually(seconds: seconds) {
      found = all.lazy.compactMap(find).first
      return found != nil
    }
    return found
  }
}
