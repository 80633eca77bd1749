import Glibc
import Sockets
import Support
import Testing

@Suite struct AcceptQueueTests {
  @Test("who waits to be accepted is counted, until accepted", arguments: [AddressFamily.ipv4, .ipv6])
  func waiting(_ family: AddressFamily) throws {
    let listening = try Socket(for: family.freshAddress())
    defer { listening.close() }
    try listening.bind(to: family.freshAddress())
    #expect(listening.acceptQueue == nil && !listening.isListening)
    try listening.listen(backlog: 5)
    #expect(listening.isListening)
    #expect(try #require(listening.acceptQueue) == (0, 5))
    let clients = try (0..<3).map { _ in try Peer.connect(to: listening.localAddress()) }
    #expect(eventually { listening.acceptQueue?.waiting == 3 })
    guard case .client(let accepted, _) = listening.accept() else { return #expect(Bool(false), "nobody is there") }
    #expect(try #require(listening.acceptQueue) == (2, 5))
    #expect(accepted.acceptQueue == nil && !accepted.isListening)
    accepted.close()
    withExtendedLifetime(clients) {}
  }

  @Test("the length of the queue can be changed while clients wait in it")
  func backlog() throws {
    let listening = try Socket(for: AddressFamily.ipv4.freshAddress())
    defer { listening.close() }
    try listening.bind(to: AddressFamily.ipv4.freshAddress())
    try listening.listen(backlog: 1)
    let address = try listening.localAddress()
    // One more than the limit fits in; whoever comes then isn't answered.
    var clients = try (0..<2).map { _ in try Peer.connect(to: address) }
    #expect(throws: (any Error).self) { try Peer.connect(to: address, seconds: 1) }
    try listening.listen(backlog: 7)
    #expect(try #require(listening.acceptQueue) == (2, 7))
    clients.append(try Peer.connect(to: address))
    #expect(eventually { listening.acceptQueue?.waiting ?? 0 >= 3 })
    try listening.listen(backlog: 1)
    #expect(listening.acceptQueue?.limit == 1)
    for _ in clients {
      guard case .client(let accepted, _) = listening.accept() else { return #expect(Bool(false), "one was lost") }
      accepted.close()
    }
  }

  @Test("a Unix socket's queue isn't known")
  func unix() throws {
    let server = try TestServer(at: AddressFamily.unix.freshAddress())
    let client = try Peer.connect(to: server.address)
    #expect(client.socket.acceptQueue == nil && !client.socket.isListening)
    let address = AddressFamily.unix.freshAddress()
    let listening = try Socket(for: address)
    defer { listening.close() }
    try listening.bind(to: address)
    try listening.listen(backlog: 1)
    if case .unix(let path) = address { UnixSocketFile(at: path)?.remove() }
    #expect(listening.acceptQueue == nil && listening.isListening)
  }

  @Test("what isn't a socket doesn't listen")
  func noSocket() throws {
    let file = try TemporaryFile("")
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    #expect(!Socket(descriptor: descriptor).isListening && Socket(descriptor: descriptor).acceptQueue == nil)
  }
}
