import Glibc
import Sockets
import Support
import SystemPackage
import Testing

@Suite struct ReservationTests {
  /// A socket that listens and answers nobody.
  private func reserve(_ address: SocketAddress) throws -> Socket {
    let socket = try Socket(for: address)
    try socket.bind(to: address)
    try socket.dropEverything()
    try socket.listen(backlog: 8)
    return socket
  }

  @Test(
    "a reserved port answers nobody; once it's opened, who has waited gets in", arguments: [AddressFamily.ipv4, .ipv6])
  func opens(_ family: AddressFamily) throws {
    let listening = try reserve(family.freshAddress())
    defer { listening.close() }
    let client = Peer(try Socket(for: family.freshAddress()))
    #expect(client.socket.connect(to: try listening.localAddress()) == .pending)
    #expect(!client.isReady(for: Int16(POLLOUT), within: 300))
    guard case .nobody = listening.accept() else { return #expect(Bool(false), "somebody got in") }
    try listening.dropNothing()
    // The client's kernel asks again a second after it first did.
    #expect(client.wait(for: Int16(POLLOUT)) && client.socket.takeError() == nil)
    guard case .client(let accepted, _) = listening.accept() else { return #expect(Bool(false), "nobody got in") }
    let server = Peer(accepted)
    // The filter hasn't been handed down to the client's socket.
    try client.send("hello")
    #expect(server.receiveText(5) == "hello")
  }

  @Test("a reserved port is taken")
  func taken() throws {
    let listening = try reserve(AddressFamily.ipv4.freshAddress())
    defer { listening.close() }
    let other = try Socket(for: AddressFamily.ipv4.freshAddress())
    defer { other.close() }
    try other.setReuseAddress()
    #expect(throws: Errno.addressInUse) { try other.bind(to: try listening.localAddress()) }
  }

  @Test(
    "a socket that rests refuses clients and keeps its port from everybody, its sessions go on, and it can listen again",
    arguments: [AddressFamily.ipv4, .ipv6])
  func rests(_ family: AddressFamily) throws {
    // A port that the kernel chose it lets go.
    let chosen = try Socket(for: family.freshAddress())
    try chosen.bind(to: family.freshAddress())
    let address = try chosen.localAddress()
    chosen.close()
    let sockets = try (0..<2).map { _ in try Socket(for: address) }
    defer { for socket in sockets { socket.close() } }
    for socket in sockets {
      try socket.setReuseAddress()
      try socket.setReusePort()
      try socket.bind(to: address)
    }
    for socket in sockets { try socket.listen(backlog: 8) }
    let standing = try Peer.connect(to: address)
    var server: Peer?
    #expect(
      eventually {
        for socket in sockets {
          if case .client(let accepted, _) = socket.accept() { server = Peer(accepted) }
        }
        return server != nil
      })
    for socket in sockets { try socket.rest() }
    for _ in 0..<8 { #expect((try? Peer.connect(to: address)) == nil) }
    let stranger = try Socket(for: address)
    defer { stranger.close() }
    try stranger.setReuseAddress()
    #expect(throws: Errno.addressInUse) { try stranger.bind(to: address) }
    try standing.send("x")
    #expect(server?.receiveText(1) == "x")
    for socket in sockets { try socket.setReuseAddress() }
    for socket in sockets { try socket.listen(backlog: 8) }
    _ = try Peer.connect(to: address)
    #expect(sockets.allSatisfy { $0.isListening })
  }

  @Test("a hidden socket's clients come to another of the port, but those who wait in its queue")
  func hidden() throws {
    let any = try #require(SocketAddress("0.0.0.0:0"))
    let general = try Socket(for: any)
    let own = try Socket(for: any)
    defer {
      general.close()
      own.close()
    }
    for socket in [general, own] { try socket.setReusePort() }
    try general.bind(to: any)
    let port = try #require(try general.localAddress().port)
    let address = SocketAddress.ipv4(0x7F00_0001, port: port)
    try own.bind(to: address)
    for socket in [general, own] { try socket.listen(backlog: 8) }
    let early = try Peer.connect(to: address)
    try own.hide()
    let late = try Peer.connect(to: address)
    for (socket, client) in [(own, early), (general, late)] {
      guard case .client(let accepted, let peer) = socket.accept() else {
        #expect(Bool(false), "nobody came")
        continue
      }
      #expect(try peer == client.socket.localAddress())
      accepted.close()
    }
    guard case .nobody = own.accept() else { return #expect(Bool(false), "somebody found it") }
  }

  @Test("each of several sockets at one address is reserved by itself")
  func group() throws {
    let first = try Socket(for: AddressFamily.ipv4.freshAddress())
    defer { first.close() }
    try first.bind(to: AddressFamily.ipv4.freshAddress())
    try first.setReusePort()
    let address = try first.localAddress()
    let second = try Socket(for: address)
    defer { second.close() }
    try second.setReusePort()
    try second.bind(to: address)
    for socket in [first, second] {
      try socket.dropEverything()
      try socket.listen(backlog: 64)
    }
    try first.dropNothing()
    let clients = try (0..<24).map { _ in Peer(try Socket(for: address)) }
    for client in clients { #expect(client.socket.connect(to: address) == .pending) }
    // The kernel has spread them over both.
    let waiting = clients.filter { !$0.isReady(for: Int16(POLLOUT), within: 10) }
    #expect((1..<24).contains(waiting.count))
    try second.dropNothing()
    #expect(waiting.allSatisfy { $0.wait(for: Int16(POLLOUT)) && $0.socket.takeError() == nil })
  }

  @Test("nothing can be taken back where nothing was dropped")
  func nothing() throws {
    let socket = try Socket(for: AddressFamily.ipv4.freshAddress())
    defer { socket.close() }
    #expect(throws: Errno.noSuchFileOrDirectory) { try socket.dropNothing() }
  }
}

extension Peer {
  /// Whether the socket gets ready within so many milliseconds.
  fileprivate func isReady(for events: Int16, within milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: socket.descriptor, events: events, revents: 0)
    return Glibc.poll(&poll, 1, milliseconds) > 0
  }
}
