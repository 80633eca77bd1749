import Foundation
import Libevent
import Proxy
import Sockets
import Support
import Synchronization
import Testing

/// Much at once: integrity, bounds and fairness.
@Suite(.serialized) struct BulkTests {
  /// How many bytes go each way; MARTLET_BULK_MIB sets another size.
  static let size = (getenv("MARTLET_BULK_MIB").flatMap { Int(String(cString: $0)) } ?? 128) << 20
  static let block = noise(1 << 20)

  @Test("much in both directions at once arrives unchanged", arguments: AddressFamily.allCases, [0, 16])
  func bothWays(_ family: AddressFamily, pipes: Int) throws {
    let pair = try RelayedPair(family, pipes: pipes)
    let (client, server) = (pair.client, pair.server)
    // Threads of their own: the test pool has as many as the machine has cores, and all four have to run at once.
    let threads = [
      BlockingThread { Self.pour(into: client) }, BlockingThread { Self.pour(into: server) },
      BlockingThread { Self.drain(server) }, BlockingThread { Self.drain(client) },
    ]
    #expect(threads.map { $0.result() } == [Self.size, Self.size, Self.size, Self.size])
    #expect(eventually { pair.proxy.isAtRest })
    if pipes > 0 { #expect(pair.proxy.workers[0].promotions.current > 0) }
  }

  @Test("bursts of any size between pauses arrive unchanged, whichever way they are moved")
  func bursts() throws {
    let pair = try RelayedPair()
    let sizes = [1, 65_535, 65_536, 65_537, 3_000_001, 7, 1 << 20, 200_000, 16_384, 5_000_000, 131_072]
    let client = pair.client
    let sender = BlockingThread {
      for (index, size) in sizes.enumerated() {
        guard (try? client.send(noise(size, seed: UInt64(index)))) != nil else { return index }
        usleep(150_000)
      }
      client.shutdownWrite()
      return sizes.count
    }
    for (index, size) in sizes.enumerated() {
      #expect(pair.server.receive(exactly: size) == noise(size, seed: UInt64(index)), "burst \(index)")
    }
    #expect(pair.server.receiveToEnd().ending == .end)
    #expect(sender.result() == sizes.count)
  }

  @Test("a bulk transfer that breaks looks broken, after a part of it", arguments: Direction.allCases, [0, 16])
  func broken(_ direction: Direction, pipes: Int) throws {
    let pair = try RelayedPair(pipes: pipes)
    let (source, sink) = pair.ends(direction)
    let sender = BlockingThread {
      for _ in 0..<8 { if (try? source.send(Self.block)) == nil { return 0 } }
      source.reset()
      return 1
    }
    var count = 0
    var isRight = true
    let ending = sink.read(atMost: .max) { piece in
      isRight = isRight && Self.isExpected(piece, at: count)
      count += piece.count
    }
    #expect(isRight && ending == .reset && count <= 8 << 20)
    #expect(sender.result() == 1)
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("a reader that doesn't read stops its sender, and gets everything in the end", arguments: Direction.allCases)
  func slowReader(_ direction: Direction) throws {
    let pair = try RelayedPair()
    let (source, sink) = pair.ends(direction)
    let blocks = try 2 * Self.mostBuffered() / Self.block.count + 16
    try source.socket.setBuffers(send: 64 * 1024)
    try sink.socket.setBuffers(receive: 64 * 1024)
    let before = residentBytes()
    let sent = Progress()
    let sender = BlockingThread {
      for _ in 0..<blocks {
        guard (try? source.send(Self.block, seconds: 60)) != nil else { break }
        sent.count.add(1, ordering: .relaxed)
      }
      source.shutdownWrite()
      return sent.count.load(ordering: .relaxed)
    }
    // The kernel's buffers and one pipe fill up; then the sender has to wait.
    var last = -1
    #expect(
      eventually {
        usleep(400_000)
        defer { last = sent.count.load(ordering: .relaxed) }
        return last > 0 && last == sent.count.load(ordering: .relaxed)
      })
    #expect(last < blocks)
    if Programs.sanitizer == nil { #expect(residentBytes() - before < 16 << 20) }
    var count = 0
    var isRight = true
    sink.read(atMost: .max) { piece in
      isRight = isRight && Self.isExpected(piece, at: count)
      count += piece.count
    }
    #expect(isRight && count == blocks * Self.block.count)
    #expect(sender.result() == blocks)
  }

  @Test("what comes at the rate of a link is gathered, and its end isn't kept waiting", arguments: Direction.allCases)
  func gathered(_ direction: Direction) throws {
    let pair = try RelayedPair()
    let (source, sink) = pair.ends(direction)
    let packet = noise(64 * 1024)
    // A sender that others hold up may be slow to earn a pipe.
    for round in 0..<10 where round == 0 || pair.proxy.workers[0].promotions.current == 0 {
      let sender = BlockingThread {
        for _ in 0..<1_000 {
          guard (try? source.send(packet)) != nil else { return 0 }
          usleep(300)
        }
        return 1
      }
      for _ in 0..<1_000 { #expect(sink.receive(exactly: packet.count) == packet) }
      #expect(sender.result() == 1)
    }
    #expect(pair.proxy.workers[0].promotions.current > 0)
    // Nothing follows that would make it enough to be reported, neither at once nor when what comes is gathered no more.
    for pause in [0, 0, 0, 0.4, 0, 0.4, 0] {
      _ = eventually(seconds: pause) { false }
      try source.send("ping")
      #expect(sink.receiveText(4, seconds: 1) == "ping")
      try sink.send("pong")
      #expect(source.receiveText(4, seconds: 1) == "pong")
    }
    try source.send(packet)
    try source.send("bye")
    source.shutdownWrite()
    let heard = sink.receiveToEnd()
    #expect(heard.bytes == packet + Array("bye".utf8) && heard.ending == .end)
  }

  @Test("a session whose sources gather isn't taken for idle, nor for one that pauses")
  func gatheringIsNoPause() throws {
    // Less than it takes from one sweep to the next: a session that moves once after each would be taken for idle.
    let pair = try RelayedPair(policy: .test(idle: 800))
    let packet = noise(64 * 1024)
    let client = pair.client
    let sender = BlockingThread {
      let start = MonotonicClock.now()
      while MonotonicClock.now() - start < 4_000_000_000 {
        guard (try? client.send(packet)) != nil else { return 0 }
        usleep(400)
      }
      client.shutdownWrite()
      return 1
    }
    pair.proxy.post(.evict(EvictionOrder(id: 1, selection: SessionSelection(), cause: .drained)))
    var received = 0
    let ending = pair.server.read(atMost: .max) { received += $0.count }
    #expect(sender.result() == 1 && ending == .end && received > 1_000 * packet.count)
    #expect(pair.proxy.closes(.idle) + pair.proxy.closes(.drained) == 0)
    // The pipe wasn't given back between two looks: it's kept for sixteen of them at least, which take 32 ms.
    #expect((1..<125).contains(pair.proxy.workers[0].promotions.current))
    // A sender that others hold up sends less than is worth a pipe, and rightly gets none for as long.
    if received > 5_000 * packet.count { #expect(pair.proxy.workers[0].spliced.current > received / 4) }
    // About one turn for each look, and not one for each packet.
    #expect((100..<received / packet.count).contains(pair.proxy.workers[0].turns.current))
  }

  @Test("a flow that has gone quiet gives its pipe to the next one")
  func pipeGivenBack() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], pipes: 1)
    var pairs: [(client: Peer, server: Peer)] = []
    for _ in 1...3 {
      let (client, peer) = (try proxy.connect(), try server.accept())
      pairs.append((client, peer))
      // Whoever is first to be spliced keeps the only pipe until it's quiet for a while.
      let before = proxy.workers[0].promotions.current
      for _ in 0..<20 where proxy.workers[0].promotions.current == before {
        let sender = BlockingThread { (try? client.send(Self.block)) == nil ? 0 : 1 }
        #expect(peer.receive(exactly: Self.block.count).count == Self.block.count)
        #expect(sender.result() == 1)
      }
      #expect(proxy.workers[0].promotions.current > before)
      _ = eventually(seconds: 2.5) { false }
    }
  }

  @Test("what was in the pipe of a flow that broke is nobody else's")
  func pipeOfBrokenFlow() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], pipes: 1)
    for _ in 1...3 {
      let (client, peer) = (try proxy.connect(), try server.accept())
      // Nobody reads: every buffer on the way fills up, the pipe as well.
      let before = proxy.workers[0].promotions.current
      try client.fill(with: [UInt8](repeating: 0xEE, count: 1 << 20))
      try #require(proxy.workers[0].promotions.current > before)
      peer.reset()
      client.reset()
      #expect(eventually { proxy.isAtRest })
      let (next, nextPeer) = (try proxy.connect(), try server.accept())
      // A flow that others hold up may be slow to earn the pipe, and may lose it and earn it again.
      let between = proxy.workers[0].promotions.current
      for _ in 0..<20 where proxy.workers[0].promotions.current == between {
        let sender = BlockingThread { (0..<4).allSatisfy { _ in (try? next.send(Self.block)) != nil } ? 1 : 0 }
        for _ in 0..<4 { #expect(nextPeer.receive(exactly: Self.block.count) == Self.block) }
        #expect(sender.result() == 1)
      }
      try #require(proxy.workers[0].promotions.current > between)
      next.close()
      nextPeer.close()
      #expect(eventually { proxy.isAtRest })
    }
  }

  @Test("a bulk flow doesn't starve a small one")
  func fairness() throws {
    let pair = try RelayedPair()
    let done = Progress()
    let (client, server) = (pair.client, pair.server)
    let bulk = BlockingThread {
      while done.count.load(ordering: .relaxed) == 0 { if (try? client.send(Self.block)) == nil { return 0 } }
      client.close()
      return 1
    }
    let drain = BlockingThread {
      server.read(atMost: .max) { _ in }
      return 1
    }
    let small = try pair.proxy.connect()
    let far = try pair.listening.accept()
    var longest = 0.0
    for _ in 0..<200 {
      let start = MonotonicClock.now()
      try small.send("ping")
      #expect(far.receiveText(4) == "ping")
      try far.send("pong")
      #expect(small.receiveText(4) == "pong")
      longest = max(longest, Double(MonotonicClock.now() - start) / 1e9)
    }
    done.count.store(1, ordering: .relaxed)
    #expect(longest < 2)
    #expect(bulk.result() == 1 && drain.result() == 1)
  }

  /// The bytes that the kernel may hold of a connection at one proxy, between what it receives and what it sends: a
  /// kernel from 6.18 on lets a receive buffer alone grow to 32 MiB.
  private static func mostBuffered() throws -> Int {
    let files = ["/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem"]
    return try files.map { file in
      let figures = try String(contentsOfFile: file, encoding: .utf8)
      return Int(figures.split(whereSeparator: \.isWhitespace).last ?? "") ?? 0
    }.reduce(0, +)
  }

  /// Sends everything; gives the count, or -1 if it can't.
  private static func pour(into peer: Peer) -> Int {
    for _ in 0..<(size >> 20) {
      guard (try? peer.send(block, seconds: 60)) != nil else { return -1 }
    }
    peer.shutdownWrite()
    return size
  }

  /// Reads to the end and compares; gives the count, or -1 if anything is wrong.
  private static func drain(_ peer: Peer) -> Int {
    var count = 0
    var isRight = true
    let ending = peer.read(atMost: .max, seconds: 60) { piece in
      isRight = isRight && isExpected(piece, at: count)
      count += piece.count
    }
    return isRight && ending == .end ? count : -1
  }

  /// Whether a piece of what was received is what was sent there: the block, again and again.
  private static func isExpected(_ piece: ArraySlice<UInt8>, at offset: Int) -> Bool {
    let start = offset % block.count
    let first = min(piece.count, block.count - start)
    return piece.withUnsafeBytes { piece in
      block.withUnsafeBytes { block in
        guard let piece = piece.baseAddress, let block = block.baseAddress else { return true }
        return memcmp(piece, block + start, first) == 0
      }
    } && (first == piece.count || isExpected(piece.dropFirst(first), at: offset + first))
  }

  private func residentBytes() -> Int {
    let pages = SmallFile.read("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (pages ?? 0) * 4096
  }
}

/// A count that two threads see.
private final class Progress: Sendable {
  let count = Atomic<Int>(0)
}

/// A thread for calls that block, and its result.
private final class BlockingThread {
  private let value = Progress()
  private var thread: LoopThread?

  init(_ body: @escaping @Sendable () -> Int) {
    let value = value
    thread = LoopThread(name: "test") { value.count.store(body(), ordering: .releasing) }
  }

  /// Waits for the thread's end.
  func result() -> Int {
    thread.take()?.join()
    return value.count.load(ordering: .acquiring)
  }
}
