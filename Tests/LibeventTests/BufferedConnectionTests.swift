import Glibc
import Libevent
import Sockets
import Support
import SystemPackage
import Testing

@Suite struct BufferedConnectionTests {
  private let bounds = BufferedConnection.Bounds(input: 1 << 20, output: 1 << 20)

  @Test(
    "what is sent before it stands arrives, and what comes is taken as it's wanted", arguments: AddressFamily.allCases)
  func exchange(_ family: AddressFamily) throws {
    let server = try TestServer(at: family.freshAddress())
    var events: [String] = []
    var taken: [UInt8] = []
    var connection: BufferedConnection?
    let peer = try runWith(server) { loop, done in
      connection = BufferedConnection(to: server.address, on: loop, bounds: bounds) { event in
        guard let connection else { return }
        switch event {
        case .connected: events.append("connected")
        case .received:
          // One byte stays until the next comes.
          guard connection.available >= 3 else { return }
          #expect(connection.peek(2) == [1, 2] && connection.peek(9).count == connection.available)
          taken = connection.take(2) + connection.take(9)
          #expect(connection.available == 0)
        case .ended(let ending):
          events.append("\(ending)")
          done()
        }
      }
      #expect(connection?.send([7, 8]) == true)
      return loop
    } client: { peer in
      #expect(peer.receive(exactly: 2) == [7, 8])
      try peer.send([1, 2])
      usleep(50_000)
      try peer.send([3])
      peer.shutdownWrite()
    }
    connection = nil
    #expect(taken == [1, 2, 3])
    #expect(events == ["connected", "closed"])
    withExtendedLifetime(peer) {}
  }

  @Test("who isn't there, or breaks off, is told with the reason, and not from within a call")
  func failures() throws {
    let closed = try TestServer(at: AddressFamily.ipv4.freshAddress())
    closed.close()
    for (address, error) in [
      (closed.address, Errno.connectionRefused), (.unix(path: "/nonexistent"), .noSuchFileOrDirectory),
    ] {
      var endings: [BufferedConnection.Ending] = []
      runLoop { loop, done in
        let connection = BufferedConnection(to: address, on: loop, bounds: bounds) { event in
          guard case .ended(let ending) = event else { return }
          endings.append(ending)
          done()
        }
        #expect(endings.isEmpty)
        return connection
      }
      #expect(endings == [.failed(error)])
    }
    let (near, far) = try pair()
    var ending: BufferedConnection.Ending?
    runLoop { loop, done in
      let connection = BufferedConnection(near, on: loop, bounds: bounds) { event in
        guard case .ended(let how) = event else { return }
        ending = how
        done()
      }
      far.reset()
      return connection
    }
    #expect(ending == .failed(.connectionReset))
  }

  @Test("what the socket doesn't take at once follows in its order")
  func order() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let pieces = (0..<300).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 40_000 + $0) }
    var ending: BufferedConnection.Ending?
    let peer = try runWith(server) { loop, done in
      var connection: BufferedConnection?
      connection = BufferedConnection(to: server.address, on: loop, bounds: .init(input: 1000, output: 64 << 20)) {
        switch $0 {
        case .connected: for piece in pieces { #expect(connection?.send(piece) == true) }
        case .received: break
        case .ended(let how):
          ending = how
          connection = nil
          done()
        }
      }
      return loop
    } client: { peer in
      let all = pieces.flatMap { $0 }
      #expect(peer.receive(exactly: all.count) == all)
      peer.shutdownWrite()
    }
    #expect(ending == .closed)
    withExtendedLifetime(peer) {}
  }

  @Test("who sends to somebody who is gone is told so, but not from within the call")
  func gone() throws {
    let (near, far) = try pair()
    var endings: [BufferedConnection.Ending] = []
    runLoop { loop, done in
      let connection = BufferedConnection(near, on: loop, bounds: bounds) { event in
        guard case .ended(let how) = event else { return }
        endings.append(how)
        done()
      }
      far.reset()
      #expect(connection.send([1]) && endings.isEmpty && connection.send([2]))
      return connection
    }
    #expect(endings == [.failed(.connectionReset)])
  }

  @Test("no more waits than the bounds allow, in either direction")
  func bound() throws {
    let (near, far) = try pair()
    let small = BufferedConnection.Bounds(input: 1000, output: 100_000)
    var (connection, timer, ticks) = (BufferedConnection?.none, Timer?.none, 0)
    runLoop { loop, done in
      connection = BufferedConnection(near, on: loop, bounds: small) { _ in }
      #expect(connection?.send([UInt8](repeating: 1, count: 100_001)) == false)
      // What the kernel takes doesn't wait.
      for size in [50_000, 1_000, 1] { while connection?.send([UInt8](repeating: 1, count: size)) == true {} }
      #expect(connection?.send([]) == true && connection?.send([1]) == false)
      _ = try? far.fill(with: [UInt8](repeating: 2, count: 64 * 1024))
      timer = Timer(on: loop) {
        ticks += 1
        // What libevent reads at once may go beyond it once, and then no more.
        #expect(connection?.available ?? 0 <= 1000 + 16 * 1024)
        if ticks == 1 { _ = connection?.take(10_000) }
        // What it leaves libevent frees in a turn of the loop.
        if ticks == 19 { connection = nil }
        ticks == 20 ? done() : timer?.schedule(after: .milliseconds(2)) ?? ()
      }
      timer?.schedule(after: .milliseconds(10))
      return loop
    }
    timer = nil
  }

  @Test("its socket is closed with it")
  func closes() throws {
    let (near, far) = try pair()
    runLoop { loop, done in
      var connection: BufferedConnection?
      connection = BufferedConnection(near, on: loop, bounds: bounds) { _ in }
      connection = nil
      let timer = Timer(on: loop, action: done)
      timer.schedule(after: .milliseconds(10))
      return (timer, connection)
    }
    #expect(far.receiveToEnd(seconds: 5).ending == .end)
  }

  // MARK: -

  /// A connected pair of TCP sockets: the peer's end, and one for a connection.
  private func pair() throws -> (Socket, Peer) {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let socket = try Socket(for: server.address)
    _ = socket.connect(to: server.address)
    return (socket, try server.accept())
  }

  /// Runs a loop here, and what the other end does on a thread of its own.
  private func runWith(
    _ server: TestServer, _ body: (EventLoop, @escaping () -> Void) -> some Any,
    client: @escaping @Sendable (Peer) throws -> Void
  ) throws -> Peer? {
    let mailbox = Mailbox<Int>()
    var peer: Peer?
    runLoop(atMost: .seconds(20)) { loop, done in
      let made = body(loop, done)
      let receiver = mailbox.receive(on: loop) { _ in
        guard let accepted = try? server.accept() else { return }
        peer = accepted
        _ = LoopThread(name: "peer") { try? client(accepted) }
      }
      mailbox.post(0)
      return (made, receiver)
    }
    return peer
  }
}
