import Glibc
import Sockets
import Support
import Testing

@Suite struct SocketTests {
  /// A connection: the end that asked for it and the one that was accepted.
  private func connection(_ family: AddressFamily) throws -> (Peer, Peer) {
    let server = try TestServer(at: family.freshAddress())
    let near = try Peer.connect(to: server.address)
    return (near, try server.accept())
  }

  @Test("an accepted client's address is the one that it connected from", arguments: [AddressFamily.ipv4, .ipv6])
  func clientAddress(_ family: AddressFamily) throws {
    let listening = try Socket(for: family.freshAddress())
    defer { listening.close() }
    try listening.bind(to: family.freshAddress())
    try listening.listen(backlog: 1)
    guard case .nobody = listening.accept() else { return #expect(Bool(false), "somebody is there") }
    let client = try Peer.connect(to: try listening.localAddress())
    guard case .client(let accepted, let address) = listening.accept() else {
      return #expect(Bool(false), "nobody is there")
    }
    defer { accepted.close() }
    #expect(try address == client.socket.localAddress())
  }

  @Test("nobody at an address is told at once or when asked", arguments: AddressFamily.allCases)
  func refused(_ family: AddressFamily) throws {
    let server = try TestServer(at: family.freshAddress())
    server.close()
    let socket = try Socket(for: server.address)
    defer { socket.close() }
    switch socket.connect(to: server.address) {
    case .established: #expect(Bool(false), "somebody is there")
    case .pending:
      #expect(eventually { socket.takeError() == .connectionRefused })
      #expect(socket.takeError() == nil)
    case .failed(let error): #expect(error == (family == .unix ? .noSuchFileOrDirectory : .connectionRefused))
    }
  }

  @Test("what is there to read and what is underway are counted")
  func counts() throws {
    let (near, far) = try connection(.ipv4)
    #expect(!far.socket.hasInput && near.socket.unacknowledged == 0)
    try near.send("hello")
    #expect(eventually { far.socket.hasInput && near.socket.unacknowledged == 0 })
    try far.socket.setBuffers(receive: 4096)
    while case .bytes = near.socket.send([UInt8](repeating: 1, count: 65_536)[...]) {}
    #expect(near.socket.unacknowledged > 0)
    // What a broken connection owed is owed to nobody.
    far.reset()
    #expect(eventually { near.socket.unacknowledged == 0 })
  }

  @Test("a reset is no end, an end no reset")
  func ways() throws {
    var (near, far) = try connection(.ipv4)
    near.reset()
    #expect(far.receiveToEnd().ending == .reset)
    (near, far) = try connection(.ipv4)
    near.shutdownWrite()
    #expect(far.receiveToEnd().ending == .end)
    try far.send("still open")
    #expect(near.receiveText(10) == "still open")
  }

  @Test("bytes pass a pipe in order, as many as fit", arguments: AddressFamily.allCases)
  func pipe(_ family: AddressFamily) throws {
    let (source, into) = try connection(family)
    let (out, sink) = try connection(family)
    let pipe = try Pipe(capacity: 64 * 1024)
    #expect(pipe.capacity == 64 * 1024)
    #expect(pipe.fill(from: into.socket) == .wouldBlock)
    try source.send([1, 2, 3])
    try source.send([4, 5])
    #expect(into.wait(for: Int16(POLLIN)))
    while pipe.count < 5, into.wait(for: Int16(POLLIN)) { _ = pipe.fill(from: into.socket) }
    #expect(pipe.drain(to: out.socket) == .bytes(5) && pipe.count == 0)
    #expect(sink.receive(exactly: 5) == [1, 2, 3, 4, 5])
    source.close()
    #expect(into.wait(for: Int16(POLLIN)))
    #expect(pipe.fill(from: into.socket) == .end)
  }

  @Test("a buffer is filled up to the limit, and what couldn't be sent is kept apart from it")
  func buffer() throws {
    let (source, into) = try connection(.ipv4)
    let (out, sink) = try connection(.ipv4)
    let buffer = TransferBuffer(capacity: 8)
    try source.send("0123456789ab")
    #expect(eventually { into.socket.hasInput })
    #expect(buffer.receive(from: into.socket, limit: 8) == .bytes(8))
    let rest = buffer.leftover(2..<8)
    #expect(buffer.receive(from: into.socket, limit: 3) == .bytes(3))
    #expect(buffer.send(count: 3, to: out.socket) == .bytes(3))
    #expect(rest.count == 6 && rest.send(to: out.socket) == .bytes(6) && rest.count == 0)
    #expect(sink.receiveText(9) == "89a234567")
  }

  @Test("the last bytes of a buffer aren't held back for long, even if no end follows")
  func lastBytes() throws {
    let (source, into) = try connection(.ipv4)
    let (out, sink) = try connection(.ipv4)
    let buffer = TransferBuffer(capacity: 8)
    try source.send("last")
    #expect(eventually { into.socket.hasInput })
    #expect(buffer.receive(from: into.socket, limit: 8) == .bytes(4))
    #expect(buffer.send(count: 4, to: out.socket, isLast: true) == .bytes(4))
    #expect(sink.receiveText(4, seconds: 2) == "last")
  }

  @Test("the file of a Unix socket is removed once nobody listens, and other files never")
  func unixFile() throws {
    let address = AddressFamily.unix.freshAddress()
    guard case .unix(let path) = address else { return }
    let socket = try Socket(for: address)
    try socket.bind(to: address)
    try socket.listen(backlog: 1)
    UnixSocketFile.removeIfStale(path)
    #expect(access(path, F_OK) == 0)
    socket.close()
    UnixSocketFile.removeIfStale(path)
    #expect(access(path, F_OK) != 0)
    let file = try TemporaryFile("")
    UnixSocketFile(at: file.path)?.remove()
    UnixSocketFile.removeIfStale(file.path)
    #expect(access(file.path, F_OK) == 0)
  }
}
