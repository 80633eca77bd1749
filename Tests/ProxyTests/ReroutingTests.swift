import Proxy
import Sockets
import Support
import Testing

/// What a new table means for sessions that stand or wait.
@Suite struct ReroutingTests {
  @Test("who waits moves with its listener to another pool, and so does its place in the queue")
  func queueMoves() throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let policy = TestPolicy.test(queue: 8, queueTimeout: 20_000)
    let proxy = try ProxyFixture([servers[0].address], policy: policy, backendSessions: 1)
    let other = PoolFixture([servers[1].address], named: "other", firstID: 10)
    let (first, waiting) = (try proxy.connect(), [try proxy.connect(), try proxy.connect()])
    let peer = try servers[0].accept()
    #expect(eventually { proxy.status.waiting.taken == 2 })
    proxy.post(.adopt(RoutingTable(["test": other.snapshot(policy: policy, backendSessions: 1)])))
    let second = try servers[1].accept()
    #expect(eventually { proxy.status.waiting.taken == 0 && other.status.waiting.taken == 1 })
    // A slot of the old pool is nobody's who waits in the new one.
    first.close()
    peer.close()
    #expect(eventually { proxy.backends[0].load.active == 0 })
    #expect(servers[0].acceptIfAny(seconds: 1) == nil && other.status.waiting.taken == 1)
    second.close()
    #expect(other.backends[0].counters[0].closes[.backendEnded] == 0)
    waiting[0].close()
    let third = try servers[1].accept()
    #expect(eventually { other.status.waiting.taken == 0 })
    third.close()
    waiting[1].close()
    #expect(eventually { proxy.isAtRest && other.backends[0].load.active == 0 })
    #expect(other.status.counters[0].queued.current == 1 && proxy.status.counters[0].queued.current == 2)
  }

  @Test("a slot goes to who waits in its pool, though the listener of its session serves another one by now")
  func slotOfAnOldPool() throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let policy = TestPolicy.test(queue: 8, queueTimeout: 20_000)
    let proxy = try ProxyFixture([servers[0].address], policy: policy, backendSessions: 1)
    let snapshot = proxy.pool.snapshot(policy: policy, backendSessions: 1)
    let more = try BoundListener(named: "more")
    #expect(proxy.prepare(1, opened: more, table: RoutingTable(["test": snapshot, "more": snapshot])) == [])
    proxy.commit(1)
    let first = try proxy.connect()
    let peer = try servers[0].accept()
    let waiting = try Peer.connect(to: more.address)
    #expect(eventually { proxy.status.waiting.taken == 1 })
    let other = PoolFixture([servers[1].address], named: "other", firstID: 10)
    proxy.post(.adopt(RoutingTable(["test": other.snapshot(), "more": snapshot])))
    first.close()
    peer.close()
    let late = try servers[0].accept()
    try waiting.send("x")
    #expect(late.receiveText(1) == "x")
    #expect(eventually { proxy.status.waiting.taken == 0 && other.status.waiting.taken == 0 })
  }

  @Test("who waits at a listener that has no pool any more is refused; a full queue of the new pool refuses, too")
  func nowhere() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let policy = TestPolicy.test(queue: 8, queueTimeout: 20_000)
    let proxy = try ProxyFixture([server.address], policy: policy, backendSessions: 1)
    let first = try proxy.connect()
    let peer = try server.accept()
    let waiting = (0..<2).compactMap { _ in try? proxy.connect() }
    #expect(eventually { proxy.status.waiting.taken == 2 })
    let other = PoolFixture([server.address], named: "other", firstID: 10)
    #expect(other.backends[0].load.acquire(limit: 1))
    let narrow = TestPolicy.test(queue: 1, queueTimeout: 20_000)
    proxy.post(.adopt(RoutingTable(["test": other.snapshot(policy: narrow, backendSessions: 1)])))
    #expect(eventually { other.status.waiting.taken == 1 && proxy.status.waiting.taken == 0 })
    #expect(other.status.counters[0].refused[.saturated] == 1)
    proxy.post(.adopt(RoutingTable([:])))
    #expect(eventually { other.status.counters[0].refused[.closed] == 1 && other.status.waiting.taken == 0 })
    for client in waiting { #expect(client.receiveToEnd().ending == .reset) }
    // The session that stands isn't touched.
    try first.send("x")
    #expect(peer.receiveText(1) == "x")
  }

  @Test("waiting for a slot has an end over all pools that a session waits in")
  func timeoutOverPools() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let policy = TestPolicy.test(queue: 8, queueTimeout: 1_500)
    let proxy = try ProxyFixture([server.address], policy: policy, backendSessions: 1)
    let first = try proxy.connect()
    let waiting = try proxy.connect()
    let start = MonotonicClock.now()
    #expect(eventually { proxy.status.waiting.taken == 1 })
    var pools = [proxy.pool]
    for number in 1...12 where pools.last?.status.waiting.taken == 1 {
      let pool = PoolFixture([server.address], named: "\(number)", firstID: 10 * number)
      #expect(pool.backends[0].load.acquire(limit: 1))
      pools.append(pool)
      proxy.post(.adopt(RoutingTable(["test": pool.snapshot(policy: policy, backendSessions: 1)])))
      _ = eventually(seconds: 0.4) { pools.reduce(0) { $0 + $1.status.counters[0].refused[.queueTimeout] } == 1 }
    }
    #expect(waiting.receiveToEnd().ending == .reset)
    #expect(MonotonicClock.now() - start < 4_000_000_000)
    #expect(eventually { pools.allSatisfy { $0.status.waiting.taken == 0 } })
    _ = first
  }

  @Test("a backend under another name is the same one")
  func renamedBackend() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address])
    let before = proxy.backends[0]
    let first = try proxy.connect()
    let peer = try server.accept()
    #expect(eventually { before.counters[0].sessions.current == 1 })
    let after = before.with(name: "other", header: nil)
    #expect(after.id == before.id && after.name == "other" && after.pool == "test" && after.load.active == 1)
    var pool = proxy.pool
    pool.backends = [after]
    proxy.post(.adopt(RoutingTable(["test": pool.snapshot()])))
    // Both names stand for it when a session is to go elsewhere after a reset.
    peer.reset()
    #expect(first.receiveToEnd().ending == .reset)
    #expect(after.counters[0].attempts.current == 1)
    _ = try proxy.connect()
    _ = try server.accept()
    #expect(eventually { before.counters[0].sessions.current == 2 })
    #expect(eventually { after.load.active == 0 })
  }

  @Test("a backend that breaks a connection at once has had a session that ended")
  func retried() throws {
    let rude = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([rude.address, server.address])
    let client = try proxy.connect()
    let first = try rude.accept()
    #expect(eventually { proxy.backends[0].counters[0].sessions.current == 1 })
    first.reset()
    let peer = try server.accept()
    try client.send("hello")
    #expect(peer.receiveText(5) == "hello")
    #expect(proxy.closes(.retried, of: 0) == 1)
    client.close()
    peer.close()
    #expect(eventually { proxy.isAtRest })
    for backend in proxy.backends {
      let counters = backend.counters[0]
      #expect(counters.sessions.current == CloseCause.allCases.reduce(0) { $0 + counters.closes[$1] })
      #expect(counters.sessions.current == 1)
    }
  }

  @Test("a session that could be retried and has no pool any more ends as it is")
  func retriedNowhere() throws {
    let pair = try RelayedPair()
    pair.proxy.post(.adopt(RoutingTable([:])))
    pair.proxy.post(.ping(ticket: 1))
    #expect(pair.proxy.events.first { if case .pong = $0 { true } else { nil } } == true)
    pair.server.reset()
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(eventually { pair.proxy.closes(.backendReset) == 1 && pair.proxy.isWithoutSessions })
  }
}
