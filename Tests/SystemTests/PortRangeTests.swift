import Glibc
import Sockets
import Support
import Testing

extension System {
  /// One listener at many ports, before backends that have the same ones.
  @Suite(.needs("nginx")) struct PortRange {
    let stage = Stage()

    /// A server at some ports that answers with the one that it was asked at.
    private func server(_ ports: ClosedRange<UInt16>, on host: String = "127.0.0.2") throws -> Nginx {
      try stage.nginx(
        "a", on: host,
        options:
          "listen \(host):\(ports.lowerBound)-\(ports.upperBound); location = / { return 200 \"$server_port\\n\"; }")
    }

    private func named(_ listeners: String, _ server: Nginx) -> String {
      let port = server.address.split(separator: ":").last ?? ""
      return """
        "listeners": [\(listeners)], "workers": 2,
        "pools": [{ "name": "main", "backends": ["127.0.0.2:same"], "health": { "port": \(port), "interval": "200ms" } }]
        """
    }

    private func range(_ ports: ClosedRange<UInt16>, _ more: String = "") -> String {
      "{ \"name\": \"r\", \"bind\": \"127.0.0.1:\(ports.lowerBound)-\(ports.upperBound)\"\(more) }"
    }

    /// Whether each port leads to the same one.
    private func expectSame(_ ports: ClosedRange<UInt16>) throws {
      for port in ports { #expect(try ask(.local(port)).body == "\(port)\n") }
    }

    @Test("each client gets the port that it asks for, and all of it is one listener and one backend")
    func each() throws {
      let ports = try FreePort.run(of: 20)
      let server = try server(ports)
      let log = try stage.folder().path + "/access.log"
      let proxy = try stage.martlet(named(range(ports), server) + ", \"accessLog\": \"\(log)\"")
      try proxy.waitUntilAllUp()
      for _ in 0..<3 { try expectSame(ports) }
      let report = try proxy.waitUntil("all are over") { $0.pools[0].sessions.active == 0 }
      #expect(report.listeners.map(\.bind) == ["127.0.0.1:\(ports.lowerBound)-\(ports.upperBound)"])
      #expect(report.listeners[0].accepted == 60)
      #expect(try report.backend("127.0.0.2:same").sessions.total == 60)
      #expect(try proxy.get("/metrics").body.contains("bind=\"127.0.0.1:\(ports.lowerBound)-\(ports.upperBound)\""))
      try waitUntil("all lines are there") {
        let lines = try Subprocess.run("cat", [log]).output.split(separator: "\n")
        return lines.count == 60
          && ports.allSatisfy { port in lines.filter { $0.contains("127.0.0.2:\(port)") }.count == 3 }
      }
    }

    @Test("who introduces a client says for which port it asks; a client that asks for none is turned away")
    func introduced() throws {
      let ports = try FreePort.run(of: 3)
      let server = try server(ports)
      let file = try stage.folder().path + "/clients"
      let first = range(ports.lowerBound...ports.lowerBound, ", \"proxy\": { \"from\": [\"127.0.0.1\"] }")
      let other = "{ \"name\": \"file\", \"bind\": \"unix:\(file)\", \"proxy\": { \"from\": [\"unix:\"] } }"
      let proxy = try stage.martlet(named("\(first), \(other)", server))
      try proxy.waitUntilAllUp()
      let told = "TCP4 192.0.2.1 192.0.2.2 4000 \(ports.upperBound)"
      for (target, header, port) in [
        (Target.local(ports.lowerBound), told, ports.upperBound), (.unix(file), told, ports.upperBound),
        (.local(ports.lowerBound), "UNKNOWN", ports.lowerBound),
      ] {
        let socket = try ClientSocket(target)
        try socket.send("PROXY \(header)\r\nGET / HTTP/1.0\r\n\r\n")
        #expect(try socket.receiveAll().hasSuffix("\(port)\n"))
      }
      let socket = try ClientSocket(.unix(file))
      try socket.send("PROXY UNKNOWN\r\n")
      let report = try proxy.waitUntil("it's refused") { $0.pools[0].refused["localFault"] == 1 }
      #expect(try report.backend("127.0.0.2:same").state == "up")
      try waitUntil("it's told") { proxy.log.contains("a client came that asked for none") }
    }

    @Test("checks at a port that clients ask for begin as sessions do, and those at another one don't")
    func toldChecks() throws {
      let ports = try FreePort.run(of: 2)
      let listening = ports.map { "listen 127.0.0.2:\($0) proxy_protocol;" }.joined()
      let server = try stage.nginx("a", on: "127.0.0.2", options: listening)
      for port in ["\(ports.lowerBound)", server.address.split(separator: ":").last.map(String.init) ?? ""] {
        let proxy = try stage.martlet(
          """
          "listeners": [\(range(ports))],
          "pools": [{ "name": "main", "backends": ["127.0.0.2:same"], "sendProxy": "v1",
                      "health": { "type": "http", "port": \(port), "interval": "100ms" } }]
          """)
        try proxy.waitUntilAllUp()
        #expect(try ask(.local(ports.upperBound)).body == "a\n")
        _ = try proxy.stop()
      }
    }

    @Test("sockets of whose address the kernel tells otherwise than the file go to the next process and listener")
    func scoped() throws {
      let ports = try FreePort.run(of: 2)
      let server = try server(ports)
      func listener(_ name: String, _ ports: ClosedRange<UInt16>) -> String {
        "{ \"name\": \"\(name)\", \"bind\": \"[::1%lo]:\(ports.lowerBound)-\(ports.upperBound)\" }"
      }
      func expectSockets(_ sockets: Set<String>) throws {
        try waitUntil("the same sockets listen") { try listeningSockets(at: ports.lowerBound) == sockets }
        for port in ports { #expect(try ask(.ip("::1", port)).body == "\(port)\n") }
      }
      let proxy = try stage.martlet(named(listener("r", ports), server))
      try proxy.waitUntilAllUp()
      let sockets = try listeningSockets(at: ports.lowerBound)
      #expect(sockets.count == 3, "two workers and the server")
      let parts = ports.map { listener("part-\($0)", $0...$0) }.joined(separator: ", ")
      try proxy.reload(named(parts, server))
      try expectSockets(sockets)
      struct Upgraded: Decodable { let pid: pid_t }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      defer { kill(next, SIGKILL) }
      try expectSockets(sockets)
      // Those that were kept for the way back are the ones that it takes.
      try proxy.reload(named(range(ports), server), "{ \"confirm\": 60 }")
      let back = try proxy.admin("POST", "/v1/revert", "{}")
      #expect(back.status == 200, "\(back)")
      try expectSockets(sockets)
    }

    @Test("a port at which nobody answers isn't held against a backend")
    func closed() throws {
      let ports = try FreePort.run(of: 3)
      let closed = ports.upperBound
      let servers = [try server(ports.lowerBound...closed - 1), try server(ports, on: "127.0.0.3")]
      let backends = zip(["127.0.0.2", "127.0.0.3"], servers).map { host, server in
        "{ \"address\": \"\(host):same\", \"healthAddress\": \"\(server.address)\" }"
      }
      let proxy = try stage.martlet(
        "\"listen\": \"127.0.0.1:\(ports.lowerBound)-\(closed)\", \"backends\": [\(backends.joined(separator: ", "))]")
      try proxy.waitUntilAllUp()
      for _ in 0..<12 { #expect(try ask(.local(closed)).body == "\(closed)\n") }
      let report = try proxy.report()
      #expect(try report.backend("127.0.0.2:same").connect.failures["refused"] ?? 0 > 3)
      #expect(try report.backend("127.0.0.2:same").state == "up")
    }

    @Test(
      "ports come and go, at one listener or from one to another, over reloads and an upgrade, and no client is lost")
    func change() throws {
      let all = try FreePort.run(of: 24)
      let low = all.lowerBound
      let server = try server(all)
      let proxy = try stage.martlet(named(range(low + 8...low + 15), server))
      try proxy.waitUntilAllUp()
      // They stay whatever comes, with the very sockets at which clients wait.
      var sockets: [Set<String>] = []
      try waitUntil("two workers listen, and the server") {
        sockets = try [low + 10, low + 13].map(listeningSockets)
        return sockets.allSatisfy { $0.count == 3 }
      }
      let loads = [low + 10, low + 13].map { Load($0, clients: 1) }
      struct Upgraded: Decodable { let pid: pid_t }
      for ports in [low...low + 15, low + 8...low + 23, low + 10...low + 13] {
        try proxy.reload(named(range(ports), server))
        try expectSame(ports)
        for port in all where !ports.contains(port) {
          try waitUntil("nobody is at \(port)") { refuses(port) }
        }
      }
      // To listeners with other names, as a whole and in parts.
      let renamed = range(low + 10...low + 13).replacing("\"r\"", with: "\"s\"")
      try proxy.reload(named(renamed, server))
      let parts = [low + 9...low + 11, low + 12...low + 14].map { ports in
        range(ports).replacing("\"r\"", with: "\"part-\(ports.lowerBound)\"")
      }
      try proxy.reload(named(parts.joined(separator: ", "), server))
      try expectSame(low + 9...low + 14)
      try proxy.reload(named(range(all), server))
      try expectSame(all)
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      defer { kill(next, SIGKILL) }
      try expectSame(all)
      #expect(try proxy.report().listeners.map(\.bind) == ["127.0.0.1:\(low)-\(all.upperBound)"])
      try waitUntil("the same sockets listen") { try [low + 10, low + 13].map(listeningSockets) == sockets }
      for load in loads {
        let attempts = try load.end()
        #expect(attempts.count > 50)
        #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
      }
    }

    @Test("all ports are taken or none: one that is somebody else's is named")
    func taken() throws {
      let ports = try FreePort.run(of: 12)
      let low = ports.lowerBound
      let server = try server(ports)
      let proxy = try stage.martlet(named(range(low...low + 3), server))
      try proxy.waitUntilAllUp()
      var stranger: ListeningPort? = try ListeningPort(low + 9)
      try proxy.configure(named(range(ports), server))
      let refused = try proxy.admin("POST", "/v1/reload", "{}")
      #expect(
        refused.status == 409 && refused.body.contains("127.0.0.1:\(low + 9): address already in use"), "\(refused)")
      try expectSame(low...low + 3)
      #expect(refuses(low + 4) && refuses(low + 10))
      withExtendedLifetime(stranger) {}
      stranger = nil
      // A plan says which come and go, and no more.
      let plan = try proxy.admin("POST", "/v1/plan", "{}")
      #expect(
        plan.body.contains("\"127.0.0.1:\(low + 4)-\(ports.upperBound)\"") && plan.body.contains("additive"), "\(plan)")
      try proxy.reload(named(range(ports), server))
      try expectSame(ports)
    }

    @Test("ports whose sockets take the place of many sessions are warned of")
    func shortage() throws {
      let ports = try FreePort.run(of: 90)
      let low = ports.lowerBound
      let server = try server(low...low + 1)
      let proxy = try stage.martlet(named(range(low...low + 1), server))
      try proxy.waitUntilAllUp()
      for (last, isTold) in [(low + 20, false), (low + 89, true)] {
        try proxy.configure(named(range(low...last), server))
        for change in ["plan", "reload"] {
          let answer = try proxy.admin("POST", "/v1/\(change)", "{}")
          #expect(answer.status == 200 && answer.body.contains("sessions at most fit beside") == isTold, "\(answer)")
        }
      }
    }

    @Test("ports that are given up on probation are nobody's, and come back with it")
    func probation() throws {
      let ports = try FreePort.run(of: 12)
      let low = ports.lowerBound
      let server = try server(ports)
      let proxy = try stage.martlet(named(range(ports), server))
      try proxy.waitUntilAllUp()
      try proxy.configure(named(range(low + 4...low + 7), server))
      #expect(try proxy.admin("POST", "/v1/reload", "{ \"confirm\": 60 }").status == 200)
      try waitUntil("nobody is at the others") { refuses(low + 3) && refuses(low + 8) }
      try expectSame(low + 4...low + 7)
      #expect(throws: (any Error).self, "it's kept from others") { try ListeningPort(low + 3) }
      #expect(try proxy.admin("POST", "/v1/revert", "{}").status == 200)
      try expectSame(ports)
    }

    @Test("a backend without its own port is added where clients ask for one, and refused elsewhere")
    func added() throws {
      let ports = try FreePort.run(of: 2)
      let server = try server(ports)
      let folder = try stage.folder()
      let more = ", { \"name\": \"file\", \"bind\": \"unix:\(folder.path)/clients\", \"pool\": \"other\" }"
      let pool = "\"health\": { \"type\": \"none\" }"
      let proxy = try stage.martlet(
        """
        "listeners": [\(range(ports, ", \"pool\": \"main\""))\(more)],
        "pools": [{ "name": "main", "backends": [{ "address": "127.0.0.2:9", "weight": 1 }], \(pool) },
                  { "name": "other", "backends": ["127.0.0.2:9"], \(pool) },
                  { "name": "third", "backends": ["127.0.0.2:9", "127.0.0.2:10"] }]
        """)
      func add(_ pool: String, _ address: String) throws -> (status: Int, body: String) {
        try proxy.admin("POST", "/v1/backends", "{ \"pool\": \"\(pool)\", \"address\": \"\(address)\" }")
      }
      #expect(try add("main", "127.0.0.2:same").status == 201)
      #expect(try proxy.report().backend("127.0.0.2:same").state == "up")
      for (pool, address, reason) in [
        ("other", "127.0.0.3:same", "ask for no port"), ("third", "127.0.0.3:same", "where to check"),
        ("main", "127.0.0.1:same", "is our own listener r"),
      ] {
        let refused = try add(pool, address)
        #expect(refused.status >= 400 && refused.body.contains(reason), "\(refused)")
      }
      withExtendedLifetime(server) {}
    }
  }
}
