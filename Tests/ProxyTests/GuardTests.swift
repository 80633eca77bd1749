import Balancing
import Proxy
import Sockets
import Support
import SystemPackage
import Testing

/// Backends whose guards hold sessions back: who waits, for how long, and where it goes then.
@Suite struct GuardTests {
  static let oneAtATime = GuardRules(maxConnecting: 1)

  @Test("no more connects are in flight than the guard allows; the next goes when one has ended", arguments: [1, 2])
  func connecting(workers: Int) throws {
    let silent = try FullServer()
    let proxy = try ProxyFixture(
      [silent.address], workers: workers,
      policy: .test(connect: 700, deadline: 700, guardQueue: 8, guardWait: 20_000), guardRules: Self.oneAtATime)
    let clients = try (0..<3).map { _ in try proxy.connect() }
    #expect(eventually { proxy.status.heldBack.taken == 2 && proxy.backends[0].load.connecting == 1 })
    #expect(proxy.status.waiting.taken == 0)
    #expect(proxy.backends[0].counters.reduce(0) { $0 + $1.attempts.current } == 1)
    for number in 1...3 {
      #expect(eventually { proxy.failures(.timeout, of: 0) == number })
      #expect(proxy.backends[0].load.connecting <= 1)
    }
    #expect(eventually { proxy.slots.taken == 0 && proxy.status.heldBack.taken == 0 })
    #expect(proxy.backends[0].load.connecting == 0 && proxy.backends[0].load.active == 0)
    #expect(proxy.status.counters.reduce(0) { $0 + $1.throttled.current } == 2)
    #expect(proxy.refused(.connectFailed) == 3)
    _ = clients
  }

  @Test(
    "new connections keep to the guard's rate, in the order in which the clients came",
    arguments: AddressFamily.allCases)
  func rate(_ family: AddressFamily) throws {
    let server = try TestServer(at: family.freshAddress())
    let proxy = try ProxyFixture(
      [server.address], policy: .test(guardQueue: 8, guardWait: 20_000),
      guardRules: GuardRules(interval: 300_000_000, burst: 1))
    let start = MonotonicClock.now()
    let clients = try (0..<4).map { number in
      let client = try proxy.connect()
      try client.send("\(number)")
      #expect(eventually { proxy.slots.taken == number + 1 })
      return client
    }
    let peers = try clients.map { _ in try server.accept() }
    #expect(MonotonicClock.now() - start >= 900_000_000)
    #expect(peers.map { $0.receiveText(1) } == ["0", "1", "2", "3"])
    #expect(eventually { proxy.status.heldBack.taken == 0 })
    #expect(proxy.status.counters[0].throttled.current == 3)
    for peer in clients + peers { peer.close() }
    #expect(eventually { proxy.isAtRest })
  }

  @Test("who has waited long enough goes elsewhere, and is refused if there is nobody else", arguments: [true, false])
  func patience(hasElsewhere: Bool) throws {
    let silent = try FullServer()
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let addresses = hasElsewhere ? [silent.address, server.address] : [silent.address]
    let proxy = try ProxyFixture(
      addresses, policy: .test(connect: 20_000, deadline: 20_000, guardQueue: 8, guardWait: 600),
      guardRules: Self.oneAtATime, tiers: [0, 1])
    let first = try proxy.connect()
    #expect(eventually { proxy.backends[0].load.connecting == 1 })
    let start = MonotonicClock.now()
    let second = try proxy.connect()
    if hasElsewhere {
      let peer = try server.accept()
      try second.send("x")
      #expect(peer.receiveText(1) == "x")
      #expect(proxy.refused(.throttled) == 0)
    } else {
      #expect(second.receiveToEnd().ending == .reset)
      #expect(proxy.refused(.throttled) == 1)
    }
    #expect(MonotonicClock.now() - start >= 500_000_000)
    #expect(eventually { proxy.status.heldBack.taken == 0 })
    #expect(proxy.status.counters[0].throttled.current == 1)
    _ = first
  }

  @Test("when as many wait as may, others go elsewhere at once", arguments: [true, false])
  func bound(hasElsewhere: Bool) throws {
    let silent = try FullServer()
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let addresses = hasElsewhere ? [silent.address, server.address] : [silent.address]
    let proxy = try ProxyFixture(
      addresses, policy: .test(connect: 20_000, deadline: 20_000, guardQueue: 1, guardWait: 20_000),
      guardRules: Self.oneAtATime, tiers: [0, 1])
    let first = try proxy.connect()
    #expect(eventually { proxy.backends[0].load.connecting == 1 })
    let second = try proxy.connect()
    #expect(eventually { proxy.status.heldBack.taken == 1 })
    if hasElsewhere {
      let third = try proxy.connect()
      let peer = try server.accept()
      try third.send("x")
      #expect(peer.receiveText(1) == "x")
    } else {
      #expect(try proxy.isRefused())
      #expect(eventually { proxy.refused(.throttled) == 1 })
    }
    #expect(proxy.status.heldBack.taken == 1 && proxy.status.counters[0].throttled.current == 2)
    // Who waits and leaves makes room.
    second.reset()
    #expect(eventually { proxy.refused(.clientLeft) == 1 && proxy.status.heldBack.taken == 0 })
    _ = first
  }

  @Test("without a place to wait a session goes elsewhere or is refused")
  func noQueue() throws {
    let silent = try FullServer()
    let proxy = try ProxyFixture(
      [silent.address], policy: .test(connect: 20_000, deadline: 20_000), guardRules: Self.oneAtATime)
    let first = try proxy.connect()
    #expect(eventually { proxy.backends[0].load.connecting == 1 })
    #expect(try proxy.isRefused())
    #expect(eventually { proxy.refused(.throttled) == 1 })
    proxy.post(.stop)
    #expect(eventually { proxy.slots.taken == 0 })
    #expect(proxy.backends[0].load.connecting == 0 && proxy.backends[0].load.active == 0)
    _ = first
  }

  @Test("with source-hash who is held back doesn't keep the clients of other backends waiting")
  func sourceHash() throws {
    let silent = try FullServer()
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [silent.address, server.address], strategy: .sourceHash,
      policy: .test(connect: 20_000, deadline: 20_000, guardQueue: 8, guardWait: 20_000),
      guardRules: GuardRules(maxConnecting: 1, interval: 2_000_000_000, burst: 1))
    let pool = proxy.pool.snapshot(strategy: .sourceHash)
    // Clients by the backend that is theirs.
    var hosts: [Int: [UInt32]] = [:]
    var generator = SplitMix64(seed: 0)
    for host in 0x7F00_0001...0x7F00_0020 as ClosedRange<UInt32> {
      let bytes = (0..<4).map { UInt8(truncatingIfNeeded: host >> (24 - 8 * $0)) }
      let pick = pool.route.pick(
        client: ClientHash.of(bytes: bytes), excluding: Exclusion(), at: 0, patience: .waits, using: &generator)
      guard case .backend(let index) = pick else { continue }
      proxy.backends[index].load.connectEnded()
      proxy.backends[index].load.release()
      hosts[index, default: []].append(host)
    }
    let unlucky = try #require(hosts[0])
    let lucky = try #require(hosts[1])
    let waiting = try unlucky.prefix(3).map { try Peer.connect(to: proxy.address, from: $0) }
    try #require(waiting.count == 3 && lucky.count >= 2)
    #expect(eventually { proxy.status.heldBack.taken == 2 })
    let client = try Peer.connect(to: proxy.address, from: lucky[0])
    let peer = try server.accept(seconds: 5)
    try client.send("x")
    #expect(peer.receiveText(1) == "x")
    #expect(proxy.status.counters[0].throttled.current == 2)
    // The next one of the same backend has to wait for its rate, behind two who wait for longer than that.
    let next = try Peer.connect(to: proxy.address, from: lucky[1])
    let nextPeer = try server.accept(seconds: 10)
    try next.send("y")
    #expect(nextPeer.receiveText(1) == "y")
    #expect(eventually { proxy.status.heldBack.taken == 2 })
  }

  @Test("who is held back moves with its listener to another pool, and gives its place back")
  func moves() throws {
    let silent = try FullServer()
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [silent.address], policy: .test(connect: 20_000, deadline: 20_000, guardQueue: 8, guardWait: 20_000),
      guardRules: Self.oneAtATime)
    let clients = try (0..<3).map { _ in try proxy.connect() }
    #expect(eventually { proxy.status.heldBack.taken == 2 })
    let other = PoolFixture([server.address], named: "other", firstID: 10)
    proxy.post(.adopt(RoutingTable(["test": other.snapshot()])))
    _ = try (server.accept(), server.accept())
    #expect(eventually { proxy.status.heldBack.taken == 0 && other.status.heldBack.taken == 0 })
    #expect(proxy.backends[0].load.connecting == 1)
    _ = clients
  }

  @Test("who waits for a slot and who is held back have queues of their own")
  func twoQueues() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address], policy: .test(queue: 1, queueTimeout: 20_000, guardQueue: 1, guardWait: 20_000),
      backendSessions: 1, guardRules: GuardRules(interval: 1_500_000_000, burst: 1))
    let first = try proxy.connect()
    let peer = try server.accept()
    // The backend is full: who comes waits for a slot.
    let second = try proxy.connect()
    #expect(eventually { proxy.status.waiting.taken == 1 })
    #expect(try proxy.isRefused())
    #expect(eventually { proxy.refused(.saturated) == 1 })
    // With a free slot, the rate is what holds it back.
    first.close()
    peer.close()
    #expect(eventually { proxy.status.waiting.taken == 0 })
    let late = try server.accept()
    try second.send("x")
    #expect(late.receiveText(1) == "x")
    #expect(eventually { proxy.status.heldBack.taken == 0 && proxy.refused(.queueTimeout) == 0 })
    late.close()
    second.close()
    #expect(eventually { proxy.isAtRest })
  }
}

extension Peer {
  /// Connects from an IPv4 address of this machine.
  fileprivate static func connect(to address: SocketAddress, from host: UInt32) throws -> Peer {
    let peer = Peer(try Socket(for: address))
    try peer.socket.bind(to: .ipv4(host, port: 0))
    switch peer.socket.connect(to: address) {
    case .established: return peer
    case .failed(let error): throw error
    case .pending:
      guard peer.wait(for: 4) else { throw Errno.timedOut }
      return peer
    }
  }
}
