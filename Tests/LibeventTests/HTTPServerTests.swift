import Glibc
import Libevent
import Sockets
import Testing

/// Echoes what it understood.
private func echo(_ request: HTTPRequest) -> HTTPResponse {
  let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
  return HTTPResponse(
    "\(request.method.rawValue) \(request.path) [\(query)] \(request.header("x-test") ?? "-") "
      + "\(String(decoding: request.body, as: UTF8.self)).")
}

@Suite struct HTTPServerTests {
  @Test("a request reaches the handler decoded, and its answer the client with the standard headers")
  func exchange() throws {
    let server = try HTTPServerFixture(handle: echo)
    let response = try server.exchange(
      "GET /a%20b/%C3%A4?q=1%2B1&r=%26&q=2 HTTP/1.1\r\nHost: x\r\nX-Test: yes\r\nConnection: close\r\n\r\n")
    #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(response.hasSuffix("\r\n\r\nGET /a b/ä [q=2,r=&] yes ."))
    for header in [
      "Content-Type: text/plain; charset=utf-8", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
    ] {
      #expect(response.contains("\r\n\(header)\r\n"))
    }
  }

  @Test("HEAD gets the headers of GET, its size too, and no content")
  func head() throws {
    let server = try HTTPServerFixture { _ in HTTPResponse("12345") }
    let response = try server.exchange("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(response.contains("\r\nContent-Length: 5\r\n"))
    #expect(response.hasSuffix("\r\n\r\n"))
  }

  @Test(
    "a method that isn't served gets a 405 that says which are",
    arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
  func methods(_ method: String) throws {
    let server = try HTTPServerFixture(handle: echo)
    let response = try server.exchange("\(method) / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(response.hasPrefix("HTTP/1.1 405 "))
    #expect(response.contains("\r\nAllow: GET, HEAD\r\n"))
  }

  @Test("a server that takes POST hands its content over, up to the limit", arguments: [(16, "200"), (17, "413")])
  func body(_ size: Int, _ status: String) throws {
    var limits = HTTPServer.Limits()
    limits.bodyBytes = 16
    let server = try HTTPServerFixture(limits: limits, methods: [.get, .post], handle: echo)
    let content = String(repeating: "x", count: size)
    let response = try server.exchange(
      "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\nConnection: close\r\n\r\n\(content)")
    #expect(response.hasPrefix("HTTP/1.1 \(status) "))
    #expect(response.contains("POST /p [] - \(content).") == (status == "200"))
  }

  @Test("a GET with content is refused where none is allowed, also in chunks and before it was sent")
  func unwantedBody() throws {
    let server = try HTTPServerFixture(handle: echo)
    for rest in [
      "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "Content-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n",
    ] {
      let response = try server.exchange("GET / HTTP/1.1\r\nHost: x\r\n\(rest)")
      #expect(response.hasPrefix("HTTP/1.1 413 "), "\(response)")
    }
  }

  @Test("requests sent ahead are answered in order on one connection")
  func pipelining() throws {
    let server = try HTTPServerFixture(handle: echo)
    let client = try HTTPClient(server.address)
    client.send((1...50).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
    let responses = try #require(client.receive(until: "GET /50 [] - ."))
    let paths = responses.split(separator: "\r\n\r\n").compactMap { $0.split(separator: " ").dropFirst().first }
    #expect(paths.dropFirst().map(String.init) == (1...50).map { "/\($0)" })
    #expect(server.connectionCount == 1)
  }

  @Test("a client that ends its sending direction after the request still gets the whole response")
  func halfClose() throws {
    let content = String(repeating: "0123456789", count: 1_000_000)
    let server = try HTTPServerFixture { _ in HTTPResponse(content) }
    let client = try HTTPClient(server.address, receiveBuffer: 16_384)
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    client.finish()
    let response = try #require(client.receiveAll())
    #expect(response.hasSuffix("\r\n\r\n" + content))
  }

  @Test("it serves over IPv6 and over a Unix socket too")
  func families() throws {
    let path = "/tmp/martlet-http-test-\(getpid()).sock"
    defer { unlink(path) }
    for address in [SocketAddress.ipv6(high: 0, low: 1, scope: 0, port: 0), .unix(path: path)] {
      let server = try HTTPServerFixture(at: address, handle: echo)
      #expect(try server.get("/there").hasSuffix("GET /there [] - ."))
      #expect(server.waitForConnections(0))
    }
  }
}
