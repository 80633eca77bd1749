import Balancing
import Glibc
import Libevent
import Sockets
import Synchronization
import Testing

@testable import Proxy

/// What each client may have, counted in a table of a fixed size.
@Suite struct ClientTableTests {
  private func key(_ host: UInt32) throws -> ClientKey {
    try #require(ClientKey(.ipv4(host, port: 1), ipv4: 32, ipv6: 64))
  }

  private func isTaken(_ taken: ClientTable.Taken) -> Bool { if case .place = taken { true } else { false } }

  @Test("addresses that begin alike are one client's, and an IPv4 address is the same at an IPv6 socket")
  func keys() throws {
    func key(_ host: String, _ ipv4: Int, _ ipv6: Int) throws -> ClientKey? {
      ClientKey(try #require(SocketAddress(ip: host, port: 1)), ipv4: ipv4, ipv6: ipv6)
    }
    #expect(try key("192.0.2.1", 24, 64) == key("192.0.2.254", 24, 64))
    #expect(try key("192.0.2.1", 32, 64) != key("192.0.2.2", 32, 64))
    #expect(try key("::ffff:192.0.2.1", 32, 1) == key("192.0.2.1", 32, 128))
    #expect(try key("2001:db8::1", 1, 64) == key("2001:db8::ffff:0:0:1", 1, 64))
    #expect(try key("2001:db8:0:1::", 1, 64) != key("2001:db8::", 1, 64))
    #expect(try key("2001:db8:0:1::", 1, 48) == key("2001:db8:0:2::", 1, 48))
    #expect(try key("2001:db8::1", 1, 128) != key("2001:db8::2", 1, 128))
    #expect(ClientKey(.unix(path: "/a"), ipv4: 32, ipv6: 64) == nil)
  }

  @Test("a client never has more sessions than it may, however many threads let it in, and gets all of them again")
  func sessions() throws {
    let table = ClientTable(size: 64)
    let key = try key(1)
    let limits = ClientLimits(sessions: 5)
    let counts = Counts()
    let threads = (0..<6).map { _ in
      TestThread {
        for _ in 0..<20_000 {
          guard case .place(let place, _) = table.take(key, by: limits, at: 1, waiting: 0) else { continue }
          if counts.standing.add(1, ordering: .relaxed).newValue > 5 { counts.wrong.add(1, ordering: .relaxed) }
          counts.standing.subtract(1, ordering: .relaxed)
          place.leave()
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(counts.wrong.load(ordering: .relaxed) == 0)
    for _ in 0..<5 { #expect(isTaken(table.take(key, by: limits, at: 1, waiting: 0))) }
    guard case .tooMany = table.take(key, by: limits, at: 1, waiting: 0) else {
      Issue.record("a sixth one is let in")
      return
    }
    #expect(table.loudest(1).clients[0].sessions == 5)
  }

  @Test("of a burst exactly as many are let in as it has, over all threads, and new clients are counted once")
  func bursts() throws {
    let table = ClientTable(size: 4096)
    let limits = ClientLimits(interval: 1_000_000_000, burst: 7)
    let counts = Counts()
    let threads = (0..<4).map { _ in
      TestThread {
        // All come upon clients that nobody knows yet.
        for host in 0..<2_000 as Range<UInt32> {
          guard let key = ClientKey(.ipv4(host, port: 1), ipv4: 32, ipv6: 64) else { continue }
          // At the same time, so that one of them finds what another one is making.
          counts.ready.add(1, ordering: .relaxed)
          while counts.ready.load(ordering: .relaxed) < 4 * (Int(host) + 1) { sched_yield() }
          for _ in 0..<4 {
            if case .place(let place, _) = table.take(key, by: limits, at: 1, waiting: 0) {
              counts.standing.add(1, ordering: .relaxed)
              place.leave()
            }
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(counts.standing.load(ordering: .relaxed) == 2_000 * 7)
    #expect(table.loudest(0).known == 2_000)
    // One more for each interval that has passed.
    let key = try key(3)
    #expect(isTaken(table.take(key, by: limits, at: 1_000_000_001, waiting: 0)))
    guard case .tooOften = table.take(key, by: limits, at: 1_000_000_001, waiting: 0) else {
      Issue.record("it's let in")
      return
    }
    guard case .tooOften = table.take(key, by: limits, at: 1_000_000_001, waiting: 999_999_999) else {
      Issue.record("it would have to wait for too long")
      return
    }
    guard case .place(_, let wait) = table.take(key, by: limits, at: 1_000_000_001, waiting: 1_000_000_000) else {
      Issue.record("it can't wait")
      return
    }
    #expect(wait == 1_000_000_000)
  }

  @Test("who is refused because of all others has spent nothing of his own")
  func others() throws {
    let table = ClientTable(size: 64)
    let own = ClientLimits(sessions: 5, interval: 1_000_000_000, burst: 2)
    let limits = ListenerLimits(
      interval: 1_000_000_000, burst: 1, pace: Pace(),
      perClient: ListenerLimits.PerClient(own, in: table, ipv4Bits: 32, ipv6Bits: 64), waiting: 0)
    let client = SocketAddress.ipv4(7, port: 1)
    var answers = 0
    for _ in 0..<4 { if case .refused(.listenerRate) = limits.take(client, at: 1) { answers += 1 } }
    #expect(answers == 3)
    let known = table.loudest(1).clients[0]
    #expect(known.letIn == 1 && known.turnedAway == 3 && known.sessions == 1)
    // One of its burst is left.
    #expect(isTaken(table.take(try key(7), by: own, at: 1, waiting: 0)))
    guard case .tooOften = table.take(try key(7), by: own, at: 1, waiting: 0) else {
      Issue.record("it's let in a third time")
      return
    }
  }

  @Test("as long as a third of the table is nobody's, nobody is forgotten", arguments: 1...8 as ClosedRange<UInt64>)
  func room(_ seed: UInt64) throws {
    let table = ClientTable(size: 4096, seed: seed)
    for host in 0..<2_730 as Range<UInt32> {
      guard case .place(let place, _) = table.take(try key(host), by: ClientLimits(), at: 1, waiting: 0) else { return }
      place.leave()
    }
    #expect(table.loudest(0).known == 2_730)
  }

  @Test("very many clients take no more room, and those who have sessions, or come too often, are remembered")
  func adversary() throws {
    let table = ClientTable(size: 1024)
    let limits = ClientLimits(sessions: 2, interval: 1_000_000, burst: 10)
    let (standing, loud) = (try key(1), try key(2))
    for _ in 0..<2 { #expect(isTaken(table.take(standing, by: limits, at: 1, waiting: 0))) }
    for _ in 0..<10 {
      if case .place(let place, _) = table.take(loud, by: limits, at: 1, waiting: 0) { place.leave() }
    }
    for host in 0x0A00_0000..<0x0A00_0000 + 300_000 as Range<UInt32> {
      if case .place(let place, _) = table.take(try key(host), by: limits, at: 1, waiting: 0) { place.leave() }
    }
    #expect(table.loudest(0).known <= 1024 && table.leftOut == 0)
    guard case .tooMany = table.take(standing, by: limits, at: 1, waiting: 0) else {
      Issue.record("who has sessions is forgotten")
      return
    }
    guard case .tooOften = table.take(loud, by: limits, at: 1, waiting: 0) else {
      Issue.record("who came too often is forgotten before those who came once")
      return
    }
    #expect(table.loudest(2).clients.map(\.turnedAway) == [1, 1])
  }

  @Test("where all who are known have sessions, others are let in without being counted")
  func full() throws {
    let table = ClientTable(size: 8)
    var places: [ClientPlace] = []
    for host in 0..<8 as Range<UInt32> {
      if case .place(let place, _) = table.take(try key(host), by: ClientLimits(sessions: 1), at: 1, waiting: 0) {
        places.append(place)
      }
    }
    #expect(places.count == 8)
    guard case .uncounted = table.take(try key(9), by: ClientLimits(sessions: 1), at: 1, waiting: 0) else {
      Issue.record("it's counted")
      return
    }
    #expect(table.leftOut == 1)
    places[3].leave()
    #expect(isTaken(table.take(try key(9), by: ClientLimits(sessions: 1), at: 1, waiting: 0)))
  }

  private final class Counts: Sendable {
    let ready = Atomic(0)
    let standing = Atomic(0)
    let wrong = Atomic(0)
  }

  private final class TestThread {
    private var thread: LoopThread?

    init(_ body: @escaping @Sendable () -> Void) { thread = LoopThread(name: "test", body: body) }

    func join() { thread.take()?.join() }
  }
}
