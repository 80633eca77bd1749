import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Another configuration for a process that serves.
  @Suite(.needs("nginx")) struct Reload {
    let stage = Stage()

    private func keys(_ listeners: [(String, UInt16)], _ backends: [String], pool: String = "") -> String {
      let listening = listeners.map { "{ \"name\": \"\($0.0)\", \"bind\": \"127.0.0.1:\($0.1)\", \"pool\": \"main\" }" }
      return """
        "listeners": [\(listening.joined(separator: ", "))],
        "pools": [{ "name": "main", "backends": [\(backends.joined(separator: ", "))], \
        "health": \(fastHealth)\(pool.isEmpty ? "" : ", " + pool) }]
        """
    }

    private func entry(_ server: Nginx, _ more: String = "") -> String {
      "{ \"name\": \"\(server.name)\", \"address\": \"\(server.address)\"\(more.isEmpty ? "" : ", " + more) }"
    }

    @Test("what was away for a while goes on counting where it was: backends, pools and listeners")
    func counters() throws {
      let servers = try stage.nginx(count: 2)
      func keys(_ names: [String], pool: String = "main", listener: String = "main") -> String {
        let backends = servers.filter { names.contains($0.name) }.map {
          "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }"
        }
        return """
          "listeners": [{ "name": "\(listener)", "bind": "127.0.0.1:0", "pool": "\(pool)" }],
          "pools": [{ "name": "\(pool)", "backends": [\(backends.joined(separator: ", "))], "health": \(fastHealth) }]
          """
      }
      let proxy = try stage.martlet(keys(["a", "b"]))
      try proxy.waitUntilAllUp()
      #expect(try shares(of: proxy.port(), requests: 20) == ["a": 10, "b": 10])
      let before = try proxy.waitUntil("all are over") { $0.pools[0].sessions.active == 0 }
      // Longer than it takes until one that has left is let go of.
      try proxy.reload(keys(["b"]))
      usleep(2_500_000)
      try proxy.reload(keys(["a", "b"]))
      var report = try proxy.report()
      #expect(try report.backend("a").sessions.total == before.backend("a").sessions.total)
      #expect(try report.backend("a").connect.attempts == before.backend("a").connect.attempts)
      #expect(try report.pool().sessions.total == before.pool().sessions.total, "and isn't counted twice")
      try proxy.reload(keys(["a", "b"], pool: "other", listener: "other"))
      usleep(2_500_000)
      try proxy.reload(keys(["a"], pool: "another", listener: "another"))
      usleep(1_500_000)
      try proxy.reload(keys(["a", "b"]))
      report = try proxy.report()
      #expect(try report.pool().sessions.total == before.pool().sessions.total)
      #expect(try report.backend("b").bytes.toClient == before.backend("b").bytes.toClient)
      #expect(report.listeners[0].sessions.total == before.listeners[0].sessions.total)
    }

    @Test("what isn't a file in the file's place is refused at once, and the loop goes on")
    func pipe() throws {
      let server = try stage.nginx("a")
      let proxy = try stage.martlet(keys([("one", try FreePort.next())], [entry(server)]))
      let path = proxy.configurationFile
      unlink(path)
      try #require(mkfifo(path, 0o644) == 0)
      let refused = try proxy.admin("POST", "/v1/reload", "{}", limit: .seconds(10))
      #expect(refused.status == 422 && refused.body.contains("a named pipe"), "\(refused)")
      #expect(try proxy.get("/healthz").status == 200)
    }

    @Test("listeners and backends come, move and go; counters, health, names and sessions of those that stay are kept")
    func change() throws {
      let servers = try stage.nginx(count: 3)
      let ports = try (0..<3).map { _ in try FreePort.next() }
      let proxy = try stage.martlet(
        keys([("one", ports[0]), ("two", ports[1])], [entry(servers[0]), entry(servers[1])]))
      try proxy.waitUntilAllUp()
      let session = try ClientSocket(.local(ports[0]))
      let own = try session.request().body
      _ = try shares(of: ports[0], requests: 10)
      let before = try proxy.report()
      let since = try before.backend("a").since

      // One backend more, one renamed, the second listener moves.
      let answer = try proxy.reload(
        keys(
          [("one", ports[0]), ("two", ports[2])],
          [
            entry(servers[0], "\"weight\": 2").replacing("\"a\"", with: "\"first\""), entry(servers[1]),
            entry(servers[2]),
          ]))
      #expect(answer.generation == 2)
      #expect(answer.draining == 0 && answer.closing == 0)
      let after = try proxy.report()
      #expect(after.generation == 2)
      #expect(try after.backend("first").sessions.total == before.backend("a").sessions.total)
      #expect(try after.backend("first").since == since, "who stays isn't found out anew")
      #expect(try after.backend("c").state == "up", "a new backend is checked before it serves")
      #expect(try shares(of: ports[0], requests: 40) == ["a": 20, "b": 10, "c": 10])
      #expect(try ask(.local(ports[2])).status == 200)
      #expect(throws: (any Error).self) { try ask(.local(ports[1])) }
      #expect(try session.request().body == own)
      #expect(try proxy.report().listeners.map(\.name) == ["one", "two"])
    }

    @Test("two listeners change places, and one gets another name, without a socket being closed")
    func swap() throws {
      let servers = try stage.nginx(count: 1)
      let ports = try (0..<3).map { _ in try FreePort.next() }
      let proxy = try stage.martlet(
        keys([("one", ports[0]), ("two", ports[1]), ("three", ports[2])], [entry(servers[0])]))
      try proxy.waitUntilAllUp()
      // The kernel's list may miss a socket while others come and go.
      var sockets: [Set<String>] = []
      try Support.waitUntil("each port has its sockets") {
        sockets = try ports.map(listeningSockets)
        return !sockets[0].isEmpty && sockets.allSatisfy { $0.count == sockets[0].count }
      }
      let loads = ports.map { Load($0, clients: 1) }
      for round in 0..<6 {
        let (first, second) = round % 2 == 0 ? (ports[1], ports[0]) : (ports[0], ports[1])
        let third = round % 2 == 0 ? "drei" : "three"
        usleep(30_000)
        try proxy.reload(keys([("one", first), ("two", second), (third, ports[2])], [entry(servers[0])]))
        #expect(
          try proxy.report().listeners.map(\.bind)
            == ["\(first)", "\(second)", "\(ports[2])"].map { "127.0.0.1:\($0)" })
      }
      for load in loads {
        let attempts = try load.end()
        #expect(attempts.count > 20)
        #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
      }
      try Support.waitUntil("the same sockets listen") { try ports.map(listeningSockets) == sockets }
    }

    @Test("whatever is wrong, nothing changes, and the reason is told")
    func refused() throws {
      let servers = try stage.nginx(count: 2)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let right = keys([("one", ports[0])], [entry(servers[0])])
      let proxy = try stage.martlet(right)
      try proxy.waitUntilAllUp()
      let taken = try stage.keep(ListeningPort())
      func refusal(_ keys: String) throws -> String {
        try proxy.configure(keys)
        let (status, body) = try proxy.admin("POST", "/v1/reload", "{}")
        #expect(status == 409 || status == 422 && body.contains("\"kind\" : \"configuration\""), "\(body)")
        return body
      }
      #expect(try refusal("\"listen\": \"oops\"").contains("martlet.json:1"))
      // A free port and a taken one: neither is bound then.
      let half = keys(
        [("one", ports[0]), ("new", ports[1]), ("bad", taken.port)], [entry(servers[0]), entry(servers[1])])
      #expect(try refusal(half).contains("listener bad: 127.0.0.1:\(taken.port): address already in use"))
      #expect(throws: (any Error).self) { try ask(.local(ports[1])) }
      #expect(try refusal(right + ", \"workers\": 7").contains("workers"))
      let nobody = keys([("one", ports[0])], ["\"127.0.0.1:\(try FreePort.next())\""])
      #expect(try refusal(nobody).contains("no backend of it would be eligible"))
      let unknown = keys([("one", ports[0])], [entry(servers[0]), "\"no-such-host.invalid:80\""])
      #expect(try refusal(unknown).contains("no-such-host.invalid"))
      let report = try proxy.report()
      #expect(report.generation == 1)
      #expect(report.pools[0].backends.map(\.name) == ["a"])
      #expect(try ask(.local(ports[0])).status == 200)
      // What was refused before can be done with --force.
      try proxy.reload(nobody, "{ \"force\": true }")
      #expect(try proxy.report().pools[0].state == "down")
      let metrics = try proxy.get("/metrics").body
      for line in [
        "martlet_reloads_total{result=\"committed\"} 1", "martlet_reloads_total{result=\"refused\"} 5",
        "martlet_reload_last_success 1",
      ] { #expect(metrics.contains(line + "\n")) }
    }

    @Test("a port that is taken for a reload answers nobody before it takes effect")
    func reserved() throws {
      let servers = try stage.nginx(count: 1)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let proxy = try stage.martlet(keys([("one", ports[0])], [entry(servers[0])]))
      try proxy.waitUntilAllUp()
      // A backend that never answers its first check keeps the reload in its first phase for the check's time-out.
      let silent = try stage.keep(ListeningPort())
      let slow = """
        { "name": "slow", "bind": "127.0.0.1:\(ports[1])", "pool": "slow" }], "pools": [{ "name": "slow", \
        "backends": ["127.0.0.1:\(silent.port)"], "health": { "type": "http", "interval": "3s", "timeout": "1500ms" } },
        """
      try proxy.configure(
        keys([("one", ports[0])], [entry(servers[0])]).replacing("}],\n\"pools\": [", with: "}, " + slow))
      let door = AdminDoor(path: proxy.adminSocket)
      let reload = Background { try door.ask("POST", "/v1/reload", "{}") }
      usleep(400_000)
      let began = ContinuousClock.now
      // Nobody is left to serve them, so they're reset as soon as they're taken in; what counts is what holds by then. There are
      // some, as each worker has a socket of its own there.
      let early = (0..<8).map { _ in
        Background {
          _ = try? ClientSocket(.local(ports[1]))
          return try door.ask("GET", "/v1/status").body.contains("\"generation\" : 2,")
        }
      }
      #expect(try reload.join().status == 200)
      #expect(ContinuousClock.now - began > .milliseconds(500))
      for client in early { #expect(try client.join(), "it's answered before") }
    }

    @Test("sessions of a removed backend drain, or are ended, as its pool wants it", arguments: ["drain", "close"])
    func removal(_ manner: String) throws {
      let servers = try stage.nginx(count: 2)
      let port = try FreePort.next()
      let rule = "\"onRemove\": \"\(manner)\", \"drainLimit\": \"2s\""
      let proxy = try stage.martlet(keys([("one", port)], servers.map { entry($0) }, pool: rule))
      try proxy.waitUntilAllUp()
      let sessions = try (0..<4).map { _ in
        let socket = try ClientSocket(.local(port))
        return (socket, server: try socket.request().body)
      }
      let answer = try proxy.reload(keys([("one", port)], [entry(servers[0])], pool: rule))
      #expect(manner == "drain" ? answer.draining == 2 : answer.closing == 2)
      let began = ContinuousClock.now
      let leaving = sessions.filter { $0.server == "b\n" }
      if manner == "drain" {
        for (socket, _) in leaving { #expect(try socket.request().body == "b\n", "it goes on for a while") }
      }
      for (socket, _) in leaving {
        #expect(try socket.receiveAll().isEmpty, "it's ended between bytes")
      }
      if manner == "close" { #expect(ContinuousClock.now - began < .milliseconds(1900)) }
      for (socket, server) in sessions where server == "a\n" { #expect(try socket.request().body == server) }
      // What was counted stays with the pool, and its sums don't shrink.
      try proxy.waitUntil("the pool has its two sessions") { try $0.pool().sessions.active == 2 }
      // It's forgotten a second after the last change, and nothing of the sums with it.
      for _ in 0..<25 {
        #expect(try proxy.report().pool().sessions.total == 4)
        usleep(100_000)
      }
    }

    @Test("a reload that isn't confirmed is undone in time, and a confirmed one stays")
    func confirmation() throws {
      let servers = try stage.nginx(count: 2)
      let port = try FreePort.next()
      let (old, new) = (keys([("one", port)], [entry(servers[0])]), keys([("one", port)], [entry(servers[1])]))
      let proxy = try stage.martlet(old)
      try proxy.waitUntilAllUp()
      #expect(try proxy.reload(new, "{ \"confirm\": 1 }").confirmUntil != nil)
      #expect(try ask(.local(port)).body == "b\n")
      #expect(try proxy.admin("POST", "/v1/reload", "{}").status == 409, "one at a time")
      try proxy.waitUntil("it goes back") { $0.generation == 3 }
      #expect(try ask(.local(port)).body == "a\n")
      try proxy.reload(new, "{ \"confirm\": 30 }")
      #expect(try proxy.admin("POST", "/v1/confirm").status == 200)
      #expect(try proxy.admin("POST", "/v1/confirm").status == 409)
      #expect(try ask(.local(port)).body == "b\n")
    }

    @Test("a reload that makes things clearly worse is undone at once")
    func regression() throws {
      let servers = try stage.nginx(count: 3)
      let port = try FreePort.next()
      let proxy = try stage.martlet(keys([("one", port)], servers.map { entry($0) }, pool: "\"slowStart\": \"0s\""))
      try proxy.waitUntilAllUp()
      // Checks that none of the servers passes: two of three who were eligible aren't any more.
      let broken = keys([("one", port)], servers.map { entry($0) }, pool: "\"slowStart\": \"0s\"").replacing(
        "\"type\": \"http\"", with: "\"type\": \"http\", \"path\": \"/nowhere\", \"expect\": { \"status\": 204 }")
      try proxy.reload(broken, "{ \"confirm\": 600 }")
      try proxy.waitUntil("it goes back", limit: .seconds(20)) { $0.generation == 3 }
      try proxy.waitUntilAllUp()
      #expect(eventually { proxy.log.contains("going back to the configuration before") })
    }

    @Test("what is logged and how is changed, too")
    func log() throws {
      let servers = try stage.nginx(count: 1)
      let port = try FreePort.next()
      let keys = keys([("one", port)], [entry(servers[0])])
      let proxy = try stage.martlet(keys)
      #expect(eventually { proxy.log.contains("{\"time\"") })
      try proxy.reload(keys + ", \"log\": { \"format\": \"text\", \"level\": \"warning\" }")
      try proxy.configure("\"listen\": 1")
      #expect(try proxy.admin("POST", "/v1/reload", "{}").status == 422)
      try Support.waitUntil("it's logged as text") {
        proxy.log.split(separator: "\n").contains { $0.contains("reload refused") && !$0.hasPrefix("{") }
      }
      #expect(!proxy.log.split(separator: "\n").contains { $0.contains("admin: POST") && !$0.hasPrefix("{") })
    }

    @Test("the file is read again when it changes, if that's wanted, and on SIGHUP in any case")
    func triggers() throws {
      let servers = try stage.nginx(count: 2)
      let port = try FreePort.next()
      func keys(_ server: Nginx) -> String {
        self.keys([("one", port)], [entry(server)]) + ", \"reload\": \"watch\""
      }
      let proxy = try stage.martlet(keys(servers[0]))
      try proxy.waitUntilAllUp()
      try proxy.configure(keys(servers[1]))
      try proxy.waitUntil("the change is seen") { $0.generation == 2 }
      #expect(try ask(.local(port)).body == "b\n")
      try proxy.configure("\"listen\": 7")
      try Support.waitUntil("the wrong file is refused") { proxy.log.contains("reload refused") }
      try proxy.configure(self.keys([("one", port)], [entry(servers[0])]))
      try proxy.waitUntil("the change is seen") { $0.generation == 3 }
      try proxy.configure(self.keys([("one", port)], [entry(servers[1])]))
      proxy.program.send(SIGHUP)
      try proxy.waitUntil("the signal is heard") { $0.generation == 4 }
    }
  }
}
