import Glibc
import Libevent
import Sockets
import Support
import Synchronization
import Testing

@Suite struct HTTPServerLimitsTests {
  private static let ok: @Sendable (HTTPRequest) -> HTTPResponse = { _ in HTTPResponse("ok") }

  @Test("a path of 8,000 bytes is served, one of 10,000 refused")
  func longPath() throws {
    let server = try HTTPServerFixture { HTTPResponse("\($0.path.utf8.count)") }
    #expect(try server.get("/" + String(repeating: "a", count: 7999)).hasSuffix("\r\n\r\n8000"))
    #expect(try server.get("/" + String(repeating: "a", count: 9999)).hasPrefix("HTTP/1.1 400 "))
  }

  @Test("headers beyond the limit end the connection, in one line or in many, whether they end or not")
  func longHeaders() throws {
    let server = try HTTPServerFixture(handle: Self.ok)
    let line = "X-Long: \(String(repeating: "a", count: 9000))\r\n"
    let lines = String(repeating: "X-A: b\r\n", count: 1500)
    for headers in [line + "\r\n", lines + "\r\n", String(repeating: "a", count: 9000)] {
      let client = try HTTPClient(server.address)
      client.send("GET / HTTP/1.1\r\n\(headers)")
      #expect(client.receiveAll()?.contains("200 OK") == false)
      #expect(server.waitForConnections(0))
    }
  }

  @Test(
    "what isn't HTTP is refused, and the server goes on",
    arguments: [
      "\r\n\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / FTP/1.1\r\n\r\n",
      "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET http://[:::/ HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n",
      "CONNECT / HTTP/1.1\r\n\r\n", String(repeating: "\u{0}", count: 20_000),
    ])
  func garbage(_ text: String) throws {
    let server = try HTTPServerFixture(handle: Self.ok)
    let client = try HTTPClient(server.address)
    client.send(text)
    client.finish()
    let response = try #require(client.receiveAll())
    #expect(!response.contains("200 OK"))
    #expect(try server.get("/").hasSuffix("ok"))
    #expect(server.waitForConnections(0))
  }

  @Test("a client that sends a byte now and then is cut off when its request's time is up")
  func slowSender() throws {
    var limits = HTTPServer.Limits()
    limits.request = .milliseconds(400)
    let server = try HTTPServerFixture(limits: limits, handle: Self.ok)
    let client = try HTTPClient(server.address)
    client.send("GET / HTTP/1.1\r\nX-Slow: ")
    let clock = ContinuousClock()
    let start = clock.now
    while client.send("a"), start.duration(to: clock.now) < .seconds(5) { usleep(20_000) }
    let taken = start.duration(to: clock.now)
    #expect(taken > .milliseconds(300) && taken < .seconds(3))
    #expect(server.waitForConnections(0))
  }

  @Test("the time starts anew with each request on a connection")
  func timePerRequest() throws {
    var limits = HTTPServer.Limits()
    limits.request = .seconds(2)
    let server = try HTTPServerFixture(limits: limits, handle: Self.ok)
    let client = try HTTPClient(server.address)
    let clock = ContinuousClock()
    let start = clock.now
    while start.duration(to: clock.now) < .seconds(3) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      try #require(client.receive(until: "ok") != nil)
      usleep(200_000)
    }
  }

  @Test("a connection on which nothing happens is ended")
  func idle() throws {
    var limits = HTTPServer.Limits()
    limits.idle = .milliseconds(200)
    let server = try HTTPServerFixture(limits: limits, handle: Self.ok)
    let fresh = try HTTPClient(server.address)
    let used = try HTTPClient(server.address)
    used.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(used.receive(until: "ok") != nil)
    #expect(fresh.receiveAll() == "")
    #expect(used.receiveAll() == "")
    #expect(server.waitForConnections(0))
  }

  @Test("a client that takes a big response slowly delays nobody, and is cut off when its time is up")
  func slowReader() throws {
    var limits = HTTPServer.Limits()
    limits.request = .milliseconds(600)
    let content = String(repeating: "x", count: 20_000_000)
    let server = try HTTPServerFixture(limits: limits) { HTTPResponse($0.path == "/big" ? content : "ok") }
    let slow = try HTTPClient(server.address, receiveBuffer: 4096)
    slow.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(slow.receive(100)?.hasPrefix("HTTP/1.1 200") == true)
    #expect(try server.get("/").hasSuffix("ok"))
    #expect(server.connectionCount == 1)
    let start = ContinuousClock.now
    while server.connectionCount > 0, start.duration(to: .now) < .seconds(5), slow.receive(1000) != nil {
      usleep(20_000)
    }
    #expect(server.connectionCount == 0)
  }

  @Test("requests sent ahead without taking the responses don't pile up in the server")
  func flood() throws {
    let content = String(repeating: "x", count: 20_000_000)
    let server = try HTTPServerFixture { _ in HTTPResponse(content) }
    let client = try HTTPClient(server.address, receiveBuffer: 4096, patience: 1)
    let requests = String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 1000)
    var sent = 0
    while sent < 64 << 20, client.send(requests) { sent += requests.utf8.count }
    // What went out is in the two kernels' socket buffers.
    #expect(sent < 16 << 20)
  }

  @Test(
    "beyond the limit clients wait in the kernel until another has gone, as long as the others' requests are handled")
  func connections() throws {
    var limits = HTTPServer.Limits()
    limits.connections = 4
    let kept = Kept()
    let server = try HTTPServerFixture(limits: limits) { _, exchange in
      guard exchange.request.path == "/keep" else { return exchange.respond(HTTPResponse("ok")) }
      kept.keep(exchange)
    }
    let held = try (0..<5).map { _ in try HTTPClient(server.address) }
    for client in held { client.send("GET /keep HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") }
    #expect(eventually { kept.count == 5 })
    let waiting = try (0..<8).map { _ in try HTTPClient(server.address, patience: 1) }
    for client in waiting { client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") }
    #expect(waiting[0].receive() == "")
    #expect(server.connectionCount == 5)
    server.perform { kept.exchanges.removeLast().respond(HTTPResponse("late")) }
    for client in waiting { #expect(client.receiveAll()?.hasSuffix("ok") == true) }
    #expect(server.waitForConnections(4))
    server.perform { kept.exchanges = [] }
  }

  @Test("128 clients that send a byte now and then keep nobody out: when places are short, they go first")
  func slowCrowd() throws {
    let server = try HTTPServerFixture(handle: Self.ok)
    let stop = Flag()
    let crowd = Background { [address = server.address] in
      var clients: [HTTPClient] = []
      while !stop.isSet {
        clients.removeAll { !$0.send("a") }
        while clients.count < 128, !stop.isSet {
          let client = try HTTPClient(address)
          client.send("GET / HTTP/1.1\r\nX-Slow: ")
          clients.append(client)
        }
        usleep(100_000)
      }
    }
    defer {
      stop.set()
      _ = try? crowd.join()
    }
    #expect(eventually { server.connectionCount >= 64 })
    let start = ContinuousClock.now
    for _ in 0..<5 {
      let client = try HTTPClient(server.address, patience: 20)
      client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      #expect(client.receiveAll()?.hasSuffix("ok") == true)
    }
    #expect(start.duration(to: .now) < .seconds(15))
    #expect(server.connectionCount <= 65)
  }

  @Test("who is slower than the minimum rate is cut off when the patience is over, with its request or its answer")
  func minimumRate() throws {
    var limits = HTTPServer.Limits()
    limits.patience = .milliseconds(300)
    let content = String(repeating: "x", count: 20_000_000)
    let server = try HTTPServerFixture(limits: limits) { HTTPResponse($0.path == "/big" ? content : "ok") }
    let (asking, taking) = (try HTTPClient(server.address), try HTTPClient(server.address, receiveBuffer: 4096))
    taking.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    asking.send("GET / HTTP/1.1\r\nX-Slow: ")
    let start = ContinuousClock.now
    #expect(
      eventually {
        asking.send("a")
        return server.connectionCount == 0
      })
    #expect(start.duration(to: .now) > .milliseconds(300))
  }

  @Test("one answer is held once for everybody who takes it; where several are held, the slowest of the others go")
  func heldBytes() throws {
    var limits = HTTPServer.Limits()
    limits.heldBytes = 30_000_000
    limits.idle = .seconds(60)
    let shared = HTTPContent([UInt8](repeating: 120, count: 20_000_000))
    let server = try HTTPServerFixture(limits: limits) { request in
      let own = request.path == "/own" ? HTTPContent([UInt8](repeating: 121, count: 20_000_000)) : shared
      return HTTPResponse(contentType: "x/x", content: own)
    }
    let before = Self.resident
    let takers = try (0..<20).map { _ in try HTTPClient(server.address, receiveBuffer: 4096) }
    for taker in takers {
      taker.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(taker.receive(100)?.isEmpty == false)
    }
    #expect(Self.resident - before < 100_000_000, "the content is there 20 times")
    #expect(server.connectionCount == 20)
    // From this age on they may have to go.
    usleep(2_100_000)
    let other = try HTTPClient(server.address, patience: 20)
    other.send("GET /own HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect((other.receiveAll()?.utf8.count ?? 0) > 20_000_000)
    #expect(server.waitForConnections(0))
  }

  @Test("what else the loop has to do comes between two requests, however many are ready")
  func oneATurn() throws {
    let turns = Turns()
    let server = try HTTPServerFixture { loop, exchange in
      turns.note(loop.turn)
      // Everybody has asked by the time at which this is over.
      usleep(20_000)
      exchange.respond(HTTPResponse("ok"))
    }
    let clients = try (0..<30).map { _ in try HTTPClient(server.address) }
    for client in clients { client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
    for client in clients { #expect(client.receive(until: "ok") != nil) }
    #expect(turns.all.count == 30 && Set(turns.all).count == 30)
  }

  /// The turns in which something happened.
  private final class Turns: Sendable {
    private let turns = Mutex<[UInt64]>([])

    var all: [UInt64] { turns.withLock { $0 } }

    func note(_ turn: UInt64) {
      turns.withLock { $0.append(turn) }
    }
  }

  private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() {
      value.store(true, ordering: .relaxed)
    }
  }

  /// Resident memory of this process, in bytes.
  private static var resident: Int {
    let text = (try? Subprocess.run("cat", ["/proc/\(getpid())/statm"]).output) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }

  @Test("hundreds of clients at once, many of them gone before they are looked at, are all accounted for")
  func churn() throws {
    let server = try HTTPServerFixture(handle: Self.ok)
    for round in 0..<10 {
      let clients = try (0..<100).map { _ in try HTTPClient(server.address) }
      for (index, client) in clients.enumerated() where (index + round) % 3 == 0 {
        client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      }
      for (index, client) in clients.enumerated() where (index + round) % 3 == 1 { client.finish() }
    }
    #expect(server.waitForConnections(0))
    #expect(try server.get("/").hasSuffix("ok"))
  }

  @Test("a failure to accept, as when descriptors run out, is tried again with the next sweep")
  func acceptFailure() throws {
    var limits = HTTPServer.Limits()
    limits.request = .milliseconds(800)
    // A socket that doesn't listen yet is the failure that can be had without harming the other tests.
    let server = try HTTPServerFixture(limits: limits, listening: false, handle: Self.ok)
    usleep(100_000)
    try server.socket.socket.listen(backlog: 16)
    #expect(try server.get("/").hasSuffix("ok"))
  }

  @Test("a server that is gone has ended its connections, whatever they were at")
  func end() throws {
    let content = String(repeating: "x", count: 20_000_000)
    var server: HTTPServerFixture? = try HTTPServerFixture { _ in HTTPResponse(content) }
    let address = try #require(server?.address)
    let clients = try (0..<3).map { _ in try HTTPClient(address) }
    clients[1].send("GET / HT")
    clients[2].send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(clients[2].receive(100)?.isEmpty == false)
    #expect(server?.waitForConnections(3) == true)
    server = nil
    for client in clients { while let text = client.receive() { try #require(!text.isEmpty) } }
  }
}
