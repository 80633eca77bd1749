import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Another process in the place of one that serves.
  @Suite(.needs("nginx")) struct Upgrade {
    let stage = Stage()

    private struct Upgraded: Decodable { let pid, draining: Int }

    private func keys(_ servers: [Nginx], more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "shutdown": { "drain": "20s" },
      "pools": [{ "name": "main", "backends": [\(servers.map { "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }" }.joined(separator: ", "))], \
      "health": \(fastHealth) }]\(more)
      """
    }

    @Test("under load nobody notices: no request fails, sessions finish, and what was known and counted goes on")
    func unnoticed() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      var sessions = try (0..<6).map { _ in
        let socket = try ClientSocket(.local(port))
        return (socket, server: try socket.request().body)
      }
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"c\", \"action\": \"drain\", \"reason\": \"disk\" }")
      let load = Load(port)
      usleep(300_000)
      let before = try proxy.report()
      let first = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      #expect(first.pid != Int(proxy.program.pid))
      #expect(first.draining >= 6)
      let after = try proxy.report()
      #expect(after.process.pid == Int32(first.pid), "the new process answers at the stats port")
      #expect(try after.pool().backends.map(\.state) == ["up", "up", "draining"], "health and overrides are known")
      #expect(try after.pool().sessions.total >= before.pool().sessions.total, "counters go on")
      #expect(try after.backend("a").since == before.backend("a").since)
      usleep(300_000)
      // The sessions from before are served by the old process until they end by themselves.
      for (socket, server) in sessions { #expect(try socket.request().body == server) }
      try Support.waitUntil("only the long sessions are left there") { try proxy.predecessor()?.sessions == 6 }
      sessions = []
      // It isn't waited for, as then all of its process group would be ended.
      try Support.waitUntil("the old process ends when they have") {
        try String(contentsOfFile: "/proc/\(proxy.program.pid)/stat", encoding: .utf8).contains(") Z ")
      }
      try Support.waitUntil("the new process knows") { try proxy.predecessor() == nil }
      let attempts = try load.end()
      #expect(attempts.count > 100)
      #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
      let end = try proxy.report()
      #expect(try end.pool().sessions.total == attempts.count + 6, "not one session was counted twice or not at all")
      #expect(end.listeners[0].sessions.total == attempts.count + 6)
      kill(pid_t(first.pid), SIGTERM)
      try Support.waitUntil("the new process ends") { kill(pid_t(first.pid), 0) != 0 }
    }

    @Test("what a backend has counted that goes while the process before still serves is counted once")
    func departure() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let session = try ClientSocket(.local(port))
      _ = try session.request()
      _ = try shares(of: port, requests: 29)
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(next.pid), SIGKILL) }
      try proxy.waitUntil("it's told what was counted") { try $0.pool().sessions.total == 30 }
      try proxy.reload(keys(Array(servers.prefix(2))))
      // It's let go after a second, and the process before tells of it twice a second.
      let end = ContinuousClock.now + .seconds(3)
      var totals: Set<Int> = []
      while ContinuousClock.now < end {
        totals.insert(try proxy.report().pool().sessions.total)
        usleep(50_000)
      }
      #expect(totals == [30])
      #expect(try session.request().status == 200, "the process before still serves")
    }

    @Test("sessions of the process before end with it, also where a reload has removed their listener and pool")
    func phantoms() throws {
      let servers = try stage.nginx(count: 2)
      func keys(_ servers: [Nginx]) -> String {
        let pools = servers.map { "{ name: '\($0.name)', backends: ['\($0.address)'] }" }
        let listeners = servers.map { "{ name: '\($0.name)', bind: '127.0.0.1:0', pool: '\($0.name)' }" }
        return "listeners: [\(listeners.joined(separator: ", "))], pools: [\(pools.joined(separator: ", "))]"
      }
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port("b")
      var sessions = try (0..<3).map { _ in try ClientSocket(.local(port)) }
      for session in sessions { #expect(try session.request().body == "b\n") }
      func counts(_ report: StatsReport) -> [Int]? {
        guard let listener = report.listeners.first(where: { $0.name == "b" }),
          let pool = report.pools.first(where: { $0.name == "b" })
        else { return nil }
        return [
          listener.sessions.active, pool.sessions.active, pool.backends[0].sessions.active, listener.sessions.total,
          pool.sessions.total, pool.backends[0].sessions.total,
        ]
      }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(next.pid), SIGKILL) }
      let (status, _) = try proxy.admin("POST", "/v1/upgrade", "{}")
      #expect(status == 409, "the process before still serves")
      try proxy.waitUntil("it's told of them") { counts($0) == [3, 3, 3, 3, 3, 3] }
      try proxy.reload(keys([servers[0]]))
      #expect(try sessions[0].request().body == "b\n")
      sessions = []
      try Support.waitUntil("the process before is gone") { try proxy.predecessor() == nil }
      try proxy.reload(keys(servers))
      #expect(try counts(proxy.report()) == [0, 0, 0, 3, 3, 3])
      // What was counted of what is gone is handed on.
      try proxy.reload(keys([servers[0]]))
      let last = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(last.pid), SIGKILL) }
      try Support.waitUntil("the process before is gone") {
        try proxy.report().process.pid == Int32(last.pid) && proxy.predecessor() == nil
      }
      try proxy.reload(keys(servers))
      #expect(try counts(proxy.report())?.prefix(5) == [0, 0, 0, 3, 3])
    }

    // A program under a sanitizer takes minutes for so many.
    @Test(
      "with thousands of backends it takes seconds, and a process that drains has next to nothing to tell",
      .enabled(if: Programs.sanitizer == nil))
    func large() throws {
      let servers = try stage.nginx(count: 1)
      let pools = (0..<4).map { pool in
        let backends = (0..<1000).map { "'127.\(10 + pool).\($0 / 250).\($0 % 250 + 1):9'" }
        return "{ name: 'p\(pool)', health: { type: 'none' }, backends: [\(backends.joined(separator: ", "))] }"
      }
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0", "pool": "main" }],
        "pools": [{ "name": "main", "backends": ["\(servers[0].address)"] }, \(pools.joined(separator: ", "))]
        """)
      try proxy.waitUntil("it serves") { $0.pools[0].state == "up" }
      let session = try ClientSocket(.local(proxy.port()))
      #expect(try session.request().body == "a\n")
      let began = ContinuousClock.now
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(next.pid), SIGKILL) }
      #expect(ContinuousClock.now - began < .seconds(20))
      try proxy.waitUntil("it's told of the session") {
        $0.process.pid == Int32(next.pid) && $0.pools[0].sessions.active == 1
      }
      func used() -> Double {
        // Ticks of user and system time, 100 a second.
        let stat = (try? String(contentsOfFile: "/proc/\(proxy.program.pid)/stat", encoding: .utf8)) ?? ""
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? fields[11...12].compactMap { Double($0) }.reduce(0, +) / 100 : .infinity
      }
      usleep(1_500_000)
      let before = used()
      usleep(2_000_000)
      #expect(used() - before < 1, "the old process does nothing else than tell")
      #expect(try session.request().body == "a\n")
    }

    @Test("by SIGUSR2, again and again, with another number of workers each time it's restarted")
    func again() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let load = Load(port)
      var pid = proxy.program.pid
      let descriptors = try proxy.report().process.openDescriptors
      for _ in 0..<4 {
        kill(pid, SIGUSR2)
        var next = pid
        try Support.waitUntil("another process serves") {
          next = try proxy.report().process.pid
          return next != pid
        }
        // As long as it isn't, or that isn't known, another upgrade is refused.
        try Support.waitUntil("the process before is gone") {
          let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
          return try stat?.contains(") Z ") != false && proxy.predecessor() == nil
        }
        #expect(try proxy.report().process.openDescriptors <= descriptors + 12, "descriptors don't pile up")
        pid = next
      }
      let attempts = try load.end()
      #expect(attempts.count > 100)
      #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
      kill(pid, SIGTERM)
      try Support.waitUntil("the last process ends") { kill(pid, 0) != 0 }
    }

    @Test("a program that can't take over changes nothing")
    func failing() throws {
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      for program in ["/bin/false", "/no/such/program", "/bin/cat"] {
        let (status, body) = try proxy.admin("POST", "/v1/upgrade", "{ \"program\": \"\(program)\" }")
        #expect(status == 503, "\(program): \(body)")
        #expect(try ask(.local(proxy.port())).body == "a\n")
        #expect(try proxy.report().process.pid == proxy.program.pid)
      }
      // Afterwards everything can be changed as before.
      proxy.program.send(SIGHUP)
      try Support.waitUntil("it reloads") { proxy.log.contains("nothing has changed") }
      #expect(try proxy.stop() == .code(0))
    }

    @Test("a process that could hold far less is refused, with the reason, unless it's forced")
    func shrinking() throws {
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(keys(servers), descriptors: 2000)
      try proxy.waitUntilAllUp()
      let folder = try stage.folder()
      func shrunk(to descriptors: Int) throws -> String {
        let path = try folder.write(
          "less-\(descriptors)", "#!/bin/sh\nulimit -n \(descriptors)\nexec \(MartletProgram.path) \"$@\"\n")
        chmod(path, 0o755)
        return path
      }
      func upgrade(_ program: String, _ more: String = "") throws -> (status: Int, body: String) {
        try proxy.admin("POST", "/v1/upgrade", "{ \"program\": \"\(program)\"\(more) }")
      }
      let before = try proxy.report().process.sessionLimit
      let port = try proxy.port()
      let few = try shrunk(to: 600)
      let refused = try upgrade(few)
      #expect(refused.status == 503 && refused.body.contains("and the process before it holds \(before)"), "\(refused)")
      #expect(refused.body.contains("--force") && refused.body.contains("600 descriptors"))
      let sessions = try (0..<200).map { _ in try ClientSocket(.local(port)) }
      try proxy.waitUntil("they stand") { $0.pools[0].sessions.active == 200 }
      let fewer = try upgrade(try shrunk(to: 400))
      #expect(fewer.status == 503 && fewer.body.contains("and 200 stand"), "\(fewer)")
      #expect(try proxy.report().process.pid == proxy.program.pid)
      let forced = try upgrade(few, ", \"force\": true")
      #expect(forced.status == 200, "\(forced)")
      let after = try proxy.report().process
      defer { kill(after.pid, SIGKILL) }
      #expect(after.pid != proxy.program.pid && after.sessionLimit < before / 2)
      for session in sessions.prefix(3) { #expect(try session.request().status == 200) }
    }

    @Test("sessions have a time of their own after it, and what was counted and ended goes on in the other process")
    func carriedOn() throws {
      struct Recent: Decodable {
        struct Session: Decodable { let id, cause: String }
        let sessions: [Session]
      }
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(
        keys(servers, more: ", \"upgrade\": { \"drain\": \"30s\" }")
          .replacing("\"drain\": \"20s\"", with: "\"drain\": \"300ms\""))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      for _ in 0..<5 { #expect(try ask(.local(port)).body == "a\n") }
      let sessions = try (0..<3).map { _ in try ClientSocket(.local(port)) }
      for session in sessions { #expect(try session.request().body == "a\n") }
      try proxy.waitUntil("all are counted") { $0.workers.map(\.accepted).reduce(0, +) == 8 }
      let before = try proxy.ask(Recent.self, "GET", "/v1/recent").sessions
      #expect(before.count == 5)
      #expect(try proxy.admin("POST", "/v1/reload", "{}").status == 200)
      let pid = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      // Active and total mean the same processes, wherever they are told.
      let after = try proxy.waitUntil("the new process knows of the sessions of the old one") {
        $0.listeners[0].sessions.active == 3
      }
      #expect(after.process.pid == Int32(pid))
      #expect(try proxy.get("/metrics").body.contains("martlet_reloads_total{result=\"committed\"} 1\n"))
      #expect(after.listeners[0].sessions.total == 8)
      #expect(after.workers.map(\.accepted).reduce(0, +) == 8, "workers go on where they were")
      #expect(after.workers.map(\.sessions.active).reduce(0, +) == 3)
      #expect(try after.pool().sessions.active == 3 && after.backend("a").sessions.active == 3)
      try Support.waitUntil("what has ended before is known") {
        try proxy.ask(Recent.self, "GET", "/v1/recent").sessions.map(\.id) == before.map(\.id)
      }
      // Longer than the end of a process may take.
      usleep(800_000)
      for session in sessions { #expect(try session.request().body == "a\n") }
      sessions[0].finish()
      try Support.waitUntil("what ends there is known, too") {
        try proxy.ask(Recent.self, "GET", "/v1/recent").sessions.count == 6
      }
      try proxy.waitUntil("it isn't active any more") { $0.listeners[0].sessions.active == 2 }
      // Told to stop, the old process has no more time than any other.
      proxy.program.send(SIGTERM)
      try proxy.waitForEnd(limit: .seconds(5))
      #expect(
        eventually { proxy.log.contains("\"sessionsCutOff\":\"0\",\"sessionsEnded\":\"2\"") },
        "\(proxy.log.suffix(1000))")
      let end = try proxy.waitUntil("none is left") { $0.listeners[0].sessions.active == 0 }
      #expect(try end.pool().sessions.active == 0 && end.pool().sessions.total == 8)
      kill(pid_t(pid), SIGTERM)
      try Support.waitUntil("the new process ends") { kill(pid_t(pid), 0) != 0 }
    }

    @Test("status tells of an upgrade under way, which the end of the process gives up")
    func underWay() throws {
      struct Status: Decodable {
        struct Upgrade: Decodable { let program, author, deadline: String }
        let upgrade: Upgrade?
      }
      let proxy = try stage.martlet(keys(try stage.nginx(count: 1)))
      try proxy.waitUntilAllUp()
      #expect(try proxy.ask(Status.self, "GET", "/v1/status").upgrade == nil)
      let program = try stage.folder().write("slow", "#!/bin/sh\nexec sleep 60\n", mode: 0o755)
      let door = AdminDoor(path: proxy.adminSocket)
      let upgrade = Background { try door.ask("POST", "/v1/upgrade", "{ \"program\": \"\(program)\" }") }
      try Support.waitUntil("the upgrade is under way") {
        try proxy.ask(Status.self, "GET", "/v1/status").upgrade?.program == program
      }
      #expect(try proxy.get("/metrics").body.contains("martlet_upgrade_running 1\n"))
      #expect(try proxy.stop() == .code(0))
      let (status, body) = try upgrade.join()
      #expect(status == 503 && body.contains("this process is to end"), "\(status) \(body)")
    }

    @Test("systemd is told of the start, of reloads, of the process that takes over and of the end")
    func notified() throws {
      let servers = try stage.nginx(count: 1)
      let folder = try stage.folder()
      let manager = try Datagrams(at: folder.path + "/notify")
      let proxy = try stage.martlet(keys(servers), environment: ["NOTIFY_SOCKET": manager.path])
      #expect(try manager.next() == "READY=1")
      #expect(try manager.status() == "generation 1: 1 listener, 1 pool")
      proxy.program.send(SIGHUP)
      let reloading = try manager.next()
      #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
      #expect(try manager.next() == "READY=1")
      let pid = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      #expect(try manager.next() == "MAINPID=\(pid)")
      #expect(try manager.next() == "READY=1")
      #expect(try manager.status() == "generation 1: 1 listener, 1 pool")
      servers[0].kill()
      #expect(try manager.status() == "generation 1: 1 listener, 1 pool; down: main")
      kill(pid_t(pid), SIGTERM)
      #expect(try manager.next() == "STOPPING=1")
      #expect(try manager.next().hasPrefix("EXTEND_TIMEOUT_USEC="))
      #expect(try manager.status() == "stopping: sessions may go on for 20s at most")
    }
  }
}

extension MartletProcess {
  struct Predecessor: Decodable { let pid, sessions: Int }

  /// What it tells of the process before it.
  func predecessor() throws -> Predecessor? {
    struct Report: Decodable { let predecessor: Predecessor? }
    return try ask(Report.self, "GET", "/v1/status").predecessor
  }
}
