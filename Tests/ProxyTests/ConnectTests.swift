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
    #expect(peer.receiveText(5) == "early")
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
    #expect(eventually(seconds: 5) { proxy.refused(.clientLeft) == 1 && proxy.isAtRest })
  }

  @Test("round robin is exact over all workers", arguments: [1, 2])
  func exactRoundRobin(workers: Int) throws {
    let servers = try (0..<3).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress(), backlog: 1024) }
    let proxy = try ProxyFixture(servers.map(\.address), workers: workers)
    for _ in 0..<300 {
      let client = try proxy.connect()
      try client.send("x")
      client.shutdownWrite()
      client.reset()
    }
    #expect(eventually { proxy.backends.allSatisfy { $0.counters.reduce(0) { $0 + $1.attempts.current } == 100 } })
    #expect(eventually { proxy.isAtRest })
  }
}
