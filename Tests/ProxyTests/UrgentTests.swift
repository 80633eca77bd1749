import Libevent
import Proxy
import Sockets
import Support
import Testing

/// Urgent bytes (tcp(7)) go along in their place, and nothing behind one is lost, late for long, or taken for the end.
@Suite struct UrgentTests {
  static let everyWay = RelayTests.everyWay

  @Test("what comes behind an urgent byte arrives before the end, though it's read late", arguments: everyWay)
  func lateReader(_ family: AddressFamily, _ direction: Direction) throws {
    let pair = try RelayedPair(family)
    let (source, sink) = pair.ends(direction)
    let (before, after) = (noise(100_000), noise(1_000, seed: 2))
    try source.send(before)
    try source.sendUrgent(33)
    try source.send(after)
    source.shutdownWrite()
    _ = eventually(seconds: 1) { false }
    let heard = sink.receiveToEnd()
    #expect(heard.bytes == before + [33] + after && heard.ending == .end)
    sink.close()
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("a flow that is spliced goes on behind an urgent byte", arguments: everyWay)
  func spliced(_ family: AddressFamily, _ direction: Direction) throws {
    let pair = try RelayedPair(family)
    let (source, sink) = pair.ends(direction)
    let (before, after) = (noise(2 << 20), noise(1_000, seed: 2))
    // A flow that others hold up may be slow to earn a pipe. Of a Unix socket a read brings less than the buffer holds.
    for _ in 0..<20 {
      let sender = LoopThread(name: "test") { try? source.send(before) }
      #expect(sink.receive(exactly: before.count, seconds: 5) == before)
      sender.join()
      if family == .unix || pair.proxy.workers[0].promotions.current > 0 { break }
    }
    #expect(family == .unix || pair.proxy.workers[0].promotions.current > 0)
    let sender = LoopThread(name: "test") {
      try? source.send(before)
      try? source.sendUrgent(33)
      try? source.send(after)
    }
    let total = before.count + 1 + after.count
    #expect(sink.receive(exactly: total, seconds: 5) == before + [33] + after)
    sender.join()
    // The flow isn't worse for it.
    try source.send("and on")
    #expect(sink.receiveText(6) == "and on")
  }

  @Test("an urgent byte that comes alone, first or last, is a byte", arguments: everyWay)
  func alone(_ family: AddressFamily, _ direction: Direction) throws {
    let pair = try RelayedPair(family)
    let (source, sink) = pair.ends(direction)
    try source.sendUrgent(1)
    #expect(sink.receive(exactly: 1) == [1])
    // As telnet sends its Synch (RFC 854): IAC, then DM as the urgent byte, and on with the session.
    try source.send([0xFF])
    try source.sendUrgent(0xF2)
    try source.send("ls\r\n")
    #expect(sink.receive(exactly: 6) == [0xFF, 0xF2] + Array("ls\r\n".utf8))
    try source.send("bye")
    try source.sendUrgent(2)
    source.shutdownWrite()
    let heard = sink.receiveToEnd()
    #expect(heard.bytes == Array("bye".utf8) + [2] && heard.ending == .end)
  }

  @Test("urgent bytes that are there before the backend is go along, too")
  func early() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([try ConnectTests.deadAddress(), server.address])
    let client = try proxy.connect()
    try client.send("a")
    try client.sendUrgent(33)
    try client.send("b")
    client.shutdownWrite()
    let peer = try server.accept()
    #expect(peer.receiveToEnd() == (Array("a!b".utf8), .end))
  }

  @Test("urgent bytes of who waited in a queue go along as well, though nothing happens to the session then")
  func queued() throws {
    let server = try TestServer(at: AddressFamily.unix.freshAddress())
    let proxy = try ProxyFixture([server.address], policy: .test(queue: 1), backendSessions: 1)
    let first = try proxy.connect()
    let peer = try server.accept()
    let client = try proxy.connect()
    #expect(eventually { proxy.status.waiting.taken == 1 })
    try client.send("a")
    try client.sendUrgent(33)
    try client.send("b")
    _ = eventually(seconds: 0.5) { false }
    // A slot of a Unix socket is taken and connected within the same turn.
    first.close()
    peer.close()
    #expect(try server.accept().receiveText(3, seconds: 5) == "a!b")
  }

  @Test("urgent bytes amid a bulk transfer change nothing", arguments: Direction.allCases, [0, 16])
  func amidBulk(_ direction: Direction, pipes: Int) throws {
    let pair = try RelayedPair(pipes: pipes)
    let (source, sink) = pair.ends(direction)
    let pieces = (0..<60).map { noise(1 + Int($0) * Int($0) * 97, seed: UInt64($0)) }
    let sender = LoopThread(name: "test") {
      for piece in pieces {
        try? source.send(piece)
        try? source.sendUrgent(33)
      }
      source.shutdownWrite()
    }
    let heard = sink.receiveToEnd()
    #expect(heard.bytes == Array(pieces.map { $0 + [33] }.joined()) && heard.ending == .end)
    sender.join()
  }

  @Test("a reset behind an urgent byte stays a reset", arguments: Direction.allCases)
  func reset(_ direction: Direction) throws {
    let pair = try RelayedPair()
    let (source, sink) = pair.ends(direction)
    try source.send("half")
    try source.sendUrgent(33)
    #expect(sink.receiveText(5) == "half!")
    source.reset()
    #expect(sink.receiveToEnd().ending == .reset)
  }
}
