import Glibc
import Support
import Testing

extension System {
  /// Servers that die, hang and come back under load.
  @Suite(.needs("nginx")) struct Failover {
    let stage = Stage()

    @Test("when one of three servers is killed under load no new session fails, and the others' sessions go on")
    func killed() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(pool(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      // Sessions that stand over the whole time: two on each server.
      let sessions = try (0..<6).map { _ in
        let socket = try ClientSocket(.local(port))
        return (socket, server: try socket.request().body)
      }
      #expect(Set(sessions.map(\.server)) == ["a\n", "b\n", "c\n"])

      let load = Load(port)
      usleep(300_000)
      let lastMoment = ContinuousClock.now
      servers[1].kill()
      let gone = ContinuousClock.now
      try proxy.waitUntil("the death is noticed") { try $0.backend("b").state == "down" }
      usleep(300_000)
      let attempts = try load.end()

      let (before, after) = (attempts.filter { $0.ended < lastMoment }, attempts.filter { $0.began >= gone })
      #expect(before.count > 100 && after.count > 100, "there was no load: \(before.count), \(after.count)")
      #expect(before.filter(\.isFailed).isEmpty)
      #expect(after.filter(\.isFailed).isEmpty, "\(after.filter(\.isFailed).prefix(3))")
      // What was underway at that moment may have failed, but only that: one of each client.
      #expect(attempts.count(where: \.isFailed) <= 4)
      #expect(Set(before.compactMap(\.server)) == ["a", "b", "c"])
      #expect(Set(after.compactMap(\.server)) == ["a", "c"])
      for (socket, server) in sessions where server != "b\n" {
        #expect(try socket.request().body == server)
      }
      for (socket, server) in sessions where server == "b\n" {
        #expect(throws: (any Error).self) { try socket.request() }
      }
      let report = try proxy.report()
      #expect(try report.backend("b").connect.failures["refused", default: 0] > 0)
      #expect(try report.pool().retries > 0)
      #expect(try report.pool().refused.values.allSatisfy { $0 == 0 })
      #expect(report.transitions.contains { $0.backend == "b" && $0.to == "down" })
    }

    @Test("a server that accepts and never answers is noticed by an HTTP check, and not by a TCP check")
    func frozen() throws {
      let servers = try stage.nginx(count: 2)
      let byHTTP = try stage.martlet(pool(servers))
      let byTCP = try stage.martlet(pool(servers, health: fastHealth.replacing("\"http\"", with: "\"tcp\"")))
      try byHTTP.waitUntilAllUp()
      try byTCP.waitUntilAllUp()
      servers[0].freeze()
      defer { servers[0].thaw() }
      let report = try byHTTP.waitUntil("it's noticed") { try $0.backend("a").state == "down" }
      let reason = try report.backend("a").reason
      #expect(reason.contains("timeout"), "\(reason)")
      #expect(try shares(of: byHTTP.port(), requests: 10) == ["b": 10])
      // Ten intervals later the other still takes it for good.
      usleep(1_000_000)
      #expect(try byTCP.report().backend("a").state == "up")
    }

    @Test("a server that comes back is used again, little by little")
    func comesBack() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(pool(servers, slowStart: "4s"))
      try proxy.waitUntilAllUp()
      #expect(try shares(of: proxy.port(), requests: 100) == ["a": 50, "b": 50])
      servers[0].kill()
      try proxy.waitUntil("its death is noticed") { try $0.backend("a").state == "down" }
      #expect(try shares(of: proxy.port(), requests: 100) == ["b": 100])
      try servers[0].start()
      let back = try proxy.waitUntil("its return is noticed") { try $0.backend("a").state == "warming" }
      #expect(try back.backend("a").effectiveWeight < 0.5)
      let cold = try shares(of: proxy.port(), requests: 100)
      #expect((1...35).contains(cold["a", default: 0]), "\(cold)")
      try proxy.waitUntil("it gets warmer") { try $0.backend("a").effectiveWeight > 0.6 }
      let warmer = try shares(of: proxy.port(), requests: 100)
      #expect(warmer["a", default: 0] > cold["a", default: 0], "\(cold) \(warmer)")
      try proxy.waitUntilAllUp()
      #expect(try shares(of: proxy.port(), requests: 100) == ["a": 50, "b": 50])
      let states = try proxy.report().transitions.filter { $0.backend == "a" }.reversed().map(\.to)
      #expect(states == ["up", "down", "warming", "up"])
    }

    @Test("the second tier takes over when the first is down, and gives back")
    func tiers() throws {
      let servers = try stage.nginx(count: 3)
      let backends =
        "[ \"\(servers[0].address)\", \"\(servers[1].address)\", "
        + "{ \"address\": \"\(servers[2].address)\", \"tier\": 1 } ]"
      let proxy = try stage.martlet(pool(servers, backends: backends))
      try proxy.waitUntilAllUp()
      #expect(try proxy.report().pool().tiersActive == [0])
      #expect(try shares(of: proxy.port(), requests: 20) == ["a": 10, "b": 10])
      servers[0].kill()
      #expect(try shares(of: proxy.port(), requests: 20) == ["b": 20])
      servers[1].kill()
      // At once, by trying again: the checks haven't seen anything yet.
      #expect(try shares(of: proxy.port(), requests: 20) == ["c": 20])
      try proxy.waitUntil("the next tier is in charge") { report in
        try report.pool().tiersActive == [1] && report.pool().backends.prefix(2).allSatisfy { $0.state == "down" }
      }
      try servers[0].start()
      try proxy.waitUntil("the first is in charge again") { try $0.pool().tiersActive == [0] }
      try waitUntil("sessions go there") { try ask(.local(proxy.port())).body == "a\n" }
      #expect(try shares(of: proxy.port(), requests: 20) == ["a": 20])
    }

    @Test(
      "sessions of a server that hangs go on by default, and end at once with onDown close", arguments: [false, true])
    func onDown(closes: Bool) throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(pool(servers, more: closes ? "\"onDown\": \"close\"" : "\"onDown\": \"keep\""))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let sessions = try (0..<4).map { _ in
        let socket = try ClientSocket(.local(port), limit: .seconds(3))
        return (socket, server: try socket.request().body)
      }
      servers[0].freeze()
      defer { servers[0].thaw() }
      try proxy.waitUntil("it's noticed") { try $0.backend("a").state == "down" }
      if closes {
        try proxy.waitUntil("its sessions are over") { try $0.backend("a").sessions.active == 0 }
        #expect(try proxy.report().backend("a").closes["backendDown"] == 2)
      }
      servers[0].thaw()
      for (socket, server) in sessions {
        if closes, server == "a\n" {
          #expect(throws: (any Error).self) { try socket.request() }
        } else {
          #expect(try socket.request().body == server)
        }
      }
    }

    @Test("with every server down clients are refused by a reset, which is counted, and served when one is back")
    func allDown() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(pool(servers))
      try proxy.waitUntilAllUp()
      #expect(try proxy.get("/readyz").status == 200)
      for server in servers { server.kill() }
      // Before it's noticed: both are tried.
      #expect(throws: ClientError.reset) { try ask(.local(proxy.port())) }
      #expect(try proxy.report().listeners[0].refused["connectFailed"] == 1)
      try proxy.waitUntil("it's noticed") { try $0.pool().state == "down" }
      for _ in 0..<5 { #expect(throws: ClientError.reset) { try ask(.local(proxy.port())) } }
      let report = try proxy.report()
      #expect(report.listeners[0].refused["noBackend"] == 5)
      #expect(try report.pool().refused["noBackend"] == 5)
      let ready = try proxy.get("/readyz")
      #expect(ready.status == 503 && ready.body.contains("pool"), "\(ready)")
      #expect(try proxy.get("/healthz").status == 200)

      try servers[1].start()
      try proxy.waitUntil("one is back") { try $0.pool().state == "degraded" }
      #expect(try ask(.local(proxy.port())).body == "b\n")
      #expect(try proxy.get("/readyz").status == 200)
    }

    @Test("without health checks a dead server is ejected by the sessions' failures, and comes back")
    func ejection() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(
        pool(
          servers, health: "{ \"type\": \"none\" }",
          more: "\"ejection\": { \"failures\": 3, \"base\": \"1s\", \"max\": \"2s\" }"))
      #expect(try shares(of: proxy.port(), requests: 30) == ["a": 10, "b": 10, "c": 10])
      servers[1].kill()
      let after = try shares(of: proxy.port(), requests: 20)
      #expect(after["b"] == nil && after.values.reduce(0, +) == 20)
      let report = try proxy.waitUntil("it's ejected") { try $0.backend("b").state == "ejected" }
      // Workers go by their snapshots: one or two more may try it until the news has reached them.
      #expect((3...6).contains(try report.backend("b").connect.failures["refused"] ?? 0))
      usleep(100_000)
      let attempts = try proxy.report().backend("b").connect.attempts
      #expect(try shares(of: proxy.port(), requests: 10).values.reduce(0, +) == 10)
      #expect(try proxy.report().backend("b").connect.attempts == attempts, "it was tried while it was out")
      try servers[1].start()
      try proxy.waitUntil("it's back") { try $0.backend("b").state == "up" }
      #expect(try shares(of: proxy.port(), requests: 30)["b"] == 10)
    }

    @Test("when most servers on several hosts fall silent at once the last state is held, and said")
    func correlated() throws {
      let servers = try (1...4).map { try stage.nginx("host\($0)", on: "127.0.0.\($0)") }
      // So many failures are needed that each server has failed at least once before any is out.
      let patient = fastHealth.replacing("\"fall\": 2", with: "\"fall\": 5")
      let proxy = try stage.martlet(pool(servers, health: patient))
      try proxy.waitUntilAllUp()
      for server in servers[1...] { server.freeze() }
      defer { for server in servers { server.thaw() } }
      let frozen = ["host2", "host3", "host4"]
      let report = try proxy.waitUntil("they're held") { report in
        try frozen.allSatisfy { try report.backend($0).state == "held" }
      }
      for name in frozen { #expect(try report.backend(name).reason.contains("held")) }
      usleep(1_500_000)
      #expect(try proxy.report().pools[0].backends.count { $0.state == "down" } == 0)
      for server in servers { server.thaw() }
      try proxy.waitUntilAllUp()
      // Newest first: why they were held, and why that is over.
      let reasons = try proxy.report().transitions.filter { $0.backend == "host2" && $0.cause == "active" }.map(
        \.reason)
      #expect(reasons.first == "backends answer again" && reasons.contains { $0.hasPrefix("most backends are silent") })
    }

    private func pool(
      _ servers: [Nginx], backends: String? = nil, health: String = fastHealth, slowStart: String = "0s",
      more: String = "\"onDown\": \"keep\""
    ) -> String {
      """
      "workers": 2, "listeners": [{ "bind": "127.0.0.1:0" }],
      "pools": [{ "name": "web", "backends": \(backends ?? servers.backends), "health": \(health),
        "slowStart": "\(slowStart)", \(more) }]
      """
    }
  }
}
