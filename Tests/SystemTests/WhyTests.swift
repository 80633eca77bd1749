import Foundation
import Glibc
import Support
import Testing

extension System {
  /// What the proxy says of its decisions, held against what it does then.
  @Suite(.needs("nginx")) struct Why {
    let stage = Stage()

    private struct Answer: Decodable {
      struct Backend: Decodable {
        let name, reason: String
        let isEligible: Bool
        let chance: Double?
      }
      let sentence, position: String
      let pick: String?
      let next, hints: [String]
      let backends: [Backend]
    }

    private func keys(_ servers: [Nginx], pool: String = "") -> String {
      let backends = servers.map { "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }" }
      return """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "pools": [{ "name": "main", \
        "backends": [\(backends.joined(separator: ", "))], "health": \(fastHealth)\(pool.isEmpty ? "" : ", " + pool) }]
        """
    }

    private func why(_ proxy: MartletProcess, _ client: String? = nil) throws -> Answer {
      try proxy.ask(Answer.self, "GET", "/v1/why?pool=main" + (client.map { "&client=\($0)" } ?? ""))
    }

    @Test("what round robin is said to pick is what it picks, and so are those that come next")
    func roundRobin() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      for _ in 0..<10 {
        let said = try why(proxy)
        #expect(said.pick == said.next.first)
        for name in said.next { #expect(try ask(.local(port)).body == "\(name)\n") }
      }
    }

    @Test("what source-hash is said to pick for a client is where that client goes")
    func sourceHash() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers, pool: "\"strategy\": \"source-hash\""))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      var seen: Set<String> = []
      for host in 2..<20 {
        let client = "127.0.0.\(host)"
        let pick = try #require(try why(proxy, client).pick)
        seen.insert(pick)
        #expect(try ask(.local(port), from: client).body == "\(pick)\n")
      }
      #expect(seen.count > 1)
    }

    @Test("the pool needn't be named where there's one")
    func pool() throws {
      let servers = try stage.nginx(count: 1)
      let one = try stage.martlet(keys(servers))
      try one.waitUntilAllUp()
      #expect(try one.ask(Answer.self, "GET", "/v1/why").pick == "a")
      let two = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0", "pool": "main" }],
        "pools": [{ "name": "main", "backends": ["127.0.0.1:9"] }, { "name": "other", "backends": ["127.0.0.1:9"] }]
        """)
      let answer = try two.admin("GET", "/v1/why")
      #expect(answer.status == 400 && answer.body.contains("main, other"), "\(answer)")
    }

    @Test("who gets nothing is told why, in words")
    func reasons() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers, pool: "\"timeouts\": { \"idle\": \"500ms\" }"))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      servers[0].kill()
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"b\", \"action\": \"drain\", \"reason\": \"new disk\" }")
      try proxy.waitUntil("it's noticed") { try $0.backend("a").state == "down" }
      var said = try why(proxy)
      #expect(said.backends.map(\.isEligible) == [false, false, true])
      #expect(said.backends[0].reason.contains("refused"))
      #expect(said.backends[1].reason.contains("new disk"))
      #expect(said.backends.map(\.chance) == [0, 0, 1])
      #expect(said.pick == "c" && said.sentence.contains("goes to c"))
      // A client that is cut off for being idle and is back at once is a hint that the limit is too short.
      let session = try ClientSocket(.local(port))
      _ = try session.request()
      #expect(try session.receiveAll().isEmpty)
      _ = try ask(.local(port))
      said = try why(proxy)
      #expect(said.hints.contains { $0.contains("timeouts.idle") && $0.contains("500ms") })
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"c\", \"action\": \"drain\", \"force\": true }")
      said = try why(proxy)
      #expect(said.pick == nil && said.sentence.contains("no backend is eligible"))
    }

    @Test("who comes near a limit is told which, in the log and at the admin socket")
    func headroom() throws {
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(keys(servers), descriptors: 200)
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let limit = try proxy.report().process.sessionLimit
      struct Status: Decodable {
        struct Headroom: Decodable {
          struct Resource: Decodable { let name: String, used: Int, share: Double }
          let limiting: Resource
        }
        let headroom: Headroom
      }
      let sessions = try (0..<limit * 9 / 10).map { _ in try ClientSocket(.local(port)) }
      try proxy.waitUntil("they stand") { $0.pools[0].sessions.active == sessions.count }
      let limiting = try proxy.ask(Status.self, "GET", "/v1/status").headroom.limiting
      #expect(limiting.name == "sessions" && limiting.used == sessions.count && limiting.share > 0.8)
      try Support.waitUntil("it warns", limit: .seconds(15)) { proxy.log.contains("\"resource\":\"sessions\"") }
      #expect(try why(proxy).hints.contains { $0.hasPrefix("sessions: ") })
    }
  }
}
