import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Several changes of one process at a time.
  @Suite(.needs("nginx")) struct Change {
    let stage = Stage()

    private struct Upgraded: Decodable { let pid: Int }

    /// What it tells of its configuration.
    private struct Status: Decodable {
      struct Process: Decodable { let pid: Int }
      struct Revert: Decodable {
        let reason: String
        let problem: String?
      }
      struct Configuration: Decodable {
        let file, source, author, waiting, nextTry, lastReload, confirmUntil: String?
        let revert: Revert?
      }
      let generation: Int
      let process: Process
      let configuration: Configuration
    }

    private func status(_ proxy: MartletProcess) throws -> Status {
      try proxy.ask(Status.self, "GET", "/v1/status")
    }

    private func keys(_ port: UInt16, _ backends: [String], more: String = "") -> String {
      keys(at: "127.0.0.1:\(port)", backends, more: more)
    }

    private func keys(at bind: String, _ backends: [String], more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "\(bind)", "pool": "main" }], "pools": [{ "name": "main", \
      "backends": [\(backends.joined(separator: ", "))], "health": \(fastHealth) }]\(more)
      """
    }

    /// Puts something in the place of a Unix listener that has gone.
    private func take(_ path: String) throws {
      try Support.waitUntil("the path is free") { mkdir(path, 0o700) == 0 }
    }

    private func entry(_ server: Nginx) -> String {
      "{ \"name\": \"\(server.name)\", \"address\": \"\(server.address)\" }"
    }

    /// Another pool, with a backend that never answers its first check: a reload that brings it takes as long as that.
    private func slowPool() throws -> String {
      let silent = try stage.keep(ListeningPort())
      return """
        { "name": "slow", "backends": ["127.0.0.1:\(silent.port)"], \
        "health": { "type": "http", "interval": "5s", "timeout": "1500ms" } }
        """
    }

    private func slow(_ keys: String) throws -> String {
      let listener = "{ \"name\": \"slow\", \"bind\": \"127.0.0.1:\(try FreePort.next())\", \"pool\": \"slow\" }"
      return keys.replacing("\"pools\": [", with: "\"pools\": [\(try slowPool()), ")
        .replacing("\"listeners\": [", with: "\"listeners\": [\(listener), ")
    }

    /// A program that takes the place of the process, a while after it was started.
    private func lateProgram(after seconds: Double) throws -> String {
      try stage.folder().write(
        "late", "#!/bin/sh\nsleep \(seconds)\nexec \(MartletProgram.path) \"$@\"\n", mode: 0o755)
    }

    private func content(_ keys: String, _ more: String = "") throws -> String {
      let text = String(decoding: try JSONEncoder().encode("{ \(keys) }"), as: UTF8.self)
      return "{ \"content\": \(text)\(more) }"
    }

    /// Asks while the test goes on.
    private func background(
      _ proxy: MartletProcess, _ path: String, _ body: String
    ) -> Background<(status: Int, body: String)> {
      let door = AdminDoor(path: proxy.adminSocket)
      return Background { try door.ask("POST", path, body) }
    }

    private func reloadsAsked(_ proxy: MartletProcess) -> Int {
      proxy.log.split(separator: "\n").count { $0.contains("admin: POST /v1/reload") }
    }

    private func waitForUpgrade(_ proxy: MartletProcess) throws {
      try Support.waitUntil("the upgrade is under way") { proxy.log.contains("\"upgrading\"") }
    }

    @Test("an upgrade waits for the reload under way, and the process that takes over runs what that has loaded")
    func upgradeDuringReload() throws {
      let servers = try stage.nginx(count: 1)
      let port = try FreePort.next()
      let keys = keys(port, [entry(servers[0])])
      let proxy = try stage.martlet(keys)
      try proxy.waitUntilAllUp()
      try proxy.configure(try slow(keys))
      let reload = background(proxy, "/v1/reload", "{}")
      usleep(400_000)
      let upgrade = background(proxy, "/v1/upgrade", "{}")
      usleep(200_000)
      #expect(try proxy.admin("POST", "/v1/upgrade", "{}").body.contains("waits for the reload under way"))
      #expect(try proxy.admin("POST", "/v1/reload", "{}").body.contains("another reload is under way"))
      #expect(try reload.join().status == 200)
      let (answered, body) = try upgrade.join()
      #expect(answered == 200, "\(body)")
      let upgraded = try JSONDecoder().decode(Upgraded.self, from: Data(body.utf8))
      let report = try proxy.report()
      #expect(Int(report.process.pid) == upgraded.pid)
      #expect(report.generation == 2)
      #expect(report.pools.map(\.name) == ["slow", "main"], "what was loaded isn't lost")
      kill(pid_t(upgraded.pid), SIGTERM)
    }

    @Test(
      "a signal, or a change of the watched file, during a reload is heard when that has ended",
      arguments: [true, false])
    func rereadDuringReload(isWatched: Bool) throws {
      let servers = try stage.nginx(count: 2)
      let port = try FreePort.next()
      let watch = isWatched ? ", \"reload\": \"watch\"" : ""
      let keys = keys(port, [entry(servers[0])], more: watch)
      let proxy = try stage.martlet(keys)
      try proxy.waitUntilAllUp()
      let reload = background(proxy, "/v1/reload", try content(try slow(keys) + ", " + proxy.statsKeys))
      usleep(300_000)
      try proxy.configure(self.keys(port, servers.map(entry), more: watch))
      if !isWatched { for _ in 0..<3 { proxy.program.send(SIGHUP) } }
      try Support.waitUntil("it waits") { try status(proxy).configuration.waiting != nil }
      #expect(try status(proxy).generation == 1)
      #expect(try reload.join().status == 200)
      try proxy.waitUntil("the file is read") { $0.generation == 3 }
      #expect(try proxy.report().pools.map(\.name) == ["main"])
      #expect(try proxy.report().pools[0].backends.map(\.name) == ["a", "b"])
      #expect(try status(proxy).configuration.waiting == nil)
    }

    @Test("a watched file with a name that isn't known yet is taken as soon as it is")
    func unknownName() throws {
      let servers = try stage.nginx(count: 1)
      let port = try FreePort.next()
      let isThere = Flag()
      let names = try DNSServer { name, type in
        type == .a && name.hasPrefix("late.") ? isThere.isSet ? .addresses(["127.0.0.1"]) : .noName : .noData
      }
      let more = ", \"reload\": \"watch\", \"resolver\": { \"nameservers\": [\"\(names.address)\"] }"
      let proxy = try stage.martlet(keys(port, [entry(servers[0])], more: more))
      try proxy.waitUntilAllUp()
      let backend = servers[0].address.replacing("127.0.0.1", with: "late.example")
      try proxy.configure(keys(port, ["{ \"name\": \"late\", \"address\": \"\(backend)\" }"], more: more))
      try Support.waitUntil("it's refused, and told when it's tried again") {
        let configuration = try status(proxy).configuration
        return configuration.nextTry != nil && configuration.lastReload?.contains("can't be resolved") == true
      }
      isThere.set()
      try proxy.waitUntil("it's taken") { $0.generation == 2 }
      #expect(try ask(.local(port)).body == "a\n")
      #expect(try status(proxy).configuration.nextTry == nil)
    }

    @Test("what somebody loads takes the place of a watched file that is tried again")
    func decided() throws {
      let servers = try stage.nginx(count: 2)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let watch = ", \"reload\": \"watch\""
      let proxy = try stage.martlet(keys(ports[0], [entry(servers[0])], more: watch))
      try proxy.waitUntilAllUp()
      let taken = try ListeningPort(ports[1])
      try proxy.configure(keys(taken.port, [entry(servers[0])], more: watch))
      try Support.waitUntil("it's to be tried again") { try status(proxy).configuration.nextTry != nil }
      let other = keys(ports[0], [entry(servers[1])], more: watch) + ", " + proxy.statsKeys
      #expect(try proxy.admin("POST", "/v1/reload", try content(other)).status == 200)
      #expect(try status(proxy).configuration.nextTry == nil)
      #expect(try proxy.report().generation == 2)
    }

    @Test("a way back that was promised is tried until it succeeds", arguments: [true, false])
    func revertRefused(isDecided: Bool) throws {
      let servers = try stage.nginx(count: 1)
      let path = "\(try stage.folder().path)/main"
      let proxy = try stage.martlet(keys(at: "unix:\(path)", [entry(servers[0])]))
      try proxy.waitUntilAllUp()
      try proxy.reload(keys(FreePort.next(), [entry(servers[0])]), "{ \"confirm\": 1 }")
      try take(path)
      try Support.waitUntil("it's refused") {
        try status(proxy).configuration.revert?.problem?.contains("there is a") == true
      }
      #expect(try status(proxy).configuration.revert?.reason == "it wasn't confirmed in time")
      #expect(try proxy.admin("POST", "/v1/upgrade", "{}").status == 409)
      if isDecided {
        #expect(try proxy.admin("POST", "/v1/confirm").status == 200)
        rmdir(path)
        usleep(2_500_000)
        #expect(try proxy.report().generation == 2)
        #expect(try status(proxy).configuration.revert == nil)
      } else {
        rmdir(path)
        try proxy.waitUntil("it goes back", limit: .seconds(20)) { $0.generation == 3 }
        #expect(try ask(.unix(path)).body == "a\n")
        #expect(try status(proxy).configuration.confirmUntil == nil)
      }
    }

    @Test("a way back that somebody wants and that is refused leaves the promise as it was")
    func revertByHandRefused() throws {
      let servers = try stage.nginx(count: 1)
      let path = "\(try stage.folder().path)/main"
      let proxy = try stage.martlet(keys(at: "unix:\(path)", [entry(servers[0])]))
      try proxy.waitUntilAllUp()
      try proxy.reload(keys(FreePort.next(), [entry(servers[0])]), "{ \"confirm\": 600 }")
      try take(path)
      #expect(try proxy.admin("POST", "/v1/revert").status == 409)
      #expect(try status(proxy).configuration.confirmUntil != nil, "it has still to be confirmed")
      rmdir(path)
      #expect(try proxy.admin("POST", "/v1/revert").status == 200)
      #expect(try ask(.unix(path)).body == "a\n")
    }

    @Test("a port that is given up is nobody else's until it's confirmed, so that the way back is there")
    func portKept() throws {
      let servers = try stage.nginx(count: 1)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let back = keys(ports[0], [entry(servers[0])], more: ", \"workers\": 2")
      let proxy = try stage.martlet(back)
      try proxy.waitUntilAllUp()
      let standing = try ClientSocket(.local(ports[0]), limit: .seconds(5))
      let moved = keys(ports[1], [entry(servers[0])], more: ", \"workers\": 2")
      try proxy.reload(moved, "{ \"confirm\": 600 }")
      // Before the workers have let go of it and after.
      #expect((try? ListeningPort(ports[0])) == nil)
      try Support.waitUntil("clients are refused there") { refuses(ports[0]) }
      #expect((try? ListeningPort(ports[0])) == nil)
      #expect(try standing.request().body == "a\n")
      // What it would do now is looked at there, and leaves it as it is.
      #expect(try proxy.admin("POST", "/v1/plan", content(back + ", " + proxy.statsKeys)).status == 200)
      #expect(refuses(ports[0]) && (try? ListeningPort(ports[0])) == nil)
      #expect(try proxy.admin("POST", "/v1/revert").status == 200)
      for _ in 0..<8 { #expect(try ask(.local(ports[0])).body == "a\n") }
      #expect(refuses(ports[1]))
      // Once it's confirmed, it's anybody's.
      try proxy.reload(moved, "{ \"confirm\": 600 }")
      #expect((try? ListeningPort(ports[0])) == nil)
      #expect(try proxy.admin("POST", "/v1/confirm").status == 200)
      _ = try ListeningPort(ports[0])
    }

    @Test("a file that is read again after the way back doesn't bring what was given up")
    func rereadAfterRevert() throws {
      let servers = try stage.nginx(count: 2)
      let port = try FreePort.next()
      let proxy = try stage.martlet(keys(port, [entry(servers[0])]))
      try proxy.waitUntilAllUp()
      try proxy.reload(keys(port, [entry(servers[1])]), "{ \"confirm\": 600 }")
      proxy.program.send(SIGHUP)
      try Support.waitUntil("it waits") { try status(proxy).configuration.waiting == "SIGHUP" }
      #expect(try proxy.admin("POST", "/v1/revert").status == 200)
      try Support.waitUntil("it's told") {
        try status(proxy).configuration.lastReload?.contains("still has what was taken back") == true
      }
      #expect(try ask(.local(port)).body == "a\n")
      // Who wants it now has seen what became of it.
      proxy.program.send(SIGHUP)
      try proxy.waitUntil("it's read") { $0.generation == 4 }
      #expect(try ask(.local(port)).body == "b\n")
    }

    @Test("the end of the process doesn't wait for a reload, nor lets it come")
    func stopDuringReload() throws {
      let servers = try stage.nginx(count: 1)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let keys = keys(ports[0], [entry(servers[0])])
      let proxy = try stage.martlet(keys)
      try proxy.waitUntilAllUp()
      let session = try ClientSocket(.local(ports[0]))
      _ = try session.request()
      try proxy.configure(try slow(self.keys(ports[1], [entry(servers[0])])))
      let reload = background(proxy, "/v1/reload", "{}")
      usleep(400_000)
      proxy.program.send(SIGTERM)
      let (status, body) = try reload.join()
      #expect(status == 409 && body.contains("the process is about to end"), "\(status) \(body)")
      #expect(try session.request().body == "a\n")
      usleep(1_500_000)
      #expect(throws: (any Error).self) { try ask(.local(ports[1])) }
      session.finish()
      #expect(try proxy.program.wait() == .code(0))
    }

    @Test("a new stats port answers nobody before the reload is decided, and nobody ever if it's refused")
    func statsReserved() throws {
      let servers = try stage.nginx(count: 1)
      let ports = try (0..<3).map { _ in try FreePort.next() }
      let keys = keys(ports[0], [entry(servers[0])])
      let proxy = try stage.martlet(keys)
      try proxy.waitUntilAllUp()
      let slow = try slow(keys)
      func reload(_ keys: String, _ stats: String) throws -> Background<(status: Int, body: String)> {
        background(proxy, "/v1/reload", try content("\(keys), \"stats\": \"\(stats)\""))
      }
      let door = AdminDoor(path: proxy.adminSocket)
      // Which generation holds once somebody has answered.
      func early(_ target: Target) -> Background<Substring?> {
        Background {
          guard (try? ask(target)) != nil else { return nil }
          return try door.ask("GET", "/v1/status").body.firstMatch(of: /"generation" : (\d+),/)?.1
        }
      }
      // Nobody of this pool would be eligible: it's refused at the end of its first phase.
      let nobody = slow.replacing(entry(servers[0]), with: "\"127.0.0.1:\(try FreePort.next())\"")
      let refused = try reload(nobody, "127.0.0.1:\(ports[1])")
      usleep(300_000)
      let never = early(.local(ports[1]))
      #expect(try refused.join().status == 409)
      #expect(try never.join() == nil)
      #expect(throws: (any Error).self) { try ask(.local(ports[1])) }
      #expect(try proxy.get("/healthz").status == 200, "the old one answers")

      let taken = try reload(slow, "127.0.0.1:\(ports[2])")
      usleep(300_000)
      let late = early(.local(ports[2]))
      #expect(try taken.join().status == 200)
      let holding = try late.join()
      #expect(holding == nil || holding == "2", "nobody is answered before")
      #expect(try ask(.local(ports[2])).status == 200)
      #expect(throws: (any Error).self) { try proxy.get("/healthz") }

      // A Unix socket likewise: there is a file, and nobody listens there.
      let path = try stage.folder().path + "/stats"
      let moved = try reload(try self.slow(keys), "unix:\(path)")
      usleep(300_000)
      #expect(throws: (any Error).self) { try ask(.unix(path)) }
      #expect(try moved.join().status == 200)
      #expect(try ask(.unix(path)).status == 200)
    }

    private struct Plan: Decodable {
      let severity: String
      let obstacles, unbinds: [String]
    }

    @Test("a plan tells what a reload would meet now, and calls disruptive what somebody would notice")
    func plan() throws {
      let servers = try stage.nginx(count: 2)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let both = keys(ports[0], servers.map(entry))
      let proxy = try stage.martlet(both)
      try proxy.waitUntilAllUp()
      func plan(_ keys: String, _ stats: String? = nil) throws -> Plan {
        try proxy.ask(Plan.self, "POST", "/v1/plan", try content(keys + ", " + (stats ?? proxy.statsKeys)))
      }
      let one = keys(ports[0], [entry(servers[0])])
      #expect(try plan(one).severity == "additive", "nobody is there")
      let session = try ClientSocket(.local(ports[0]))
      let other = try ClientSocket(.local(ports[0]))
      _ = try (session.request(), other.request())
      #expect(try plan(one).severity == "disruptive", "somebody is")
      let moved = try plan(keys(ports[1], servers.map(entry)))
      #expect(moved.severity == "disruptive" && moved.unbinds == ["127.0.0.1:\(ports[0])"])
      let taken = try ListeningPort()
      let obstacles = try plan(both, "\"stats\": \"127.0.0.1:\(taken.port)\"").obstacles
      #expect(
        obstacles.count == 1 && obstacles[0].contains("stats port: 127.0.0.1:\(taken.port): address already in use"))
      let reload = background(
        proxy, "/v1/reload", try content(try slow(both) + ", " + proxy.statsKeys, ", \"confirm\": 600"))
      usleep(300_000)
      #expect(try plan(one).obstacles == ["another reload is under way"])
      #expect(try reload.join().status == 200)
      #expect(try plan(one).obstacles == ["the running configuration has still to be confirmed"])
      #expect(try proxy.admin("POST", "/v1/confirm").status == 200)
      let upgrade = background(proxy, "/v1/upgrade", "{ \"program\": \"\(try lateProgram(after: 1))\" }")
      try waitForUpgrade(proxy)
      #expect(try plan(one).obstacles == ["an upgrade is under way"])
      kill(pid_t(try JSONDecoder().decode(Upgraded.self, from: Data(try upgrade.join().body.utf8)).pid), SIGTERM)
    }

    @Test("the status says which file runs, who has loaded it, and that a restart reads another; an upgrade keeps that")
    func provenance() throws {
      let servers = try stage.nginx(count: 2)
      let port = try FreePort.next()
      let own = keys(port, [entry(servers[0])])
      let proxy = try stage.martlet(own)
      let start = try status(proxy).configuration
      #expect(start.file?.hasSuffix("/martlet.json") == true && start.source == start.file && start.author == nil)
      let folder = try stage.folder()
      let file = try folder.write("new.json", "{ \(keys(port, [entry(servers[1])])), \(proxy.statsKeys) }")
      func martlet(_ arguments: String...) throws -> Subprocess.Result {
        try MartletProgram.run(arguments, environment: ["MARTLET_SOCKET": proxy.adminSocket])
      }
      let result = try martlet("reload", file)
      #expect(result.exit == .code(0), "\(result)")
      let loaded = try status(proxy).configuration
      #expect(loaded.source == file && loaded.file == start.file && loaded.author != nil)
      #expect(try martlet("status").output.contains("at a restart   \(start.file ?? "") is read, and not this one"))
      #expect(try proxy.get("/").body.contains("a restart reads \(start.file ?? ""), and not \(file), which runs"))
      let pid = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      let after = try status(proxy).configuration
      #expect(after.source == file && after.file == start.file && after.author == loaded.author)
      // What is in the process's own file by now is what runs: nothing is lost any more.
      try proxy.configure(keys(port, [entry(servers[1])]))
      #expect(try martlet("reload").output.contains("nothing has changed"))
      #expect(try status(proxy).configuration.source == start.file)
      kill(pid_t(pid), SIGTERM)
    }

    @Test("the end of the process ends the one that was to take its place")
    func stopDuringUpgrade() throws {
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(keys(try FreePort.next(), [entry(servers[0])]))
      try proxy.waitUntilAllUp()
      let mark = "\(31.5 + Double.random(in: 0..<1))"
      let program = try stage.folder().write("hanging", "#!/bin/sh\nexec sleep \(mark)\n", mode: 0o755)
      let upgrade = background(proxy, "/v1/upgrade", "{ \"program\": \"\(program)\" }")
      try waitForUpgrade(proxy)
      try Support.waitUntil("it runs") { try Subprocess.run("pgrep", ["-f", "sleep \(mark)"]).exit == .code(0) }
      proxy.program.send(SIGTERM)
      let (status, body) = try upgrade.join()
      #expect(status == 503 && body.contains("was given up"), "\(status) \(body)")
      #expect(try proxy.program.wait() == .code(0))
      #expect(try Subprocess.run("pgrep", ["-f", "sleep \(mark)"]).exit == .code(1))
    }

    @Test("what operators set while a process starts is in force in it, and a file that was to be read is read there")
    func duringUpgrade() throws {
      let servers = try stage.nginx(count: 3)
      let port = try FreePort.next()
      let keys = keys(port, servers.map(entry))
      let proxy = try stage.martlet(keys)
      try proxy.waitUntilAllUp()
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"c\", \"action\": \"drain\" }")
      let upgrade = background(proxy, "/v1/upgrade", "{ \"program\": \"\(try lateProgram(after: 1))\" }")
      try waitForUpgrade(proxy)
      // What brings another configuration has to wait, or is refused.
      #expect(try proxy.admin("POST", "/v1/reload", "{}").body.contains("an upgrade is under way"))
      try proxy.configure(keys.replacing("\"health\"", with: "\"strategy\": \"random\", \"health\""))
      proxy.program.send(SIGHUP)
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"a\", \"action\": \"drain\", \"reason\": \"disk\" }")
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"b\", \"action\": \"weight\", \"weight\": \"7\" }")
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"c\", \"action\": \"ready\" }")
      #expect(try proxy.admin("POST", "/v1/sessions/close", "{ \"all\": true }").status == 200)
      #expect(try status(proxy).process.pid == Int(proxy.program.pid), "it's still the old one")
      let (answered, body) = try upgrade.join()
      #expect(answered == 200, "\(body)")
      let pid = try JSONDecoder().decode(Upgraded.self, from: Data(body.utf8)).pid
      let report = try proxy.waitUntil("the file was read there") { $0.generation == 2 }
      #expect(Int(report.process.pid) == pid)
      #expect(try report.backend("a").state == "draining")
      #expect(try report.backend("a").reason.contains("disk"))
      #expect(try report.backend("b").effectiveWeight == 7)
      #expect(try report.backend("c").state == "up")
      let state = try String(contentsOfFile: proxy.stateFile, encoding: .utf8)
      #expect(state.contains("disk"), "what was set is kept by the new process as well")
      #expect(try proxy.admin("GET", "/v1/overrides").body.contains("\"disk\""))
      kill(pid_t(pid), SIGTERM)
    }

    @Test("reloads, signals, an upgrade and overrides at once and in random order: nothing that was taken is lost")
    func atOnce() throws {
      let servers = try stage.nginx(count: 2)
      let port = try FreePort.next()
      var keys = keys(port, [entry(servers[0])])
      let proxy = try stage.martlet(keys)
      try proxy.waitUntilAllUp()
      var pid = Int(proxy.program.pid)
      for round in 0..<6 {
        let weight = round + 2
        keys = self.keys(port, [entry(servers[0])]).replacing(
          "\"health\"", with: "\"drainLimit\": \"\(weight)s\", \"health\"")
        var waiting: [Background<(status: Int, body: String)>] = []
        var upgrade: Background<(status: Int, body: String)>?
        let actions: [() throws -> Void] = [
          {
            let asked = reloadsAsked(proxy)
            waiting.append(background(proxy, "/v1/reload", try content(try slow(keys) + ", " + proxy.statsKeys)))
            // What comes after it is to come after it.
            try Support.waitUntil("it was asked") { reloadsAsked(proxy) > asked }
          },
          { upgrade = background(proxy, "/v1/upgrade", "{}") },
          {
            try proxy.configure(keys)
            kill(pid_t(try status(proxy).process.pid), SIGHUP)
          },
          {
            waiting.append(
              background(
                proxy, "/v1/overrides",
                "{ \"pool\": \"main\", \"backend\": \"a\", \"action\": \"weight\", \"weight\": \"\(weight)\" }"))
          },
        ]
        let order = actions.indices.shuffled()
        for index in order {
          try actions[index]()
          usleep(UInt32.random(in: 40_000..<120_000))
        }
        // What was loaded after the file was read stays.
        let mayStay = (order.firstIndex(of: 0) ?? 0) > (order.firstIndex(of: 2) ?? 0)
        for call in waiting {
          let (status, body) = try call.join()
          #expect(status == 200 || status == 409, "\(body)")
        }
        if let (status, body) = try upgrade?.join() {
          #expect(status == 200 || status == 409, "\(body)")
          if status == 200 { pid = try JSONDecoder().decode(Upgraded.self, from: Data(body.utf8)).pid }
        }
        // The file was changed and a signal sent: whatever else went on, it runs in the end.
        let wanted = "\"drainLimit\":\"\(weight)s\""
        try Support.waitUntil("round \(round): the file runs", limit: .seconds(20)) {
          let text = try proxy.admin("GET", "/v1/config").body.filter { !$0.isWhitespace }
          return text.contains(wanted) && (mayStay || !text.contains("\"slow\""))
        }
        try Support.waitUntil("the process before is gone", limit: .seconds(20)) { try proxy.predecessor() == nil }
        #expect(try proxy.report().backend("a").effectiveWeight == Double(weight), "round \(round)")
        #expect(try ask(.local(port)).body == "a\n")
      }
      kill(pid_t(pid), SIGTERM)
    }
  }
}
