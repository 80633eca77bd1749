import Glibc
import Libevent
import Sockets
import Testing

@testable import Client
@testable import Control
@testable import Model
@testable import Text

/// The client of the admin door against one that answers what a test wants.
@Suite struct DoorTests {
  @Test("an answer is read, and its JSON kept as it came")
  func answer() throws {
    let stub = StubDoor()
    stub.answer("GET /v1/status", Report.sample)
    let (report, json) = try AdminDoor(socket: stub.path).ask(.status)
    #expect(report == .sample)
    #expect(String(decoding: json, as: UTF8.self).hasPrefix(#"{"configuration":{"#))
  }

  @Test("content of megabytes gets there and back")
  func large() throws {
    let stub = StubDoor()
    var plan = Samples.plan
    plan.changes = (0..<100_000).map { "+ backend web/10.0.0.\($0):80 (tier 0, weight 1)" }
    stub.answer("POST /v1/plan", plan)
    let content = String(repeating: "x\n\"ü", count: 1 << 20)
    let answer = try AdminDoor(socket: stub.path).ask(.plan(.init(content: content))).answer
    #expect(answer == plan)
    #expect(try #require(stub.last?.body.utf8.count) > content.utf8.count)
  }

  @Test("names of whatever form reach the process as they are")
  func encoding() throws {
    let stub = StubDoor()
    stub.answer("DELETE /v1/overrides", AdminAnswer.Done(message: "done", warnings: []))
    let backend = "unix:/run/a b&c=d?e#f%20+ü"
    _ = try AdminDoor(socket: stub.path).ask(.removeOverrides(of: BackendPath(pool: "web", backend: backend)))
    #expect(stub.last?.line == "DELETE /v1/overrides?backend=\(backend)&pool=web")
  }

  // MARK: - Errors

  private func error(_ socket: String, _ limit: Duration = .seconds(5)) -> String {
    do throws(DoorError) {
      _ = try AdminDoor(socket: socket).ask(.status.within(limit))
      return "no error"
    } catch {
      return error.text
    }
  }

  @Test("a refusal is told with its remedy and details, which a terminal can show")
  func refusal() {
    let stub = StubDoor()
    let problem = AdminAnswer.Problem(
      "the file has 2 errors", hint: "correct\u{1B}[2J them", details: ["a.json:1: listen: x", "a.json:2: pools: y"])
    stub.answer("GET /v1/status", problem, status: 422)
    #expect(
      error(stub.path) == """
        a.json:1: listen: x
        a.json:2: pools: y
        martlet: the file has 2 errors
        hint: correct\\u{1b}[2J them

        """)
    stub.answer("GET /v1/status", AdminAnswer.Problem("no"), status: 409)
    #expect(error(stub.path) == "martlet: no\n")
  }

  @Test("an answer that isn't the admin door's is told as that")
  func foreign() {
    let stub = StubDoor()
    let start = "martlet: the answer from \(stub.path) isn't understood: "
    #expect(error(stub.path).hasPrefix(start + "status 404, nothing at GET /v1/status\nhint: "))
    stub.answer("GET /v1/status", bytes: Array("<html>".utf8))
    #expect(error(stub.path).hasPrefix(start + "it isn't JSON\n"))
    stub.answer("GET /v1/status", AdminAnswer.Log(level: "info"))
    #expect(error(stub.path).hasPrefix(start + "version is missing\n"))
  }

  @Test("where nobody is, that is said with the socket and a remedy")
  func nobody() {
    let stub = StubDoor()
    #expect(
      error("/nowhere/a.sock").hasPrefix("martlet: no answer from /nowhere/a.sock: there is no such socket\nhint: "))
    #expect(error("/nowhere/a.sock").contains("--socket"))
    let long = "/" + String(repeating: "x", count: 107)
    #expect(error(long).contains("at most 107 bytes"))
    stub.leave()
    let deadline = ContinuousClock.now + .seconds(5)
    while !error(stub.path).contains("nobody listens there"), ContinuousClock.now < deadline { usleep(1000) }
    #expect(error(stub.path).contains("nobody listens there"))
    #expect(error("/dev/null").contains("no answer from /dev/null: "))
  }

  @Test("without permission the remedy is another user")
  func permission() {
    let stub = StubDoor()
    chmod(stub.path, 0)
    // Root may connect to any socket.
    let text =
      getuid() == 0
      ? DoorError.silent(socket: stub.path, .permissionDenied, limit: .seconds(5)).text : error(stub.path)
    #expect(
      text == """
        martlet: no answer from \(stub.path): no permission
        hint: run this as the user of the process, or as a member of the socket's group

        """)
  }

  @Test("who accepts and doesn't answer, or breaks off, isn't waited for", arguments: [true, false])
  func silent(breaksOff: Bool) throws {
    let path = "/tmp/martlet-mute-\(getpid())-\(UInt32.random(in: .min ... .max)).sock"
    let socket = try Socket(for: .unix(path: path))
    defer {
      socket.close()
      unlink(path)
    }
    try socket.bind(to: .unix(path: path))
    try socket.listen(backlog: 4)
    let thread = LoopThread(name: "mute") {
      guard breaksOff else { return }
      var ready = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&ready, 1, 5000)
      if case .client(let client, _) = socket.accept() { client.close() }
    }
    let start = ContinuousClock.now
    let error = error(path, .milliseconds(breaksOff ? 5000 : 200))
    #expect(
      error.contains(breaksOff ? "the answer from \(path) is broken: there is none" : "none came within 200ms"),
      "\(error)")
    #expect(ContinuousClock.now - start < .seconds(4))
    thread.join()
  }

  @Test("the usual socket is below XDG_RUNTIME_DIR, else below /run")
  func usual() {
    #expect(AdminPlaces.standardSocket { _ in nil } == "/run/martlet/admin.sock")
    #expect(AdminPlaces.standardSocket { "/\($0)" } == "/XDG_RUNTIME_DIR/martlet/admin.sock")
  }

  @Test("a backend is named by its pool and whatever follows the first slash")
  func paths() {
    #expect(BackendPath("web/b1") == BackendPath(pool: "web", backend: "b1"))
    #expect(BackendPath("web/unix:/run/a") == BackendPath(pool: "web", backend: "unix:/run/a"))
    for text in ["", "web", "web/", "/b1", "/"] { #expect(BackendPath(text) == nil) }
  }
}
