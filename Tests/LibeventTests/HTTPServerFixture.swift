import Glibc
import Libevent
import Sockets
import Synchronization
import SystemPackage

/// An HTTP server on a loop in a thread of its own, and blocking clients for it.
final class HTTPServerFixture {
  let address: SocketAddress
  let socket: SharedSocket
  private let mailbox: Mailbox<Order>
  private var thread: LoopThread?

  private enum Order: Sendable {
    case count(Box<Int>)
    case perform(@Sendable () -> Void, Box<Bool>)
    case drop
    case stop
  }

  /// Answers at once.
  convenience init(
    limits: HTTPServer.Limits = HTTPServer.Limits(), methods: [HTTPMethod] = [.get, .head],
    at wanted: SocketAddress = .ipv4(0x7F00_0001, port: 0), listening: Bool = true,
    handle: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) throws {
    try self.init(at: wanted, listening: listening) { loop, socket in
      HTTPServer(on: loop, listening: socket, limits: limits, methods: methods, handle: handle)
    }
  }

  /// Answers when it likes to.
  convenience init(
    limits: HTTPServer.Limits = HTTPServer.Limits(), methods: [HTTPMethod] = [.get, .head],
    at wanted: SocketAddress = .ipv4(0x7F00_0001, port: 0),
    serve: @escaping @Sendable (EventLoop, HTTPExchange) -> Void
  ) throws {
    try self.init(at: wanted) { loop, socket in
      HTTPServer(on: loop, listening: socket, limits: limits, methods: methods, serve: { serve(loop, $0) })
    }
  }

  private init(
    at wanted: SocketAddress, listening: Bool = true, make: @escaping @Sendable (EventLoop, SharedSocket) -> HTTPServer
  ) throws {
    // As the program does.
    signal(SIGPIPE, SIG_IGN)
    let socket = SharedSocket(try Socket(for: wanted))
    try socket.socket.bind(to: wanted)
    if listening { try socket.socket.listen(backlog: 256) }
    self.socket = socket
    address = try socket.socket.localAddress()
    let mailbox = Mailbox<Order>()
    self.mailbox = mailbox
    thread = LoopThread(name: "http") {
      let loop = EventLoop()
      var server: HTTPServer? = make(loop, socket)
      let receiver = mailbox.receive(on: loop) { order in
        switch order {
        case .count(let box): box.fill(server?.connectionCount ?? 0)
        case .perform(let work, let box):
          work()
          box.fill(true)
        case .drop: server = nil
        case .stop: loop.stop()
        }
      }
      loop.run()
      withExtendedLifetime((server, receiver)) {}
    }
  }

  deinit {
    mailbox.post(.stop)
    if let thread = thread.take() { thread.join() }
  }

  /// How many connections the server has, asked on its thread.
  var connectionCount: Int {
    let box = Box<Int>()
    mailbox.post(.count(box))
    return box.wait()
  }

  /// Does something on the server's thread, and waits until it's done.
  func perform(_ work: @escaping @Sendable () -> Void) {
    let box = Box<Bool>()
    mailbox.post(.perform(work, box))
    _ = box.wait()
  }

  /// Ends the server, while its loop goes on.
  func drop() {
    mailbox.post(.drop)
  }

  /// Waits until the server has so many connections; false if it takes longer than five seconds.
  func waitForConnections(_ count: Int) -> Bool {
    for _ in 0..<500 {
      if connectionCount == count { return true }
      usleep(10_000)
    }
    return false
  }

  /// A value that one thread leaves for another.
  private final class Box<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func fill(_ new: Value) {
      value.withLock { $0 = new }
    }

    func wait() -> Value {
      while true {
        if let value = value.withLock({ $0 }) { return value }
        usleep(500)
      }
    }
  }
}

/// A client that blocks, for five seconds at most where nothing else is said.
final class HTTPClient {
  let socket: Int32

  init(_ address: SocketAddress, receiveBuffer: Int? = nil, patience: Int = 5) throws {
    let opened = try Socket(for: address)
    if let receiveBuffer { try opened.setBuffers(receive: receiveBuffer) }
    if case .failed(let error) = opened.connect(to: address) { throw error }
    socket = opened.descriptor
    _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
    var timeout = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    close(socket)
  }

  /// Sends all of it; false once the server doesn't take any more.
  @discardableResult
  func send(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  /// Ends the sending direction.
  func finish() {
    shutdown(socket, Int32(SHUT_WR))
  }

  /// Reads what comes next, up to so many bytes; nil at the end or after a reset, empty if nothing came in time.
  func receive(_ most: Int = 65_536) -> String? {
    var buffer = [UInt8](repeating: 0, count: most)
    let count = recv(socket, &buffer, most, 0)
    if count < 0, errno == EAGAIN { return "" }
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  /// Reads until the server ends the connection; nil if it doesn't.
  func receiveAll() -> String? {
    var all = ""
    while let text = receive() {
      if text.isEmpty { return nil }
      all += text
    }
    return all
  }

  /// Reads until the text so far ends so; nil if that doesn't come.
  func receive(until end: String) -> String? {
    var all = ""
    while !all.hasSuffix(end) {
      guard let text = receive(), !text.isEmpty else { return nil }
      all += text
    }
    return all
  }
}

extension HTTPServerFixture {
  /// Sends a whole request over a connection of its own, and reads the response to its end.
  func exchange(_ request: String, patience: Int = 5) throws -> String {
    let client = try HTTPClient(address, patience: patience)
    client.send(request)
    return client.receiveAll() ?? "no end"
  }

  /// Asks for a path by GET.
  func get(_ path: String) throws -> String {
    try exchange("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
  }
}
