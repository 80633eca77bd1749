import Config
import Glibc
import Introduction
import Libevent
import Proxy
import Sockets
import Support
import Testing

/// Backends that are told whose session it is.
@Suite struct BackendHeaderTests {
  private func proxy(
    _ version: ProxyHeader.Version = .v2, _ fields: [SendProxyConfiguration.Field] = [], _ servers: TestServer...,
    family: AddressFamily = .ipv4, policy: TestPolicy = .test(), backendSessions: Int = .max,
    introduction: IntroductionRules? = nil
  ) throws -> ProxyFixture {
    try ProxyFixture(
      servers.map(\.address), family: family, policy: policy, backendSessions: backendSessions,
      introduction: introduction, header: HeaderRules(SendProxyConfiguration(version, fields: fields)))
  }

  private func server(_ family: AddressFamily = .ipv4) throws -> TestServer {
    try TestServer(at: family.freshAddress())
  }

  /// What a backend is told, and nothing behind it.
  private func header(at backend: Peer) -> ProxyHeader? {
    var bytes: [UInt8] = []
    while true {
      switch ProxyHeader.read(bytes.span, taking: [.v1, .v2]) {
      case .incomplete(let needed):
        let more = backend.receive(exactly: max(needed - bytes.count, 1))
        guard !more.isEmpty else { return nil }
        bytes += more
      case .header(let header, _): return header
      case .wrong: return nil
      }
    }
  }

  @Test(
    "it comes before the client's first byte, names the client, and doesn't count",
    arguments: ProxyHeader.Version.allCases)
  func first(_ version: ProxyHeader.Version) throws {
    let server = try server()
    let proxy = try proxy(version, [], server)
    let client = try proxy.connect()
    try client.send("hello")
    let backend = try server.accept()
    let header = header(at: backend)
    #expect(
      header?.version == version && header?.origin == .client(try client.socket.localAddress(), to: proxy.address))
    #expect(backend.receiveText(5) == "hello")
    try backend.send("and back")
    #expect(client.receiveText(8) == "and back")
    try client.send(" again")
    #expect(backend.receiveText(6) == " again")
    #expect(proxy.list().sessions.first?.bytesToBackend == 11)
    #expect(proxy.backends[0].counters[0].bytesToBackend.current == 11)
    client.shutdownWrite()
    #expect(backend.receiveToEnd().bytes.isEmpty)
  }

  @Test("it goes in one packet with what the client has sent before")
  func together() throws {
    let server = try server()
    let proxy = try proxy(.v2, [], server, policy: .test(queue: 1), backendSessions: 1)
    let other = try proxy.connect()
    let busy = try server.accept()
    let client = try proxy.connect()
    try client.send("hello")
    try waitUntil("it waits for the other one") { proxy.status.waiting.taken == 1 }
    other.reset()
    #expect(busy.receiveToEnd().ending == .reset)
    let backend = try server.accept()
    #expect(header(at: backend) != nil && backend.receiveText(5) == "hello")
    #expect(segments(to: backend) == 1)
  }

  @Test("a server that speaks first needn't wait for the client", arguments: AddressFamily.allCases)
  func serverFirst(_ family: AddressFamily) throws {
    let server = try server(family)
    let proxy = try proxy(.v1, [], server)
    let client = try proxy.connect()
    let backend = try server.accept()
    #expect(header(at: backend)?.origin == .client(try client.socket.localAddress(), to: proxy.address))
    try backend.send("220 ready")
    #expect(client.receiveText(9) == "220 ready")
    try client.send("HELO")
    #expect(backend.receiveText(4) == "HELO")
  }

  @Test("who breaks off behind it is no loss: the next one is told as well")
  func again() throws {
    let servers = [try server(), try server()]
    let proxy = try proxy(.v2, [.uniqueID], servers[0], servers[1])
    let client = try proxy.connect()
    let first = try servers[0].accept()
    let one = header(at: first)
    first.reset()
    let second = try servers[1].accept()
    let other = header(at: second)
    #expect(one != nil && one == other)
    try client.send("hello")
    #expect(second.receiveText(5) == "hello")
    #expect(proxy.closes(.retried) == 1)
  }

  @Test("who ends without a word behind it is told of, once; who says something isn't")
  func unanswered() throws {
    let server = try server()
    let proxy = try proxy(.v2, [], server)
    func told() -> Int { proxy.events.all.count { if case .headerUnanswered = $0 { true } else { false } } }
    let good = try proxy.connect()
    try good.send("x")
    let answering = try server.accept()
    #expect(header(at: answering) != nil)
    try answering.send("y")
    #expect(good.receiveText(1) == "y")
    answering.shutdownWrite()
    #expect(good.receiveToEnd().ending == .end && told() == 0)
    for _ in 0..<3 {
      let client = try proxy.connect()
      try client.send("x")
      let backend = try server.accept()
      #expect(header(at: backend) != nil && backend.receiveText(1) == "x")
      backend.shutdownWrite()
      #expect(client.receiveToEnd().ending == .end)
    }
    try waitUntil("it's told") { told() > 0 }
    #expect(told() == 1)
  }

  @Test("a client at a Unix socket can't be named", arguments: ProxyHeader.Version.allCases)
  func local(_ version: ProxyHeader.Version) throws {
    let server = try server()
    let proxy = try proxy(version, [], server, family: .unix)
    let client = try proxy.connect()
    try client.send("x")
    let backend = try server.accept()
    #expect(header(at: backend)?.origin == (version == .v1 ? .unknown : .sender))
    #expect(backend.receiveText(1) == "x")
  }

  @Test("what a proxy before has said is passed on as far as it's wanted")
  func passed() throws {
    let server = try server()
    let rules = IntroductionRules(
      proxies: [try AddressRange("127.0.0.0/8")], versions: [.v2], patience: 60_000_000_000)
    let origin = ProxyHeader.Origin.client(.ipv4(0xC000_0201, port: 4711), to: .ipv4(0xC633_6407, port: 443))
    let fields = [
      ProxyField(.authority, Array("db.example".utf8)), ProxyField(.aws, [1, 2]), ProxyField(.uniqueID, [9]),
    ]
    for (wanted, passed) in [
      ([SendProxyConfiguration.Field.authority, .crc32c], [fields[0]]), ([.received], fields),
      ([.received, .uniqueID], fields), ([.uniqueID], [fields[2]]), ([], []),
    ] {
      let proxy = try proxy(.v2, wanted, server, introduction: rules)
      let client = try proxy.connect()
      try client.send(ProxyHeader(.v2, origin, fields: fields).bytes(.crc32c))
      let header = header(at: try server.accept())
      #expect(header?.origin == origin && header?.fields == passed)
    }
  }

  @Test("it has a checksum if one is wanted")
  func checksum() throws {
    let server = try server()
    let proxy = try proxy(.v2, [.crc32c], server)
    let client = try proxy.connect()
    let expected = ProxyHeader(.v2, .client(try client.socket.localAddress(), to: proxy.address)).bytes(.crc32c)
    #expect(try server.accept().receive(exactly: expected.count) == expected)
  }

  @Test("each session has an id of its own")
  func unique() throws {
    let server = try server()
    let proxy = try proxy(.v2, [.uniqueID], server)
    var ids: Set<[UInt8]> = []
    for _ in 0..<5 {
      let client = try proxy.connect()
      ids.insert(header(at: try server.accept())?.fields.first?.value ?? [])
      client.reset()
    }
    #expect(ids.count == 5 && ids.allSatisfy { $0.count == 33 })
  }

  @Test("much that follows comes whole, to a backend that takes its time")
  func much() throws {
    let server = try server()
    let proxy = try proxy(.v2, [.crc32c], server)
    let client = try proxy.connect()
    let bytes = noise(3_000_000)
    let sender = LoopThread(name: "client") {
      try? client.send(bytes)
      client.shutdownWrite()
    }
    let backend = try server.accept()
    try waitUntil("all buffers are full") { proxy.backends[0].counters[0].bytesToBackend.current > 100_000 }
    #expect(header(at: backend) != nil)
    #expect(backend.receiveToEnd().bytes == bytes)
    sender.join()
  }

  /// How many segments with bytes the kernel has received of a connection (tcpi_data_segs_in of struct tcp_info, linux/tcp.h).
  private func segments(to peer: Peer) -> UInt32 {
    var info = [UInt8](repeating: 0, count: 256)
    var length = socklen_t(info.count)
    guard unsafe getsockopt(peer.socket.descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else { return 0 }
    return info[152..<156].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
