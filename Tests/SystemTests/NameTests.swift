import Foundation
import Sockets
import Support
import Synchronization
import Testing

extension System {
  /// Backends that are given by names: their addresses come, go, and are wrong.
  @Suite struct Names {
    let stage = Stage()

    /// A name server whose answers a test changes: IPv4 addresses by name; a name that isn't there is NXDOMAIN.
    private final class Zone: Sendable {
      private let known: Mutex<[String: [String]]>
      private let timeToLive: UInt32

      init(_ known: [String: [String]], timeToLive: UInt32 = 1) {
        self.known = Mutex(known)
        self.timeToLive = timeToLive
      }

      func set(_ name: String, _ addresses: [String]?) { known.withLock { $0[name] = addresses } }

      func server() throws -> DNSServer {
        try DNSServer { [self] name, type in
          guard let addresses = known.withLock({ $0[name] }) else { return .noName }
          return type == .a ? .addresses(addresses, timeToLive: timeToLive) : .noData
        }
      }
    }

    private static let quick = """
      { "type": "tcp", "interval": "200ms", "timeout": "200ms", "fastInterval": "50ms", "slowInterval": "200ms" }
      """

    private func keys(
      _ server: DNSServer, _ backends: [String], interval: String = "30s", health: String = quick, more: String = ""
    ) -> String {
      """
      "listeners": [{ "name": "web", "bind": "127.0.0.1:0" }], \
      "pools": [{ "name": "main", "backends": [\(backends.map { "\"\($0)\"" }.joined(separator: ", "))], \
      "health": \(health)\(more) }], \
      "resolver": { "nameservers": ["\(server.address)"], "interval": "\(interval)", "timeout": "1s" }
      """
    }

    /// Listening sockets at 127.0.1.1, 127.0.1.2 and so on, all of one port.
    private func servers(_ count: Int) throws -> (port: UInt16, servers: [TestServer]) {
      for _ in 0..<20 {
        let first = try TestServer(at: .ipv4(0x7F00_0101, port: 0))
        guard let port = first.address.port else { continue }
        let others = (1..<count).compactMap { try? TestServer(at: .ipv4(0x7F00_0101 + UInt32($0), port: port)) }
        if others.count == count - 1 { return (port, [first] + others) }
      }
      throw Failure("no port is free at \(count) addresses")
    }

    private struct Done: Decodable { let warnings: [String] }
    private struct Plan: Decodable { let unresolved: [String] }
    private struct Why: Decodable {
      struct Backend: Decodable { let name, reason: String }
      let backends: [Backend]
    }

    @Test("an address that moves is followed within its TTL, and both ways are in the history")
    func move() throws {
      let (port, servers) = try servers(2)
      let zone = Zone(["db.example": ["127.0.1.1"]])
      let server = try zone.server()
      let proxy = try stage.martlet(keys(server, ["db.example:\(port)"]))
      try proxy.waitUntilAllUp()
      #expect(try proxy.report().transitions.contains { $0.from == "absent" && $0.cause == "names" })
      zone.set("db.example", ["127.0.1.2"])
      let report = try proxy.waitUntil("it has moved") { report in
        report.pools[0].backends.map(\.address) == ["127.0.1.2:\(port)"] && report.pools[0].backends[0].state == "up"
      }
      #expect(
        report.transitions.contains { $0.backend == "db.example:\(port)@127.0.1.1:\(port)" && $0.to == "absent" })
      withExtendedLifetime(servers) {}
    }

    @Test("a backend that goes down is a reason to ask again at once, however long the answer may be remembered")
    func askAgain() throws {
      let (port, servers) = try servers(2)
      let zone = Zone(["db.example": ["127.0.1.1"]], timeToLive: 3600)
      let server = try zone.server()
      let proxy = try stage.martlet(keys(server, ["db.example:\(port)"]))
      try proxy.waitUntilAllUp()
      zone.set("db.example", ["127.0.1.2"])
      servers[0].close()
      try proxy.waitUntil("it has moved") { report in
        report.pools[0].backends.map(\.address) == ["127.0.1.2:\(port)"] && report.pools[0].backends[0].state == "up"
      }
      withExtendedLifetime(servers) {}
    }

    @Test("a session that can't connect is a reason too, where nothing is checked")
    func askAgainBySession() throws {
      let (port, servers) = try servers(2)
      let zone = Zone(["db.example": ["127.0.1.1"]], timeToLive: 3600)
      let server = try zone.server()
      let proxy = try stage.martlet(keys(server, ["db.example:\(port)"], health: "{ \"type\": \"none\" }"))
      try proxy.waitUntilAllUp()
      zone.set("db.example", ["127.0.1.2"])
      servers[0].close()
      _ = try? ClientSocket(.local(try proxy.port())).receiveAll()
      try proxy.waitUntil("it has moved") { $0.pools[0].backends.map(\.address) == ["127.0.1.2:\(port)"] }
      withExtendedLifetime(servers) {}
    }

    @Test("an answer of addresses that don't work takes nobody down: the old ones stay until a new one is up")
    func vanish() throws {
      let (port, servers) = try servers(2)
      let dead = "127.0.1.77"
      let zone = Zone(["db.example": ["127.0.1.1", "127.0.1.2"]])
      let server = try zone.server()
      let proxy = try stage.martlet(keys(server, ["db.example:\(port)"]))
      try proxy.waitUntilAllUp()
      zone.set("db.example", [dead])
      let report = try proxy.waitUntil("the newcomer is down") { report in
        report.pools[0].backends.contains { $0.address == "\(dead):\(port)" && $0.state == "down" }
      }
      #expect(report.pools[0].state == "degraded")
      let staying = report.pools[0].backends.filter { $0.state == "vanished" }
      #expect(staying.count == 2 && staying.allSatisfy { $0.reason.contains("no name gives its address") })
      #expect(report.transitions.contains { $0.to == "vanished" && $0.cause == "names" })
      // A reload of the same doesn't give them up either.
      _ = try proxy.reload(keys(server, ["db.example:\(port)"], more: ", \"slowStart\": \"1s\""))
      #expect(try proxy.report().pools[0].backends.count == 3)
      let client = try ClientSocket(.local(try proxy.port()))
      try proxy.waitUntil("a client is served") { $0.pools[0].sessions.active == 1 }
      let newcomer = try TestServer(at: .ipv4(0x7F00_014D, port: port))
      try proxy.waitUntil("the newcomer is alone") { report in
        report.pools[0].backends.map(\.address) == ["\(dead):\(port)"] && report.pools[0].state == "up"
      }
      withExtendedLifetime((servers, newcomer, client)) {}
    }

    @Test("two names with one address are one backend with both names, and with one when the other goes")
    func merge() throws {
      let (port, servers) = try servers(2)
      let zone = Zone(["a.example": ["127.0.1.1"], "b.example": ["127.0.1.1", "127.0.1.2"]])
      let server = try zone.server()
      let proxy = try stage.martlet(keys(server, ["a.example:\(port)", "b.example:\(port)"]))
      let report = try proxy.waitUntil("both are resolved") { report in
        report.pools[0].backends.count == 2 && report.pools[0].backends.allSatisfy { $0.state == "up" }
      }
      #expect(
        report.pools[0].backends.map(\.name) == [
          "a.example:\(port),b.example:\(port)@127.0.1.1:\(port)", "b.example:\(port)@127.0.1.2:\(port)",
        ])
      try proxy.override(
        "{ \"pool\": \"main\", \"backend\": \"b.example:\(port)\", \"action\": \"drain\", \"force\": true }")
      #expect(try proxy.report().pools[0].backends.allSatisfy { $0.state == "draining" })
      zone.set("b.example", ["127.0.1.2"])
      try proxy.waitUntil("the first has one name") { report in
        report.pools[0].backends.map(\.name) == [
          "a.example:\(port)@127.0.1.1:\(port)", "b.example:\(port)@127.0.1.2:\(port)",
        ] && report.pools[0].backends[0].state == "up"
      }
      withExtendedLifetime(servers) {}
    }

    @Test("a name without an address is a row, everywhere, and its pool isn't whole")
    func unresolved() throws {
      let (port, servers) = try servers(1)
      let zone = Zone(["a.example": ["127.0.1.1"]])
      let server = try zone.server()
      let missing = "missing.example:\(port)"
      let proxy = try stage.martlet(keys(server, [missing, "a.example:\(port)"]))
      let report = try proxy.waitUntil("the other is up") { report in
        report.pools[0].backends.map(\.state) == ["unresolved", "up"]
          && report.pools[0].backends[0].reason == "unresolved: no such name"
      }
      #expect(report.pools[0].state == "degraded" && report.pools[0].backends[0].name == missing)
      #expect(try proxy.get("/").body.contains("1 unresolved"))
      #expect(
        try proxy.get("/metrics").body.split(separator: "\n").contains {
          $0.hasPrefix("martlet_backend_state") && $0.contains(missing) && $0.contains("\"unresolved\"")
            && $0.hasSuffix(" 1")
        })
      let why = try proxy.ask(Why.self, "GET", "/v1/why?pool=main")
      #expect(why.backends.contains { $0.name == missing && $0.reason.hasPrefix("unresolved: ") })
      // What runs already is no obstacle to a change.
      _ = try proxy.reload(keys(server, [missing, "a.example:\(port)"], more: ", \"slowStart\": \"1s\""))
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"\(missing)\", \"action\": \"drain\" }")
      zone.set("a.example", nil)
      zone.set("missing.example", ["127.0.1.1"])
      try proxy.waitUntil("it's resolved, and drained", limit: .seconds(30)) {
        $0.pools[0].backends.map(\.state).contains("draining")
      }
      withExtendedLifetime(servers) {}
    }

    @Test("with no name resolved the pool is down and the proxy not ready; plan and backend add say what is missing")
    func nothing() throws {
      let (port, servers) = try servers(1)
      let zone = Zone([:])
      let server = try zone.server()
      let proxy = try stage.martlet(keys(server, ["x.example:\(port)"]))
      try proxy.waitUntil("it's known") { $0.pools[0].backends.first?.reason == "unresolved: no such name" }
      #expect(try proxy.report().pools[0].state == "down")
      #expect(try proxy.get("/readyz").status == 503)
      try proxy.configure(keys(server, ["y.example:\(port)"]))
      #expect(try proxy.ask(Plan.self, "POST", "/v1/plan", "{}").unresolved == ["main/y.example:\(port)"])
      let added = try proxy.ask(
        Done.self, "POST", "/v1/backends", "{ \"pool\": \"main\", \"address\": \"z.example:\(port)\" }")
      #expect(added.warnings.contains { $0.contains("z.example isn't resolved (no such name)") }, "\(added.warnings)")
      #expect(try proxy.admin("DELETE", "/v1/backends?pool=main&backend=z.example:\(port)").status == 200)
      zone.set("x.example", ["127.0.1.1"])
      try proxy.waitUntil("it's resolved", limit: .seconds(30)) { $0.pools[0].state == "up" }
      #expect(eventually { proxy.log.contains("x.example is resolved again") })
      withExtendedLifetime(servers) {}
    }

    @Test("300 refused reloads with resolvers of their own leave no descriptor behind")
    func refused() throws {
      let (port, servers) = try servers(1)
      let zone = Zone(["a.example": ["127.0.1.1"]])
      let server = try zone.server()
      let proxy = try stage.martlet(keys(server, ["a.example:\(port)"]))
      try proxy.waitUntilAllUp()
      let before = try proxy.report().process.openDescriptors
      for index in 1...300 {
        try proxy.configure(keys(server, ["a.example:\(port)", "no.example:\(port)"], interval: "\(index + 30)s"))
        let answer = try proxy.admin("POST", "/v1/reload", "{}")
        #expect(answer.status == 409 && answer.body.contains("can't be resolved"), "\(answer.status) \(answer.body)")
      }
      try proxy.waitUntil("nothing is left open") { $0.process.openDescriptors <= before + 3 }
      withExtendedLifetime(servers) {}
    }
  }
}
