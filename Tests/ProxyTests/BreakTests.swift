import Balancing
import Proxy
import Sockets
import Support
import Testing

/// Connections that break while something else is still underway.
@Suite struct BreakTests {
  @Test("a reset is passed on as soon as the other side has got what was sent before it, whatever the broken side owed")
  func owedBytes() throws {
    let pair = try RelayedPair()
    // Both directions are stuck: neither end reads, and the kernel's buffers on the way are full.
    try fill(pair.client)
    try fill(pair.server)
    pair.client.reset()
    #expect(pair.server.receiveToEnd(seconds: 5).ending == .reset)
    #expect(eventually(seconds: 5) { pair.proxy.closes(.clientReset) == 1 && pair.proxy.isAtRest })
  }

  @Test("what was underway before a reset arrives, however slowly it's read")
  func slowSurvivor() throws {
    let pair = try RelayedPair(policy: .test(halfClosed: 500))
    try pair.client.socket.setBuffers(receive: 16 * 1024)
    let sent = try fill(pair.server, atMost: 400_000)
    // Everything has left the server's end.
    #expect(eventually { pair.server.socket.unacknowledged == 0 })
    pair.server.reset()
    var received = 0
    while received < sent {
      let count = pair.client.receive(exactly: min(20_000, sent - received)).count
      guard count > 0 else { break }
      received += count
      _ = eventually(seconds: 0.15) { false }
    }
    #expect(received == sent)
    #expect(pair.client.receiveToEnd().ending == .reset)
  }

  @Test("what a backend says before it breaks the connection at once still reaches the client")
  func banner() throws {
    let rude = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([rude.address, try ConnectTests.deadAddress()])
    for _ in 0..<20 {
      let client = try proxy.connect()
      try client.send("hello")
      let peer = try rude.accept()
      try peer.send("421 too busy")
      peer.reset()
      #expect(client.receiveText(12) == "421 too busy")
      #expect(client.receiveToEnd().ending == .reset)
    }
  }

  @Test("who is retried after a reset is never sent to the same backend again", arguments: Strategy.allCases)
  func anotherBackend(_ strategy: Strategy) throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let proxy = try ProxyFixture(servers.map(\.address), strategy: strategy)
    for _ in 0..<8 {
      let client = try proxy.connect()
      // Whoever gets the session breaks it.
      var rude: Int?
      #expect(
        eventually {
          rude = servers.firstIndex { server in
            guard let peer = server.acceptIfAny(seconds: 0) else { return false }
            peer.reset()
            return true
          }
          return rude != nil
        })
      let peer = try servers[1 - (rude ?? 0)].accept(seconds: 5)
      try client.send("hello")
      #expect(peer.receiveText(5) == "hello")
    }
  }

  @Test("when the only backend breaks a connection at once, the client is refused, and the worker goes on")
  func nobodyElse() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address])
    for round in 1...3 {
      let client = try proxy.connect()
      let peer = try server.accept()
      #expect(eventually { proxy.backends[0].counters[0].sessions.current == round })
      peer.reset()
      #expect(client.receiveToEnd().ending == .reset)
    }
    #expect(eventually { proxy.refused(.connectFailed) == 3 && proxy.isAtRest })
  }

  @Test("a side that has ended and then breaks breaks the other, too", arguments: Direction.allCases)
  func resetAfterEnd(_ direction: Direction) throws {
    let pair = try RelayedPair()
    let (source, sink) = pair.ends(direction)
    source.shutdownWrite()
    #expect(sink.receiveToEnd().ending == .end)
    source.reset()
    // The end was read already, so the break shows when something is sent.
    #expect(eventually(seconds: 5) { (try? sink.send("x")) == nil })
    let cause: CloseCause = direction == .toBackend ? .clientReset : .backendReset
    #expect(eventually { pair.proxy.closes(cause) == 1 && pair.proxy.isAtRest })
  }

  @Test("a reset that comes on the heels of data and an end breaks the other side, which may have nothing to say")
  func everythingAtOnce() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address])
    for _ in 0..<100 {
      let client = try proxy.connect()
      try client.send("y")
      client.shutdownWrite()
      client.reset()
    }
    #expect(eventually { proxy.listener.counters[0].accepted.current == 100 })
    #expect(eventually(seconds: 5) { proxy.isAtRest })
  }

  @Test("a side that is to get its last bytes and breaks, too, isn't waited for")
  func survivorBreaks() throws {
    let pair = try RelayedPair()
    try pair.server.socket.setBuffers(receive: 16 * 1024)
    try fill(pair.client, atMost: 400_000)
    #expect(eventually { pair.client.socket.unacknowledged == 0 })
    pair.client.reset()
    _ = eventually(seconds: 0.5) { false }
    #expect(pair.proxy.slots.taken == 1)
    pair.server.reset()
    #expect(eventually(seconds: 5) { pair.proxy.isAtRest })
  }

  @Test(
    "a transfer that the proxy cuts off looks truncated to both",
    arguments: [
      WorkerCommand.stop,
      .evict(
        EvictionOrder(id: 1, selection: SessionSelection(backendIDs: [0]), cause: .backendDown, insistFrom: 0)),
    ])
  func cutOff(_ command: WorkerCommand) throws {
    let pair = try RelayedPair()
    try pair.server.send("half of")
    #expect(pair.client.receiveText(7) == "half of")
    pair.proxy.post(command)
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(pair.server.receiveToEnd().ending == .reset)
  }

  @Test("an answer that doesn't come within the half-closed time isn't an empty one")
  func noAnswer() throws {
    let pair = try RelayedPair(policy: .test(halfClosed: 500))
    try pair.client.send("question")
    pair.client.shutdownWrite()
    #expect(pair.client.receiveToEnd().ending == .reset)
    #expect(eventually { pair.proxy.closes(.halfClosed) == 1 && pair.proxy.isAtRest })
  }

  /// Sends until nothing more goes for a while, or so many bytes are sent; gives how many.
  @discardableResult
  private func fill(_ peer: Peer, atMost limit: Int = .max) throws -> Int {
    let block = noise(64 * 1024)
    var sent = 0
    while sent < limit {
      switch peer.socket.send(block.prefix(limit - sent)) {
      case .bytes(let count): sent += count
      case .wouldBlock, .end: guard peer.wait(for: 4, seconds: 1) else { return sent }
      case .failed(let error): throw error
      }
    }
    return sent
  }
}
