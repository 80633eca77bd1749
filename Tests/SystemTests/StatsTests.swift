import Glibc
import Support
import Testing

extension System {
  /// The stats port of the running program.
  @Suite(.needs("nginx")) struct Stats {
    let stage = Stage()

    @Test(
      "/stats.json counts the sessions and bytes of every listener, pool, backend and worker exactly", .needs("curl"))
    func counts() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(
        """
        "workers": 2, "listeners": [{ "name": "web", "bind": "127.0.0.1:0" }],
        "pools": [{ "name": "web", "backends": \(servers.backends), "health": { "type": "none" } }]
        """)
      let url = "http://127.0.0.1:\(try proxy.port())/"
      var (sent, received) = (0, 0)
      for _ in 0..<10 {
        let sizes = try Subprocess.run(
          "curl", ["-sf", "-o", "/dev/null", "-w", "%{size_request} %{size_header} %{size_download}", url]
        ).output.split(separator: " ").compactMap { Int($0) }
        try #require(sizes.count == 3)
        sent += sizes[0]
        received += sizes[1] + sizes[2]
      }
      let idle = try ClientSocket(.local(proxy.port()))
      let report = try proxy.waitUntil("only one session is left") {
        try $0.pool().sessions.active == 1 && $0.pool().sessions.total == 11
      }
      let (listener, pool) = (report.listeners[0], try report.pool())
      for bytes in [listener.bytes, pool.bytes] {
        #expect(bytes.toBackend == sent && bytes.toClient == received)
      }
      #expect(pool.backends.map(\.bytes.toClient).reduce(0, +) == received)
      #expect(listener.sessions.active == 1 && listener.sessions.total == 11)
      #expect(report.workers.map(\.sessions.total).reduce(0, +) == 11)
      #expect(pool.backends.map(\.sessions.total).sorted() == [5, 6])
      #expect(pool.backends.map(\.connect.attempts).reduce(0, +) == 11)
      let closes = pool.backends.reduce(into: [:]) { $0.merge($1.closes, uniquingKeysWith: +) }.filter { $0.value > 0 }
      #expect(closes == ["clientEnded": 10])
      #expect(report.process.pid == proxy.program.pid && report.process.openDescriptors > 10)
      idle.finish()
    }

    @Test("/metrics is as Prometheus wants it, with traffic and with failures", .needs("promtool", "curl"))
    func metrics() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(
        "\"listen\": [\"127.0.0.1:0\"], \"backends\": \(servers.backends), \"health\": \(fastHealth)")
      try proxy.waitUntilAllUp()
      servers[2].kill()
      let served = try shares(of: proxy.port(), requests: 30)["a", default: 0]
      try proxy.waitUntil("it's noticed") { try $0.backend("c").state == "down" }
      let metrics = try proxy.get("/metrics").body
      let judged = try Subprocess.run("promtool", ["check", "metrics"], input: metrics)
      #expect(judged.exit == .code(0) && judged.errors.isEmpty, "\(judged.errors)")
      for line in [
        "martlet_backend_sessions_total{pool=\"main\",backend=\"a\"} \(served)",
        "martlet_backend_state{pool=\"main\",backend=\"c\",state=\"down\"} 1",
      ] {
        #expect(metrics.split(separator: "\n").contains { $0 == line }, "\(line) isn't there")
      }
    }

    @Test("what clients waited for, and what became of backends, is counted over an upgrade", .needs("curl"))
    func times() throws {
      struct Upgraded: Decodable { let pid: Int }
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(
        "\"listen\": [\"127.0.0.1:0\"], \"backends\": \(servers.backends), \"health\": \(fastHealth)")
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      for _ in 0..<6 { _ = try ask(.local(port)) }
      servers[1].kill()
      try proxy.waitUntil("it's noticed") { try $0.backend("b").state == "down" }
      func count(_ name: String, _ labels: String = "pool=\"main\"") throws -> Double {
        let lines = try proxy.get("/metrics").body.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("martlet_\(name){\(labels)} ") }
        return line?.split(separator: " ").last.flatMap { Double($0) } ?? -1
      }
      func areCounted() throws -> Bool {
        for name in ["connect_duration_seconds", "first_byte_seconds", "session_duration_seconds"] {
          let (all, within) = (
            try count("pool_\(name)_count"), try count("pool_\(name)_bucket", "pool=\"main\",le=\"+Inf\"")
          )
          guard all == 6, within == 6, try count("pool_\(name)_sum") > 0 else { return false }
        }
        return try count("backend_check_failures_total", "pool=\"main\",backend=\"b\"") >= 1
          && count("backend_transitions_total", "pool=\"main\",backend=\"b\"") >= 1
          && count("backend_down_seconds_total", "pool=\"main\",backend=\"b\"") > 0
      }
      try Support.waitUntil("all is counted") { try areCounted() }
      let down = try count("backend_down_seconds_total", "pool=\"main\",backend=\"b\"")
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(next.pid), SIGKILL) }
      try Support.waitUntil("the next process knows of it") {
        try proxy.report().process.pid == Int32(next.pid) && areCounted()
      }
      #expect(try count("backend_down_seconds_total", "pool=\"main\",backend=\"b\"") > down)
    }

    @Test("curl gets a table, a browser gets a page, and only GET and HEAD are taken", .needs("curl"))
    func pages() throws {
      let nginx = try stage.nginx("a")
      let port = try FreePort.next()
      let proxy = try stage.martlet("\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"\(nginx.address)\"]", stats: port)
      func curl(_ options: String...) throws -> String {
        try Subprocess.run("curl", ["-s"] + options + ["http://127.0.0.1:\(port)/"]).output
      }
      _ = try ask(.local(proxy.port()))
      let table = try curl()
      #expect(table.contains(nginx.address) && !table.contains("<"))
      #expect(try curl("-H", "Accept: text/html").hasPrefix("<!doctype html>"))
      #expect(try curl("-X", "POST", "-w", "%{http_code}", "-o", "/dev/null") == "405")
      #expect(try curl("-I").hasPrefix("HTTP/1.1 200"))
    }
  }
}
