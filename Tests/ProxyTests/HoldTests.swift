import Proxy
import Sockets
import Support
import Synchronization
import Testing

/// Clients that are new to their backends wait until another node knows it.
@Suite struct HoldTests {
  private let table: StickTable
  private let calls = Calls()

  /// How often somebody was called, from any thread.
  private final class Calls: Sendable {
    let count = Atomic(0)
  }

  init() {
    table = StickTable(limit: 10, lifetime: 60)
    table.use(.ackOne)
    table.follow { [calls] in calls.count.add(1, ordering: .relaxed) }
  }

  @Test("a client's first bytes wait until its backend is known elsewhere; what the server says doesn't")
  func held() throws {
    let pair = try RelayedPair(policy: .test(stick: table), holdTime: 60_000)
    try pair.client.send("ping")
    try pair.server.send("hello")
    #expect(pair.client.receiveText(5) == "hello")
    #expect(pair.server.receive(exactly: 1, seconds: 1).isEmpty)
    #expect(calls.count.load(ordering: .relaxed) == 1)
    let (changes, upTo) = table.changes(at: MonotonicClock.now())
    #expect(changes.count == 1)
    // Nobody goes on for less than that.
    table.acknowledge(upTo: upTo - 1)
    pair.proxy.post(.acknowledged)
    #expect(pair.server.receive(exactly: 1, seconds: 1).isEmpty)
    table.acknowledge(upTo: upTo)
    pair.proxy.post(.acknowledged)
    #expect(pair.server.receiveText(4) == "ping")
    // Who comes to the same backend again waits for nothing.
    let (client, server) = (try pair.proxy.connect(), try pair.listening.accept())
    try client.send("again")
    #expect(server.receiveText(5) == "again")
    #expect(calls.count.load(ordering: .relaxed) == 1)
    #expect(table.figures(at: MonotonicClock.now()).counts.unacknowledged == 0)
  }

  @Test("they don't wait for ever, which is counted; nor does an end")
  func inVain() throws {
    let pair = try RelayedPair(policy: .test(stick: table), holdTime: 50)
    try pair.client.send("ping")
    pair.client.shutdownWrite()
    #expect(pair.server.receiveText(4) == "ping")
    #expect(pair.server.receiveToEnd().ending == .end)
    #expect(eventually { table.figures(at: MonotonicClock.now()).counts.unacknowledged == 1 })
  }

  @Test("a client that leaves while it waits is gone soon")
  func left() throws {
    let pair = try RelayedPair(policy: .test(stick: table), holdTime: 200)
    pair.client.reset()
    #expect(pair.server.receiveToEnd().bytes.isEmpty)
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("nobody waits where nobody follows")
  func unfollowed() throws {
    table.unfollow()
    let pair = try RelayedPair(policy: .test(stick: table), holdTime: 60_000)
    try pair.client.send("ping")
    #expect(pair.server.receiveText(4) == "ping")
    #expect(calls.count.load(ordering: .relaxed) == 0)
  }
}
