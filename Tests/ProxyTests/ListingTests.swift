import Balancing
import Proxy
import Sockets
import Support
import Testing

/// Sessions as they are shown, and found by what they have in common.
@Suite struct ListingTests {
  @Test("a session shows who it is for, where it is, and what it has moved")
  func summary() throws {
    let pair = try RelayedPair()
    try pair.client.send("12345")
    #expect(pair.server.receiveText(5) == "12345")
    try pair.server.send("123")
    #expect(pair.client.receiveText(3) == "123")
    _ = eventually(seconds: 0.5) { false }
    let (sessions, total) = pair.proxy.list()
    let session = try #require(sessions.first)
    #expect(sessions.count == 1 && total == 1)
    #expect(session.client == (try pair.client.socket.localAddress()))
    #expect(session.listener === pair.proxy.listener && session.pool === pair.proxy.status)
    #expect(session.backend === pair.proxy.backends[0])
    #expect(session.phase == .relaying && session.worker == 0 && session.id == 1)
    #expect(session.bytesToBackend == 5 && session.bytesToClient == 3)
    #expect(session.age >= 500_000_000 && session.idle >= 200_000_000 && session.idle <= session.age + 100_000_000)
  }

  @Test("the oldest sessions come first, up to the limit; ids tell the worker", arguments: [1, 2])
  func order(workers: Int) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], workers: workers)
    let clients = try (0..<12).map { _ in try proxy.connect() }
    let peers = try clients.map { _ in try server.accept() }
    #expect(eventually { proxy.backends[0].counters.reduce(0) { $0 + $1.sessions.current } == 12 })
    var found: Set<UInt64> = []
    for worker in 0..<workers {
      let (all, total) = proxy.list(of: worker)
      #expect(all.count == total && all.map(\.age) == all.map(\.age).sorted(by: >))
      #expect(all.allSatisfy { $0.id >> 48 == UInt64(worker) && $0.worker == worker })
      let (some, sameTotal) = proxy.list(limit: 3, of: worker)
      #expect(some.map(\.id) == all.prefix(3).map(\.id) && sameTotal == total)
      #expect(proxy.list(limit: 0, of: worker).sessions.isEmpty)
      found.formUnion(all.map(\.id))
    }
    #expect(found.count == 12)
    _ = peers
  }

  @Test("sessions are found by each part of a selection, and by several at once")
  func selections() throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let proxy = try ProxyFixture(servers.map(\.address))
    let more = try BoundListener(.ipv6, named: "more")
    let other = PoolFixture([servers[0].address], named: "other", firstID: 10)
    let table = RoutingTable(["test": proxy.pool.snapshot(), "more": other.snapshot()])
    #expect(proxy.prepare(1, opened: more, table: table) == [])
    proxy.commit(1)
    let first = try proxy.connect()
    let firstPeer = try servers[0].accept()
    _ = eventually(seconds: 1) { false }
    let second = try proxy.connect()
    let secondPeer = try servers[1].accept()
    let third = try Peer.connect(to: more.address)
    let thirdPeer = try servers[0].accept()
    #expect(eventually { proxy.list().sessions.allSatisfy { $0.phase == .relaying } })
    let ids = proxy.list().sessions.map(\.id)
    #expect(ids.count == 3)
    let loopback = SocketAddress.ipv4(0x7F00_0001, port: 99)
    let mapped = SocketAddress.ipv6(high: 0, low: 0xFFFF_7F00_0001, scope: 0, port: 0)
    let six = SocketAddress.ipv6(high: 0, low: 1, scope: 0, port: 1)
    let cases: [(SessionSelection, [Int])] = [
      (SessionSelection(), [0, 1, 2]),
      (SessionSelection(pool: "test"), [0, 1]),
      (SessionSelection(pool: "none"), []),
      (SessionSelection(backendIDs: [1, 10]), [1, 2]),
      (SessionSelection(listener: "more"), [2]),
      (SessionSelection(clients: [loopback]), [0, 1]),
      (SessionSelection(clients: [mapped]), [0, 1]),
      (SessionSelection(clients: [six, .ipv4(1, port: 0)]), [2]),
      (SessionSelection(ids: [ids[0], ids[2], 99]), [0, 2]),
      (SessionSelection(olderThan: 900_000_000), [0]),
      (SessionSelection(olderThan: 900_000_000_000), []),
      (SessionSelection(idleFor: 700_000_000), [0]),
      (SessionSelection(pool: "test", ids: [ids[1], ids[2]]), [1]),
      (SessionSelection(pool: "test", listener: "more"), []),
    ]
    for (selection, expected) in cases {
      let (sessions, total) = proxy.list(selection)
      #expect(sessions.map(\.id) == expected.map { ids[$0] }, "\(selection)")
      #expect(total == expected.count)
    }
    _ = (first, second, third, firstPeer, secondPeer, thirdPeer)
  }

  @Test("sessions that wait or look for a backend are shown, too")
  func phases() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let full = try FullServer()
    let proxy = try ProxyFixture(
      [server.address, full.address],
      policy: .test(connect: 20_000, deadline: 20_000, queue: 1, queueTimeout: 20_000), backendSessions: 1)
    let clients = try (0..<3).map { _ in try proxy.connect() }
    #expect(eventually { proxy.status.waiting.taken == 1 && proxy.backends[0].counters[0].sessions.current == 1 })
    let sessions = proxy.list().sessions
    #expect(sessions.map(\.phase) == [.relaying, .connecting, .queued])
    #expect(sessions.map { $0.backend?.id } == [0, 1, nil])
    _ = clients
  }

  @Test("source-hash takes all ports of a client, and IPv4 as well as IPv6 clients, for what they are")
  func sourceHash() throws {
    let servers = try (0..<4).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    for family in [AddressFamily.ipv4, .ipv6] {
      let proxy = try ProxyFixture(servers.map(\.address), family: family, strategy: .sourceHash)
      let bytes: [UInt8] =
        family == .ipv4 ? [127, 0, 0, 1] : Array(repeating: 0, count: 15) + [1]
      var generator = SplitMix64(seed: 0)
      let pick = proxy.pool.snapshot(strategy: .sourceHash).route.pick(
        client: ClientHash.of(bytes: bytes), excluding: Exclusion(), at: 0, patience: .goesElsewhere,
        using: &generator)
      guard case .backend(let expected) = pick else {
        Issue.record("nobody is picked")
        continue
      }
      proxy.backends[expected].load.connectEnded()
      proxy.backends[expected].load.release()
      for _ in 0..<8 {
        let client = try proxy.connect()
        _ = try servers[expected].accept()
        client.close()
      }
    }
  }
}

extension ProxyFixture {
  /// What a worker tells about its sessions.
  func list(
    _ selection: SessionSelection = SessionSelection(), limit: Int = 100, of worker: Int = 0
  ) -> (sessions: [SessionSummary], total: Int) {
    let ticket = Int.random(in: 0 ... .max)
    post(.listSessions(SessionQuery(selection, limit: limit), ticket: ticket), to: worker)
    let answer = events.first { event -> (sessions: [SessionSummary], total: Int)? in
      if case .sessions(worker, ticket, let sessions, let total) = event { (sessions, total) } else { nil }
    }
    return answer ?? ([], -1)
  }
}
