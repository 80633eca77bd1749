import Glibc
import Libevent
import Sockets
import Support
import Synchronization
import Testing

/// Exchanges that are kept for later, by the server's thread alone.
final class Kept: @unchecked Sendable {
  var exchanges: [HTTPExchange] = []
  private let total = Atomic<Int>(0)

  /// How many have come.
  var count: Int { total.load(ordering: .relaxed) }

  func keep(_ exchange: HTTPExchange) {
    exchanges.append(exchange)
    total.add(1, ordering: .relaxed)
  }
}

@Suite struct HTTPExchangeTests {
  private let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

  /// A server that keeps what asks for /keep, and answers everything else at once.
  private func server(
    _ kept: Kept, limits: HTTPServer.Limits = HTTPServer.Limits(),
    at address: SocketAddress = .ipv4(0x7F00_0001, port: 0)
  ) throws -> HTTPServerFixture {
    try HTTPServerFixture(limits: limits, methods: HTTPMethod.allCases, at: address) { _, exchange in
      guard exchange.request.path == "/keep" else { return exchange.respond(HTTPResponse("ok")) }
      kept.keep(exchange)
    }
  }

  /// A client whose request the server has kept.
  private func client(_ server: HTTPServerFixture, _ kept: Kept, _ headers: String = "") throws -> HTTPClient {
    let client = try HTTPClient(server.address)
    let before = kept.count
    client.send("GET /keep HTTP/1.1\r\nHost: x\r\n\(headers)\r\n")
    try #require(eventually { kept.count == before + 1 })
    return client
  }

  @Test("an answer may be given in a later turn, and others get theirs meanwhile")
  func later() throws {
    let kept = Kept()
    let server = try server(kept)
    let first = try client(server, kept)
    let second = try client(server, kept)
    #expect(try server.get("/").hasSuffix("ok"))
    server.perform { kept.exchanges[1].respond(HTTPResponse("second")) }
    #expect(second.receive(until: "\r\n\r\nsecond") != nil)
    server.perform {
      #expect(kept.exchanges.map(\.isOpen) == [true, false])
      kept.exchanges[0].respond(HTTPResponse("first"))
    }
    #expect(first.receive(until: "\r\n\r\nfirst") != nil)
    // Both connections serve on.
    for client in [first, second] {
      client.send(request)
      #expect(client.receive(until: "ok") != nil)
    }
  }

  @Test("requests that were sent ahead wait for the answer before them")
  func pipelined() throws {
    let kept = Kept()
    let server = try server(kept)
    let client = try client(server, kept)
    client.send(request + request)
    usleep(50_000)
    server.perform { kept.exchanges.removeLast().respond(HTTPResponse("late")) }
    let responses = try #require(client.receive(until: "\r\n\r\nok"))
    #expect(responses.contains("\r\n\r\nlateHTTP/1.1 200"))
    #expect(responses.hasSuffix("ok") || client.receive(until: "ok") != nil)
  }

  @Test("only the first answer counts")
  func once() throws {
    let kept = Kept()
    let server = try server(kept)
    let client = try client(server, kept, "Connection: close\r\n")
    server.perform {
      kept.exchanges[0].respond(HTTPResponse("one"))
      kept.exchanges[0].respond(HTTPResponse("two"))
    }
    #expect(client.receiveAll()?.hasSuffix("\r\n\r\none") == true)
    server.perform { kept.exchanges[0].respond(HTTPResponse("three")) }
    #expect(server.waitForConnections(0))
  }

  @Test("an exchange that's dropped is answered with a 500, at once or later")
  func dropped() throws {
    let server = try HTTPServerFixture { _, _ in }
    #expect(try server.get("/").hasPrefix("HTTP/1.1 500 "))
    let kept = Kept()
    let keeping = try self.server(kept)
    let client = try client(keeping, kept, "Connection: close\r\n")
    keeping.perform { kept.exchanges = [] }
    #expect(client.receiveAll()?.hasPrefix("HTTP/1.1 500 ") == true)
  }

  @Test("the client's time doesn't run while its request is handled, but starts anew with the answer")
  func clock() throws {
    let kept = Kept()
    var limits = HTTPServer.Limits()
    limits.request = .milliseconds(400)
    limits.idle = .milliseconds(400)
    let server = try server(kept, limits: limits)
    let patient = try client(server, kept)
    let slow = try HTTPClient(server.address, receiveBuffer: 4096)
    slow.send("GET /keep HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(eventually { kept.count == 2 })
    usleep(1_500_000)
    #expect(server.connectionCount == 2)
    server.perform {
      kept.exchanges[0].respond(HTTPResponse("at last"))
      kept.exchanges[1].respond(HTTPResponse(contentType: "x/x", body: [UInt8](repeating: 120, count: 20_000_000)))
    }
    #expect(patient.receive(until: "at last") != nil)
    // One who doesn't take the answer, and one who doesn't ask again, are ended now as ever.
    #expect(server.waitForConnections(0))
  }

  @Test("answering a client that has left is harmless", arguments: ["reset", "close", "half"], AddressFamily.allCases)
  func left(_ way: String, _ family: AddressFamily) throws {
    let kept = Kept()
    let server = try server(kept, at: family.freshAddress())
    defer { UnixSocketFile(at: server.address.description.replacing("unix:", with: ""))?.remove() }
    let content = String(repeating: "x", count: 5_000_000)
    var client: HTTPClient? = try client(server, kept)
    switch way {
    case "reset":
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(client?.socket ?? -1, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
      client = nil
    case "close": client = nil
    default: client?.finish()
    }
    usleep(50_000)
    server.perform { kept.exchanges[0].respond(HTTPResponse(content)) }
    // Who has only ended its own direction still wants the answer.
    if let client { #expect(client.receive(until: content) != nil) }
    client = nil
    #expect(server.waitForConnections(0))
    #expect(try server.get("/").hasSuffix("ok"))
  }

  @Test("a \"100 Continue\" that the client hasn't taken is no obstacle, neither to its answer nor to its leaving")
  func unreadContinue() throws {
    let kept = Kept()
    var limits = HTTPServer.Limits()
    limits.bodyBytes = 100
    let server = try HTTPServerFixture(
      limits: limits, methods: [.get, .put], at: AddressFamily.unix.freshAddress()
    ) { _, exchange in
      guard exchange.request.method == .put else {
        // That much of it lies in the client's socket that poll(2) finds no room for more (unix_writable in the kernel).
        return exchange.respond(HTTPResponse(String(repeating: "x", count: 60_000)))
      }
      kept.keep(exchange)
    }
    defer { UnixSocketFile(at: server.address.description.replacing("unix:", with: ""))?.remove() }
    for round in 0..<4 {
      let stays = round % 2 == 0
      var client: HTTPClient? = try HTTPClient(server.address)
      client?.send(request)
      client?.send("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
      usleep(50_000)
      client?.send("abc")
      #expect(eventually { kept.count == round + 1 })
      if stays {
        server.perform { kept.exchanges[0].respond(HTTPResponse("done")) }
        let received = client?.receive(until: "done")
        #expect(received?.contains("xHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") == true)
      } else {
        client = nil
        // Its leaving is noticed, as there is something to be sent to it.
        #expect(server.waitForConnections(0))
        server.perform {
          #expect(kept.exchanges.map(\.isOpen) == [false])
          kept.exchanges[0].respond(HTTPResponse("too late"))
        }
      }
      server.perform { kept.exchanges = [] }
    }
  }

  @Test("a server may end while exchanges are open, which then go nowhere")
  func serverGone() throws {
    let kept = Kept()
    let server = try server(kept)
    let clients = try (0..<3).map { _ in try client(server, kept) }
    server.drop()
    for client in clients { #expect(client.receiveAll() == "") }
    server.perform {
      #expect(kept.exchanges.allSatisfy { !$0.isOpen })
      kept.exchanges[0].respond(HTTPResponse("too late"))
      kept.exchanges = []
    }
  }

  @Test("hundreds of exchanges, answered in another order, each get their own answer")
  func many() throws {
    let kept = Kept()
    var limits = HTTPServer.Limits()
    limits.connections = 300
    let server = try HTTPServerFixture(limits: limits) { _, exchange in kept.keep(exchange) }
    let clients = try (0..<300).map { index in
      let client = try HTTPClient(server.address)
      client.send("GET /\(index) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      return client
    }
    #expect(eventually { kept.count == 300 })
    server.perform {
      for exchange in kept.exchanges.shuffled() { exchange.respond(HTTPResponse("for \(exchange.request.path)")) }
      kept.exchanges = []
    }
    for (index, client) in clients.enumerated() { #expect(client.receiveAll()?.hasSuffix("for /\(index)") == true) }
    #expect(server.waitForConnections(0))
  }

  @Test("who asks through a Unix socket is known, who asks through TCP isn't")
  func peer() throws {
    let serve: @Sendable (EventLoop, HTTPExchange) -> Void = { _, exchange in
      exchange.respond(HTTPResponse(exchange.peer.map { "\($0.pid) \($0.uid) \($0.gid)" } ?? "nobody"))
    }
    let unix = try HTTPServerFixture(at: AddressFamily.unix.freshAddress(), serve: serve)
    defer { UnixSocketFile(at: unix.address.description.replacing("unix:", with: ""))?.remove() }
    #expect(try unix.get("/").hasSuffix("\r\n\r\n\(getpid()) \(geteuid()) \(getegid())"))
    #expect(try HTTPServerFixture(serve: serve).get("/").hasSuffix("\r\n\r\nnobody"))
  }
}
