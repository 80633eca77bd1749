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

    private struct Owner: Equatable {
      let mode: mode_t
      let user: uid_t
      let group: gid_t
      let inode: ino_t

      init(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failure("there is no \(path)") }
        (mode, user, group, inode) = (status.st_mode & 0o777, status.st_uid, status.st_gid, status.st_ino)
      }
    }

    @Test("its mode and owners are as configured, change by reload without another socket, and last over an upgrade")
    func owners() throws {
      let server = try stage.nginx("a")
      let path = try stage.folder().path + "/front"
      func keys(_ access: String) -> String {
        self.keys(server, at: path).replacing("\"bind\"", with: "\(access) \"bind\"")
      }
      let proxy = try stage.martlet(keys("\"mode\": \"0600\","))
      try proxy.waitUntilAllUp()
      let first = try Owner(path)
      #expect(first.mode == 0o600)
      let isRoot = getuid() == 0
      try proxy.reload(keys("\"mode\": \"0666\"," + (isRoot ? " \"user\": \"nobody\", \"group\": \"33\"," : "")))
      let second = try Owner(path)
      #expect(second.mode == 0o666 && second.inode == first.inode)
      if isRoot { #expect(second.user == 65534 && second.group == 33) }
      struct Upgraded: Decodable { let pid: Int }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      defer { kill(pid_t(next), SIGKILL) }
      try proxy.waitForEnd()
      #expect(try Owner(path) == second)
      #expect(unlink(path) == 0)
      try Support.waitUntil("it's bound again, as it was") {
        let now = try? Owner(path)
        return now?.mode == 0o666 && now?.user == second.user && now?.group == second.group
      }
      try proxy.waitUntil("it's found again") { $0.listeners[0].state == "listening" }
      #expect(try ask(.unix(path)).body == "a\n")
    }

    @Test("whoever may not give it away is told so before anything changes", .enabled(if: getuid() == 0))
    func ungiven() throws {
      let server = try stage.nginx("a")
      let path = try stage.folder().path + "/front"
      let proxy = try stage.martlet(keys(server, at: path), wrapper: ["setpriv", "--bounding-set", "-chown"])
      try proxy.waitUntilAllUp()
      let before = try Owner(path)
      let given = keys(server, at: path).replacing(
        "\"bind\"", with: "\"mode\": \"0600\", \"user\": \"nobody\", \"bind\"")
      try proxy.configure(given)
      let refused = try proxy.admin("POST", "/v1/reload", "{}")
      #expect(refused.status == 409 && refused.body.contains("can't be given to user nobody"), "\(refused)")
      #expect(refused.body.contains("CAP_CHOWN"))
      #expect(try Owner(path) == before)
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
      // A second loss is told as the first was.
      usleep(1_500_000)
      #expect(unlink(path) == 0)
      try folder.write("front", "text")
      try Support.waitUntil("it's told again") {
        proxy.log.split(separator: "\n").count { $0.contains("there is a regular file at its path") } == 2
      }
      #expect(try proxy.stop() == .code(0))
    }

    private struct Status: Decodable {
      struct Configuration: Decodable { let source, author, since, nextTry, lastReload, confirmUntil: String? }
      let generation: Int
      let configuration: Configuration
    }

    private func status(_ proxy: MartletProcess) throws -> Status {
      try proxy.ask(Status.self, "GET", "/v1/status")
    }

    @Test("nothing that anybody has decided is touched by binding again, nor does it wait for a decision")
    func undecided() throws {
      let server = try stage.nginx("a")
      let folder = try stage.folder()
      let paths = [folder.path + "/front", folder.path + "/side"]
      let taken = try ListeningPort()
      let watch = ", \"reload\": \"watch\""
      let proxy = try stage.martlet(keys(server, at: paths[0], more: watch))
      try proxy.waitUntilAllUp()
      func lose(_ path: String) throws {
        #expect(unlink(path) == 0)
        try Support.waitUntil("\(path) is there again") { access(path, F_OK) == 0 }
        try proxy.waitUntil("it's found again") { $0.listeners.allSatisfy { $0.state == "listening" } }
        #expect(try ask(.unix(path)).body == "a\n")
      }
      // A file waits for an address that is in use.
      let start = try status(proxy)
      let waits = keys(server, at: paths[0], more: watch).replacing(
        "\"listeners\": [", with: "\"listeners\": [{ \"name\": \"other\", \"bind\": \"127.0.0.1:\(taken.port)\" }, ")
      try proxy.configure(waits)
      try Support.waitUntil("it's to be tried again") { try status(proxy).configuration.nextTry != nil }
      try lose(paths[0])
      let after = try status(proxy)
      #expect(after.generation == start.generation && after.configuration.since == start.configuration.since)
      #expect(after.configuration.author == nil && after.configuration.source == start.configuration.source)
      #expect(after.configuration.lastReload?.contains("address already in use") == true)
      // What is refused doesn't end it either.
      #expect(try proxy.admin("POST", "/v1/reload", "{ \"content\": \"{\" }").status == 422)
      try Support.waitUntil("it's tried again all the same") { try status(proxy).configuration.nextTry != nil }
      // A configuration that has to be confirmed keeps nobody from the listener.
      let content = String(
        decoding: try JSONEncoder().encode("{ \(keys(server, at: paths[1], more: watch)), \(proxy.statsKeys) }"),
        as: UTF8.self)
      #expect(try proxy.admin("POST", "/v1/reload", "{ \"content\": \(content), \"confirm\": 600 }").status == 200)
      #expect(try status(proxy).configuration.nextTry == nil, "somebody has loaded something else")
      let loaded = try status(proxy)
      try lose(paths[1])
      #expect(try status(proxy).configuration.confirmUntil == loaded.configuration.confirmUntil)
      #expect(try status(proxy).generation == loaded.generation)
      #expect(try proxy.admin("POST", "/v1/revert").status == 200)
      #expect(try ask(.unix(paths[0])).body == "a\n")
      #expect(try proxy.stop() == .code(0))
    }

    @Test(
      "files that are removed during an upgrade are bound again by the process that serves after it",
      arguments: [true, false])
    func duringUpgrade(isTaken: Bool) throws {
      let server = try stage.nginx("a")
      let path = try stage.folder().path + "/front"
      let proxy = try stage.martlet(keys(server, at: path))
      try proxy.waitUntilAllUp()
      let session = try ClientSocket(.unix(path))
      #expect(try session.request().body == "a\n")
      let then = isTaken ? "exec \(MartletProgram.path) \"$@\"" : "exit 1"
      let program = try stage.folder().write("late", "#!/bin/sh\nsleep 3\n\(then)\n", mode: 0o755)
      let door = AdminDoor(path: proxy.adminSocket)
      let upgrade = Background { try door.ask("POST", "/v1/upgrade", "{ \"program\": \"\(program)\" }") }
      try Support.waitUntil("the upgrade is under way") { proxy.log.contains("\"upgrading\"") }
      let files = [path, proxy.adminSocket, proxy.statsSocket]
      for file in files { #expect(unlink(file) == 0) }
      let (status, body) = try upgrade.join()
      #expect(status == (isTaken ? 200 : 503), "\(body)")
      for file in files { try Support.waitUntil("\(file) is there again") { access(file, F_OK) == 0 } }
      // Whoever comes is answered, though the process before still has a session.
      #expect(try proxy.admin("GET", "/v1/overrides", limit: .seconds(5)).status == 200)
      #expect(try proxy.get("/healthz").status == 200)
      #expect(try ask(.unix(path)).body == "a\n")
      #expect(try session.request().body == "a\n")
      #expect(!isTaken || !proxy.log.contains("another process listens at its path"), "\(proxy.log)")
      let pid = try proxy.report().process.pid
      #expect(isTaken == (pid != proxy.program.pid))
      session.finish()
      kill(pid, SIGTERM)
      try proxy.waitForEnd()
      try Support.waitUntil("the last process ends") { kill(pid, 0) != 0 || pid == proxy.program.pid }
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
