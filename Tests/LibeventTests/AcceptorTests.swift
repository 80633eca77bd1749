import Glibc
import Libevent
import Sockets
import Support
import SystemPackage
import Testing

@Suite struct AcceptorTests {
  /// A door with so many places; it keeps the clients.
  private final class Door: Admission {
    var places: Int
    var clients: [Socket] = []
    var refusals = 0
    var errors: [Errno] = []
    var then: () -> Void = {}

    init(places: Int) {
      self.places = places
    }

    deinit {
      for client in clients { client.close() }
    }

    func reserve() -> Bool {
      guard places > 0 else {
        refusals += 1
        then()
        return false
      }
      places -= 1
      return true
    }

    func unreserve() {
      places += 1
    }

    func admit(_ client: Socket, from address: SocketAddress) {
      clients.append(client)
      then()
    }

    func refused(by error: Errno) {
      errors.append(error)
      then()
    }
  }

  private func listen() throws -> SharedSocket {
    try SharedSocket(listeningAt: AddressFamily.ipv4.freshAddress(), backlog: 512)
  }

  @Test("clients are taken as long as there are places, and again when it's resumed")
  func pauses() throws {
    let socket = try listen()
    let address = try socket.socket.localAddress()
    let loop = EventLoop()
    let door = Door(places: 3)
    let acceptor = Acceptor(socket, on: loop, door: door)
    let clients = try (0..<5).map { _ in try Peer.connect(to: address) }
    var turns: UInt64 = 0
    // Long enough to see that a paused acceptor lets the loop sleep.
    let resume = Timer(on: loop) {
      turns = loop.turn
      #expect(acceptor.isPaused && door.clients.count == 3 && door.refusals == 1)
      door.places = 2
      acceptor.resume()
    }
    let limit = Timer(on: loop) { loop.stop() }
    door.then = { [unowned door] in if door.clients.count == 5 { loop.stop() } }
    resume.schedule(after: .milliseconds(300))
    limit.schedule(after: .seconds(10))
    loop.run()
    #expect(door.clients.count == 5 && !acceptor.isPaused)
    #expect(turns < 10)
    _ = clients
  }

  @Test("a socket that gives nobody any more is left alone, and why is told")
  func shutDown() throws {
    let socket = try listen()
    let loop = EventLoop()
    let door = Door(places: 3)
    let acceptor = Acceptor(socket, on: loop, door: door)
    let end = Timer(on: loop) { loop.stop() }
    end.schedule(after: .milliseconds(300))
    // As whoever else has the socket can do.
    shutdown(socket.socket.descriptor, Int32(SHUT_RD))
    loop.run()
    #expect(door.errors == [.invalidArgument] && acceptor.isPaused && door.places == 3)
    #expect(loop.turn < 10)
    acceptor.takeAll()
    #expect(door.errors.count == 2)
  }

  @Test("a flood of clients is taken in growing batches, none of which is too large")
  func batches() throws {
    let socket = try listen()
    let address = try socket.socket.localAddress()
    let loop = EventLoop()
    let door = Door(places: .max)
    let acceptor = Acceptor(socket, on: loop, door: door)
    let clients = try (0..<300).map { _ in try Peer.connect(to: address) }
    var perTurn: [UInt64: Int] = [:]
    door.then = { [unowned door] in
      perTurn[loop.turn, default: 0] += 1
      if door.clients.count == 300 { loop.stop() }
    }
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(10))
    loop.run()
    #expect(door.clients.count == 300)
    let batches = perTurn.sorted { $0.key < $1.key }.map(\.value)
    #expect(batches.first == 1 && batches.max() == 64)
    #expect(zip(batches, batches.dropFirst().dropLast()).allSatisfy { $0 <= $1 })
    withExtendedLifetime((acceptor, clients)) {}
  }

  @Test("before it goes, an acceptor takes everybody who has connected")
  func takeAll() throws {
    let socket = try listen()
    let address = try socket.socket.localAddress()
    let loop = EventLoop()
    let door = Door(places: .max)
    let acceptor = Acceptor(socket, on: loop, door: door)
    let clients = try (0..<100).map { _ in try Peer.connect(to: address) }
    acceptor.takeAll()
    #expect(door.clients.count == 100)
    withExtendedLifetime((acceptor, clients)) {}
  }
}
