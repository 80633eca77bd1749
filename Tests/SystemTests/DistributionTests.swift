import Support
import Testing

extension System {
  /// Who gets which session, as the servers themselves tell.
  @Suite(.needs("nginx")) struct Distribution {
    let stage = Stage()

    @Test("3,000 sessions of several clients on 3 servers are exactly 1,000 each", arguments: [1, 2])
    func exact(workers: Int) throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(pools("\"backends\": \(servers.backends)", workers: workers))
      let port = try proxy.port()
      let clients = (0..<4).map { _ in Background { try shares(of: port, requests: 750) } }
      let counts = try clients.map { try $0.join() }
        .reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
      #expect(counts == ["a": 1000, "b": 1000, "c": 1000])
      let report = try proxy.waitUntil("all sessions are over") { try $0.pool().sessions.active == 0 }
      #expect(try report.pool().backends.map(\.sessions.total) == [1000, 1000, 1000])
      #expect(report.workers.map(\.accepted).reduce(0, +) == 3000)
      #expect(report.workers.count == workers && report.workers.allSatisfy { $0.accepted > 500 })
    }

    @Test("weights are kept exactly, and mixed rather than one after another")
    func weights() throws {
      let servers = try stage.nginx(count: 3)
      let backends = zip(servers, [1, 2, 5]).map { "{ \"address\": \"\($0.address)\", \"weight\": \($1) }" }
      let proxy = try stage.martlet(pools("\"backends\": [\(backends.joined(separator: ", "))]", workers: 2))
      #expect(try shares(of: proxy.port(), requests: 80) == ["a": 10, "b": 20, "c": 50])
      for _ in 0..<8 { #expect(try shares(of: proxy.port(), requests: 8)["c"] == 5) }
    }

    @Test(
      "random strategies use all servers, evenly enough", arguments: ["random", "two-choices", "least-connections"])
    func random(strategy: String) throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(
        pools("\"backends\": \(servers.backends), \"strategy\": \"\(strategy)\"", workers: 2))
      let counts = try shares(of: proxy.port(), requests: 600)
      // Five standard deviations of 600 draws with a third each are 58.
      #expect(counts.count == 3 && counts.values.allSatisfy { abs($0 - 200) < 58 }, "\(counts)")
    }

    @Test("least-connections keeps long sessions level over the workers, around a server that was full before")
    func leastConnections() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(
        pools("\"backends\": \(servers.backends), \"strategy\": \"least-connections\"", workers: 2))
      let port = try proxy.port()
      var sessions = try (0..<30).map { _ in
        let socket = try ClientSocket(.local(port))
        return (socket, server: try socket.request().body)
      }
      #expect(try proxy.report().pool().backends.map(\.sessions.active) == [10, 10, 10])
      sessions.removeAll { $0.server == "b\n" }
      try proxy.waitUntil("b is free") { try $0.backend("b").sessions.active == 0 }
      for _ in 0..<10 { #expect(try ask(.local(port)).body == "b\n") }
      #expect(sessions.count == 20)
    }

    @Test("with source-hash a client's address stays at its server, and few move when another leaves")
    func sourceHash() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(
        pools(
          "\"backends\": \(servers.backends), \"strategy\": \"source-hash\", \"slowStart\": \"0s\"", workers: 2,
          health: fastHealth))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let clients = (1...60).map { "127.0.1.\($0)" }
      func homes() throws -> [String] { try clients.map { try ask(.local(port), from: $0).body } }
      let before = try homes()
      #expect(Set(before) == ["a\n", "b\n", "c\n"])
      #expect(try homes() == before)
      servers[1].kill()
      try proxy.waitUntil("b is down") { try $0.backend("b").state == "down" }
      let without = try homes()
      #expect(!without.contains("b\n"))
      let moved = zip(before, without).filter { $0 != "b\n" && $0 != $1 }.count
      #expect(moved <= clients.count / 10, "\(moved) of the others' clients moved")
      try servers[1].start()
      try proxy.waitUntilAllUp()
      #expect(try homes() == before)
    }

    @Test("each listener serves its own pool")
    func pools() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "one", "bind": "127.0.0.1:0", "pool": "first" },
          { "name": "two", "bind": "127.0.0.1:0", "pool": "second" },
          { "name": "three", "bind": "127.0.0.1:0", "pool": "second" }],
        "pools": [{ "name": "first", "backends": \([servers[0]].backends) },
          { "name": "second", "backends": \(Array(servers[1...]).backends) }]
        """)
      #expect(try shares(of: proxy.port("one"), requests: 10) == ["a": 10])
      #expect(try shares(of: proxy.port("two"), requests: 10) == ["b": 5, "c": 5])
      #expect(try shares(of: proxy.port("three"), requests: 10) == ["b": 5, "c": 5])
      let report = try proxy.report()
      #expect(report.listeners.map(\.sessions.total) == [10, 10, 10])
      #expect(report.pools.map(\.sessions.total) == [10, 20])
    }

    private func pools(_ pool: String, workers: Int, health: String = "{ \"type\": \"none\" }") -> String {
      """
      "workers": \(workers), "listeners": [{ "bind": "127.0.0.1:0" }],
      "pools": [{ "name": "web", "health": \(health), \(pool) }]
      """
    }
  }
}
