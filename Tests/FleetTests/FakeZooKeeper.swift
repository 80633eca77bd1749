import Libevent
import Sockets
import Support
import Synchronization

@testable import Fleet
@testable import Stores

/// A server that says what a test wants: each connection is spoken to by a script, on a thread of its own.
final class FakeZooKeeper: Sendable {
  /// Where it listens.
  let address: SocketAddress
  private let socket: Socket
  private let taken = Mutex(0)
  private let opened = Mutex(0)
  private let isOver = Mutex(false)

  /// How many connections have come.
  var connections: Int { taken.withLock { $0 } }

  /// How many sessions were opened.
  var sessions: Int { opened.withLock { $0 } }

  /// - Parameter talk: what is said on a connection, counted from 0; at its end the connection is closed.
  init(_ talk: @escaping @Sendable (_ client: FakeClient, _ number: Int) -> Void) throws {
    let any = SocketAddress.ipv4(0x7F00_0001, port: 0)
    socket = try Socket(for: any)
    try socket.bind(to: any)
    try socket.listen(backlog: 64)
    address = try socket.localAddress()
    _ = LoopThread(name: "zookeeper") { [weak self, socket] in
      while let isOver = self?.isOver.withLock({ $0 }), !isOver {
        guard socket.wait(for: .input, until: Deadline(after: .milliseconds(20))) else { continue }
        guard case .client(let client, _) = socket.accept(), let number = self?.count() else { continue }
        let peer = Peer(client)
        let opens = { @Sendable [weak self] in self?.opened.withLock { $0 += 1 } ?? () }
        _ = LoopThread(name: "client") { talk(FakeClient(peer: peer, opens: opens), number) }
      }
      socket.close()
    }
  }

  deinit {
    isOver.withLock { $0 = true }
  }

  private func count() -> Int {
    taken.withLock { count in
      defer { count += 1 }
      return count
    }
  }

  /// An ensemble of one that keeps nothing: every node is there with the same data, and every write is done.
  static func agreeable() throws -> FakeZooKeeper {
    try FakeZooKeeper { client, _ in
      client.open()
      client.agree()
    }
  }
}

/// A connection to a fake server.
struct FakeClient: Sendable {
  /// What a client asks for.
  struct Request {
    let xid: Int32
    let code: Int32
    let rest: [UInt8]
  }

  let peer: Peer
  /// Told of a session that is opened.
  let opens: @Sendable () -> Void

  func send(frame: [UInt8]) {
    try? peer.send(int(Int32(clamping: frame.count)) + frame)
  }

  /// The next frame; nil when the client is gone.
  func frame() -> [UInt8]? {
    let head = peer.receive(exactly: 4)
    guard head.count == 4 else { return nil }
    let length = head.reduce(0) { $0 << 8 | Int($1) }
    let bytes = peer.receive(exactly: length)
    return bytes.count == length ? bytes : nil
  }

  /// Opens the session that is asked for.
  func open(id: Int64 = 7) {
    guard frame() != nil else { return }
    var writer = JuteWriter()
    writer.int(0)
    writer.int(id == 0 ? 0 : 6000)
    writer.long(id)
    writer.buffer([UInt8](repeating: 1, count: 16))
    writer.bool(false)
    send(frame: writer.bytes)
    opens()
  }

  /// The next request; nil when the client is gone.
  func request() -> Request? {
    guard let bytes = frame() else { return nil }
    var reader = JuteReader(bytes)
    guard let xid = try? reader.int(), let code = try? reader.int() else { return nil }
    return Request(xid: xid, code: code, rest: Array(bytes.suffix(reader.left)))
  }

  /// Says yes.
  func agree(to request: Request) {
    let body: [UInt8] =
      switch request.code {
      case 1, 9: counted("/x")
      case 3, 5: stat(version: 3)
      case 4: counted("data") + stat(version: 3)
      default: []
      }
    send(frame: answer(request.xid, body))
  }

  /// Says yes to everything, until a request of this kind comes, which is given back; nil when the client is gone.
  @discardableResult
  func agree(untilAsked code: Int32 = .max) -> Request? {
    while let request = request() {
      if request.code == code { return request }
      agree(to: request)
    }
    return nil
  }

  /// Waits until the client is gone.
  func waitForEnd() {
    _ = peer.receiveToEnd()
  }
}
