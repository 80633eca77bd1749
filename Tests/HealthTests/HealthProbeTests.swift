import Balancing
import Config
import Glibc
import Introduction
import Libevent
import Sockets
import Synchronization
import Testing
import Support

@testable import Health

/// Makes one check and gives its outcome; nil if it never ends.
func check(
  _ check: HealthCheck, _ address: SocketAddress, header: ProxyHeader.Version? = nil, timeout: Duration = .seconds(2)
) -> ProbeOutcome? {
  guard let task = ProbeTask(check, host: "\(address)", header: header) else { return nil }
  var outcome: ProbeOutcome?
  runLoop { loop, done in
    let probe = Probe(task, to: address, timeout: timeout, on: loop) {
      outcome = $0
      done()
    }
    #expect(outcome == nil, "no outcome while the check is being made")
    return probe
  }
  return outcome
}

func http(
  _ method: HTTPCheck.Method = .get, _ path: String = "/", host: String? = nil, body: String? = nil
) -> HealthCheck {
  var check = HTTPCheck()
  check.method = method
  check.path = path
  check.host = host
  check.expect.body = body
  return .http(check)
}

func script(_ send: String, expect: String) -> HealthCheck {
  .script(ScriptCheck(send: Array(send.utf8), expect: Array(expect.utf8)))
}

extension ProbeOutcome {
  /// The detail of a passed check.
  var passed: String? {
    if case .passed(_, let detail) = self { detail } else { nil }
  }

  /// Kind and detail of a failed check.
  var failed: String? {
    if case .failed(let failure) = self { "\(failure.kind.rawValue): \(failure.detail)" } else { nil }
  }

  /// How long it took.
  var time: Duration {
    switch self {
    case .passed(let time, _): time
    case .failed(let failure): failure.time
    }
  }
}

/// A port of this machine on which nobody listens.
private func unusedAddress(port: UInt16 = 0) throws -> SocketAddress {
  let any = SocketAddress.ipv4(0x7F00_0001, port: port)
  let socket = try Socket(for: any)
  defer { socket.close() }
  try socket.bind(to: any)
  return try socket.localAddress()
}

/// A listening socket that nobody accepts from.
private func silent(backlog: Int = 16, at wanted: SocketAddress = .ipv4(0x7F00_0001, port: 0)) throws -> Socket {
  let socket = try Socket(for: wanted)
  try socket.bind(to: wanted)
  try socket.listen(backlog: backlog)
  return socket
}

private func unixPath() -> String { "/tmp/martlet-health-\(getpid())-\(UInt32.random(in: .min ... .max))" }

@Suite struct HealthProbeTests {
  @Test("a check that only connects passes, in less than its timeout")
  func connects() throws {
    let listener = try silent()
    defer { listener.close() }
    let outcome = try #require(try check(.tcp, listener.localAddress()))
    #expect(outcome.passed == "connected")
    #expect(outcome.time > .zero && outcome.time < .seconds(1))
  }

  @Test("a check that only connects doesn't wake the backend's program, while a client does")
  func unseen() throws {
    let listener = try silent()
    defer { listener.close() }
    for _ in 0..<20 { #expect(try check(.tcp, listener.localAddress())?.passed == "connected") }
    #expect({ if case .nobody = listener.accept() { true } else { false } }())
    _ = try check(script("x", expect: "y"), listener.localAddress(), timeout: .milliseconds(20))
    #expect({ if case .client = listener.accept() { true } else { false } }())
  }

  @Test(
    "a check of a server that wants to be told of clients says that it's none", arguments: ProxyHeader.Version.allCases)
  func header(_ version: ProxyHeader.Version) throws {
    let heading = ProxyHeader(version, .sender).bytes()
    let server = try HealthServer(at: .ipv4(0x7F00_0001, port: 0)) { guest in
      let request = guest.read(until: "\r\n\r\n")
      guest.send(Array(request.utf8).starts(with: heading) ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 400 No\r\n\r\n")
    }
    #expect(check(http(), server.address)?.failed?.contains("400") == true)
    #expect(check(http(), server.address, header: version)?.passed == "HTTP 200")
  }

  @Test("a port on which nobody listens is refused")
  func refused() throws {
    let address = try unusedAddress()
    for task in [HealthCheck.tcp, http()] {
      #expect(check(task, address)?.failed == "refused: connection refused")
    }
  }

  @Test("a check that the kernel connects to itself has found nobody")
  func selfConnect() throws {
    // connect(2) goes through every second port, starting with the first of the range: one of so many attempts comes
    // from the very port that it goes to.
    let ports = EphemeralPorts.range
    let middle = ports.lowerBound + UInt16(ports.count / 4 * 2)
    let target = try #require(
      stride(from: middle, to: ports.upperBound, by: 2).lazy.compactMap { try? unusedAddress(port: $0) }.first)
    var failed = 0
    let attempts = ports.count / 2 + 1
    runLoop(atMost: .seconds(60)) { loop, done in
      var probe: Probe?
      func next() {
        guard failed < attempts else {
          probe = nil
          return done()
        }
        probe = Probe(ProbeTask(.connect), to: target, timeout: .seconds(2), on: loop) { outcome in
          guard outcome.failed == "refused: connection refused" else {
            Issue.record("\(outcome) at attempt \(failed)")
            return done()
          }
          failed += 1
          next()
        }
      }
      next()
      #expect(probe != nil)
      return loop
    }
    #expect(failed == attempts)
  }

  @Test("IPv6 and a Unix socket are checked like IPv4", arguments: ["[::1]:0", "unix:"])
  func otherFamilies(_ text: String) throws {
    let wanted = try #require(SocketAddress(text == "unix:" ? text + unixPath() : text))
    let hosts = Mutex<[String]>([])
    let server = try HealthServer(at: wanted) { guest in
      let request = guest.read(until: "\r\n\r\n")
      guard !request.isEmpty else { return }
      hosts.withLock { $0.append(request) }
      guest.send("HTTP/1.1 200 OK\r\n\r\nok")
    }
    #expect(check(.tcp, server.address)?.passed == "connected")
    #expect(check(http(), server.address)?.passed == "HTTP 200")
    #expect(hosts.withLock { $0.first?.contains("\r\nHost: \(server.address)\r\n") } == true)
  }

  @Test("a Unix socket that doesn't exist, isn't listened to or is full is refused, each with its reason")
  func unixFailures() throws {
    let path = unixPath()
    let address = SocketAddress.unix(path: path)
    #expect(check(.tcp, address)?.failed == "refused: there is no such socket file")
    let listener = try silent(backlog: 0, at: address)
    defer { UnixSocketFile(at: path)?.remove() }
    let waiting = try Socket(for: address)
    #expect(waiting.connect(to: address) == .established)
    #expect(check(.tcp, address)?.failed == "refused: no place in the socket's backlog")
    waiting.close()
    listener.close()
    #expect(check(.tcp, address)?.failed == "refused: connection refused")
  }

  @Test("a full backlog is no connection in time")
  func fullBacklog() throws {
    let listener = try silent(backlog: 0)
    defer { listener.close() }
    let address = try listener.localAddress()
    let waiting = try Socket(for: address)
    defer { waiting.close() }
    _ = waiting.connect(to: address)
    #expect(eventually { check(.tcp, address, timeout: .milliseconds(50))?.failed != nil })
    let outcome = try #require(check(.tcp, address, timeout: .milliseconds(100)))
    #expect(outcome.failed == "timeout: no connection within 100ms")
    #expect(outcome.time >= .milliseconds(95) && outcome.time < .seconds(2))
  }

  @Test("a network without a way there is unreachable")
  func unreachable() {
    // A link-local address on the loopback interface: the kernel knows at once that there is no way.
    let outcome = check(.tcp, .ipv6(high: 0xFE80_0000_0000_0000, low: 1, scope: 0, port: 9))
    #expect(outcome?.failed?.hasPrefix("unreachable: no connection: ") == true, "\(String(describing: outcome))")
  }

  @Test("an HTTP check sends one request with all that a server may ask for")
  func request() throws {
    let requests = Mutex<[String]>([])
    let server = try HealthServer { guest in
      let request = guest.read(until: "\r\n\r\n")
      requests.withLock { $0.append(request) }
      guest.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    }
    #expect(check(http(.head, "/up?x=1", host: "shop.example"), server.address)?.passed == "HTTP 200")
    let expected =
      "HEAD /up?x=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: martlet\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    #expect(requests.withLock { $0 } == [expected])
  }

  @Test("a wrong status fails with what came and what was expected")
  func wrongStatus() throws {
    let server = try HealthServer { guest in
      guest.read(until: "\r\n\r\n")
      guest.send("HTTP/1.1 503 Service Unavailable\r\n\r\n")
    }
    #expect(check(http(), server.address)?.failed == "wrong-answer: HTTP 503, expected 200-399")
  }

  @Test("a backend that accepts and never answers passes where only a connection is asked for, and fails otherwise")
  func noAnswer() throws {
    let listener = try silent()
    defer { listener.close() }
    let address = try listener.localAddress()
    #expect(check(.tcp, address)?.passed == "connected")
    for task in [http(), script("PING\r\n", expect: "+PONG")] {
      let outcome = try #require(check(task, address, timeout: .milliseconds(100)))
      #expect(outcome.failed == "timeout: connected, but no answer within 100ms")
      #expect(outcome.time >= .milliseconds(95) && outcome.time < .seconds(2))
    }
  }

  @Test("an answer that comes byte by byte passes when it's whole in time, text across packets included")
  func slowDrip() throws {
    let server = try HealthServer { guest in
      guest.read(until: "\r\n\r\n")
      guest.drip(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nall w\r\n3\r\nell\r\n0\r\n\r\n",
        every: .milliseconds(1))
    }
    #expect(check(http(body: "all well"), server.address)?.passed == #"HTTP 200 with "all well""#)
  }

  @Test("an answer that isn't whole in time fails, and says how far it came")
  func tooSlow() throws {
    let server = try HealthServer { guest in
      guest.read(until: "\r\n\r\n")
      guest.send("HTTP/1.1 200 OK\r\n\r\nall")
      _ = guest.readEnd()
    }
    let outcome = check(http(body: "all well"), server.address, timeout: .milliseconds(150))
    #expect(
      outcome?.failed == #"wrong-answer: HTTP 200, but no "all well" in the 3 bytes of its content, within 150ms"#)
  }

  @Test("bytes that keep coming don't prolong a check")
  func endlessDrip() throws {
    let server = try HealthServer { guest in
      guest.read(until: "\r\n\r\n")
      guest.send("HTTP/1.1 200 OK\r\n")
      guest.drip(String(repeating: "x", count: 10_000))
    }
    let outcome = try #require(check(http(), server.address, timeout: .milliseconds(500)))
    #expect(outcome.failed == "wrong-answer: HTTP 200, but its head is incomplete, within 500ms")
    #expect(outcome.time < .seconds(5))
  }

  @Test("a huge answer is read as far as needed and no further")
  func hugeAnswer() throws {
    let sent = Atomic(0)
    let server = try HealthServer { guest in
      guest.read(until: "\r\n\r\n")
      guest.send("HTTP/1.1 200 OK\r\n\r\n")
      let block = String(repeating: "x", count: 65_536)
      while sent.load(ordering: .relaxed) < 1 << 28, guest.send(block) {
        sent.add(block.utf8.count, ordering: .relaxed)
      }
    }
    let outcome = check(http(body: "ok"), server.address)
    #expect(outcome?.failed == #"wrong-answer: HTTP 200, but no "ok" in the first 64 KiB of its content"#)
    #expect(check(http(), server.address)?.passed == "HTTP 200")
    #expect(sent.load(ordering: .relaxed) < 1 << 28)
  }

  @Test("a connection that ends early is a wrong answer")
  func earlyEnd() throws {
    let server = try HealthServer { guest in
      if guest.read(until: "\r\n\r\n").contains("/half") { guest.send("HTTP/1.1 200 OK\r\n") }
    }
    #expect(check(http(), server.address)?.failed == "wrong-answer: connected, but closed without an answer")
    #expect(check(http(.get, "/half"), server.address)?.failed == "wrong-answer: HTTP 200, but its head is incomplete")
  }

  @Test("a connection that is reset is told from one that ends, before an answer and midway")
  func reset() throws {
    let server = try HealthServer { guest in
      if guest.read(until: "\r\n\r\n").contains("/half") {
        guest.send("HTTP/1.1 200 OK\r\n")
        usleep(30_000)
      }
      guest.reset()
    }
    #expect(check(http(), server.address)?.failed == "reset: connected, but no answer, then reset")
    #expect(
      check(http(.get, "/half"), server.address)?.failed == "reset: HTTP 200, but its head is incomplete, then reset")
  }

  @Test("a script waits for the server's first word, or sends its own")
  func scripts() throws {
    let server = try HealthServer { guest in
      guest.drip("220 mail.example ESMTP\r\n", bytes: 7)
      if guest.read(until: "\r\n") == "HELO x\r\n" { guest.send("250 mail.example\r\n") }
    }
    #expect(check(script("", expect: "220 "), server.address)?.passed == #"answered "220 ""#)
    #expect(check(script("HELO x\r\n", expect: "250 "), server.address)?.passed == #"answered "250 ""#)
    let wrong = check(script("EHLO\r\n", expect: "250"), server.address)
    #expect(wrong?.failed == #"wrong-answer: answered "220 mail.example ESMTP\r\n", not "250""#)
  }

  @Test("a long request to a backend that reads slowly is sent whole")
  func longRequest() throws {
    let size = 4 << 20
    let server = try HealthServer { guest in
      usleep(20_000)
      if guest.read(until: "!").utf8.count == size + 1 { guest.send("all") }
    }
    let outcome = check(script(String(repeating: "x", count: size) + "!", expect: "all"), server.address)
    #expect(outcome?.passed == #"answered "all""#)
  }

  @Test("a backend that has answered gets an orderly end, one that hasn't in time a reset")
  func parting() throws {
    let ends = Mutex<[Transfer]>([])
    let server = try HealthServer { guest in
      if guest.read(until: "\n") == "PING\n" { guest.send("PONG\n") }
      let end = guest.readEnd()
      ends.withLock { $0.append(end) }
    }
    #expect(check(script("PING\n", expect: "PONG\n"), server.address)?.passed == #"answered "PONG\n""#)
    #expect(check(script("PONG\n", expect: "PING"), server.address, timeout: .milliseconds(50))?.failed != nil)
    #expect(eventually { ends.withLock { $0.count } == 2 })
    #expect(ends.withLock { $0 } == [.end, .failed(.connectionReset)])
  }

}
