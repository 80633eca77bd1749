import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Clients that get the backend that they had.
  @Suite(.needs("nginx")) struct Stick {
    let stage = Stage()

    private struct Answer: Decodable {
      struct Client: Decodable {
        let client, backend: String
        let idle: Int
      }
      struct Figures: Decodable { let entries, size, lifetime, hits, moves, evictions: Int }
      let figures: Figures
      let backends: [String: Int]
      let clients: [Client]
    }

    private struct Why: Decodable {
      let pick: String?
      let sentence: String
      let hints: [String]
    }

    private struct Upgraded: Decodable { let pid: Int }

    private func keys(_ servers: [Nginx], stick: String = "{}") -> String {
      let backends = servers.map { "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }" }
      return """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "pools": [{ "name": "main", "slowStart": "0s", \
        "backends": [\(backends.joined(separator: ", "))], "health": \(fastHealth), "stick": \(stick) }]
        """
    }

    private func stick(_ proxy: MartletProcess, _ query: String = "") throws -> Answer {
      try proxy.ask(Answer.self, "GET", "/v1/stick?pool=main\(query)")
    }

    private let clients = (2..<22).map { "127.0.0.\($0)" }

    /// Asks for each client, and gives the server of each.
    private func round(_ port: UInt16) throws -> [String: String] {
      Dictionary(
        uniqueKeysWithValues: try clients.map { ($0, String(try ask(.local(port), from: $0).body.dropLast())) })
    }

    @Test("a client gets its backend again: round after round, over a reload, another backend and an upgrade")
    func again() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(Array(servers.prefix(2))))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let first = try round(port)
      #expect(Set(first.values) == ["a", "b"])
      for _ in 0..<3 { #expect(try round(port) == first) }
      try proxy.reload(keys(servers, stick: #"{ "for": "10m", "size": 500 }"#))
      try proxy.waitUntilAllUp()
      #expect(try round(port) == first, "a new backend gets new clients only")
      let before = try stick(proxy)
      #expect(before.figures.entries == 20 && before.figures.size == 500 && before.figures.lifetime == 600)
      #expect(before.figures.hits == 80 && before.figures.moves == 0 && before.backends == ["a": 10, "b": 10, "c": 0])
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(next.pid), SIGKILL) }
      try proxy.waitUntil("the new process answers") { $0.process.pid == Int32(next.pid) }
      #expect(try round(port) == first)
      let after = try stick(proxy)
      #expect(after.figures.hits == 100 && after.figures.moves == 0 && after.figures.entries == 20)
    }

    @Test(
      "a session that an upgrade leaves where it is counts when it ends: its client has its backend for as long again")
    func endedLater() throws {
      let servers = try stage.nginx(count: 3)
      let upgrade = "\"upgrade\": { \"drain\": \"30s\" }, "
      let proxy = try stage.martlet(upgrade + keys(servers, stick: #"{ "for": "3s" }"#))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      var sessions: [(client: String, socket: ClientSocket, body: String)] = []
      for client in clients.prefix(8) {
        let socket = try ClientSocket(.local(port), from: client)
        sessions.append((client, socket, try socket.request().body))
      }
      #expect(Set(sessions.map(\.body)).count == 3)
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(next.pid), SIGKILL) }
      try proxy.waitUntil("the new process answers") { $0.process.pid == Int32(next.pid) }
      // Longer than what the new process was told at first holds.
      usleep(4_200_000)
      func end(_ ended: some Collection<(client: String, socket: ClientSocket, body: String)>) throws {
        for session in ended {
          #expect(try session.socket.request().body == session.body)
          session.socket.finish()
        }
        let names = Set(ended.map(\.client))
        try waitUntil("the new process knows that they have ended") {
          try stick(proxy).clients.count { names.contains($0.client) && $0.idle < 2 } == names.count
        }
        for session in ended { #expect(try ask(.local(port), from: session.client).body == session.body) }
      }
      try end(sessions.dropLast())
      // With the last one the process before ends.
      try end(sessions.suffix(1))
      let after = try stick(proxy)
      #expect(after.figures.hits == sessions.count && after.figures.moves == 0)
    }

    @Test("a client whose backend takes no sessions gets another one, and keeps that")
    func moved() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let first = try round(port)
      try proxy.override(#"{ "pool": "main", "backend": "a", "action": "drain" }"#)
      let second = try round(port)
      #expect(!second.values.contains("a"))
      for client in clients where first[client] != "a" { #expect(second[client] == first[client]) }
      try proxy.override(#"{ "pool": "main", "backend": "a", "action": "ready" }"#)
      #expect(try round(port) == second)
      let moves = first.values.count { $0 == "a" }
      #expect(try stick(proxy).figures.moves == moves && moves > 0)
      let text = try proxy.get("/metrics").body
      #expect(text.contains(#"martlet_pool_stick_moves_total{pool="main"} \#(moves)"#))
      #expect(text.contains(#"martlet_pool_stick_entries{pool="main"} 20"#))
      // A backend that is gone from the configuration takes its clients along.
      try proxy.reload(keys(Array(servers.dropLast())))
      #expect(try stick(proxy).figures.entries == second.values.count { $0 != "c" })
    }

    @Test("why tells where a client goes, and what is forgotten goes where the strategy says")
    func told() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let first = try round(port)
      for client in clients.prefix(5) {
        let why = try proxy.ask(Why.self, "GET", "/v1/why?pool=main&client=\(client)")
        #expect(why.pick == first[client] && why.sentence.contains(client), "\(why)")
        #expect(try stick(proxy, "&client=\(client)").clients.map(\.backend) == [first[client]])
      }
      #expect(try stick(proxy, "&limit=3").clients.count == 3)
      try proxy.override(#"{ "pool": "main", "backend": "a", "action": "drain" }"#)
      let client = try #require(clients.first { first[$0] == "a" })
      let why = try proxy.ask(Why.self, "GET", "/v1/why?pool=main&client=\(client)")
      #expect(why.pick == "b" && why.hints.contains { $0.contains("\(client) had a") }, "\(why)")
      #expect(try proxy.admin("DELETE", "/v1/stick?pool=main&client=\(client)").status == 200)
      #expect(try proxy.admin("DELETE", "/v1/stick?pool=main&client=\(client)").status == 404)
      #expect(try stick(proxy).figures.entries == 19)
      #expect(try proxy.admin("DELETE", "/v1/stick?pool=main").body.contains("19 clients"))
      #expect(try stick(proxy).figures.entries == 0)
      try proxy.reload(keys(servers, stick: "\"off\""))
      let answer = try proxy.admin("GET", "/v1/stick?pool=main")
      #expect(answer.status == 409 && answer.body.contains("\\\"stick\\\": {}"), "\(answer)")
    }
  }
}
