import Libevent
import Proxy
import Sockets
import Support
import Testing

/// Sessions that are ended though they would go on: which, when, and what their two sides see of it.
@Suite struct EvictionTests {
  static let all = SessionSelection()

  @Test("a quiet session ends cleanly on both sides, is counted by the order's cause, and the order is done")
  func quiet() throws {
    let pair = try RelayedPair()
    try pair.client.send("x")
    #expect(pair.server.receiveText(1) == "x")
    pair.proxy.post(.evict(EvictionOrder(id: 3, selection: Self.all, cause: .drained)))
    #expect(pair.client.receiveToEnd().ending == .end)
    #expect(pair.server.receiveToEnd().ending == .end)
    #expect(pair.proxy.closes(.drained) == 1)
    #expect(pair.proxy.remaining(of: 3) == 0)
    #expect(eventually { pair.proxy.isAtRest })
    #expect(pair.proxy.recent().map(\.end) == [.closed(.drained)])
  }

  @Test("a session isn't ended between two bytes that follow each other, but in the pause after them")
  func busy() throws {
    let pair = try RelayedPair()
    try pair.exchange()
    pair.proxy.post(.evict(EvictionOrder(id: 1, selection: Self.all, cause: .drained)))
    var longestPause: UInt64 = 0
    for _ in 0..<30 where pair.proxy.closes(.drained) == 0 {
      let start = MonotonicClock.now()
      _ = eventually(seconds: 0.04) { false }
      try? pair.exchange(seconds: 1)
      longestPause = max(longestPause, MonotonicClock.now() - start)
    }
    // On a machine that is too busy for this test there was a pause.
    #expect(pair.proxy.closes(.drained) == 0 || longestPause > 100_000_000)
    #expect(pair.client.receiveToEnd().ending == .end)
    #expect(pair.proxy.closes(.drained) == 1)
  }

  @Test("a session whose bytes are stuck isn't ended before the order insists; then both sides see a reset")
  func stuck() throws {
    let pair = try RelayedPair()
    // The backend doesn't read.
    try pair.client.fill(with: noise(64 * 1024))
    let order = EvictionOrder(id: 1, selection: Self.all, cause: .removed)
    pair.proxy.post(.evict(order))
    _ = eventually(seconds: 1) { false }
    #expect(pair.proxy.closes(.removed) == 0 && !pair.proxy.isDone(1))
    pair.proxy.post(.evict(order.insisting()))
    #expect(pair.proxy.remaining(of: 1) == 0)
    #expect(pair.proxy.closes(.removed) == 1)
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(pair.server.receiveToEnd().ending == .reset)
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("an order is done when the last session that it means has ended by itself, though nothing else happens then")
  func endedByItself() throws {
    // Sessions are looked for once a second: one round might be lucky.
    for _ in 0..<3 {
      let pair = try RelayedPair()
      try pair.client.fill(with: noise(64 * 1024))
      pair.proxy.post(.evict(EvictionOrder(id: 1, selection: Self.all, cause: .drained)))
      _ = eventually(seconds: 0.5) { false }
      #expect(!pair.proxy.isDone(1))
      pair.client.reset()
      pair.server.reset()
      #expect(pair.proxy.remaining(of: 1) == 0)
    }
  }

  @Test("small bytes that nobody reads are on their way as well")
  func unread() throws {
    let server = try TestServer(at: AddressFamily.unix.freshAddress())
    // A Unix socket counts what its peer hasn't read; TCP what its peer's kernel hasn't taken.
    let proxy = try ProxyFixture([server.address])
    let client = try proxy.connect()
    let peer = try server.accept()
    try client.send("x")
    #expect(peer.wait(for: 1))
    proxy.post(.evict(EvictionOrder(id: 1, selection: Self.all, cause: .drained)))
    _ = eventually(seconds: 0.6) { false }
    #expect(proxy.closes(.drained) == 0)
    #expect(peer.receiveText(1) == "x")
    #expect(client.receiveToEnd().ending == .end)
    #expect(proxy.closes(.drained) == 1)
  }

  @Test("who has ended one direction still waits for the answer, until the order insists")
  func halfClosed() throws {
    let pair = try RelayedPair()
    try pair.client.send("question")
    pair.client.shutdownWrite()
    #expect(pair.server.receiveToEnd().ending == .end)
    let order = EvictionOrder(id: 1, selection: Self.all, cause: .drained)
    pair.proxy.post(.evict(order))
    _ = eventually(seconds: 0.6) { false }
    #expect(pair.proxy.closes(.drained) == 0)
    pair.proxy.post(.evict(order.insisting()))
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(pair.proxy.closes(.drained) == 1)
  }

  @Test("an order insists by itself when its time has come", arguments: [true, false])
  func deadline(isPaced: Bool) throws {
    let pair = try RelayedPair()
    let start = MonotonicClock.now()
    pair.proxy.post(
      .evict(
        EvictionOrder(
          id: 1, selection: Self.all, cause: .drained, insistFrom: start + 700_000_000, isPaced: isPaced)))
    while pair.proxy.closes(.drained) == 0 {
      guard MonotonicClock.now() - start < 10_000_000_000 else { break }
      try? pair.exchange(seconds: 1)
    }
    #expect(MonotonicClock.now() - start >= 700_000_000)
    #expect(pair.proxy.closes(.drained) == 1 && pair.proxy.remaining(of: 1) == 0)
  }

  @Test("sessions are told apart by the address that they came in at")
  func localAddress() throws {
    let pair = try RelayedPair()
    for (id, host) in ["10.0.0.100", "127.0.0.1"].enumerated() {
      let selection = SessionSelection(local: SocketAddress(ip: host, port: 80))
      pair.proxy.post(
        .evict(EvictionOrder(id: id, selection: selection, cause: .addressMoved, insistFrom: 0, isPaced: false)))
      #expect(eventually { pair.proxy.remaining(of: id) != nil })
      #expect(pair.proxy.closes(.addressMoved) == id)
    }
  }

  @Test("a quota ends so many over all workers, those first in which nothing has moved for longest", arguments: [1, 2])
  func quota(workers: Int) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], workers: workers)
    var pairs: [(client: Peer, server: Peer)] = []
    for _ in 0..<8 { pairs.append((try proxy.connect(), try server.accept())) }
    for (client, peer) in pairs.reversed() {
      _ = eventually(seconds: 0.25) { false }
      try client.send("x")
      #expect(peer.receiveText(1) == "x")
    }
    _ = eventually(seconds: 0.4) { false }
    let quota = EvictionQuota(3)
    proxy.post(.evict(EvictionOrder(id: 1, selection: Self.all, cause: .rebalanced, quota: quota)))
    #expect(eventually { proxy.closes(.rebalanced) == 3 && quota.left == 0 })
    let left = (0..<workers).map { proxy.remaining(of: 1, by: $0) }
    // A worker without sessions of its own was done before the quota was.
    if workers == 1 { #expect(left == [5]) }
    _ = eventually(seconds: 0.5) { false }
    #expect(proxy.closes(.rebalanced) == 3)
    if workers == 1 {
      for (client, _) in pairs.suffix(3) { #expect(client.receiveToEnd().ending == .end) }
      #expect(proxy.list().sessions.map(\.id) == [1, 2, 3, 4, 5])
    }
  }

  @Test("paced orders end one session after the other, over all workers; an order without a pace all at once")
  func pace() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], workers: 2, evictionInterval: 200_000_000)
    let first = try (0..<9).map { _ in (try proxy.connect(), try server.accept()) }
    _ = eventually(seconds: 0.4) { false }
    let start = MonotonicClock.now()
    proxy.post(.evict(EvictionOrder(id: 1, selection: Self.all, cause: .drained)))
    #expect(eventually { proxy.closes(.drained) == 9 })
    // 8 intervals of at least half their length.
    #expect(MonotonicClock.now() - start >= 800_000_000)
    proxy.post(.endEviction(1))
    let second = try (0..<9).map { _ in (try proxy.connect(), try server.accept()) }
    _ = eventually(seconds: 0.4) { false }
    proxy.post(.evict(EvictionOrder(id: 2, selection: Self.all, cause: .closed, isPaced: false)))
    #expect(eventually(seconds: 1) { proxy.closes(.closed) == 9 })
    _ = (first, second)
  }

  @Test("insisting has no pace")
  func insistingAtOnce() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], evictionInterval: 60_000_000_000)
    let pairs = try (0..<9).map { _ in (try proxy.connect(), try server.accept()) }
    #expect(eventually { proxy.backends[0].counters[0].sessions.current == 9 })
    proxy.post(.evict(EvictionOrder(id: 1, selection: Self.all, cause: .drained).insisting()))
    #expect(eventually { proxy.closes(.drained) == 9 })
    // They had just begun: nobody can tell whether something was on its way.
    for (client, _) in pairs { #expect(client.receiveToEnd().ending == .reset) }
  }

  @Test("an order stands until it's ended, and ends sessions that come later")
  func later() throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let proxy = try ProxyFixture(servers.map(\.address))
    let selection = SessionSelection(backendIDs: [0])
    proxy.post(.evict(EvictionOrder(id: 1, selection: selection, cause: .drained)))
    #expect(proxy.remaining(of: 1) == 0)
    let first = (try proxy.connect(), try servers[0].accept())
    let second = (try proxy.connect(), try servers[1].accept())
    #expect(first.0.receiveToEnd().ending == .end)
    proxy.post(.endEviction(1))
    proxy.post(.endEviction(2))
    let third = (try proxy.connect(), try servers[0].accept())
    _ = eventually(seconds: 0.6) { false }
    #expect(proxy.closes(.drained, of: 0) == 1 && proxy.closes(.drained, of: 1) == 0)
    #expect(proxy.events.all.count { if case .evicted = $0 { true } else { false } } == 1)
    for (client, peer) in [second, third] {
      try client.send("x")
      #expect(peer.receiveText(1) == "x")
    }
  }

  @Test("who looks for a backend isn't touched before the order insists, and not by one about backends")
  func pending() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let full = try FullServer()
    let proxy = try ProxyFixture(
      [server.address, full.address],
      policy: .test(connect: 20_000, deadline: 20_000, queue: 1, queueTimeout: 20_000), backendSessions: 1)
    let clients = try (0..<3).map { _ in try proxy.connect() }
    #expect(eventually { proxy.status.waiting.taken == 1 && proxy.backends[0].counters[0].sessions.current == 1 })
    let polite = EvictionOrder(id: 1, selection: SessionSelection(pool: "test"), cause: .removed)
    let ofBackend = EvictionOrder(id: 2, selection: SessionSelection(backendIDs: [1]), cause: .removed)
    proxy.post(.evict(ofBackend.insisting()))
    proxy.post(.evict(EvictionOrder(id: 3, selection: SessionSelection(listener: "test"), cause: .removed)))
    #expect(eventually { proxy.closes(.removed, of: 0) == 1 })
    _ = eventually(seconds: 0.3) { false }
    #expect(proxy.refused(.closed) == 0 && !proxy.isDone(2) && !proxy.isDone(3))
    // The one who waited has got the slot by now, and is between bytes soon.
    #expect(eventually { proxy.closes(.removed, of: 0) == 2 })
    proxy.post(.evict(polite))
    let waiting = try proxy.connect()
    #expect(eventually { proxy.backends[0].counters[0].sessions.current == 3 })
    proxy.post(.evict(polite.insisting()))
    #expect(eventually { proxy.refused(.closed) == 1 && proxy.slots.taken == 0 })
    #expect(proxy.backends.allSatisfy { $0.load.active == 0 } && proxy.status.waiting.taken == 0)
    _ = (clients, waiting)
  }
}

/// The age that a pool's sessions may reach.
@Suite struct AgeTests {
  @Test("a session that has reached its pool's age ends between its bytes")
  func expired() throws {
    let pair = try RelayedPair(policy: .test(maxAge: 1_000))
    let start = MonotonicClock.now()
    try pair.exchange()
    #expect(pair.client.receiveToEnd().ending == .end)
    #expect(MonotonicClock.now() - start >= 800_000_000)
    #expect(eventually { pair.proxy.closes(.expired) == 1 && pair.proxy.isAtRest })
  }

  @Test("a busy session that is too old is cut off when the patience is over")
  func patience() throws {
    let pair = try RelayedPair(policy: .test(maxAge: 500, patience: 1_000))
    let start = MonotonicClock.now()
    var longestPause: UInt64 = 0
    while pair.proxy.closes(.expired) == 0, MonotonicClock.now() - start < 10_000_000_000 {
      let last = MonotonicClock.now()
      try? pair.exchange(seconds: 1)
      longestPause = max(longestPause, MonotonicClock.now() - last)
    }
    #expect(pair.proxy.closes(.expired) == 1)
    #expect(MonotonicClock.now() - start >= 1_350_000_000 || longestPause > 100_000_000)
  }

  @Test("sessions that came together don't reach their age together, and go at the pace of the process")
  func spread() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address], policy: .test(maxAge: 1_000), evictionInterval: 100_000_000)
    let pairs = try (0..<20).map { _ in (try proxy.connect(), try server.accept()) }
    let start = MonotonicClock.now()
    #expect(eventually { proxy.closes(.expired) == 20 })
    // 19 intervals of at least half their length, less the one session that may come early.
    #expect(MonotonicClock.now() - start >= 1_500_000_000)
    _ = pairs
  }
}

extension EvictionOrder {
  /// The same order, out of patience.
  func insisting() -> EvictionOrder {
    var order = self
    order.insistFrom = 0
    return order
  }
}

extension RelayedPair {
  /// A byte there and a byte back.
  func exchange(seconds: Int = 20) throws {
    try client.send([1], seconds: seconds)
    _ = server.receive(exactly: 1, seconds: seconds)
    try server.send([2], seconds: seconds)
    _ = client.receive(exactly: 1, seconds: seconds)
  }
}

extension ProxyFixture {
  /// How many sessions a worker had left of an order when that was done; nil if it isn't in time.
  func remaining(of order: Int, by worker: Int = 0) -> Int? {
    events.first { if case .evicted(worker, order, let remaining) = $0 { remaining } else { nil } }
  }

  func isDone(_ order: Int) -> Bool {
    events.all.contains { if case .evicted(_, order, _) = $0 { true } else { false } }
  }
}
