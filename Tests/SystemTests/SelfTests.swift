import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Backends that are the proxy itself: nobody is sent there, by whatever way its address was named.
  @Suite struct Itself {
    let stage = Stage()

    private struct Why: Decodable {
      struct Backend: Decodable {
        let reason: String
        let isEligible: Bool
      }
      let backends: [Backend]
    }

    /// A client's connect comes to nothing, and to no second session.
    private func expectRefusal(
      _ proxy: MartletProcess, _ target: Target, sourceLocation: SourceLocation = #_sourceLocation
    )
      throws
    {
      let before = try proxy.report().workers.reduce(0) { $0 + $1.accepted }
      #expect(throws: (any Error).self, sourceLocation: sourceLocation) {
        let client = try ClientSocket(target)
        try client.send("hello")
        if try client.receive(exactly: 1).isEmpty { throw Failure("the end") }
      }
      let report = try proxy.report()
      #expect(report.workers.reduce(0) { $0 + $1.accepted } == before + 1, sourceLocation: sourceLocation)
      #expect(report.pools[0].backends.allSatisfy { $0.connect.attempts == 0 }, sourceLocation: sourceLocation)
    }

    private func expectSelf(
      _ proxy: MartletProcess, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let report = try proxy.waitUntil("it's known") { $0.pools[0].backends.first?.state == "self" }
      #expect(report.pools[0].state == "down", sourceLocation: sourceLocation)
      #expect(report.pools[0].backends[0].reason.contains(reason), sourceLocation: sourceLocation)
      #expect(report.transitions.first?.to == "self", sourceLocation: sourceLocation)
      let why = try proxy.ask(Why.self, "GET", "/v1/why?pool=main")
      #expect(why.backends.allSatisfy { !$0.isEligible && $0.reason.contains(reason) }, sourceLocation: sourceLocation)
      #expect(
        try proxy.get("/metrics").body.split(separator: "\n")
          .contains { $0.hasPrefix("martlet_backend_state") && $0.contains("state=\"self\"") && $0.hasSuffix(" 1") },
        sourceLocation: sourceLocation)
    }

    private func keys(_ port: UInt16, _ backend: String, _ more: String = "") -> String {
      """
      "listeners": [{ "name": "web", "bind": "0.0.0.0:\(port)" }], \
      "pools": [{ "name": "main", "backends": ["\(backend)"], "whenAllDown": "panic" }]\(more)
      """
    }

    @Test(
      "a name that resolves to one of our listeners, or to any address as sinkholes answer",
      arguments: ["127.0.0.1", "0.0.0.0"])
    func names(answer: String) throws {
      let server = try DNSServer { _, type in type == .a ? .addresses([answer]) : .noData }
      let port = try FreePort.next()
      let resolver = ", \"resolver\": { \"nameservers\": [\"\(server.address)\"] }"
      let proxy = try stage.martlet(keys(port, "own.example:\(port)", resolver))
      try expectSelf(proxy, "our own listener web (0.0.0.0:\(port))")
      try expectRefusal(proxy, .local(port))
      #expect(try proxy.report().workers.reduce(0) { $0 + $1.accepted } == 1, "no health check came")
    }

    @Test("a Unix socket by another path: our listener's, the stats port's and the admin socket's")
    func files() throws {
      let folder = try stage.folder()
      let path = folder.path + "/web"
      try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: false)
      try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "web")
      func keys(_ backend: String) -> String {
        """
        "listeners": [{ "name": "web", "bind": "unix:\(path)" }], \
        "pools": [{ "name": "main", "backends": ["unix:\(backend)"] }]
        """
      }
      let proxy = try stage.martlet(keys(folder.path + "/link"))
      try expectSelf(proxy, "our own listener web")
      try expectRefusal(proxy, .unix(path))
      let others = [
        (folder.path + "/sub/../web", "our own listener web"),
        (proxy.folder.path + "/martlet/../stats", "our own stats port"),
        (proxy.folder.path + "/martlet/../martlet/admin.sock", "our own admin socket"),
      ]
      for (backend, reason) in others {
        let answer = try proxy.reload(keys(backend))
        #expect(answer.warnings.contains { $0.contains(reason) }, "\(answer.warnings)")
        try expectSelf(proxy, reason)
        try expectRefusal(proxy, .unix(path))
      }
    }

    @Test(
      "the configuration says it where that needs no kernel", arguments: ["[::ffff:127.0.0.1]", "127.3.3.3"])
    func configuration(host: String) throws {
      let file = try TemporaryFile("{ \"listen\": \"0.0.0.0:8080\", \"backends\": [\"\(host):8080\"] }")
      let result = try MartletProgram.run(["check", file.path])
      #expect(result.exit == .code(78))
      #expect(result.errors.contains("our own listener"))
    }

    @Test("an operator can't add one of our own addresses")
    func addition() throws {
      let port = try FreePort.next()
      let server = try TestServer(at: .ipv4(0x7F00_0001, port: 0))
      let proxy = try stage.martlet(keys(port, "\(server.address)"))
      for address in [
        "127.0.0.1:\(port)", "[::ffff:127.0.0.1]:\(port)", "unix:\(proxy.adminSocket)",
      ] {
        let answer = try proxy.admin("POST", "/v1/backends", "{ \"pool\": \"main\", \"address\": \"\(address)\" }")
        #expect(answer.status == 409, "\(address): \(answer.body)")
        #expect(answer.body.contains("our own"))
      }
      #expect(try proxy.report().pools[0].backends.count == 1)
    }

    @Test("a reload that brings a listener to a backend's address, and one that takes it away again")
    func reload() throws {
      let server = try DNSServer { _, type in type == .a ? .addresses(["127.0.0.1"]) : .noData }
      let ports = (try FreePort.next(), try FreePort.next())
      func keys(_ listening: [UInt16]) -> String {
        let listeners = listening.map { "{ \"name\": \"at-\($0)\", \"bind\": \"127.0.0.1:\($0)\" }" }
        return """
          "listeners": [\(listeners.joined(separator: ", "))], "resolver": { "nameservers": ["\(server.address)"] }, \
          "pools": [{ "name": "main", "backends": ["own.example:\(ports.1)"], "health": { "type": "none" } }]
          """
      }
      let proxy = try stage.martlet(keys([ports.0]))
      try proxy.waitUntil("the name is known") { !$0.pools[0].backends.isEmpty }
      try proxy.configure(keys([ports.0, ports.1]))
      #expect(try proxy.admin("POST", "/v1/reload", "{}").status == 409, "the pool would lose its last backend")
      try proxy.reload(keys([ports.0, ports.1]), "{ \"force\": true }")
      try expectSelf(proxy, "our own listener at-\(ports.1)")
      try expectRefusal(proxy, .local(ports.1))
      try proxy.reload(keys([ports.0]))
      try proxy.waitUntil("it's somebody else again") { $0.pools[0].backends[0].state == "up" }
    }

    @Test(
      "this machine's addresses, those that it gets while the proxy runs, and networks that are routed to it",
      .needs("ip", "nsenter", "unshare"), .enabled(if: Namespace.isAllowed, "no network namespaces here"))
    func machine() throws {
      let folder = try stage.folder()
      let port = try FreePort.next()
      let backends = ["10.99.0.1", "10.99.0.2", "10.98.7.6", "[fd00:99::1]"].map { "\"\($0):\(port)\"" }
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "web", "bind": "[::]:\(port)" }, { "name": "door", "bind": "unix:\(folder.path)/door" }], \
        "pools": [{ "name": "main", "backends": [\(backends.joined(separator: ", "))], "health": { "type": "none" }, \
        "connect": { "timeout": "200ms" } }]
        """, wrapper: Namespace.wrapper("ip address add 10.99.0.1/32 dev lo"))
      func states() throws -> [String] { try proxy.report().pools[0].backends.map(\.state) }
      func run(_ command: String) throws {
        let result = try Subprocess.run(
          "nsenter", ["-t", "\(proxy.program.pid)", "-n", "ip"] + command.split(separator: " ").map(String.init))
        #expect(result.exit == .code(0), "\(result.errors)")
      }
      #expect(try states() == ["self", "up", "up", "up"])
      let steps = [
        ("address add 10.99.0.2/32 dev lo", ["self", "self", "up", "up"]),
        ("route add local 10.98.0.0/16 dev lo", ["self", "self", "self", "up"]),
        ("address add fd00:99::1/128 dev lo", ["self", "self", "self", "self"]),
      ]
      for (command, wanted) in steps {
        try run(command)
        try waitUntil("\(command) is noticed") { try states() == wanted }
      }
      try expectRefusal(proxy, .unix(folder.path + "/door"))
      try run("address del 10.99.0.1/32 dev lo")
      try waitUntil("the address is gone") { try states() == ["up", "self", "self", "self"] }
      #expect(
        try proxy.report().transitions.first?.reason.hasPrefix("who answers at its address was looked at anew") == true)
    }

    @Test("a circle through another proxy is found, named and broken, and the client is told")
    func circle() throws {
      let ports = (try FreePort.next(), try FreePort.next())
      func keys(_ own: UInt16, _ other: UInt16) -> String {
        """
        "listeners": [{ "name": "web", "bind": "127.0.0.1:\(own)" }], \
        "pools": [{ "name": "main", "backends": ["127.0.0.1:\(other)"], "health": { "type": "none" } }]
        """
      }
      let proxies = [
        try stage.martlet(keys(ports.0, ports.1)), try stage.martlet(keys(ports.1, ports.0)),
      ]
      var client: ClientSocket? = try ClientSocket(.local(ports.0))
      try client?.send("hello")
      var found: StatsReport?
      try waitUntil("one of them knows") {
        found = try proxies.map { try $0.report() }.first { $0.pools[0].backends[0].state == "ejected" }
        return found != nil
      }
      #expect(found?.pools[0].backends[0].reason.contains("come back to this process") == true)
      if let told = try? client?.receive() { #expect(told.isEmpty) }
      client = nil
      try waitUntil("no session is left, not one that runs in the circle by itself") {
        try proxies.allSatisfy { try $0.report().listeners[0].sessions.active == 0 }
      }
      let sum = { try proxies.reduce(0) { try $0 + $1.report().listeners[0].sessions.total } }
      let before = try sum()
      usleep(300_000)
      #expect(try sum() == before)
      #expect(before < 15_000, "it was broken before all places were taken")
    }

    @Test("the next process knows it too, and so does the one before")
    func upgrade() throws {
      let server = try DNSServer { _, type in type == .a ? .addresses(["127.0.0.1"]) : .noData }
      let port = try FreePort.next()
      let proxy = try stage.martlet(
        keys(port, "own.example:\(port)", ", \"resolver\": { \"nameservers\": [\"\(server.address)\"] }"))
      try expectSelf(proxy, "our own listener web")
      let since = try proxy.report().pools[0].backends[0].since
      #expect(try proxy.admin("POST", "/v1/upgrade", "{}").status == 200)
      let report = try proxy.waitUntil("another process answers") { $0.process.pid != proxy.program.pid }
      defer { kill(report.process.pid, SIGKILL) }
      #expect(report.pools[0].backends[0].state == "self")
      #expect(report.pools[0].backends[0].since == since)
      try expectRefusal(proxy, .local(port))
    }
  }
}

/// Networks that a test makes for itself.
private enum Namespace {
  static let isAllowed: Bool = {
    (try? Subprocess.run("unshare", ["-n", "true"]).exit) == .code(0)
  }()

  /// What a program is started by, to run in a network of its own with loopback, after a command.
  static func wrapper(_ command: String) -> [String] {
    ["unshare", "-n", "sh", "-c", "ip link set lo up && \(command) && exec \"$@\"", "sh"]
  }
}
