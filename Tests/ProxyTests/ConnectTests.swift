import Glibc
import Proxy
import Sockets
import Support
import SystemPackage
import Testing

/// Finding a backend that answers: what a client must not notice, and what it has to.
@Suite struct ConnectTests {
  /// An address where nobody listens. It stays bound as long as the process runs, so that no server gets its port.
  static func deadAddress(_ family: AddressFamily = .ipv4) throws -> SocketAddress {
    let socket = try Socket(for: family.freshAddress())
    try socket.bind(to: family.freshAddress())
    return try socket.localAddress()
  }

  @Test("a refused connection goes to another backend, with the client's bytes", arguments: AddressFamily.allCases)
  func refused(_ family: AddressFamily) throws {
    let server = try TestServer(at: family.freshAddress())
    let proxy = try ProxyFixture([try Self.deadAddress(family), server.address], family: family)
    let client = try proxy.connect()
    try client.send("early")
    let peer = try server.accept()
    client.shutdownWrite()
    #expect(peer.receiveToEnd() == (Array("early".utf8), .end))
    #expect(proxy.failures(.refused, of: 0) == 1)
    #expect(proxy.status.counters[0].retries.current == 1)
    client.close()
    peer.close()
    #expect(eventually { proxy.isAtRest })
  }

  @Test("a backend that doesn't answer is given up in time for another one")
  func timeout() throws {
    let silent = try FullServer()
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([silent.address, server.address], policy: .test(connect: 300))
    let client = try proxy.connect()
    try client.send("early")
    let peer = try server.accept()
    #expect(peer.receiveText(5) == "early")
    #expect(proxy.failures(.timeout, of: 0) == 1)
  }

  @Test("a backend that can't be reached from here is passed over")
  func unreachable() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    // A broadcast address: the kernel has no way there for TCP.
    let proxy = try ProxyFixture([.ipv4(0x7FFF_FFFF, port: 9), server.address])
    let client = try proxy.connect()
    try client.send("early")
    #expect(try server.accept().receiveText(5) == "early")
    #expect(proxy.failures(.unreachable, of: 0) == 1)
  }

  @Test("the search for a backend ends in time, however many are left to try")
  func deadline() throws {
    let silent = try FullServer()
    let proxy = try ProxyFixture(
      Array(repeating: silent.address, count: 5), policy: .test(connect: 600, deadline: 1100, attempts: 5))
    let start = MonotonicClock.now()
    #expect(try proxy.isRefused())
    #expect(MonotonicClock.now() - start < 2_000_000_000)
    #expect(proxy.backends.reduce(0) { $0 + $1.counters[0].attempts.current } == 2)
    #expect(proxy.refused(.connectFailed) == 1)
    // Who was asked shortly before the end hasn't failed.
    #expect((0..<5).reduce(0) { $0 + proxy.failures(.timeout, of: $1) } == 1)
    #expect(proxy.backends.map(\.load.failuresInARow).sorted() == [0, 0, 0, 0, 1])
    #expect(eventually { proxy.slots.taken == 0 && proxy.backends.allSatisfy { $0.load.active == 0 } })
    #expect(proxy.backends.allSatisfy { $0.load.connecting == 0 })
  }

  @Test("a connection to itself isn't taken for one to the backend")
  func selfConnect() throws {
    // For one destination the kernel takes local ports in order, and skips some. Where nobody listens, it may come to the
    // destination's own port: go along until that's near. It's hit about every third time.
    for round in 0..<8 {
      var port = EphemeralPorts.range.lowerBound + 1000 + UInt16(round * 50)
      while OpenSockets.count(at: .ipv4(0x7F00_0001, port: port)) > 0 { port += 2 }
      let dead = SocketAddress.ipv4(0x7F00_0001, port: port)
      var isNear = false
      for _ in 0..<40_000 where !isNear {
        let socket = try Socket(for: dead)
        _ = socket.connect(to: dead)
        let taken = try #require(try socket.localAddress().port)
        socket.close()
        isNear = taken < port && taken + 100 >= port
      }
      try #require(isNear)
      let proxy = try ProxyFixture([dead])
      for _ in 0..<40 { #expect(try proxy.isRefused()) }
      #expect(proxy.backends[0].counters[0].sessions.current == 0)
      #expect(proxy.failures(.refused, of: 0) == 40)
    }
  }

  @Test("a backend that breaks the connection before a byte is exchanged counts as one that can't be reached")
  func resetAtOnce() throws {
    let rude = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([rude.address, server.address])
    let client = try proxy.connect()
    try rude.accept().reset()
    let peer = try server.accept()
    try client.send("hello")
    #expect(peer.receiveText(5) == "hello")
    #expect(proxy.failures(.reset, of: 0) == 1)
  }

  @Test("a backend that breaks a session for which nobody else may be asked has ended it, and failed at nothing")
  func resetWithoutAnother() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let other = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address, other.address], policy: .test(attempts: 1))
    let client = try proxy.connect()
    let peer = try server.accept()
    // Earlier it would be a connect that failed.
    #expect(eventually { proxy.workers[0].begun.current == 1 })
    peer.reset()
    #expect(client.receiveToEnd().ending == .reset)
    #expect(eventually { proxy.closes(.backendReset) == 1 })
    #expect(proxy.closes(.retried) == 0 && proxy.failures(.reset, of: 0) == 0 && proxy.refused(.connectFailed) == 0)
    #expect(proxy.backends[0].load.failuresInARow == 0)
  }

  @Test("who has broken off isn't asked again, so that the search gets to the next tier")
  func breakingInTurn() throws {
    let rude = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      rude.map(\.address) + [server.address], policy: .test(attempts: 4), tiers: [0, 0, 1])
    let client = try proxy.connect()
    for server in rude { try server.accept().reset() }
    let peer = try server.accept(seconds: 5)
    try client.send("hello")
    #expect(peer.receiveText(5) == "hello")
    #expect([0, 1].map { proxy.failures(.reset, of: $0) } == [1, 1])
  }

  @Test("a connect that succeeds ends the row of failures")
  func rowOfFailures() throws {
    // A file of its own, which nobody else takes meanwhile.
    let address = AddressFamily.unix.freshAddress()
    let proxy = try ProxyFixture([address])
    for _ in 0..<2 { #expect(try proxy.isRefused()) }
    #expect(proxy.backends[0].load.failuresInARow == 2)
    let server = try TestServer(at: address)
    let client = try proxy.connect()
    _ = try server.accept()
    #expect(eventually { proxy.backends[0].load.failuresInARow == 0 })
    _ = client
  }

  @Test("when every backend fails, the client gets a reset, and it's counted")
  func allFail() throws {
    let proxy = try ProxyFixture([try Self.deadAddress(), try Self.deadAddress()])
    #expect(try proxy.isRefused())
    #expect(eventually { proxy.refused(.connectFailed) == 1 && proxy.isAtRest })
  }

  @Test("a pool without an eligible backend refuses by a reset, and it's counted")
  func nobody() throws {
    let proxy = try ProxyFixture([])
    #expect(try proxy.isRefused())
    #expect(eventually { proxy.refused(.noBackend) == 1 && proxy.isAtRest })
  }

  @Test("no more backends are tried than allowed")
  func attempts() throws {
    let dead = try (0..<5).map { _ in try Self.deadAddress() }
    let proxy = try ProxyFixture(dead, policy: .test(attempts: 2))
    #expect(try proxy.isRefused())
    let attempts = proxy.backends.reduce(0) { $0 + $1.counters[0].attempts.current }
    #expect(attempts == 2)
  }

  @Test("a client that is gone while a backend is looked for ends the search")
  func clientGone() throws {
    let silent = try FullServer()
    let proxy = try ProxyFixture([silent.address], policy: .test(connect: 20_000, deadline: 20_000))
    let client = try proxy.connect()
    #expect(eventually { proxy.slots.taken == 1 })
    client.reset()
    #expect(eventually(seconds: 5) { proxy.refused(.clientLeft) == 1 && proxy.slots.taken == 0 })
  }

  @Test("round robin is exact over all workers", arguments: [1, 2], [AddressFamily.ipv4, .unix])
  func exactRoundRobin(workers: Int, family: AddressFamily) throws {
    let servers = try (0..<3).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress(), backlog: 1024) }
    let proxy = try ProxyFixture(servers.map(\.address), family: family, workers: workers)
    for _ in 0..<300 {
      let client = try proxy.connect()
      try client.send("x")
      client.shutdownWrite()
      client.reset()
    }
    #expect(eventually { proxy.backends.allSatisfy { $0.counters.reduce(0) { $0 + $1.attempts.current } == 100 } })
    #expect(
      eventually {
        for server in servers { while server.acceptIfAny(seconds: 0) != nil {} }
        return proxy.isAtRest
      })
  }
}
