import Balancing
import Introduction
import Proxy
import Sockets
import Support
import Testing

/// Clients whom a listener lets in, or doesn't.
@Suite struct AdmissionTests {
  private func rules(allow: [String]? = nil, deny: [String] = [], over: AddressRules? = nil) throws -> AdmissionRules {
    AdmissionRules(
      overrides: over,
      lists: AddressRules(
        allow: try (allow ?? []).map { try AddressRange($0) }, deny: try deny.map { try AddressRange($0) }),
      isOpen: allow == nil)
  }

  private func told(_ proxy: ProxyFixture) -> [Refusal] {
    proxy.events.all.compactMap { if case .turnedAway("test", _, let refusal) = $0 { refusal } else { nil } }
  }

  @Test(
    "who isn't let in is reset, counted and told of once, and no session is made",
    arguments: [
      (nil, ["127.0.0.0/8"], Refusal.addressDenied), (["10.0.0.0/8"], [], .addressNotAllowed),
      (["127.0.0.1"], ["127.0.0.1"], .addressDenied),
    ] as [([String]?, [String], Refusal)])
  func turnedAway(_ allow: [String]?, _ deny: [String], _ refusal: Refusal) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], admission: try rules(allow: allow, deny: deny))
    for _ in 0..<3 { #expect(try proxy.isRefused()) }
    let counters = proxy.listener.counters[0]
    try waitUntil("all are counted") { counters.refused[refusal] == 3 && proxy.isAtRest }
    #expect(counters.accepted.current == 3 && counters.ended.current == 3)
    #expect(proxy.refused(refusal) == 0 && proxy.recent().isEmpty)
    try waitUntil("it's told") { !told(proxy).isEmpty }
    #expect(told(proxy) == [refusal])
  }

  @Test(
    "who is let in is served",
    arguments: [(nil, ["10.0.0.0/8"]), (["127.0.0.0/8"], []), (["127.0.0.1"], ["127.0.0.0/8"])]
      as [([String]?, [String])])
  func letIn(_ allow: [String]?, _ deny: [String]) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], admission: try rules(allow: allow, deny: deny))
    let peer = try proxy.connect()
    try peer.send("x")
    #expect(try server.accept().receiveText(1) == "x")
  }

  @Test("what is said at run time comes before the lists, however specific those are")
  func overrides() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let denied = AddressRules(allow: [], deny: [.ipv4(127 << 24, bits: 8)])
    let proxy = try ProxyFixture([server.address], admission: try rules(allow: ["127.0.0.1"], over: denied))
    #expect(try proxy.isRefused())
  }

  @Test("whom a header names is the one who is let in or not, and not who sends it")
  func introduced() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address],
      introduction: IntroductionRules(
        proxies: [.ipv4(127 << 24, bits: 8)], versions: [.v1], patience: 60_000_000_000),
      admission: try rules(deny: ["127.0.0.0/8", "192.0.2.0/24"]))
    for (host, isLetIn) in [(0xC000_0201, false), (0xC633_6401, true)] as [(UInt32, Bool)] {
      let client = ProxyHeader.Origin.client(.ipv4(host, port: 1), to: .ipv4(1, port: 2))
      let peer = try proxy.connect()
      try peer.send(ProxyHeader(.v1, client).bytes() + [1])
      if isLetIn {
        #expect(try server.accept().receiveText(1) == "\u{1}")
      } else {
        #expect(peer.receiveToEnd().ending == .reset)
      }
    }
    // Its own connections are the sender's, who isn't let in.
    let own = try proxy.connect()
    try own.send(ProxyHeader(.v1, .sender).bytes())
    #expect(own.receiveToEnd().ending == .reset)
    try waitUntil("both are counted") { proxy.listener.counters[0].refused[.addressDenied] == 2 }
    #expect(proxy.refused(.addressDenied) == 0)
  }

  // MARK: Limits

  private func limits(
    interval: UInt64 = 0, burst: Int = 1, client: ClientLimits? = nil, waiting: UInt64 = 0
  ) -> AdmissionRules {
    AdmissionRules(
      limits: ListenerLimits(
        interval: interval, burst: burst, pace: Pace(),
        perClient: client.map { .init($0, in: ClientTable(size: 64), ipv4Bits: 32, ipv6Bits: 64) }, waiting: waiting))
  }

  @Test(
    "who comes too often is reset, over all workers",
    arguments: [true, false])
  func rates(_ isPerClient: Bool) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let hour: UInt64 = 3_600_000_000_000
    let rules =
      isPerClient ? limits(client: ClientLimits(interval: hour, burst: 3)) : limits(interval: hour, burst: 3)
    let proxy = try ProxyFixture([server.address], workers: 2, admission: rules)
    for _ in 0..<3 {
      let peer = try proxy.connect()
      try peer.send("x")
      #expect(try server.accept().receiveText(1) == "x")
    }
    for _ in 0..<4 { #expect(try proxy.isRefused()) }
    let refusal = isPerClient ? Refusal.clientRate : .listenerRate
    try waitUntil("all are counted") {
      proxy.listener.counters.reduce(0) { $0 + $1.refused[refusal] } == 4
    }
  }

  @Test("a client has no more sessions than it may, and another one's place when one has ended")
  func clientSessions() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], workers: 2, admission: limits(client: ClientLimits(sessions: 2)))
    let peers = try (0..<2).map { _ in
      let peer = try proxy.connect()
      _ = try server.accept()
      return peer
    }
    #expect(try proxy.isRefused())
    peers[0].reset()
    try waitUntil("it's over") { proxy.slots.taken == 1 }
    _ = try proxy.connect()
    _ = try server.accept()
    #expect(proxy.listener.counters.reduce(0) { $0 + $1.refused[.clientSessions] } == 1)
  }

  @Test("who comes too often may wait for his turn")
  func delayed() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address], admission: limits(interval: 300_000_000, waiting: 60_000_000_000))
    let began = ContinuousClock.now
    let peers = try (0..<3).map { _ in try proxy.connect() }
    for peer in peers { try peer.send("x") }
    for _ in 0..<3 { #expect(try server.accept().receiveText(1) == "x") }
    #expect(ContinuousClock.now - began >= .milliseconds(550))
    withExtendedLifetime(peers) {}
  }

  @Test("who leaves while he waits is let go of")
  func left() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address], admission: limits(interval: 60_000_000_000, waiting: 120_000_000_000))
    let first = try proxy.connect()
    _ = try server.accept()
    let leaving = try proxy.connect()
    try waitUntil("it waits") { proxy.list().sessions.contains { $0.phase == .introducing } }
    leaving.reset()
    try waitUntil("it's gone") { proxy.listener.counters[0].refused[.clientLeft] == 1 && proxy.slots.taken == 1 }
    withExtendedLifetime(first) {}
  }

  @Test("whom a header names has the limits, and not who sends it")
  func limitedByHeader() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address],
      introduction: IntroductionRules(
        proxies: [.ipv4(127 << 24, bits: 8)], versions: [.v1], patience: 60_000_000_000),
      admission: limits(client: ClientLimits(sessions: 1)))
    func connect(_ host: UInt32) throws -> Peer {
      let peer = try proxy.connect()
      try peer.send(ProxyHeader(.v1, .client(.ipv4(host, port: 1), to: .ipv4(1, port: 2))).bytes() + [1])
      return peer
    }
    let first = try connect(0xC000_0201)
    #expect(try server.accept().receiveText(1) == "\u{1}")
    #expect(try connect(0xC000_0201).receiveToEnd().ending == .reset)
    let second = try connect(0xC000_0202)
    #expect(try server.accept().receiveText(1) == "\u{1}")
    first.reset()
    try waitUntil("it's over") { proxy.slots.taken == 1 }
    let third = try connect(0xC000_0201)
    #expect(try server.accept().receiveText(1) == "\u{1}")
    #expect(proxy.listener.counters[0].refused[.clientSessions] == 1)
    withExtendedLifetime((second, third)) {}
  }
}
