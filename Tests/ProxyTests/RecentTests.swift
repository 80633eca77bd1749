import Glibc
import Proxy
import Sockets
import Support
import Testing

/// What is known of sessions after their end.
@Suite struct RecentTests {
  @Test("an ended session is remembered with all that it was")
  func ended() throws {
    let pair = try RelayedPair()
    try pair.client.send("12345")
    #expect(pair.server.receiveText(5) == "12345")
    try pair.server.send("123")
    #expect(pair.client.receiveText(3) == "123")
    let address = try pair.client.socket.localAddress()
    let before = MonotonicClock.now()
    pair.client.close()
    pair.server.close()
    #expect(eventually { pair.proxy.isAtRest })
    let recent = pair.proxy.recent()
    let session = try #require(recent.first)
    #expect(recent.count == 1 && session.id == 1 && session.client == address)
    #expect(session.listener === pair.proxy.listener && session.pool === pair.proxy.status)
    #expect(session.backend === pair.proxy.backends[0] && session.attempts == 1)
    #expect(session.bytesToBackend == 5 && session.bytesToClient == 3)
    #expect(session.end == .closed(.clientEnded))
    let connectTime = try #require(session.connectTime)
    #expect(connectTime > 0 && connectTime <= session.duration)
    #expect(session.acceptedAt < before && session.acceptedAt + session.duration > before)
  }

  @Test("a refused session is remembered, too, with the attempts made for it")
  func refused() throws {
    let proxy = try ProxyFixture([try ConnectTests.deadAddress(), try ConnectTests.deadAddress()])
    #expect(try proxy.isRefused())
    #expect(eventually { proxy.isAtRest })
    let session = try #require(proxy.recent().first)
    #expect(session.end == .refused(.connectFailed) && session.backend == nil && session.connectTime == nil)
    #expect(session.attempts == 2 && session.bytesToBackend == 0 && session.bytesToClient == 0)
  }

  @Test("the last thousand are remembered, in the order in which they ended")
  func capacity() throws {
    let proxy = try ProxyFixture([])
    for _ in 0..<1_010 { #expect(try proxy.isRefused()) }
    #expect(eventually { proxy.isAtRest })
    #expect(proxy.recent().map(\.id) == Array(11...1_010))
  }

  @Test("every cause has words of its own for people")
  func texts() {
    let texts = CloseCause.allCases.map(\.text)
    #expect(Set(texts).count == texts.count && texts.allSatisfy { !$0.isEmpty })
    let refusals = Refusal.allCases.map(\.text)
    #expect(Set(refusals).count == refusals.count && refusals.allSatisfy { !$0.isEmpty })
    #expect(SessionEnd.closed(.idle).text == CloseCause.idle.text)
    #expect(SessionEnd.refused(.noBackend).text == Refusal.noBackend.text)
  }
}

/// Clients that are back as soon as their idle session was closed.
@Suite struct IdleRegretTests {
  @Test("a client that is back at once after its idle session was closed is counted, once")
  func regret() throws {
    let pair = try RelayedPair(policy: .test(idle: 500))
    #expect(pair.proxy.status.counters[0].idleRegrets.current == 0)
    #expect(pair.client.receiveToEnd().ending == .end)
    #expect(eventually { pair.proxy.closes(.idle) == 1 })
    let again = try pair.proxy.connect()
    #expect(eventually { pair.proxy.status.counters[0].idleRegrets.current == 1 })
    let more = try pair.proxy.connect()
    #expect(eventually { pair.proxy.backends[0].counters[0].sessions.current == 3 })
    #expect(pair.proxy.status.counters[0].idleRegrets.current == 1)
    _ = (again, more)
  }

  @Test("a session that its client ends is nothing to regret")
  func noRegret() throws {
    let pair = try RelayedPair(policy: .test(idle: 500))
    pair.client.close()
    pair.server.close()
    #expect(eventually { pair.proxy.isAtRest })
    let again = try pair.proxy.connect()
    #expect(eventually { pair.proxy.backends[0].counters[0].sessions.current == 2 })
    #expect(pair.proxy.status.counters[0].idleRegrets.current == 0)
    _ = again
  }

  @Test("it's the same client on the same pool within 5 seconds")
  func rule() {
    let closes = IdleCloses()
    let pools = ["a", "b"].map { PoolStatus(name: $0, cursorStart: 0, workers: 1) }
    let client = SocketAddress.ipv4(0x0A00_0001, port: 1)
    let start: UInt64 = 1_000_000_000_000
    #expect(!closes.areRecent(at: start))
    #expect(!closes.isRegretted(by: client, of: pools[0], at: start))
    closes.note(client, of: pools[0], at: start)
    #expect(closes.areRecent(at: start) && closes.areRecent(at: start + 5_000_000_000))
    #expect(!closes.areRecent(at: start + 5_000_000_001))
    #expect(!closes.isRegretted(by: .ipv4(0x0A00_0002, port: 1), of: pools[0], at: start))
    #expect(!closes.isRegretted(by: client, of: pools[1], at: start))
    #expect(!closes.isRegretted(by: client, of: pools[0], at: start + 5_100_000_000))
    #expect(closes.isRegretted(by: client.with(port: 2), of: pools[0], at: start + 4_900_000_000))
    #expect(!closes.isRegretted(by: client, of: pools[0], at: start + 4_900_000_000))
    // Behind a Unix socket nobody can be told apart.
    closes.note(.unix(path: ""), of: pools[0], at: start)
    #expect(!closes.isRegretted(by: .unix(path: ""), of: pools[0], at: start))
  }

  @Test("strangers aren't taken for one another")
  func strangers() {
    let closes = IdleCloses()
    let pool = PoolStatus(name: "a", cursorStart: 0, workers: 1)
    for host in 0..<10_000 as Range<UInt32> { closes.note(.ipv4(host, port: 1), of: pool, at: 1_000_000_000_000) }
    let wrong = (10_000..<200_000 as Range<UInt32>).count { host in
      closes.isRegretted(by: .ipv4(host, port: 1), of: pool, at: 1_000_000_000_000)
    }
    #expect(wrong == 0)
    // As many as there is room for, less those that fell on the same place.
    let right = (0..<10_000 as Range<UInt32>).count { host in
      closes.isRegretted(by: .ipv4(host, port: 1), of: pool, at: 1_000_000_000_000)
    }
    #expect(right > 3_000 && right <= 4_096)
  }
}

extension ProxyFixture {
  /// What a worker remembers of ended sessions.
  func recent(of worker: Int = 0) -> [SessionRecord] {
    let ticket = Int.random(in: 0 ... .max)
    post(.listRecent(ticket: ticket), to: worker)
    let answer = events.first { event -> [SessionRecord]? in
      if case .recent(worker, ticket, let sessions) = event { sessions } else { nil }
    }
    return answer ?? []
  }
}
