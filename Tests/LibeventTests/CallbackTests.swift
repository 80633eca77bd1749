import Glibc
import Libevent
import Sockets
import Support
import SystemPackage
import Testing

/// Whoever is called back may end whatever calls: each kind of object that a loop calls is dropped in the midst of its own
/// callback, and isn't heard of again. Run under the address sanitizer (`make sanitize`), they also show that nothing is used
/// that is gone.
@Suite struct CallbackTests {
  /// Runs a loop until it's stopped, ten seconds at most.
  private func run(_ loop: EventLoop) {
    let limit = Timer(on: loop) {
      loop.stop()
      Issue.record("nothing ended the loop")
    }
    limit.schedule(after: .seconds(10))
    loop.run()
    withExtendedLifetime(limit) {}
  }

  /// Lets the loop turn for a while, in which what mustn't come would come.
  private func stopSoon(_ loop: EventLoop, _ timer: inout Timer?) {
    timer = Timer(on: loop) { loop.stop() }
    timer?.schedule(after: .milliseconds(50))
  }

  /// A handler with its event, as most are: what is dropped is the whole object.
  private final class Handler: IOHandler {
    private var event: IOEvent?
    private let called: () -> Void
    private var bytes = [UInt8](repeating: 7, count: 1000)

    init(_ socket: Socket, on loop: EventLoop, _ trigger: Trigger, called: @escaping () -> Void) {
      self.called = called
      super.init()
      event = IOEvent(socket.descriptor, on: loop, trigger: trigger, handler: self)
    }

    override func ready(_ descriptor: Int32, _ readiness: Readiness) {
      called()
      // As much of it is there as before.
      #expect(bytes.allSatisfy { $0 == 7 })
      bytes[0] = 7
    }
  }

  @Test("a handler of a descriptor, by level and by edge", arguments: [false, true])
  func handler(_ byEdge: Bool) throws {
    let (near, far) = try Socket.pair()
    defer { for socket in [near, far] { socket.close() } }
    let loop = EventLoop()
    var handler: Handler?
    weak var witness: Handler?
    var (calls, end) = (0, Timer?.none)
    handler = Handler(near, on: loop, byEdge ? .edge : .level) {
      calls += 1
      handler = nil
      stopSoon(loop, &end)
    }
    witness = handler
    _ = far.send([1])
    run(loop)
    #expect(calls == 1 && witness == nil)
  }

  @Test("a timer, with who owns it")
  func timer() {
    final class Owner {
      private var timer: Timer?
      private let text = "owner"
      private let letGo: () -> Void

      init(on loop: EventLoop, letGo: @escaping () -> Void) {
        self.letGo = letGo
        timer = Timer(on: loop) { [unowned self] in fired() }
        timer?.schedule(after: .zero)
      }

      func fired() {
        letGo()
        #expect(text == "owner")
      }
    }
    let loop = EventLoop()
    var (owner, end) = (Owner?.none, Timer?.none)
    weak var witness: Owner?
    owner = Owner(on: loop) {
      owner = nil
      stopSoon(loop, &end)
    }
    witness = owner
    run(loop)
    #expect(witness == nil)
  }

  @Test("the receiver of a mailbox, in the midst of a burst: what is left is the next one's")
  func mailbox() {
    let mailbox = Mailbox<Int>()
    let loop = EventLoop()
    var seen: [Int] = []
    var receiver: MailboxReceiver?
    var next: MailboxReceiver?
    receiver = mailbox.receive(on: loop) { number in
      seen.append(number)
      guard number == 3 else { return }
      receiver = nil
      // Posted while the rest of the burst is on its way back.
      mailbox.post(6)
      next = mailbox.receive(on: loop) { number in
        seen.append(number * 10)
        if number == 6 { loop.stop() }
      }
    }
    for number in 1...5 { mailbox.post(number) }
    run(loop)
    #expect(seen == [1, 2, 3, 40, 50, 60] && receiver == nil)
    withExtendedLifetime(next) {}
  }

  @Test("an acceptor, in the midst of a batch and with its door")
  func acceptor() throws {
    final class Door: Admission {
      var acceptor: Acceptor<Door>?
      var clients: [Socket] = []
      var admitted: () -> Void = {}
      func reserve() -> Bool { true }
      func unreserve() {}
      func refused(by error: Errno) {}
      func admit(_ client: Socket, from address: SocketAddress) {
        clients.append(client)
        admitted()
      }
    }
    let socket = try SharedSocket(listeningAt: AddressFamily.ipv4.freshAddress(), backlog: 64)
    let address = try socket.socket.localAddress()
    let clients = try (0..<30).map { _ in try Peer.connect(to: address) }
    let loop = EventLoop()
    var (door, end) = (Door?.some(Door()), Timer?.none)
    weak let witness = door
    var taken: [Socket] = []
    door?.admitted = { [unowned known = door!] in
      // Batches grow while clients are found waiting.
      guard known.clients.count == 10 else { return }
      taken = known.clients
      known.acceptor = nil
      door = nil
      stopSoon(loop, &end)
    }
    door?.acceptor = Acceptor(socket, on: loop, door: door!)
    run(loop)
    #expect(taken.count == 10 && witness == nil)
    for client in taken { client.close() }
    withExtendedLifetime(clients) {}
  }

  @Test("a channel's link, in the midst of messages and at the end", arguments: [1, 2, 4])
  func link(_ last: Int) throws {
    let (near, far) = try DescriptorChannel.pair()
    let loop = EventLoop()
    var (seen, link, end) = ([Int](), ChannelLink?.none, Timer?.none)
    link = ChannelLink(near, on: loop) { event in
      seen.append(seen.count + 1)
      guard seen.count == last else { return }
      if case .ended = event { #expect(seen.count == 4) }
      link = nil
      stopSoon(loop, &end)
    }
    for number: UInt8 in 1...3 { try far.send([number], limit: .seconds(1)) }
    far.close()
    run(loop)
    #expect(seen == Array(1...last) && link == nil)
  }

  @Test("a link whose other end is gone says so once, not from within a call of its user's")
  func linkWithoutPeer() throws {
    let (near, far) = try DescriptorChannel.pair()
    let loop = EventLoop()
    var ends = 0
    var isSending = false
    let link = ChannelLink(near, on: loop) { event in
      #expect(!isSending)
      guard case .ended(.closed) = event else { return }
      ends += 1
      loop.stop()
    }
    far.close()
    isSending = true
    try link.send([UInt8](repeating: 1, count: 1_000_000))
    isSending = false
    run(loop)
    #expect(ends == 1 && link.isIdle)
    #expect(throws: ChannelError.closed) { try link.send([1]) }
  }

  @Test("a link sends what its peer takes, when it takes it, and holds what is on its way")
  func linkBehindSlowPeer() throws {
    let (near, far) = try DescriptorChannel.pair()
    let loop = EventLoop()
    let link = ChannelLink(near, on: loop) { _ in }
    let bytes = [UInt8](repeating: 5, count: 3_000_000)
    let (passed, kept) = try Socket.pair()
    try link.send(bytes)
    try link.send([1], [SharedSocket(passed)])
    #expect(!link.isIdle, "nobody has read yet")
    var received: [DescriptorChannel.Message] = []
    var reader: Timer?
    reader = Timer(on: loop) {
      while let message = try? far.receiveIfWhole() { received.append(message) }
      received.count == 2 ? loop.stop() : reader?.schedule(after: .milliseconds(1)) ?? ()
    }
    reader?.schedule(after: .zero)
    run(loop)
    #expect(received.map(\.bytes) == [bytes, [1]] && link.isIdle)
    _ = try #require(received.last?.sockets.first).socket.send([9])
    #expect(Peer(kept).receiveText(1) == "\u{9}")
  }

  @Test("a buffered connection, when it stands, when bytes come and at its end", arguments: [1, 2, 3])
  func bufferedConnection(_ last: Int) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let loop = EventLoop()
    var (calls, connection, end) = (0, BufferedConnection?.none, Timer?.none)
    weak var witness: BufferedConnection?
    let bounds = BufferedConnection.Bounds(input: 100, output: 100)
    connection = BufferedConnection(to: server.address, on: loop, bounds: bounds) { event in
      calls += 1
      if case .ended = event { #expect(calls == 3) }
      guard calls == last else { return }
      connection = nil
      stopSoon(loop, &end)
    }
    witness = connection
    _ = connection?.send([1])
    let peer = try server.accept()
    try peer.send([1])
    peer.shutdownWrite()
    run(loop)
    #expect(calls == last && witness == nil)
  }

  @Test("a file's watcher")
  func watcher() throws {
    let file = try TemporaryFile("one")
    let loop = EventLoop()
    var (calls, end, watcher) = (0, Timer?.none, FileWatcher?.none)
    watcher = try FileWatcher(FileSnapshot(file.path), on: loop) {
      calls += 1
      watcher = nil
      stopSoon(loop, &end)
    }
    let descriptor = try FileDescriptor.open(file.path, .writeOnly, options: [.append])
    try descriptor.writeAll(" two".utf8)
    try descriptor.close()
    run(loop)
    #expect(calls == 1 && watcher == nil)
  }

  /// What a handler has done with its exchange when it drops its server.
  enum Answering: CaseIterable { case before, after, never }

  @Test("an HTTP server, in the midst of a request, answered or not", arguments: Answering.allCases)
  func httpServer(_ answering: Answering) throws {
    let socket = try SharedSocket(listeningAt: AddressFamily.ipv4.freshAddress(), backlog: 16)
    let address = try socket.socket.localAddress()
    let loop = EventLoop()
    var (calls, end, server) = (0, Timer?.none, HTTPServer?.none)
    weak var witness: HTTPServer?
    server = HTTPServer(
      on: loop, listening: socket,
      serve: { exchange in
        calls += 1
        if answering == .before { exchange.respond(HTTPResponse("yes")) }
        server = nil
        if answering == .after { exchange.respond(HTTPResponse("no")) }
        stopSoon(loop, &end)
      })
    witness = server
    // Several at once, and more requests than one: nobody else is answered.
    let clients = try (0..<3).map { _ in try Peer.connect(to: address) }
    for client in clients { try client.send(String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 2)) }
    run(loop)
    #expect(calls == 1 && witness == nil)
    for client in clients { #expect(client.receiveToEnd(seconds: 5).ending != .silence) }
  }

  @Test("an HTTP server that moves to another socket in the midst of a request answers it, and at the new place alone")
  func httpServerMoves() throws {
    let old = try SharedSocket(listeningAt: AddressFamily.ipv4.freshAddress(), backlog: 16)
    let new = try SharedSocket(listeningAt: AddressFamily.ipv4.freshAddress(), backlog: 16)
    let client = try Peer.connect(to: try old.socket.localAddress())
    let late = try Peer.connect(to: try new.socket.localAddress())
    let loop = EventLoop()
    var (calls, server, end) = (0, HTTPServer?.none, Timer?.none)
    server = HTTPServer(
      on: loop, listening: old,
      serve: { exchange in
        calls += 1
        if calls == 1 { server?.move(to: new) }
        exchange.respond(HTTPResponse("yes", headers: [("Connection", "close")]))
        if calls == 2 { stopSoon(loop, &end) }
      })
    try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try late.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    run(loop)
    #expect(calls == 2)
    withExtendedLifetime((old, server)) {}
  }
}
