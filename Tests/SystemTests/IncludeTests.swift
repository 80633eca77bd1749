import Foundation
import Glibc
import Support
import Testing

extension System {
  /// A configuration in several files.
  @Suite(.needs("nginx")) struct Include {
    let stage = Stage()

    private struct Upgraded: Decodable { let pid: Int }

    /// A file with a pool of one server and a listener for it.
    private func part(_ name: String, _ server: Nginx, port: UInt16) -> String {
      """
      { "listeners": [{ "name": "\(name)", "bind": "127.0.0.1:\(port)", "pool": "\(name)" }],
        "pools": [{ "name": "\(name)", "health": \(fastHealth),
          "backends": [{ "name": "\(server.name)", "address": "\(server.address)" }] }] }
      """
    }

    /// The main file's keys, with the folder that has the rest.
    private func keys(_ folder: TemporaryFolder, trigger: String) -> String {
      "\"include\": \"\(folder.path)\", \"reload\": \"\(trigger)\""
    }

    @Test("files of a folder serve; SIGHUP and `martlet reload` read them again, and a wrong one changes nothing")
    func folder() throws {
      let servers = try stage.nginx(count: 2)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let folder = try stage.folder()
      try folder.write("a.json", part("one", servers[0], port: ports[0]))
      let proxy = try stage.martlet(keys(folder, trigger: "signal"))
      try proxy.waitUntilAllUp()
      #expect(try ask(.local(ports[0])).body == "a\n")

      try folder.write("b.json", part("two", servers[1], port: ports[1]))
      usleep(500_000)
      #expect(try proxy.report().generation == 1, "it isn't watched")
      proxy.program.send(SIGHUP)
      try proxy.waitUntil("the signal is heard") { $0.generation == 2 }
      #expect(try proxy.report().pools.map(\.name) == ["one", "two"])
      #expect(try ask(.local(ports[1])).body == "b\n")

      // What is only written otherwise is the same.
      try folder.write("c.json", part("two", servers[1], port: ports[1]))
      unlink(folder.path + "/b.json")
      #expect(try proxy.ask(AdminReloaded.self, "POST", "/v1/reload", "{}").changes == [])

      let generation = try proxy.report().generation
      try folder.write("d.json", "{ \"pools\": [\n  { \"name\": \"three\", \"backends\": [\"127.0.0.1:99999\"] }, ]\n}")
      for path in ["/v1/plan", "/v1/reload"] {
        let (status, body) = try proxy.admin("POST", path, "{}")
        #expect(status == 422 && body.contains("d.json:2: pools[0].backends[0]: "), "\(body)")
      }
      try folder.write("d.json", "{ \"pools\": [\n  { \"name\": \"three\", } } ]\n}")
      proxy.program.send(SIGHUP)
      try Support.waitUntil("it's refused, with the place") { proxy.log.contains("d.json:2:24: expected ") }
      #expect(try proxy.report().generation == generation)
      for (port, name) in zip(ports, ["a\n", "b\n"]) { #expect(try ask(.local(port)).body == name) }
    }

    @Test("are watched, with the folder, over reloads, wrong files and an upgrade")
    func watched() throws {
      let servers = try stage.nginx(count: 2)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let folders = try (0..<2).map { _ in try stage.folder() }
      try folders[0].write("a.json", part("one", servers[0], port: ports[0]))
      let proxy = try stage.martlet(keys(folders[0], trigger: "watch"))
      try proxy.waitUntilAllUp()

      try folders[0].write("b.json", part("two", servers[0], port: ports[1]))
      try proxy.waitUntil("a file that comes is read") { $0.pools.map(\.name) == ["one", "two"] }
      try folders[0].write("b.json", part("two", servers[1], port: ports[1]))
      try proxy.waitUntil("one that changes is read") { $0.pools[1].backends.map(\.name) == ["b"] }
      unlink(folders[0].path + "/b.json")
      try proxy.waitUntil("one that goes is missed") { $0.pools.map(\.name) == ["one"] }

      // Of another folder only a file that was refused told of it.
      try folders[1].write("wrong.json", "{ 7")
      try proxy.configure(keys(folders[1], trigger: "watch"))
      try Support.waitUntil("it's refused") { proxy.log.contains("wrong.json:1:") }
      try folders[1].write("wrong.json", part("three", servers[0], port: ports[1]))
      try proxy.waitUntil("it's read when it's right") { $0.pools.map(\.name) == ["three"] }

      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      defer { kill(pid_t(next.pid), SIGKILL) }
      let generation = try proxy.report().generation
      #expect(try proxy.report().pools.map(\.name) == ["three"])
      #expect(try !proxy.admin("GET", "/v1/config").body.contains("include"))
      try folders[1].write("more.json", part("four", servers[1], port: ports[0]))
      try proxy.waitUntil("the next process watches it") { $0.pools.map(\.name) == ["four", "three"] }
      #expect(try proxy.report().generation == generation + 1, "and had nothing to read before")
      #expect(try ask(.local(ports[0])).body == "b\n")
    }

    @Test("are found beside the file that a command names, wherever the command and the process are")
    func command() throws {
      let servers = try stage.nginx(count: 2)
      let ports = try (0..<2).map { _ in try FreePort.next() }
      let folder = try stage.folder()
      mkdir(folder.path + "/pools.d", 0o755)
      try folder.write("pools.d/a.json", part("one", servers[0], port: ports[0]))
      let proxy = try stage.martlet(
        "\"listeners\": [{ \"bind\": \"127.0.0.1:0\" }], "
          + "\"pools\": [{ \"name\": \"main\", \"backends\": [\"\(servers[0].address)\"] }]")
      let text = "{ \"include\": \"pools.d\", \(proxy.statsKeys) }"
      try folder.write("new.json", text)
      let environment = ["XDG_RUNTIME_DIR": proxy.folder.path]
      func run(_ command: String, input: String = "") throws -> Subprocess.Result {
        let script = "cd \(folder.path) && exec \(MartletProgram.path) \(command)"
        return try Subprocess.run("sh", ["-c", script], environment: environment, input: input)
      }
      #expect(try run("check new.json").output.contains("new.json, with the file that it includes, is right."))
      #expect(try run("plan new.json").output.contains("pool one"))
      let refused = try run("reload -", input: text)
      #expect(
        refused.exit == .code(78) && refused.errors.contains("standard input:1: include: \"pools.d\" counts from"))
      try #require(try run("reload new.json --force").exit == .code(0))
      #expect(try proxy.report().pools.map(\.name) == ["one"])
      try proxy.waitUntilAllUp()
      #expect(try ask(.local(ports[0])).body == "a\n")
    }
  }
}
