import Proxy
import Sockets
import Support
import Testing

/// Peers whose kernels fall silent while bytes are underway to them. A filter that drops every packet makes them so.
@Suite struct SilenceTests {
  @Test("a backend that acknowledges nothing is lost, though the client goes on writing")
  func silentBackend() throws {
    let pair = try RelayedPair(peerPatience: 3_000)
    try pair.exchange()
    try pair.server.socket.dropEverything()
    let start = MonotonicClock.now()
    var isOver = false
    while !isOver, MonotonicClock.now() - start < 20_000_000_000 {
      isOver = (try? pair.client.send("x", seconds: 1)) == nil
      _ = eventually(seconds: 0.1) { false }
    }
    #expect(isOver && MonotonicClock.now() - start >= 2_900_000_000)
    #expect(eventually { pair.proxy.closes(.backendLost) == 1 })
  }

  @Test("a client that acknowledges nothing is lost, though the backend goes on writing")
  func silentClient() throws {
    let pair = try RelayedPair(peerPatience: 3_000)
    try pair.exchange()
    try pair.client.socket.dropEverything()
    let start = MonotonicClock.now()
    var isOver = false
    while !isOver, MonotonicClock.now() - start < 20_000_000_000 {
      isOver = (try? pair.server.send("x", seconds: 1)) == nil
      _ = eventually(seconds: 0.1) { false }
    }
    #expect(isOver && eventually { pair.proxy.closes(.clientLost) == 1 })
  }

  // Peers are asked once a second: however shortly before that the message was sent.
  @Test(
    "a single message that isn't acknowledged is enough to find it out", arguments: Direction.allCases, [4, 4.3, 4.6])
  func singleMessage(_ direction: Direction, after quiet: Double) throws {
    let pair = try RelayedPair(peerPatience: 2_000)
    let (source, sink) = pair.ends(direction)
    try pair.exchange()
    _ = eventually(seconds: quiet) { false }
    try sink.socket.dropEverything()
    let start = MonotonicClock.now()
    try source.send("hello")
    #expect(source.receiveToEnd().ending == .reset)
    // Before that the peer owed nothing.
    #expect(MonotonicClock.now() - start >= 1_900_000_000)
    #expect(eventually { pair.proxy.closes(direction == .toBackend ? .backendLost : .clientLost) == 1 })
  }

  @Test("a reader that pauses isn't taken for a dead one", arguments: Direction.allCases)
  func pausedReader(_ direction: Direction) throws {
    let pair = try RelayedPair(peerPatience: 1_000)
    let (source, sink) = pair.ends(direction)
    try sink.socket.setBuffers(receive: 32 * 1024)
    let block = noise(1 << 20)
    let sent = try source.fill(with: block)
    _ = eventually(seconds: 6) { false }
    source.shutdownWrite()
    var received = 0
    let ending = sink.read(atMost: .max) { received += $0.count }
    #expect(received == sent && ending == .end)
  }

  /// The kernel has all that is left for the client, or the proxy holds a part of it.
  @Test("what a silent backend has said before still reaches the client", arguments: [200_000, 3 << 20])
  func lastWords(_ size: Int) throws {
    let pair = try RelayedPair(policy: .test(halfClosed: 600_000), peerPatience: 2_000)
    let answer = noise(size)
    try pair.client.socket.setBuffers(receive: 32 * 1024)
    let server = pair.server
    let sender = Joined { try? server.send(answer) }
    #expect(eventually { pair.server.socket.unacknowledged == 0 || pair.client.socket.hasInput })
    sender.join()
    _ = eventually(seconds: 0.5) { pair.server.socket.unacknowledged == 0 }
    let arrived = pair.server.socket.unacknowledged == 0
    try pair.server.socket.dropEverything()
    try pair.client.send("more")
    _ = eventually(seconds: 5) { false }
    let heard = pair.client.receiveToEnd()
    #expect(heard.ending == .reset && answer.starts(with: heard.bytes))
    if arrived { #expect(heard.bytes.count > 64 * 1024) }
  }

  @Test("sessions of a silent backend that is down don't wait for a pause that can't come")
  func onDown() throws {
    let pair = try RelayedPair()
    try pair.exchange()
    try pair.server.socket.dropEverything()
    try pair.client.send("x")
    let start = MonotonicClock.now()
    pair.proxy.post(
      .evict(
        EvictionOrder(
          id: 1, selection: SessionSelection(backendIDs: [0]), cause: .backendDown,
          insistFrom: start + 60_000_000_000)))
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(MonotonicClock.now() - start < 15_000_000_000)
    #expect(eventually { pair.proxy.closes(.backendDown) == 1 })
  }

  @Test("a backend that reads slowly isn't silent: an order waits for it as long as it has patience")
  func slowBackend() throws {
    let pair = try RelayedPair()
    try pair.client.fill(with: noise(64 * 1024))
    pair.proxy.post(.evict(EvictionOrder(id: 1, selection: SessionSelection(), cause: .drained)))
    _ = eventually(seconds: 4) { false }
    #expect(pair.proxy.closes(.drained) == 0)
  }
}
