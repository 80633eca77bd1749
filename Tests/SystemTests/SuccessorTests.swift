import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Processes that were started to take the place of one that serves, and don't do as they should; and the end of one that
  /// has been replaced or stopped.
  @Suite(.needs("nginx")) struct Successor {
    let stage = Stage()

    private func keys(_ server: Nginx, more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "shutdown": { "drain": "20s" },
      "pools": [{ "name": "main", "backends": [{ "name": "a", "address": "\(server.address)" }], "health": \(fastHealth) }]\(more)
      """
    }

    /// A program that says something to the process before it, and then does as the script says. It's told all that a
    /// successor is told, and reads none of it.
    private func program(_ folder: TemporaryFolder, says message: String, then script: String) throws -> String {
      // A head of 8 bytes: how many bytes follow, and that no descriptor does.
      let head =
        String(format: "\\%03o\\%03o", message.utf8.count & 0xFF, message.utf8.count >> 8)
        + "\\000\\000\\000\\000\\000\\000"
      return try folder.write(
        "successor", "#!/bin/sh\nprintf '\(head)' >&3\nprintf '%s' '\(message)' >&3\n\(script)\n", mode: 0o755)
    }

    @Test("one that says that it can't take over changes nothing, however often it's tried")
    func refusing() throws {
      let proxy = try stage.martlet(keys(try stage.nginx("a")))
      try proxy.waitUntilAllUp()
      let refusal = "{\"failed\":{\"reason\":\"no room here\"}}"
      let folder = try stage.folder()
      // What comes after its word, or instead of its end, is heard no more.
      for more in ["exit 0", "sleep 30", "printf '\\377\\377\\377\\377\\377\\377\\377\\377' >&3; sleep 30"] {
        let successor = try program(folder, says: refusal, then: more)
        let (status, body) = try proxy.admin("POST", "/v1/upgrade", "{ \"program\": \"\(successor)\" }")
        #expect(status == 503 && body.contains("no room here"), "\(status) \(body)")
        #expect(try ask(.local(proxy.port())).body == "a\n")
        #expect(try proxy.report().process.pid == proxy.program.pid)
      }
      struct Upgraded: Decodable { let pid: Int }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      #expect(try ask(.local(proxy.port())).body == "a\n")
      try proxy.waitForEnd()
      kill(pid_t(next), SIGTERM)
      try Support.waitUntil("the new process ends") { kill(pid_t(next), 0) != 0 }
    }

    @Test("one that takes over and never reads again doesn't hold the process up, nor let it grow")
    func deaf() throws {
      let proxy = try stage.martlet(keys(try stage.nginx("a")))
      try proxy.waitUntilAllUp()
      let session = try ClientSocket(.local(proxy.port()))
      #expect(try session.request().body == "a\n")
      let successor = try program(
        try stage.folder(), says: "{\"ready\":{\"version\":\"9\",\"pid\":1}}", then: "exec sleep 60")
      let (status, body) = try proxy.admin("POST", "/v1/upgrade", "{ \"program\": \"\(successor)\" }")
      #expect(status == 200, "\(body)")
      // It's told twice a second how it goes.
      for _ in 0..<20 {
        #expect(try session.request().body == "a\n")
        usleep(100_000)
      }
      session.finish()
      #expect(try proxy.program.wait(limit: .seconds(5)) == .code(0))
    }

    @Test("while it drains, a plan is answered, and takes nothing that was given away")
    func planWhileDraining() throws {
      let server = try stage.nginx("a")
      let proxy = try stage.martlet(keys(server))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let session = try ClientSocket(.local(port))
      #expect(try session.request().body == "a\n")
      proxy.program.send(SIGTERM)
      try Support.waitUntil("nobody listens any more") { refuses(port) }
      // Descriptors that were the listener's may be anything by now.
      let others = try (0..<20).map { _ in try ClientSocket(.unix(proxy.adminSocket)) }
      for bind in ["127.0.0.1:0", "127.0.0.1:\(port)", "unix:\(proxy.adminSocket).more"] {
        let moved = """
          { "listeners": [{ "name": "other", "bind": "\(bind)", "pool": "main" }],
            "pools": [{ "name": "main", "backends": ["\(server.address)"] }] }
          """
        let content = try String(decoding: JSONEncoder().encode(["content": moved]), as: UTF8.self)
        let (status, body) = try proxy.admin("POST", "/v1/plan", content)
        #expect(status == 200 && body.contains("about to end"), "\(status) \(body)")
      }
      #expect(refuses(port))
      #expect(try session.request().body == "a\n")
      session.finish()
      withExtendedLifetime(others) {}
      #expect(try proxy.program.wait(limit: .seconds(5)) == .code(0))
    }

    @Test("more sockets than fit into a message are handed over all the same")
    func manySockets() throws {
      let server = try stage.nginx("a")
      let listeners = (0..<70).map { "{ \"name\": \"l\($0)\", \"bind\": \"127.0.0.1:0\", \"pool\": \"main\" }" }
      let proxy = try stage.martlet(
        """
        "workers": 64, "listeners": [\(listeners.joined(separator: ", "))],
        "pools": [{ "name": "main", "backends": [{ "name": "a", "address": "\(server.address)" }], "health": \(fastHealth) }]
        """)
      try proxy.waitUntilAllUp()
      struct Upgraded: Decodable { let pid: Int }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      for name in ["l0", "l69"] { #expect(try ask(.local(proxy.port(name))).body == "a\n") }
      #expect(try proxy.report().process.pid == Int32(next))
      try proxy.waitForEnd()
      kill(pid_t(next), SIGTERM)
      try Support.waitUntil("the new process ends") { kill(pid_t(next), 0) != 0 }
    }

    @Test(
      "a descriptor that isn't there, or isn't what it should be, is named with its variable",
      arguments: ["99", "-1", "3", "2147483647", "1", "x", "", "99999999999999999999"])
    func strayVariable(_ number: String) throws {
      let file = try stage.folder().write(
        "martlet.json", "{ \"listen\": [\"127.0.0.1:0\"], \"backends\": [\"127.0.0.1:1\"] }")
      let result = try MartletProgram.run(["run", "--config", file], environment: ["MARTLET_HANDOVER": number])
      #expect(result.exit == .code(69), "\(result.errors)")
      #expect(
        result.errors.contains("MARTLET_HANDOVER is \"\(number)\"") && result.errors.contains("unset it"),
        "\(result.errors)")
    }
  }
}
