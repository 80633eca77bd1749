import Balancing
import Introduction
import Proxy
import Sockets
import Support
import Testing

/// Clients whose connections begin with a header that says who they are.
@Suite struct IntroductionTests {
  private static let client = ProxyHeader.Origin.client(
    .ipv4(0xC000_0201, port: 4711), to: .ipv4(0xC633_6407, port: 443))

  private func proxy(
    _ servers: TestServer..., from ranges: [String] = ["127.0.0.0/8"], versions: Set<ProxyHeader.Version> = [.v1, .v2],
    patience: UInt64 = 60_000, strategy: Strategy = .roundRobin
  ) throws -> ProxyFixture {
    let rules = IntroductionRules(
      proxies: try ranges.map { try AddressRange($0) }, versions: versions, patience: patience * 1_000_000)
    return try ProxyFixture(servers.map(\.address), strategy: strategy, introduction: rules)
  }

  private func server() throws -> TestServer { try TestServer(at: AddressFamily.ipv4.freshAddress()) }

  @Test(
    "the header is taken away, whatever its version, and the client is whom it names",
    arguments: ProxyHeader.Version.allCases)
  func introduced(_ version: ProxyHeader.Version) throws {
    let server = try server()
    let proxy = try proxy(server)
    let peer = try proxy.connect()
    try peer.send(ProxyHeader(version, Self.client).bytes(.crc32c) + Array("hello".utf8))
    let backend = try server.accept()
    #expect(backend.receiveText(5) == "hello")
    try backend.send("and back")
    #expect(peer.receiveText(8) == "and back")
    #expect(proxy.list().sessions.first?.client == .ipv4(0xC000_0201, port: 4711))
    peer.shutdownWrite()
    #expect(backend.receiveToEnd().bytes.isEmpty)
  }

  @Test("it may come byte by byte, and nobody is connected to before it's there")
  func slowly() throws {
    let server = try server()
    let proxy = try proxy(server)
    let peer = try proxy.connect()
    for byte in ProxyHeader(.v2, Self.client, fields: [ProxyField(.authority, Array("db".utf8))]).bytes() {
      #expect(proxy.backends[0].counters[0].sessions.current == 0)
      try peer.send([byte])
      _ = eventually(seconds: 0.002) { false }
    }
    // A server that speaks first waits for nobody.
    let backend = try server.accept()
    try backend.send("220 ready")
    #expect(peer.receiveText(9) == "220 ready")
  }

  @Test("a sender's own connection, and one that isn't named, are its own", arguments: ProxyHeader.Version.allCases)
  func unnamed(_ version: ProxyHeader.Version) throws {
    let server = try server()
    let proxy = try proxy(server)
    let peer = try proxy.connect()
    try peer.send(ProxyHeader(version, .sender).bytes() + Array("x".utf8))
    #expect(try server.accept().receiveText(1) == "x")
    #expect(proxy.list().sessions.first?.client == (try peer.socket.localAddress()))
  }

  @Test("who isn't among those who send one can't: what it sends is the backend's")
  func stranger() throws {
    let server = try server()
    let proxy = try proxy(server, from: ["192.0.2.0/24"])
    let peer = try proxy.connect()
    try peer.send("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n")
    #expect(try server.accept().receiveText(32) == "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n")
    #expect(proxy.list().sessions.first?.client == (try peer.socket.localAddress()))
  }

  @Test(
    "what is no header is answered by a reset, counted by its kind and told once",
    arguments: [
      ("GET / HTTP/1.1\r\n", Refusal.proxyMissing, Beginning.http), ("SSH-2.0-x\r\n", .proxyMissing, .ssh),
      ("\u{16}\u{3}\u{1}", .proxyMissing, .tls), ("PROXY TCP9\r\n", .proxyMalformed, .proxy),
      ("PROXY " + String(repeating: "x", count: 200), .proxyTooLong, .proxy),
    ])
  func wrong(_ text: String, _ refusal: Refusal, _ beginning: Beginning) throws {
    let server = try server()
    let proxy = try proxy(server)
    for _ in 0..<3 {
      let peer = try proxy.connect()
      try peer.send(text)
      #expect(peer.receiveToEnd().ending == .reset)
    }
    try waitUntil("all are counted") { proxy.listener.counters[0].refused[refusal] == 3 && proxy.isAtRest }
    // It's nobody's who looks after the pool.
    #expect(proxy.refused(refusal) == 0 && proxy.backends[0].counters[0].sessions.current == 0)
    func told() -> [Beginning] {
      proxy.events.all.compactMap { event in
        if case .headerRefused("test", _, refusal, let beginning) = event { beginning } else { nil }
      }
    }
    try waitUntil("it's told") { !told().isEmpty }
    #expect(told() == [beginning])
  }

  @Test("a version that isn't taken, and one that was changed on its way")
  func faults() throws {
    let server = try server()
    let proxy = try proxy(server, versions: [.v2])
    var bytes = ProxyHeader(.v2, Self.client).bytes(.crc32c)
    bytes[17] ^= 1
    for (bytes, refusal) in [(ProxyHeader(.v1, Self.client).bytes(), Refusal.proxyVersion), (bytes, .proxyChecksum)] {
      let peer = try proxy.connect()
      try peer.send(bytes)
      #expect(peer.receiveToEnd().ending == .reset)
      try waitUntil("it's counted") { proxy.listener.counters[0].refused[refusal] == 1 }
    }
  }

  @Test("who ends, breaks or keeps silent before it's known is let go of")
  func gone() throws {
    let server = try server()
    let proxy = try proxy(server, patience: 300)
    let silent = try proxy.connect()
    let ended = try proxy.connect()
    try ended.send("PROXY TCP4 ")
    ended.shutdownWrite()
    #expect(ended.receiveToEnd().ending == .reset)
    try proxy.connect().reset()
    #expect(silent.receiveToEnd(seconds: 5).ending == .reset)
    let counters = proxy.listener.counters[0]
    try waitUntil("all are gone") { proxy.isAtRest }
    #expect(counters.refused[.proxyMalformed] == 1)
    #expect(counters.refused[.clientLeft] == 1)
    #expect(counters.refused[.introductionTimeout] == 1)
  }

  @Test("those who send nothing keep nobody else waiting, and are counted as sessions")
  func crowd() throws {
    let server = try server()
    let proxy = try proxy(server)
    let silent = try (0..<400).map { _ in try proxy.connect() }
    try waitUntil("all are accepted") { proxy.slots.taken == 400 }
    let peer = try proxy.connect()
    try peer.send(ProxyHeader(.v1, Self.client).bytes() + Array("x".utf8))
    #expect(try server.accept().receiveText(1) == "x")
    #expect(proxy.slots.taken == 401)
    withExtendedLifetime(silent) {}
  }

  @Test("the client that is named decides where source-hash leads")
  func hashed() throws {
    let servers = try (0..<3).map { _ in try server() }
    let proxy = try proxy(servers[0], servers[1], servers[2], strategy: .sourceHash)
    var reached: Set<Int> = []
    for host in 0..<24 as Range<UInt32> {
      var places: Set<Int> = []
      for port in 1...2 as ClosedRange<UInt16> {
        let client = SocketAddress.ipv4(0x0A00_0000 + host * 77, port: port)
        let peer = try proxy.connect()
        try peer.send(ProxyHeader(.v2, .client(client, to: .ipv4(1, port: 1))).bytes() + [1])
        try waitUntil("it's relayed") {
          proxy.list().sessions.contains { $0.client == client && $0.phase == .relaying }
        }
        let backend = proxy.list().sessions.first { $0.client == client }?.backend
        if let place = proxy.backends.firstIndex(where: { $0 === backend }) { places.insert(place) }
        peer.reset()
        try waitUntil("it's over") { proxy.slots.taken == 0 }
      }
      #expect(places.count == 1)
      reached.formUnion(places)
    }
    #expect(reached.count == 3)
  }
}
