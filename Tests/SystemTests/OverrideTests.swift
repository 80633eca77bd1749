import Foundation
import Glibc
import Support
import Testing

extension System {
  /// What operators set while it runs.
  @Suite(.needs("nginx")) struct Overrides {
    let stage = Stage()

    private func keys(_ servers: [Nginx], pool: String = "", more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }],
      "pools": [{ "name": "main", "backends": [\(servers.map { "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }" }.joined(separator: ", "))], \
      "health": \(fastHealth)\(pool.isEmpty ? "" : ", " + pool) }]\(more)
      """
    }

    private func set(_ proxy: MartletProcess, _ backend: String, _ action: String, _ more: String = "") throws {
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"\(backend)\", \"action\": \"\(action)\"\(more) }")
    }

    @Test("drain, maintain, weight and ready do what they say")
    func actions() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let sessions = try (0..<3).map { _ in
        let socket = try ClientSocket(.local(port))
        return (socket, server: try socket.request().body)
      }
      try set(proxy, "a", "drain")
      try set(proxy, "c", "weight", ", \"weight\": \"3\"")
      let logged = try proxy.program.line(in: .errors, containing: "admin: POST /v1/overrides")
      #expect(logged.contains("\"uid\":\"\(getuid())\"") && logged.contains("\"bytes\":"))
      #expect(try shares(of: port, requests: 40) == ["b": 10, "c": 30])
      for (socket, server) in sessions where server == "a\n" { #expect(try socket.request().body == server) }
      try set(proxy, "c", "weight", ", \"weight\": \"-34%\"")
      #expect(try proxy.report().backend("c").effectiveWeight == 1.98)
      try set(proxy, "b", "maintain")
      try proxy.waitUntil("it's in maintenance") { try $0.backend("b").state == "maintenance" }
      for (socket, server) in sessions where server == "b\n" {
        #expect(try socket.receiveAll().isEmpty, "sessions of a backend in maintenance are ended")
      }
      #expect(try shares(of: port, requests: 10) == ["c": 10])
      try set(proxy, "a", "ready")
      try set(proxy, "b", "ready")
      #expect(try proxy.admin("DELETE", "/v1/overrides?pool=main&backend=c").status == 200)
      try proxy.waitUntilAllUp()
      #expect(try shares(of: port, requests: 30) == ["a": 10, "b": 10, "c": 10])
    }

    @Test("a percentage of the weight 1 is one, and what can't be is refused")
    func percentages() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      try set(proxy, "a", "weight", ", \"weight\": \"-20%\"")
      #expect(try proxy.report().backend("a").effectiveWeight == 0.8)
      #expect(try shares(of: proxy.port(), requests: 90) == ["a": 40, "b": 50])
      func change(_ weight: String) throws -> (status: Int, body: String) {
        try proxy.admin(
          "POST", "/v1/overrides",
          "{ \"pool\": \"main\", \"backend\": \"a\", \"action\": \"weight\", \"weight\": \"\(weight)\" }")
      }
      let tooMuch = try change("+99999%")
      #expect(tooMuch.status == 422 && tooMuch.body.contains("the most is 256"))
      #expect(try change("-200%").status == 422)
      #expect(try change("257").status == 400)
      #expect(try proxy.report().backend("a").effectiveWeight == 0.8)
    }

    @Test("what would leave a pool that serves without anybody has to be forced")
    func lastOne() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      try set(proxy, "a", "drain")
      for (action, more) in [("drain", ""), ("maintain", ""), ("weight", ", \"weight\": \"0\"")] {
        let body = "{ \"pool\": \"main\", \"backend\": \"b\", \"action\": \"\(action)\"\(more) }"
        let refused = try proxy.admin("POST", "/v1/overrides", body)
        #expect(refused.status == 409 && refused.body.contains("no backend of it would be eligible"))
        #expect(refused.body.contains("--force"))
      }
      #expect(try proxy.admin("DELETE", "/v1/backends?pool=main&backend=b").status == 409)
      #expect(try proxy.report().backend("b").state == "up")
      #expect(try proxy.report().pool().state == "up")
      try set(proxy, "b", "drain", ", \"force\": true")
      #expect(try proxy.report().pool().state == "down")
      // Who serves nobody can be told anything.
      try set(proxy, "b", "maintain")
      try set(proxy, "a", "ready")
      try set(proxy, "b", "ready")
      #expect(try proxy.admin("DELETE", "/v1/backends?pool=main&backend=b").status == 200)
    }

    @Test("an override whose pool or backend is gone is marked, named by plan and reload, and can be taken back")
    func orphans() throws {
      struct Found: Decodable {
        struct Override: Decodable { let pool, backend: String, missing: String? }
        let overrides: [Override]
      }
      struct Plan: Decodable { let warnings: [String] }
      let servers = try stage.nginx(count: 3)
      let all = keys(servers)
      let proxy = try stage.martlet(all)
      try proxy.waitUntilAllUp()
      try set(proxy, "a", "drain")
      try set(proxy, "b", "weight", ", \"weight\": \"2\"")
      #expect(try proxy.ask(Found.self, "GET", "/v1/overrides").overrides.allSatisfy { $0.missing == nil })
      // The first one's backend goes; then the pool has another name.
      try proxy.configure(keys(Array(servers.dropFirst())))
      let plan = try proxy.ask(Plan.self, "POST", "/v1/plan", "{}")
      #expect(plan.warnings.contains { $0.contains(servers[0].address) && $0.contains("would have no backend") })
      let reloaded = try proxy.reload(keys(Array(servers.dropFirst())))
      #expect(reloaded.warnings.contains { $0.contains(servers[0].address) && $0.contains("has no backend") })
      #expect(try proxy.ask(Found.self, "GET", "/v1/overrides").overrides.map(\.missing) == ["backend", nil])
      let renamed = all.replacing("\"name\": \"main\", \"backends\"", with: "\"name\": \"other\", \"backends\"")
      #expect(try proxy.reload(renamed).warnings.count { $0.contains("has no pool") } == 2)
      #expect(try proxy.ask(Found.self, "GET", "/v1/overrides").overrides.map(\.missing) == ["pool", "pool"])
      for server in servers.prefix(2) {
        #expect(try proxy.admin("DELETE", "/v1/overrides?pool=main&backend=\(server.address)").status == 200)
      }
      #expect(try proxy.ask(Found.self, "GET", "/v1/overrides").overrides.isEmpty)
    }

    /// Runs a command in a process that comes from the login of the user 1, if that can be made; gives its status.
    private func behindLogin(_ arguments: String, _ proxy: MartletProcess) throws -> Subprocess.Exit {
      try Subprocess.run(
        "sh",
        [
          "-c",
          "echo 1 >/proc/self/loginuid || exit 99; exec '\(MartletProgram.path)' \(arguments) "
            + "--socket '\(proxy.adminSocket)'",
        ]
      ).exit
    }

    @Test("behind sudo the author is the one who logged in, or is claimed to be somebody", .enabled(if: getuid() == 0))
    func author() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      // Not every kernel keeps records of logins.
      let exit = try behindLogin("drain main/a", proxy)
      if exit != .code(99) {
        #expect(exit == .code(0))
        let name = try #require(unsafe getpwuid(1).map { unsafe String(cString: $0.pointee.pw_name) })
        #expect(try proxy.report().backend("a").reason == "drained by \(name) as root")
      }
      guard try String(contentsOfFile: "/proc/self/loginuid", encoding: .utf8).hasPrefix("4294967295") else { return }
      let claimed = try MartletProgram.run(
        ["drain", "main/a", "--socket", proxy.adminSocket], environment: ["SUDO_USER": "ann"])
      #expect(claimed.exit == .code(0))
      #expect(try proxy.report().backend("a").reason == "drained by root (by sudo for ann, as it says)")
    }

    @Test(
      "a backend is known by its address, however that is written",
      arguments: [
        "[fe80::5%lo]:7000", "[fe80::5%1]:7000", "[FE80:0::5%lo]:7000",
      ])
    func spelling(_ address: String) throws {
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }],
        "pools": [{ "name": "main", "backends": ["\(servers[0].address)", "[fe80::5%lo]:7000"], "health": \(fastHealth) }]
        """)
      try set(proxy, address, "drain")
      #expect(try proxy.report().backend("[fe80::5%lo]:7000").state == "draining")
      let path = address.replacing("%", with: "%25")
      #expect(try proxy.admin("DELETE", "/v1/overrides?pool=main&backend=\(path)").status == 200)
      #expect(try proxy.report().backend("[fe80::5%lo]:7000").state != "draining")
    }

    @Test("what is said of a backend is made from what holds now: overrides, health and ejection, each for itself")
    func reasons() throws {
      struct Done: Decodable { let message: String, warnings: [String] }
      let servers = try stage.nginx(count: 2)
      let folder = try stage.folder()
      let keys = keys(servers, more: ", \"admin\": { \"state\": \"\(folder.path)/state\" }")
      let proxy = try stage.martlet(keys)
      try proxy.waitUntilAllUp()
      #expect(try proxy.report().backend("a").check?.lastTime != nil)
      try set(proxy, "a", "drain", ", \"seconds\": 1800, \"reason\": \"new disk\"")
      let second = try proxy.ask(
        Done.self, "POST", "/v1/overrides",
        "{ \"pool\": \"main\", \"backend\": \"a\", \"action\": \"drain\", \"reason\": \"new board\" }")
      #expect(second.message.contains("new board") && second.message.contains("in place of: drained by"))
      #expect(second.message.contains("new disk") && second.warnings.contains { $0.contains("doesn't end by itself") })
      var report = try proxy.report()
      #expect(try report.backend("a").reason.contains("new board"))
      #expect(try report.backend("a").reason.contains("new disk") == false)
      let replaced = try #require(report.transitions.first)
      #expect(replaced.from == "draining" && replaced.to == "draining" && replaced.cause == "override")
      #expect(replaced.reason.contains("new board") && replaced.reason.contains("in place of"))
      // Down below its override, and down for what its checks say after it.
      servers[0].kill()
      report = try proxy.waitUntil("its checks fail") { try $0.backend("a").health == "down" }
      #expect(try report.backend("a").state == "draining" && report.backend("a").reason.contains("refused"))
      try set(proxy, "a", "ready")
      report = try proxy.report()
      #expect(try report.backend("a").state == "down")
      #expect(try report.backend("a").reason.contains("refused"))
      #expect(try report.backend("a").reason.contains("no longer") == false)
      #expect(report.transitions.first?.reason.contains("no longer drained") == true)
      // What an override says outlives the process.
      try set(proxy, "b", "weight", ", \"weight\": \"3\"")
      #expect(try proxy.report().transitions.first?.reason.contains("weight 3 set by") == true, "a change of no state")
      try set(proxy, "a", "drain", ", \"reason\": \"for good\"")
      #expect(try proxy.stop() == .code(0))
      let next = try stage.martlet(keys)
      #expect(try next.report().backend("a").reason.contains("for good"))
    }

    @Test("an override survives reloads and restarts, and ends in time")
    func survival() throws {
      let servers = try stage.nginx(count: 2)
      let folder = try stage.folder()
      let state = ", \"admin\": { \"state\": \"\(folder.path)/state\" }"
      let proxy = try stage.martlet(keys(servers, more: state))
      try proxy.waitUntilAllUp()
      try set(proxy, "a", "drain", ", \"reason\": \"new disk\", \"seconds\": 3600")
      try proxy.reload(keys(servers, pool: "\"strategy\": \"random\"", more: state))
      #expect(try proxy.report().backend("a").state == "draining")
      #expect(try proxy.stop() == .code(0))
      let second = try stage.martlet(keys(servers, more: state))
      #expect(try second.report().backend("a").state == "draining")
      #expect(eventually { second.log.contains("new disk") })
      try set(second, "a", "drain", ", \"seconds\": 0.5")
      try second.waitUntil("it's over") { try $0.backend("a").state == "up" }
      #expect(
        try second.report().transitions.contains {
          $0.backend == "a" && $0.to == "up" && $0.reason.contains("time is over")
        })
      #expect(try second.stop() == .code(0))
      // A file that isn't right is set aside, and nothing else happens.
      try Data("rubbish".utf8).write(to: URL(fileURLWithPath: folder.path + "/state"))
      let third = try stage.martlet(keys(servers, more: state))
      #expect(eventually { third.log.contains("the state file was damaged") })
      #expect(try third.report().backend("a").state != "draining")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).contains { $0.hasPrefix("state.damaged-") })
    }

    @Test("a process whose admin socket is another's leaves that one's overrides alone")
    func second() throws {
      let servers = try stage.nginx(count: 2)
      let first = try stage.martlet(keys(servers))
      try set(first, "a", "drain", ", \"seconds\": 1")
      let folder = String(first.adminSocket.dropLast("/martlet/admin.sock".count))
      let second = try stage.martlet(keys(servers), environment: ["XDG_RUNTIME_DIR": folder, "XDG_STATE_HOME": folder])
      #expect(eventually { second.log.contains("no admin socket") })
      #expect(try second.report().backend("a").state != "draining")
      #expect(try second.stop() == .code(0))
      #expect(try first.admin("GET", "/v1/overrides").status == 200, "the socket is still the first one's")
    }

    @Test("backends come and go at run time, and stay so over a reload")
    func membership() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys([servers[0], servers[1]]))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let add = "{ \"pool\": \"main\", \"address\": \"\(servers[2].address)\", \"name\": \"extra\", \"weight\": 2 }"
      #expect(try proxy.admin("POST", "/v1/backends", add).status == 201)
      #expect(try proxy.admin("POST", "/v1/backends", add).status == 409)
      try proxy.waitUntilAllUp()
      #expect(try shares(of: port, requests: 40) == ["a": 10, "b": 10, "c": 20])
      #expect(try proxy.admin("DELETE", "/v1/backends?pool=main&backend=a").status == 200)
      try proxy.reload(keys([servers[0], servers[1]], pool: "\"slowStart\": \"0s\""))
      #expect(try proxy.report().pool().backends.map(\.name) == ["b", "extra"])
      #expect(try shares(of: port, requests: 30) == ["b": 10, "c": 20])
      #expect(try proxy.admin("DELETE", "/v1/backends?pool=main&backend=extra").status == 200)
      #expect(try proxy.admin("DELETE", "/v1/backends?pool=main&backend=b").status == 409, "the last one stays")
      #expect(try proxy.admin("DELETE", "/v1/overrides?pool=main&backend=a").status == 200)
      try proxy.waitUntilAllUp()
      #expect(try shares(of: port, requests: 20) == ["a": 10, "b": 10])
    }

    @Test("sessions are found, closed by selection, and moved to where there's room")
    func sessions() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(keys(servers, more: ", \"eviction\": { \"rate\": 200 }"))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      try set(proxy, "b", "drain")
      var open = try (0..<20).map { _ in try ClientSocket(.local(port), from: "127.0.0.2") }
      for socket in open { _ = try socket.request() }
      let other = try ClientSocket(.local(port))
      _ = try other.request()
      struct Found: Decodable { let total: Int }
      #expect(try proxy.ask(Found.self, "GET", "/v1/sessions?pool=main&client=127.0.0.2").total == 20)
      #expect(try proxy.ask(Found.self, "GET", "/v1/sessions?pool=main&backend=b").total == 0)
      try set(proxy, "b", "ready")
      struct Rebalanced: Decodable { struct Share: Decodable { let backend: String, excess: Int }; let shares: [Share] }
      let shares = try proxy.ask(Rebalanced.self, "POST", "/v1/rebalance", "{ \"pool\": \"main\" }").shares
      #expect(shares.map(\.excess) == [10, 0])
      try proxy.waitUntil("ten are ended") { try $0.backend("a").sessions.active == 11 }
      #expect(try proxy.report().backend("a").closes["rebalanced"] == 10)
      usleep(300_000)
      #expect(try proxy.report().backend("a").sessions.active == 11, "only the excess is ended")
      let body = "{ \"client\": \"127.0.0.2\" }"
      struct Closing: Decodable { let matching: Int }
      let matching = try proxy.ask(Closing.self, "POST", "/v1/sessions/close", body).matching
      #expect((10...11).contains(matching))
      try proxy.waitUntil("the selected are gone") { $0.pools[0].sessions.active == 11 - matching }
      _ = try? other.request()
      open = []
      struct Recent: Decodable {
        struct Session: Decodable { let client, cause, text: String }; let sessions: [Session]
      }
      let recent = try proxy.ask(Recent.self, "GET", "/v1/recent?limit=1000").sessions
      #expect(recent.filter { $0.cause == "closed" && $0.client.hasPrefix("127.0.0.2:") }.count == matching)
      #expect(recent.allSatisfy { !$0.text.isEmpty })
    }

    @Test("sessions that are over their age are ended between bytes")
    func age() throws {
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(keys(servers, pool: "\"timeouts\": { \"maxAge\": \"1s\" }"))
      try proxy.waitUntilAllUp()
      let session = try ClientSocket(.local(proxy.port()))
      _ = try session.request()
      #expect(try session.receiveAll().isEmpty)
      try proxy.waitUntil("it's counted") { try $0.backend("a").closes["expired"] == 1 }
    }
  }
}
