import FoundationEssentials
import Glibc
import Support
import Testing

extension System {
  /// Whom a listener lets in, by lists that change while it runs.
  @Suite struct Admission {
    let stage = Stage()

    private struct Why: Decodable {
      struct Admission: Decodable { let listener: String, isLetIn: Bool, reason: String }
      let sentence: String
      let admission: [Admission]?
    }

    private struct Report: Decodable {
      struct Listener: Decodable { let admission: Admission? }
      struct Admission: Decodable { let files: [File] }
      struct File: Decodable { let path: String, ranges: Int, problem: String? }
      struct Concern: Decodable { let kind, reason: String }
      let listeners: [Listener]
      let concerns: [Concern]?
    }

    private func wrong(_ proxy: MartletProcess) throws -> [String] {
      let report = try JSONDecoder().decode(Report.self, from: Data(try proxy.get("/stats.json").body.utf8))
      return (report.concerns ?? []).filter { $0.kind == "admission" }.map(\.reason)
    }

    private func keys(_ server: Nginx, _ lists: String) -> String {
      """
      "listeners": [{ "name": "edge", "bind": "127.0.0.1:0"\(lists) }],
      "pools": [{ "name": "main", "backends": ["\(server.address)"], "health": \(fastHealth) }]
      """
    }

    @Test(
      "what is denied at run time is kept over a restart of the process, and ends; --close ends who is in",
      .needs("nginx"))
    func commands() throws {
      let server = try stage.nginx("a")
      let proxy = try stage.martlet(keys(server, ""))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      func isLetIn(_ client: String) -> Bool { (try? ask(.local(port), from: client))?.body == "a\n" }
      func martlet(_ words: String...) throws -> Subprocess.Result {
        try MartletProgram.run(words + ["--socket", proxy.adminSocket])
      }
      let standing = try ClientSocket(.local(port), from: "127.0.0.8", limit: .seconds(10))
      let other = try ClientSocket(.local(port), from: "127.0.0.10", limit: .seconds(10))
      try proxy.waitUntil("both stand") { $0.listeners[0].sessions.active == 2 }

      let denied = try martlet("deny", "127.0.0.8/31", "--for", "1h", "--reason", "a scanner", "--close")
      #expect(denied.output.contains("127.0.0.8/31 denied by") && denied.output.contains("1 sessions end"), "\(denied)")
      #expect(throws: ClientError.self) { _ = try standing.receiveAll() }
      try proxy.waitUntil("one is left") { $0.listeners[0].sessions.active == 1 }
      #expect(!isLetIn("127.0.0.9") && isLetIn("127.0.0.10"))
      #expect(try martlet("allow", "127.0.0.9", "--listener", "edge").exit == .code(0))
      #expect(isLetIn("127.0.0.9") && !isLetIn("127.0.0.8"))
      #expect(try martlet("overrides").output.contains("a scanner"))
      let why = try proxy.ask(Why.self, "GET", "/v1/why?pool=edge&client=127.0.0.8")
      #expect(why.admission?.first?.reason.contains("a scanner") == true, "\(why)")

      // It's in the process that takes this one's place, with what it says of its own accord.
      #expect(try martlet("upgrade").exit == .code(0))
      try waitUntil("it's denied there, too") { !isLetIn("127.0.0.8") && isLetIn("127.0.0.9") }
      #expect(try martlet("deny", "127.0.0.8/31", "--remove").output.contains("no longer denied"))
      #expect(isLetIn("127.0.0.8"))
      #expect(try martlet("deny", "127.0.0.8", "--for", "1s").exit == .code(0))
      #expect(!isLetIn("127.0.0.8"))
      try waitUntil("its time is over") { isLetIn("127.0.0.8") }
      #expect(try martlet("deny", "127.0.0.8/24").errors.contains("write 127.0.0.0/24"))
      withExtendedLifetime(other) {}
    }

    @Test("who came in at an address that the listener has left is ended as well", .needs("nginx"))
    func left() throws {
      let server = try stage.nginx("a")
      let proxy = try stage.martlet(keys(server, ""))
      try proxy.waitUntilAllUp()
      let standing = try ClientSocket(.local(try proxy.port()), from: "127.0.0.8", limit: .seconds(10))
      try proxy.waitUntil("it stands") { $0.listeners[0].sessions.active == 1 }
      let other = try FreePort.next()
      _ = try proxy.reload(keys(server, "").replacing("127.0.0.1:0", with: "127.0.0.1:\(other)"))
      let denied = try MartletProgram.run([
        "deny", "127.0.0.8", "--for", "1h", "--close", "--socket", proxy.adminSocket,
      ])
      #expect(denied.output.contains("1 sessions end"), "\(denied)")
      #expect(throws: ClientError.self) { _ = try standing.receiveAll() }
    }

    @Test(
      "clients over their limits are reset and told of, and what they have taken is known after a reload",
      .needs("nginx"))
    func limits() throws {
      let server = try stage.nginx("a")
      func limits(_ count: Int) -> String {
        keys(server, ", \"limits\": { \"perClient\": { \"sessions\": \(count), \"rate\": \"1000/s\" } }")
      }
      let proxy = try stage.martlet(limits(2))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      func isLetIn(_ client: String) -> Bool { (try? ask(.local(port), from: client))?.body == "a\n" }
      let standing = try (0..<2).map { _ in try ClientSocket(.local(port), from: "127.0.0.8", limit: .seconds(10)) }
      try proxy.waitUntil("both stand") { $0.listeners[0].sessions.active == 2 }
      #expect(!isLetIn("127.0.0.8") && isLetIn("127.0.0.9"))
      let status = try MartletProgram.run(["status", "--socket", proxy.adminSocket]).output
      #expect(status.contains("loudest clients of listener edge") && status.contains("127.0.0.8"), "\(status)")
      #expect(
        try proxy.get("/metrics").body
          .contains("martlet_admission_refused_total{listener=\"edge\",reason=\"client_sessions\"} 1"))
      let why = try MartletProgram.run(["why", "edge", "--socket", proxy.adminSocket]).output
      #expect(
        why.contains("listener edge turned 127.0.0.8 away (it has as many sessions as a client may have), "), "\(why)")
      // The same table goes on.
      _ = try proxy.reload(limits(3))
      let third = try ClientSocket(.local(port), from: "127.0.0.8", limit: .seconds(10))
      try proxy.waitUntil("a third one stands") { $0.listeners[0].sessions.active == 3 }
      #expect(!isLetIn("127.0.0.8"))
      withExtendedLifetime((standing, third)) {}
    }

    @Test("a file of addresses is read when it changes; a wrong one changes nothing, and is told", .needs("nginx"))
    func file() throws {
      let server = try stage.nginx("a")
      let folder = try stage.folder()
      let file = try folder.write("blocked.txt", "# nobody yet\n")
      let proxy = try stage.martlet(keys(server, ", \"deny\": { \"file\": \"\(file)\" }"))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      func isLetIn(_ client: String) -> Bool { (try? ask(.local(port), from: client))?.body == "a\n" }
      #expect(isLetIn("127.0.0.9"))

      _ = try folder.write("blocked.txt", "127.0.0.8/31\n")
      try waitUntil("the list holds") { !isLetIn("127.0.0.9") }
      #expect(isLetIn("127.0.0.7"))

      _ = try folder.write("blocked.txt", "127.0.0.0/8\n127.0.0.\n")
      try waitUntil("it's told") { try wrong(proxy).contains { $0.contains("blocked.txt:2: ") } }
      #expect(!isLetIn("127.0.0.9") && isLetIn("127.0.0.7"))
      #expect(eventually { proxy.log.contains("blocked.txt:2: ") })

      let why = try proxy.ask(Why.self, "GET", "/v1/why?pool=edge&client=127.0.0.9")
      #expect(why.admission?.first?.reason == "127.0.0.8/31 in \"deny\" (\(file)) has it")
      #expect(why.sentence.contains("listener edge doesn't let 127.0.0.9 in"))
      try proxy.configure(
        keys(server, ", \"deny\": { \"file\": \"\(file)\" }, \"allow\": { \"file\": \"\(file).not\" }"))
      let refused = try proxy.admin("POST", "/v1/reload", "{}")
      #expect(refused.status >= 400 && refused.body.contains("blocked.txt.not: there is no such file"), "\(refused)")
      let check = try MartletProgram.run(["check", proxy.configurationFile])
      #expect(check.exit == .code(78) && check.errors.contains("blocked.txt"), "\(check)")

      _ = unlink(file)
      try waitUntil("it's told") { try wrong(proxy).contains { $0.contains("there is no such file") } }
      #expect(!isLetIn("127.0.0.9"))
      _ = try folder.write("blocked.txt", "127.0.0.7\n")
      try waitUntil("nothing is wrong any more") { try wrong(proxy).isEmpty }
      #expect(isLetIn("127.0.0.9") && !isLetIn("127.0.0.7"))
      let metrics = try proxy.get("/metrics").body
      #expect(metrics.contains("martlet_admission_refused_total{listener=\"edge\",reason=\"address_denied\"}"))
      _ = try proxy.reload(keys(server, ""))
      #expect(isLetIn("127.0.0.7"))
    }
  }
}
