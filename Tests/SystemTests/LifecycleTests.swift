import Glibc
import Support
import Testing

extension System {
  /// How the program starts, ends, and survives what is done to it.
  @Suite(.needs("nginx")) struct Lifecycle {
    let stage = Stage()

    @Test(
      "after SIGTERM or SIGINT the sessions under way finish, nobody else gets in, and it ends with 0",
      arguments: [SIGTERM, SIGINT])
    func gracefulStop(signal: Int32) throws {
      let proxy = try proxy()
      let port = try proxy.port()
      let session = try ClientSocket(.local(port))
      _ = try session.request()
      proxy.program.send(signal)
      try waitUntil("nobody listens any more") { refuses(port) }
      #expect(try proxy.get("/readyz").status == 503)
      #expect(try session.request().body == "a\n")
      #expect(!proxy.program.hasEnded)
      session.finish()
      #expect(try proxy.program.wait(limit: .seconds(3)) == .code(0))
      #expect(try session.receive().isEmpty)
    }

    @Test("a second signal ends it at once, and the exit code tells that sessions were cut off")
    func secondSignal() throws {
      let proxy = try proxy()
      let port = try proxy.port()
      let session = try ClientSocket(.local(port))
      _ = try session.request()
      proxy.program.send(SIGTERM)
      try waitUntil("nobody listens any more") { refuses(port) }
      #expect(try proxy.stop(limit: .seconds(2)) == .code(1))
    }

    @Test("sessions may go on for as long as the configuration says, and no longer")
    func drainLimit() throws {
      let proxy = try proxy(more: ", \"shutdown\": { \"drain\": \"700ms\" }")
      let session = try ClientSocket(.local(proxy.port()))
      _ = try session.request()
      let began = ContinuousClock.now
      // It's between its bytes, so it's ended just before the limit instead of being cut off by it.
      #expect(try proxy.stop() == .code(0))
      #expect((.milliseconds(550) ..< .milliseconds(2000)).contains(ContinuousClock.now - began))
      #expect(
        eventually { proxy.log.contains("\"sessionsCutOff\":\"0\",\"sessionsEnded\":\"1\"") },
        "\(proxy.log.suffix(500))")
    }

    @Test("SIGPIPE and clients that leave in the middle of answers do it no harm")
    func pipes() throws {
      let nginx = try stage.nginx("a")
      try nginx.makeFile("big", bytes: 5_000_000)
      let proxy = try proxy(nginx)
      let port = try proxy.port()
      proxy.program.send(SIGPIPE)
      for _ in 0..<50 {
        let client = try ClientSocket(.local(port))
        try client.send("GET /files/big HTTP/1.1\r\nHost: test\r\n\r\n")
        // Gone with most of the answer unread, which is a reset.
        _ = try client.receive(atMost: 1000)
      }
      let report = try proxy.waitUntil("all sessions are over") { try $0.pool().sessions.active == 0 }
      #expect(try report.backend(nginx.address).closes["clientReset"] == 50)
      #expect(try ask(.local(port)).body == "a\n")
      #expect(try proxy.stop() == .code(0))
    }

    @Test("a port that is taken is named at start, with what to do about it")
    func portTaken() throws {
      let nginx = try stage.nginx("a")
      let file = try stage.folder().write(
        "martlet.json", "{ \"listen\": [\"\(nginx.address)\"], \"backends\": [\"127.0.0.1:1\"] }")
      let result = try MartletProgram.run(["run", "--config", file])
      #expect(result.exit == .code(69))
      #expect(result.errors.contains("\(nginx.address): address already in use"), "\(result.errors)")
      #expect(result.errors.contains("another process listens there"))
    }

    @Test("a Unix socket as listener and as backend, and nothing of it is left afterwards")
    func unixSockets() throws {
      let nginx = try stage.nginx("a", on: "unix")
      let path = try stage.folder().path + "/in"
      let proxy = try stage.martlet(
        "\"listen\": [\"unix:\(path)\"], \"backends\": [\"\(nginx.address)\"], \"workers\": 2")
      try proxy.waitUntilAllUp()
      for _ in 0..<20 { #expect(try ask(.unix(path)).body == "a\n") }
      #expect(try proxy.report().pool().sessions.total == 20)
      #expect(try proxy.stop() == .code(0))
      #expect(access(path, F_OK) != 0)
    }

    @Test("IPv6 as listener and as backend")
    func ipv6() throws {
      let nginx = try stage.nginx("a", on: "::1")
      let proxy = try stage.martlet("\"listen\": [\"[::1]:0\"], \"backends\": [\"\(nginx.address)\"]")
      try proxy.waitUntilAllUp()
      #expect(try ask(.ip("::1", proxy.port())).body == "a\n")
    }

    @Test("a listener at :0 takes IPv4 and IPv6, and a backend may be given by name")
    func names() throws {
      let nginx = try stage.nginx("a")
      let port = nginx.address.split(separator: ":")[1]
      let proxy = try stage.martlet("\"listen\": [\":0\"], \"backends\": [\"localhost:\(port)\"]")
      try waitUntil("the name is resolved") { (try? ask(.local(proxy.port())).body) == "a\n" }
      #expect(try ask(.ip("::1", proxy.port())).body == "a\n")
    }

    private func proxy(_ nginx: Nginx? = nil, more: String = "") throws -> MartletProcess {
      let nginx = try nginx ?? stage.nginx("a")
      return try stage.martlet("\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"\(nginx.address)\"]\(more)")
    }
  }
}
