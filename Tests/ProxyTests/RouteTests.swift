import Balancing
import Config
import Introduction
import Proxy
import Sockets
import Support
import Testing

/// Clients of a listener that go to one pool or another by who they are and what they say first.
@Suite struct RouteTests {
  /// Servers behind routes: one for each, and one for all others if there is one.
  private struct Stage {
    let proxy: ProxyFixture
    let servers: [TestServer]
    let statuses: [RouteStatus]
    let pools: [PoolFixture]

    /// How many sessions went by a route; those of others are behind the last one.
    func count(_ route: Int) -> Int { statuses[route].counters[0].sessions.current }
  }

  /// - Parameters:
  ///   - hasOthers: whether there's a pool for those whom no route takes.
  ///   - patience: in milliseconds.
  private static func stage(
    _ conditions: RouteCondition..., hasOthers: Bool = true, patience: UInt64 = 60_000, proxies: [String] = [],
    header: HeaderRules? = nil, maxSessions: Int = .max
  ) throws -> Stage {
    let count = conditions.count + 1
    let servers = try (0..<count).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let statuses = (0..<count).map { _ in RouteStatus(workers: 1) }
    let pools = servers.enumerated().map {
      PoolFixture([$0.element.address], named: "p\($0.offset)", header: header, firstID: 100 + $0.offset)
    }
    let ways = zip(pools, statuses).map { ClientRoutes.Way(to: $0.snapshot(), $1) }
    let routes = ClientRoutes(RouteRules(conditions), ways: Array(ways.dropLast()), others: hasOthers ? ways.last : nil)
    let rules = IntroductionRules(
      proxies: try proxies.map { try AddressRange($0) }, versions: [.v1, .v2], routes: routes,
      patience: patience * 1_000_000)
    let proxy = try ProxyFixture([], maxSessions: maxSessions, introduction: rules)
    return Stage(proxy: proxy, servers: servers, statuses: statuses, pools: pools)
  }

  private static let database = RouteCondition(sni: ["*.db.example", "db.example"])
  private static let web = RouteCondition(alpn: ["h2"])
  private static let shell = RouteCondition(protocols: [.ssh])

  @Test("each goes where it asks to, with every byte that it has sent")
  func wishes() throws {
    let stage = try Self.stage(Self.database, Self.web, Self.shell)
    let openings: [([UInt8], Int)] = [
      (Hello.browser("a.db.example").bytes(), 0), (Hello.browser("x.example").bytes(recordsOf: 100), 1),
      (Array("SSH-2.0-a\r\n".utf8), 2), (Hello.browser("x.example", ["http/1.1"]).bytes(), 3),
      (Array("GET / HTTP/1.1\r\n\r\n".utf8), 3), ([0x80, 0x2E, 0x01], 3),
    ]
    for (opening, place) in openings {
      let peer = try stage.proxy.connect()
      try peer.send(opening + Array("more".utf8))
      let backend = try stage.servers[place].accept()
      #expect(backend.receive(exactly: opening.count + 4) == opening + Array("more".utf8))
      try backend.send("and back")
      #expect(peer.receiveText(8) == "and back")
      peer.shutdownWrite()
      #expect(backend.receiveToEnd().bytes.isEmpty)
    }
    #expect((0..<4).map(stage.count) == [1, 1, 1, 3])
  }

  @Test("a hello may come byte by byte, and nobody is connected to before it's whole")
  func slowly() throws {
    let stage = try Self.stage(Self.database)
    let hello = Hello.plain((0, Hello.serverName("db.example"))).bytes()
    let peer = try stage.proxy.connect()
    for byte in hello {
      #expect(stage.count(0) == 0)
      try peer.send([byte])
      _ = eventually(seconds: 0.001) { false }
    }
    #expect(try stage.servers[0].accept().receive(exactly: hello.count) == hello)
    #expect(stage.proxy.list().sessions.first?.facts == ClientFacts(.tls, serverName: "db.example"))
    #expect(stage.proxy.list().sessions.first?.pool?.name == "p0")
  }

  @Test("whom no route takes is turned away where there's no pool for others, counted and told once")
  func nowhere() throws {
    let stage = try Self.stage(Self.database, hasOthers: false)
    for opening in [Hello.browser("x.example").bytes(), Array("EHLO a\r\n".utf8), Hello.plain().bytes()] {
      let peer = try stage.proxy.connect()
      try peer.send(opening)
      #expect(peer.receiveToEnd().ending == .reset)
    }
    let listener = stage.proxy.listener
    try waitUntil("they're counted") { listener.counters[0].refused[.noRoute] == 3 && stage.proxy.isAtRest }
    let recent = stage.proxy.recent()
    #expect(recent.allSatisfy { $0.pool == nil && $0.end == .refused(.noRoute) })
    #expect(recent.first?.facts?.serverName == "x.example")
    func told() -> Int {
      stage.proxy.events.all.count { if case .turnedAway("test", _, .noRoute) = $0 { true } else { false } }
    }
    try waitUntil("it's told") { told() > 0 }
    #expect(told() == 1)
  }

  @Test("who says nothing in time goes to the others, or away", arguments: [true, false])
  func silent(_ hasOthers: Bool) throws {
    let stage = try Self.stage(Self.database, hasOthers: hasOthers, patience: 200)
    for said in [[], [22, 3, 1, 2]] as [[UInt8]] {
      let peer = try stage.proxy.connect()
      if !said.isEmpty { try peer.send(said) }
      guard hasOthers else {
        #expect(peer.receiveToEnd().ending == .reset)
        continue
      }
      let backend = try stage.servers[1].accept()
      try backend.send("220 ready")
      #expect(backend.receive(exactly: said.count) == said)
      #expect(peer.receiveText(9) == "220 ready")
    }
    let refused = stage.proxy.listener.counters[0].refused[.introductionTimeout]
    #expect(refused == (hasOthers ? 0 : 2) && stage.count(1) == (hasOthers ? 2 : 0))
  }

  @Test("who is taken by its address alone isn't waited for: a server may speak first")
  func addresses() throws {
    let stage = try Self.stage(
      RouteCondition(from: [try AddressRange("192.0.2.0/24")]), RouteCondition(from: [try AddressRange("127.0.0.0/8")]),
      Self.database)
    let peer = try stage.proxy.connect()
    let backend = try stage.servers[1].accept()
    try backend.send("220 ready")
    #expect(peer.receiveText(9) == "220 ready")
    #expect(stage.proxy.list().sessions.first?.facts == nil)
    #expect((0..<4).map(stage.count) == [0, 1, 0, 0])
  }

  @Test("an end is passed on, whatever was said before it")
  func ends() throws {
    let stage = try Self.stage(Self.database)
    let hello = Hello.browser("db.example").bytes()
    for (said, place) in [(hello, 0), (Array(hello.prefix(700)), 1), ([], 1)] as [([UInt8], Int)] {
      let peer = try stage.proxy.connect()
      if !said.isEmpty { try peer.send(said) }
      peer.shutdownWrite()
      let backend = try stage.servers[place].accept()
      let (bytes, ending) = backend.receiveToEnd()
      #expect(bytes == said && ending == .end)
      try backend.send("heard")
      backend.shutdownWrite()
      #expect(peer.receiveToEnd().bytes == Array("heard".utf8))
    }
    try stage.proxy.connect().reset()
    try waitUntil("it's gone") {
      stage.proxy.listener.counters[0].refused[.clientLeft] == 1 && stage.proxy.slots.taken == 0
    }
  }

  @Test("a header before it is taken away, and whom it names is where the client is", arguments: [true, false])
  func introduced(_ isTogether: Bool) throws {
    let stage = try Self.stage(
      RouteCondition(from: [try AddressRange("192.0.2.0/24")], sni: ["db.example"]), proxies: ["127.0.0.0/8"])
    let hello = Hello.browser("db.example").bytes()
    for (host, place) in [(0xC000_0201, 0), (0xC000_0301, 1)] as [(UInt32, Int)] {
      // What the header says of names isn't what the client says.
      let header = ProxyHeader(
        .v2, .client(.ipv4(host, port: 1), to: .ipv4(1, port: 1)), fields: [ProxyField(.authority, Array("x".utf8))]
      ).bytes()
      let peer = try stage.proxy.connect()
      if isTogether {
        try peer.send(header + hello)
      } else {
        try peer.send(header)
        _ = eventually(seconds: 0.02) { false }
        try peer.send(hello)
      }
      #expect(try stage.servers[place].accept().receive(exactly: hello.count) == hello)
    }
  }

  @Test("backends are told what the client asks for")
  func told() throws {
    let rules = HeaderRules(SendProxyConfiguration(.v2, fields: [.authority, .alpn]))
    let stage = try Self.stage(Self.database, header: rules)
    for (protocols, expected) in [(["h2"], "h2"), (["h2", "http/1.1"], nil)] as [([String], String?)] {
      let peer = try stage.proxy.connect()
      try peer.send(Hello.browser("db.example", protocols).bytes())
      let bytes = try stage.servers[0].accept().receive(exactly: expected == nil ? 16 + 12 + 13 : 16 + 12 + 13 + 5)
      guard case .header(let header, _) = ProxyHeader.read(bytes.span) else {
        Issue.record("there's no header")
        return
      }
      // Which of several protocols it will be, nobody knows yet.
      #expect(
        header.fields == [ProxyField(.authority, Array("db.example".utf8))]
          + (expected.map { [ProxyField(.alpn, Array($0.utf8))] } ?? []))
    }
  }

  @Test("who waits for a backend goes by the routes that hold by then")
  func rerouted() throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let pools = servers.enumerated().map { PoolFixture([$1.address], named: "p\($0)", firstID: 100 + $0) }
    let snapshots = pools.map { $0.snapshot(policy: .test(queue: 10, queueTimeout: 60_000), backendSessions: 1) }
    let status = RouteStatus(workers: 1)
    func rules(_ conditions: [RouteCondition], _ place: Int) -> IntroductionRules {
      IntroductionRules(
        routes: ClientRoutes(
          RouteRules(conditions), ways: conditions.map { _ in ClientRoutes.Way(to: snapshots[place], status) },
          others: ClientRoutes.Way(to: snapshots[0], status)), patience: 60_000_000_000)
    }
    let proxy = try ProxyFixture([], introduction: rules([Self.shell], 0))
    let first = try proxy.connect()
    try first.send("SSH-2.0-a\r\n")
    let busy = try servers[0].accept()
    let second = try proxy.connect()
    let hello = Hello.browser("db.example").bytes()
    try second.send(hello)
    try waitUntil("it waits") { pools[0].status.waiting.taken == 1 }
    let table = RoutingTable(
      generation: 2,
      routes: ["test": ListenerRoute(pool: snapshots[0], maxSessions: .max, introduction: rules([Self.database], 1))],
      evictionInterval: 0)
    proxy.post(.adopt(table))
    #expect(try servers[1].accept().receive(exactly: hello.count) == hello)
    try waitUntil("nobody waits") { pools[0].status.waiting.taken == 0 }
    withExtendedLifetime(busy) {}
  }

  @Test("those who say nothing keep nobody else waiting, and are counted as sessions")
  func crowd() throws {
    let stage = try Self.stage(Self.database)
    let silent = try (0..<400).map { _ in try stage.proxy.connect() }
    try waitUntil("all are accepted") { stage.proxy.slots.taken == 400 }
    let peer = try stage.proxy.connect()
    let hello = Hello.browser("db.example").bytes()
    try peer.send(hello)
    #expect(try stage.servers[0].accept().receive(exactly: hello.count) == hello)
    #expect(stage.proxy.slots.taken == 401)
    withExtendedLifetime(silent) {}
  }
}
