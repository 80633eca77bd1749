import Foundation
import Glibc
import Support
import Testing

extension System {
  /// The files of Unix sockets: whose they are, and what becomes of a process whose files somebody has removed.
  @Suite(.needs("nginx")) struct SocketFiles {
    let stage = Stage()

    private func keys(_ server: Nginx, at path: String, more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "unix:\(path)" }], "shutdown": { "drain": "20s" },
      "pools": [{ "name": "main", "backends": [{ "name": "a", "address": "\(server.address)" }], "health": \(fastHealth) }]\(more)
      """
    }

    @Test("what the next process has bound while this one served its last sessions isn't removed by this one's end")
    func nextProcess() throws {
      let server = try stage.nginx("a")
      let path = try stage.folder().path + "/front"
      let first = try stage.martlet(keys(server, at: path))
      try first.waitUntilAllUp()
      let session = try ClientSocket(.unix(path))
      #expect(try session.request().body == "a\n")
      first.program.send(SIGTERM)
      try Support.waitUntil("the file is gone as soon as nobody is taken any more") { access(path, F_OK) != 0 }
      let second = try stage.martlet(keys(server, at: path))
      #expect(try ask(.unix(path)).body == "a\n")
      session.finish()
      #expect(try first.program.wait(limit: .seconds(5)) == .code(0))
      #expect(try ask(.unix(path)).body == "a\n", "the second process is still found")
      #expect(try second.stop() == .code(0))
      #expect(access(path, F_OK) != 0)
    }

    @Test("nor does an upgrade lose the file, whichever of the processes ends")
    func upgraded() throws {
      let server = try stage.nginx("a")
      let path = try stage.folder().path + "/front"
      let proxy = try stage.martlet(keys(server, at: path))
      try proxy.waitUntilAllUp()
      struct Upgraded: Decodable { let pid: Int }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      try proxy.waitForEnd()
      #expect(try ask(.unix(path)).body == "a\n")
      #expect(try proxy.report().listeners[0].state == "listening")
      kill(pid_t(next), SIGTERM)
      try Support.waitUntil("the file goes with the last process") { access(path, F_OK) != 0 }
      try Support.waitUntil("the new process ends") { kill(pid_t(next), 0) != 0 }
    }

    @Test("a file that was removed is noticed, and bound again: a listener's, the admin socket's and the stats port's")
    func removed() throws {
      let server = try stage.nginx("a")
      let path = try stage.folder().path + "/front"
      let proxy = try stage.martlet(keys(server, at: path))
      try proxy.waitUntilAllUp()
      let session = try ClientSocket(.unix(path))
      #expect(try session.request().body == "a\n")
      for file in [path, proxy.adminSocket, proxy.statsSocket] {
        #expect(unlink(file) == 0)
        try Support.waitUntil("\(file) is there again") { access(file, F_OK) == 0 }
      }
      try proxy.waitUntil("the listener is found again") { $0.listeners[0].state == "listening" }
      #expect(try ask(.unix(path)).body == "a\n")
      #expect(try proxy.admin("GET", "/v1/overrides").status == 200)
      #expect(try session.request().body == "a\n", "who had connected is served as before")
      session.finish()
      #expect(try proxy.stop() == .code(0))
      for file in [path, proxy.adminSocket, proxy.statsSocket] { #expect(access(file, F_OK) != 0) }
    }

    @Test("a file that is somebody else's is left alone, and the listener is said to be out of reach")
    func replaced() throws {
      let server = try stage.nginx("a")
      let folder = try stage.folder()
      let path = folder.path + "/front"
      let proxy = try stage.martlet(keys(server, at: path))
      try proxy.waitUntilAllUp()
      #expect(unlink(path) == 0)
      try folder.write("front", "text")
      try proxy.waitUntil("it's noticed") { $0.listeners[0].state == "unreachable" }
      try Support.waitUntil("it's told") { proxy.log.contains("there is a regular file at its path") }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "text")
      #expect(unlink(path) == 0)
      try proxy.waitUntil("it's bound again once the path is free", limit: .seconds(20)) {
        $0.listeners[0].state == "listening"
      }
      #expect(try ask(.unix(path)).body == "a\n")
      #expect(try proxy.stop() == .code(0))
    }

    @Test("at a start the message says what is at the path, and what helps")
    func messages() throws {
      let folder = try stage.folder()
      let path = try folder.write("front", "text")
      let file = try folder.write(
        "martlet.json", "{ \"listen\": [\"unix:\(path)\"], \"backends\": [\"127.0.0.1:1\"] }")
      let result = try MartletProgram.run(["run", "--config", file])
      #expect(result.exit == .code(69))
      #expect(result.errors.contains("unix:\(path): there is a regular file"), "\(result.errors)")
      #expect(result.errors.contains("remove it or choose another path"), "\(result.errors)")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "text")
      #expect(unlink(path) == 0)
      let first = try stage.martlet("\"listen\": [\"unix:\(path)\"], \"backends\": [\"127.0.0.1:1\"]")
      let second = try MartletProgram.run(["run", "--config", file])
      #expect(second.exit == .code(69))
      #expect(second.errors.contains("another process listens there"), "\(second.errors)")
      #expect(second.errors.contains("`ss -lxp src \(path)` shows who it is"), "\(second.errors)")
      #expect(try first.stop() == .code(0))
    }
  }
}
