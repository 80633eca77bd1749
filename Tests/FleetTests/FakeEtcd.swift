import Libevent
import Sockets
import Support
import Synchronization

@testable import Fleet

/// A member that says what a test wants: each connection is spoken to by a script, on a thread of its own.
final class FakeEtcd: Sendable {
  /// Where it listens.
  let address: SocketAddress
  private let socket: Socket
  private let taken = Mutex(0)
  private let isOver = Mutex(false)

  /// How many connections have come.
  var connections: Int { taken.withLock { $0 } }

  /// - Parameter talk: what is said on a connection, counted from 0; at its end the connection is closed.
  init(_ talk: @escaping @Sendable (_ client: FakeEtcdClient, _ number: Int) -> Void) throws {
    let any = SocketAddress.ipv4(0x7F00_0001, port: 0)
    socket = try Socket(for: any)
    try socket.bind(to: any)
    try socket.listen(backlog: 64)
    address = try socket.localAddress()
    _ = LoopThread(name: "etcd") { [weak self, socket] in
      while let isOver = self?.isOver.withLock({ $0 }), !isOver {
        guard socket.wait(for: .input, until: Deadline(after: .milliseconds(20))) else { continue }
        guard case .client(let client, _) = socket.accept(), let number = self?.count() else { continue }
        let peer = Peer(client)
        _ = LoopThread(name: "client") { talk(FakeEtcdClient(peer: peer), number) }
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
}

/// A connection to a fake member.
struct FakeEtcdClient: Sendable {
  /// What a client asks for.
  struct Request: Equatable {
    let path: String
    let head: String
    let content: String
  }

  static let header = #""header":{"revision":"7"}"#

  let peer: Peer

  /// The next request; nil when the client is gone.
  func request() -> Request? {
    var head: [UInt8] = []
    while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      let byte = peer.receive(exactly: 1)
      guard !byte.isEmpty else { return nil }
      head += byte
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    let prefix = "Content-Length: "
    guard let line = lines.first(where: { $0.hasPrefix(prefix) }), let length = Int(line.dropFirst(prefix.count)) else {
      return nil
    }
    let content = peer.receive(exactly: length)
    guard content.count == length else { return nil }
    let words = lines[0].split(separator: " ")
    return Request(
      path: String(words[1]), head: lines.joined(separator: "\n"), content: String(decoding: content, as: UTF8.self))
  }

  /// An answer whose content has a length.
  func answer(_ content: String, status: String = "200 OK", headers: String = "") {
    try? peer.send("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(content.utf8.count)\r\n\r\n\(content)")
  }

  /// Says what is agreeable to a request: it's there, or done.
  func agree(to request: Request) {
    switch request.path {
    case "/v3/auth/authenticate": answer(#"{\#(Self.header),"token":"abc.1"}"#)
    case "/v3/kv/txn": answer(#"{\#(Self.header),"succeeded":true}"#)
    case "/v3/watch": try? peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    default:
      // The key that was asked for, as it's written.
      let key = request.content.split(separator: "\"")[3]
      answer(#"{\#(Self.header),"kvs":[{"key":"\#(key)","mod_revision":"5","value":"ZGF0YQ=="}],"count":"1"}"#)
    }
  }

  /// Says yes to everything until one comes at this path, which is given back; nil when the client is gone.
  @discardableResult
  func agree(untilAsked path: String = "") -> Request? {
    while let request = request() {
      if request.path == path { return request }
      agree(to: request)
    }
    return nil
  }

  /// Waits until the client is gone.
  func waitForEnd() {
    _ = peer.receiveToEnd()
  }
}
