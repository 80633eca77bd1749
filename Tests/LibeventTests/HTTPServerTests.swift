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

  @Test(
    "a method that isn't served gets a 405 with content as well as without", arguments: [1, 60_000],
    ["Content-Length: %\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"])
  func methodsWithContent(_ size: Int, _ headers: String) throws {
    let server = try HTTPServerFixture(handle: echo)
    var content = String(repeating: "x", count: size)
    if headers.hasPrefix("T") { content = "\(String(size, radix: 16))\r\n\(content)\r\n0\r\n\r\n" }
    let counted = headers.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "\(size)")
    let response = try server.exchange("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(counted)\(content)")
    #expect(response.hasPrefix("HTTP/1.1 405 "), "\(response)")
  }

  @Test(
    "content is handed over up to the limit, whatever the method", arguments: [HTTPMethod.post, .put, .delete, .patch],
    [0, 1, 16, 17])
  func body(_ method: HTTPMethod, _ size: Int) throws {
    var limits = HTTPServer.Limits()
    limits.bodyBytes = 16
    let server = try HTTPServerFixture(limits: limits, methods: HTTPMethod.allCases, handle: echo)
    let content = String(repeating: "x", count: size)
    let response = try server.exchange(
      "\(method.rawValue) /p HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\nConnection: close\r\n\r\n\(content)")
    #expect(response.hasPrefix("HTTP/1.1 \(size <= 16 ? 200 : 413) "))
    #expect(response.contains("\(method.rawValue) /p [] - \(content).") == (size <= 16))
  }

  @Test(
    "a request that may have content needn't, nor say so", arguments: [HTTPMethod.post, .put, .delete, .patch],
    ["", "Connection: keep-alive\r\n"])
  func noBody(_ method: HTTPMethod, _ headers: String) throws {
    var limits = HTTPServer.Limits()
    limits.bodyBytes = 16
    let server = try HTTPServerFixture(limits: limits, methods: HTTPMethod.allCases, handle: echo)
    let client = try HTTPClient(server.address)
    for _ in 0..<2 {
      client.send("\(method.rawValue) /p HTTP/1.1\r\nHost: x\r\n\(headers)\r\n")
      #expect(client.receive(until: " /p [] - .") != nil)
    }
  }

  @Test("the limit can be set to megabytes", arguments: [HTTPMethod.post, .put, .delete, .patch])
  func largeBody(_ method: HTTPMethod) throws {
    var limits = HTTPServer.Limits()
    limits.bodyBytes = 8 << 20
    let expected = [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
    let server = try HTTPServerFixture(limits: limits, methods: HTTPMethod.allCases) { request in
      HTTPResponse("\(request.method) \(request.body.count) \(request.body == expected)")
    }
    let content = String(repeating: "x", count: 8 << 20)
    let head = "\(method.rawValue) / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    let response = try server.exchange("\(head)Content-Length: \(8 << 20)\r\n\r\n\(content)", patience: 20)
    #expect(response.hasSuffix("\r\n\r\n\(method) \(8 << 20) true"))
    let chunks = String(repeating: "100000\r\n\(content.prefix(1 << 20))\r\n", count: 8)
    let chunked = try server.exchange("\(head)Transfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n", patience: 20)
    #expect(chunked.hasSuffix("\r\n\r\n\(method) \(8 << 20) true"))
    let tooLarge = try server.exchange("\(head)Content-Length: \(8 << 20 + 1)\r\n\r\n")
    #expect(tooLarge.hasPrefix("HTTP/1.1 413 "))
  }

  @Test("the parts of a path are decoded one by one, the parameters of a query whether they have a value or not")
  func parts() throws {
    let server = try HTTPServerFixture { request in
      let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      return HTTPResponse("\(request.path) \(request.segments) \(query)")
    }
    #expect(try server.get("/").hasSuffix("\r\n\r\n/ [] []"))
    #expect(
      try server.get("/pools/a%20b//unix:%2Frun%2Fx/?dry&a%3Db=1+%2B=2&&c=").hasSuffix(
        #"/pools/a b//unix:/run/x/ ["pools", "a b", "unix:/run/x"] ["a=b=1 +=2", "c=", "dry="]"#))
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

  @Test(
    "whatever version a client speaks, it's answered in one that there is",
    arguments: [
      ("1.0", "1.0"), ("1.1", "1.1"), ("1.2", "1.1"), ("1.99999999999", "1.1"), ("1.-1", "1.1"), ("1.255", "1.1"),
    ])
  func versions(_ asked: String, _ answered: String) throws {
    let server = try HTTPServerFixture(handle: echo)
    let answer = try server.exchange("GET / HTTP/\(asked)\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/\(answered) 200 "), "\(answer)")
  }

  @Test("it serves over IPv6 and over a Unix socket too")
  func families() throws {
    let path = "/tmp/martlet-http-test-\(getpid())-\(UInt32.random(in: .min ... .max)).sock"
    defer { unlink(path) }
    for address in [SocketAddress.ipv6(high: 0, low: 1, scope: 0, port: 0), .unix(path: path)] {
      let server = try HTTPServerFixture(at: address, handle: echo)
      #expect(try server.get("/there").hasSuffix("GET /there [] - ."))
      #expect(server.waitForConnections(0))
    }
  }
}
