import FoundationEssentials
import Glibc
import Support
import Testing

extension System {
  /// What is said to be wrong, and what is remembered of the last hour.
  @Suite(.needs("nginx")) struct History {
    let stage = Stage()

    private struct Hour: Decodable {
      struct Figures: Decodable {
        let name: String?
        let active, sessions, toClient, failures, refused: [Int?]
        /// All sessions of the hour.
        var begun: Int { sessions.reduce(0) { $0 + ($1 ?? 0) } }
      }
      struct Change: Decodable { let kind, text: String }
      let step, first: Int
      let process: Figures
      let pools: [Figures]
      let changes: [Change]
    }

    private struct Upgraded: Decodable { let pid: Int }

    private struct Concerned: Decodable {
      struct Concern: Decodable {
        let severity, kind, place, state, reason: String
        let since: String?
      }
      let concerns: [Concern]
    }

    private func hour(of proxy: MartletProcess, _ query: String = "") throws -> Hour {
      let answer = try proxy.get("/history.json\(query)")
      guard answer.status == 200 else { throw Failure("\(answer)") }
      return try JSONDecoder().decode(Hour.self, from: Data(answer.body.utf8))
    }

    private func concerns(of proxy: MartletProcess) throws -> [Concerned.Concern] {
      try JSONDecoder().decode(Concerned.self, from: Data(proxy.get("/stats.json").body.utf8)).concerns
    }

    private func keys(_ server: Nginx, pool: String = "main") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0", "pool": "\(pool)" }], "shutdown": { "drain": "20s" },
      "pools": [{ "name": "\(pool)", "backends": [{ "name": "a", "address": "\(server.address)" }], "health": \(fastHealth) }]
      """
    }

    @Test("every session is in the hour once, over a reload and an upgrade, with what was changed")
    func goesOn() throws {
      let nginx = try stage.nginx("a")
      let proxy = try stage.martlet(keys(nginx))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      for _ in 0..<7 { _ = try Support.ask(.local(port)) }
      try proxy.reload(keys(nginx) + ", \"eviction\": { \"rate\": 77 }")
      #expect(try proxy.admin("POST", "/v1/reload", "{ \"content\": \"{\", \"name\": \"wrong.json\" }").status == 422)
      try Support.waitUntil("they are noted", limit: .seconds(20)) {
        let hour = try hour(of: proxy)
        return hour.process.begun == 7 && hour.pools.first?.begun == 7
      }
      let before = try hour(of: proxy)
      #expect(before.step == 5 && before.pools.map(\.name) == ["main"] && before.pools[0].begun == 7)
      #expect(try hour(of: proxy, "?after=\(before.first + before.process.active.count + 1000)").process.active.isEmpty)
      let idle = try ClientSocket(.local(port))
      _ = try idle.request()
      let upgraded = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      for _ in 0..<5 { _ = try Support.ask(.local(port)) }
      // The other process's pools come after what it tells of itself.
      try Support.waitUntil("all are in the new process's hour", limit: .seconds(20)) {
        let hour = try hour(of: proxy)
        return hour.process.begun >= 13 && hour.pools.first.map { $0.begun >= 13 } ?? false
      }
      let after = try hour(of: proxy)
      #expect(after.first == before.first && after.process.begun == 13 && after.pools.first?.begun == 13)
      #expect(after.changes.map(\.kind).filter { $0 != "transition" } == ["start", "reload", "refusal", "upgrade"])
      #expect(after.process.active.last == 1, "the session that the other process has left")
      kill(pid_t(upgraded.pid), SIGTERM)
      idle.finish()
    }

    @Test("what is wrong is told in every form, from when it begins to be until it's over")
    func wrong() throws {
      let nginx = try stage.nginx("a")
      let proxy = try stage.martlet(keys(nginx))
      try proxy.waitUntilAllUp()
      #expect(try concerns(of: proxy).isEmpty)
      #expect(try proxy.get("/").body.contains("\nnothing is wrong\n"))
      try proxy.override(
        "{ \"pool\": \"main\", \"backend\": \"a\", \"action\": \"drain\", \"force\": true, \"reason\": \"a\u{202E}b\" }"
      )
      let socket = try ClientSocket(.local(proxy.port()))
      #expect(throws: ClientError.reset) { try socket.receiveAll() }
      let known = try proxy.waitUntil("the client that was turned away is noticed", limit: .seconds(20)) { _ in
        try concerns(of: proxy).contains { $0.kind == "refusals" }
      }
      let all = try concerns(of: proxy)
      #expect(
        all.map { "\($0.severity) \($0.place) \($0.state)" } == [
          "critical pool main down", "critical pool main refusing clients", "notice main/a draining",
        ])
      #expect(all[1].reason == "noBackend 1" && all.allSatisfy { $0.since != nil })
      #expect(try all[0].since == known.backend("a").since)
      let text = try proxy.get("/").body
      #expect(text.contains("wrong now\n") && text.contains("a\\u{202e}b") && !text.contains("\u{202E}"))
      #expect(try proxy.admin("GET", "/v1/status").body.contains("\"refusing clients\""))
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"a\", \"action\": \"ready\" }")
      try Support.waitUntil("only what a client suffered within the last minute is left") {
        try concerns(of: proxy).map(\.kind) == ["refusals"]
      }
    }
  }
}
