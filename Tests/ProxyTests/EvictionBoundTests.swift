import Glibc
import Libevent
import Proxy
import Sockets
import Support
import Testing

/// However many orders and sessions there are, a worker has time for its sessions.
@Suite(.serialized) struct EvictionBoundTests {
  /// How many sessions stand, where it's to be more than a test of everyday can afford.
  static let sessions = getenv("MARTLET_EVICTION_SESSIONS").flatMap { Int(String(cString: $0)) } ?? 1_500

  @Test("a hundred orders that find nothing to end don't keep a worker busy")
  func manyOrders() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress(), backlog: 1024)
    // Each order is for all of them, and the pace lets none go.
    let proxy = try ProxyFixture([server.address], evictionInterval: 3_600_000_000_000)
    var pairs: [(client: Peer, server: Peer)] = []
    for _ in 0..<Self.sessions { pairs.append((try proxy.connect(), try server.accept())) }
    #expect(eventually(seconds: 60) { proxy.workers[0].begun.current == Self.sessions })
    try #require(eventually { roundTrip(pairs[0]) < 0.5 })
    for id in 1...100 {
      proxy.post(
        .evict(
          EvictionOrder(id: id, selection: SessionSelection(backendIDs: [0]), cause: .drained)))
    }
    let times = (0..<40).map { _ in
      usleep(50_000)
      return roundTrip(pairs[0])
    }
    print("\(Self.sessions) sessions, 100 orders: a round trip took", times.max() ?? 0, "s at most, over 2 s")
    #expect(times.max() ?? 9 < 1)
    #expect(proxy.workers[0].ended.current <= 1)
  }

  private func roundTrip(_ pair: (client: Peer, server: Peer)) -> Double {
    let start = MonotonicClock.now()
    guard (try? pair.client.send("ping")) != nil, pair.server.receiveText(4) == "ping",
      (try? pair.server.send("pong")) != nil, pair.client.receiveText(4) == "pong"
    else { return 60 }
    return Double(MonotonicClock.now() - start) / 1e9
  }
}
