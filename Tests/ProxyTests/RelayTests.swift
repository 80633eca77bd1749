import Proxy
import Sockets
import Support
import Testing

/// Each rule of the relay over real sockets, in both directions and over each kind of address.
@Suite struct RelayTests {
  static let everyWay = AddressFamily.allCases.flatMap { family in Direction.allCases.map { (family, $0) } }

  @Test("what one side sends comes out of the other, and back", arguments: AddressFamily.allCases)
  func echo(_ family: AddressFamily) throws {
    let pair = try RelayedPair(family)
    try pair.client.send("hello")
    #expect(pair.server.receiveText(5) == "hello")
    try pair.server.send("and back")
    #expect(pair.client.receiveText(8) == "and back")
  }

  @Test("a server that speaks first is heard")
  func serverFirst() throws {
    let pair = try RelayedPair()
    try pair.server.send("220 ready\r\n")
    #expect(pair.client.receiveText(11) == "220 ready\r\n")
  }

  @Test("the end of one side is passed on, and the other direction goes on for seconds", arguments: everyWay)
  func halfClose(_ family: AddressFamily, _ direction: Direction) throws {
    let pair = try RelayedPair(family)
    let (source, sink) = pair.ends(direction)
    try source.send("last words")
    source.shutdownWrite()
    let heard = sink.receiveToEnd()
    #expect(heard.ending == .end && heard.bytes == Array("last words".utf8))
    for part in 0..<8 {
      try sink.send("part \(part)")
      #expect(source.receiveText(6) == "part \(part)")
      _ = eventually(seconds: 0.25) { false }
    }
    sink.shutdownWrite()
    #expect(source.receiveToEnd().ending == .end)
    let cause: CloseCause = direction == .toBackend ? .clientEnded : .backendEnded
    #expect(eventually { pair.proxy.closes(cause) == 1 })
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test(
    "a reset stays a reset, after what was sent before it", arguments: [AddressFamily.ipv4, .ipv6], Direction.allCases)
  func reset(_ family: AddressFamily, _ direction: Direction) throws {
    let pair = try RelayedPair(family)
    let (source, sink) = pair.ends(direction)
    try source.send("half of it")
    #expect(sink.receiveText(10) == "half of it")
    source.reset()
    let heard = sink.receiveToEnd()
    #expect(heard.ending == .reset && heard.bytes.isEmpty)
    let cause: CloseCause = direction == .toBackend ? .clientReset : .backendReset
    #expect(eventually { pair.proxy.closes(cause) == 1 })
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("a reset that arrives together with the last bytes is passed on, too", arguments: Direction.allCases)
  func resetWithData(_ direction: Direction) throws {
    let pair = try RelayedPair()
    let (source, sink) = pair.ends(direction)
    // The session must have been quiet for a while, so that nothing else makes the worker look at it.
    try sink.send("x")
    #expect(source.receiveText(1) == "x")
    _ = eventually(seconds: 0.5) { false }
    for _ in 0..<20 { try source.send("y") }
    source.reset()
    #expect(sink.receiveToEnd(seconds: 5).ending == .reset)
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("a close with input unread is a reset, and what the other side sent before still arrives")
  func closeWithUnreadInput() throws {
    let pair = try RelayedPair()
    try pair.client.send(noise(1000))
    try pair.server.send("413 too large")
    #expect(pair.client.receiveText(13) == "413 too large")
    #expect(pair.server.wait(for: 1))
    // The kernel answers with a reset: the thousand bytes were never read.
    pair.server.close()
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("a truncated transfer looks truncated")
  func truncated() throws {
    let pair = try RelayedPair()
    try pair.client.send("GET")
    #expect(pair.server.receiveText(3) == "GET")
    try pair.server.send(noise(100_000))
    pair.server.reset()
    let heard = pair.client.receiveToEnd()
    #expect(heard.ending == .reset)
    #expect(noise(100_000).starts(with: heard.bytes))
  }

  @Test("one byte at a time keeps its order", arguments: Direction.allCases)
  func oneByteAtATime(_ direction: Direction) throws {
    let pair = try RelayedPair()
    let (source, sink) = pair.ends(direction)
    let bytes = noise(5_000)
    for byte in bytes { try source.send([byte]) }
    source.shutdownWrite()
    #expect(sink.receiveToEnd().bytes == bytes)
  }

  @Test("small messages are sent at once, the first and the later ones", arguments: Direction.allCases)
  func smallMessages(_ direction: Direction) throws {
    let pair = try RelayedPair()
    let (source, sink) = pair.ends(direction)
    // Who answers each time acknowledges with the answer, and later on, when it doesn't, with a delay of 40 ms.
    for _ in 0..<20 {
      try source.send("ask")
      #expect(sink.receiveText(3) == "ask")
      try sink.send("answer")
      #expect(source.receiveText(6) == "answer")
    }
    let late = try (0..<40).filter { _ in
      let start = MonotonicClock.now()
      try source.send("news")
      #expect(sink.receiveText(4) == "news")
      return MonotonicClock.now() - start > 30_000_000
    }
    // With Nagle's algorithm each of them but the first waits for the acknowledgement of the one before.
    #expect(late.count < 30)
  }

  @Test("an end without a byte is an end", arguments: everyWay)
  func emptyEnd(_ family: AddressFamily, _ direction: Direction) throws {
    let pair = try RelayedPair(family)
    let (source, sink) = pair.ends(direction)
    source.close()
    #expect(sink.receiveToEnd().ending == .end)
    sink.close()
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("the counts of bytes are exact")
  func counts() throws {
    let pair = try RelayedPair()
    try pair.client.send(noise(70_001))
    #expect(pair.server.receive(exactly: 70_001) == noise(70_001))
    try pair.server.send(noise(123))
    #expect(pair.client.receive(exactly: 123).count == 123)
    let counters = pair.proxy.backends[0].counters[0]
    #expect(eventually { counters.bytesToBackend.current == 70_001 && counters.bytesToClient.current == 123 })
    let listener = pair.proxy.listener.counters[0]
    #expect(listener.bytesToBackend.current == 70_001 && listener.bytesToClient.current == 123)
  }

  @Test("a session is closed after the idle time, and bytes put that off")
  func idle() throws {
    let pair = try RelayedPair(policy: .test(idle: 1_500))
    for _ in 0..<5 {
      _ = eventually(seconds: 0.5) { false }
      try pair.client.send("x")
      #expect(pair.server.receiveText(1) == "x")
    }
    #expect(pair.client.receiveToEnd().ending == .end)
    #expect(pair.server.receiveToEnd().ending == .end)
    #expect(eventually { pair.proxy.closes(.idle) == 1 && pair.proxy.isAtRest })
  }

  @Test("after one side has ended, silence is limited by the half-closed time")
  func halfClosedTime() throws {
    let pair = try RelayedPair(policy: .test(halfClosed: 1_000))
    pair.client.shutdownWrite()
    #expect(pair.server.receiveToEnd().ending == .end)
    // Bytes in the other direction put it off.
    for _ in 0..<4 {
      _ = eventually(seconds: 0.4) { false }
      try pair.server.send("x")
      #expect(pair.client.receiveText(1) == "x")
    }
    // No end: it would look like the whole of an answer.
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(eventually { pair.proxy.closes(.halfClosed) == 1 && pair.proxy.isAtRest })
  }
}
