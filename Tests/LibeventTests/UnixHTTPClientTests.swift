import Glibc
import Sockets
import Support
import SystemPackage
import Testing

@testable import Libevent

@Suite struct UnixHTTPClientTests {
  /// An address with its path.
  private func fresh() -> (SocketAddress, path: String) {
    let address = AddressFamily.unix.freshAddress()
    guard case .unix(let path) = address else { return (address, "") }
    return (address, path)
  }

  /// A client of a server that answers with what it was asked.
  private func withEcho(_ body: (UnixHTTPClient) throws -> Void) throws {
    let (address, path) = fresh()
    defer { UnixSocketFile(at: path)?.remove() }
    var limits = HTTPServer.Limits()
    limits.bodyBytes = 1 << 20
    let server = try HTTPServerFixture(limits: limits, methods: HTTPMethod.allCases, at: address) { request in
      let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let text = "\(request.method) \(request.segments) \(query) \(request.header("content-type") ?? "-")"
      return HTTPResponse(status: 202, "\(text) \(request.body.count)", headers: [("X-Echo", "yes")])
    }
    try body(UnixHTTPClient(path: path))
    #expect(server.waitForConnections(0))
  }

  @Test("a request arrives as it was meant, whatever is in its path and query")
  func roundTrip() throws {
    try withEcho { client in
      let odd = "ä /%2F?&=+#\u{1}\n\"~"
      let response = try client.send(.get, [odd, "..", "x"], query: ["a&\(odd)": odd, "b": ""], limit: .seconds(10))
      #expect(response.status == 202 && response.headers.contains { $0 == ("X-Echo", "yes") })
      #expect(
        String(decoding: response.body, as: UTF8.self)
          == "get \([odd, "..", "x"]) \(["a&\(odd)=\(odd)", "b="]) - 0")
      let root = try client.send(.get, "/", limit: .seconds(10))
      #expect(String(decoding: root.body, as: UTF8.self) == "get [] [] - 0")
      let path = try client.send(.get, "/v1/pools", limit: .seconds(10))
      #expect(String(decoding: path.body, as: UTF8.self) == #"get ["v1", "pools"] [] - 0"#)
    }
  }

  @Test("every method goes with content and without", arguments: HTTPMethod.allCases)
  func methods(_ method: HTTPMethod) throws {
    try withEcho { client in
      let bare = try client.send(method, "/x", limit: .seconds(10))
      let text = method == .head ? "" : "\(method) [\"x\"] [] "
      #expect(bare.status == 202)
      #expect(String(decoding: bare.body, as: UTF8.self) == text + (method == .head ? "" : "- 0"))
      // evhttp takes a HEAD to have no content, whatever it says.
      guard method != .head else { return }
      for size in [0, 1, 1 << 20] {
        let body = [UInt8](repeating: 1, count: size)
        let response = try client.send(method, "/x", body: body, limit: .seconds(10))
        #expect(String(decoding: response.body, as: UTF8.self) == text + "application/json \(size)")
      }
    }
  }

  @Test("a refusal that comes before all was sent is heard")
  func tooLarge() throws {
    try withEcho { client in
      let body = [UInt8](repeating: 1, count: 20 << 20)
      let response = try client.send(.post, "/x", body: body, limit: .seconds(10))
      #expect(response.status == 413)
    }
  }

  @Test("no socket, nobody there, not allowed and a path that's too long are told apart")
  func unreachable() throws {
    let (address, path) = fresh()
    let client = UnixHTTPClient(path: path)
    #expect(throws: HTTPClientError.noSuchSocket) { try client.send(.get, "/", limit: .seconds(1)) }
    #expect(throws: HTTPClientError.noSuchSocket) {
      try UnixHTTPClient(path: path + "/nothing").send(.get, "/", limit: .seconds(1))
    }
    let socket = try Socket(for: address)
    try socket.bind(to: address)
    try socket.listen(backlog: 8)
    defer { UnixSocketFile(at: path)?.remove() }
    chmod(path, 0)
    #expect(throws: HTTPClientError.permissionDenied) {
      try Unprivileged.run { _ = try client.send(.get, "/", limit: .seconds(1)) }
    }
    chmod(path, 0o700)
    socket.close()
    #expect(throws: HTTPClientError.refused) { try client.send(.get, "/", limit: .seconds(1)) }
    let file = try TemporaryFile("")
    #expect(throws: HTTPClientError.refused) {
      try UnixHTTPClient(path: file.path).send(.get, "/", limit: .seconds(1))
    }
    let long = UnixHTTPClient(path: "/" + String(repeating: "x", count: 107))
    #expect(throws: HTTPClientError.failed(.fileNameTooLong)) { try long.send(.get, "/", limit: .seconds(1)) }
  }

  @Test("a server that doesn't answer, read or even accept isn't waited for longer than said")
  func timedOut() throws {
    let server = try TestServer(at: fresh().0, backlog: 0)
    guard case .unix(let path) = server.address else { return }
    let client = UnixHTTPClient(path: path)
    let body = [UInt8](repeating: 1, count: 20 << 20)
    for content in [nil, body] {
      #expect(throws: HTTPClientError.timedOut) {
        try client.send(.post, "/", body: content, limit: .milliseconds(200))
      }
    }
    // Who isn't even accepted fills the queue.
    let filler = Peer(try Socket(for: server.address))
    var connection = filler.socket.connect(to: server.address)
    let another = Peer(try Socket(for: server.address))
    if connection == .established { connection = another.socket.connect(to: server.address) }
    #expect(connection == .failed(.wouldBlock))
    #expect(throws: HTTPClientError.timedOut) { try client.send(.get, "/", limit: .milliseconds(200)) }
  }

  @Test(
    "an answer that is none is told so",
    arguments: [
      ("", "there is none"), ("hello\r\n\r\n", "it isn't HTTP"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "it ends after 2 of 5 bytes of content"),
    ])
  func broken(_ answer: String, _ reason: String) throws {
    let server = try TestServer(at: fresh().0)
    guard case .unix(let path) = server.address else { return }
    let asking = Background { try UnixHTTPClient(path: path).send(.get, "/", limit: .seconds(10)).status }
    let peer = try server.accept()
    #expect(peer.wait(for: Int16(POLLIN)))
    if !answer.isEmpty { try peer.send(answer) }
    peer.close()
    #expect(throws: HTTPClientError.brokenAnswer(reason)) { try asking.join() }
  }

  @Test("a response is whole when its length says so, without waiting for the end")
  func noEnd() throws {
    let server = try TestServer(at: fresh().0)
    guard case .unix(let path) = server.address else { return }
    let asking = Background {
      try UnixHTTPClient(path: path).send(.get, "/a b", query: ["c": "d"], limit: .seconds(10)).body
    }
    let peer = try server.accept()
    let request = "GET /a%20b?c=d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    #expect(peer.receiveText(request.utf8.count) == request)
    try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    #expect(try asking.join() == Array("ok".utf8))
  }
}

/// A thread that looks at files as a user without rights.
private enum Unprivileged {
  static func run(_ work: @escaping @Sendable () throws -> Void) throws {
    try Background {
      // setfsuid(2) counts for the calling thread alone.
      if geteuid() == 0 {
        let setFileUser = unsafeBitCast(dlsym(nil, "setfsuid"), to: (@convention(c) (uid_t) -> Int32).self)
        _ = setFileUser(65_534)
      }
      try work()
    }.join()
  }
}
