import Foundation
import Glibc
import Support
import Testing

extension System {
  /// A line for each session, wherever it goes and whatever becomes of that place.
  @Suite(.needs("nginx")) struct AccessLog {
    let stage = Stage()

    /// A line as it's read again.
    private struct Line: Decodable {
      let event, unique: String
      let backend, cause: String?
      let process, generation: Int
      let toClient: Int
    }

    private func keys(_ server: Nginx, _ log: String, more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "shutdown": { "drain": "10s" }, "accessLog": \(log),
      "pools": [{ "name": "main", "backends": [{ "name": "a", "address": "\(server.address)" }], "health": \(fastHealth) }]\(more)
      """
    }

    private func martlet(_ keys: String, wrapper: [String] = []) throws -> MartletProcess {
      let proxy = try stage.martlet(keys, wrapper: wrapper)
      try proxy.waitUntilAllUp()
      return proxy
    }

    /// What is in the file and in those that it was, compressed ones too.
    private func lines(_ file: String) throws -> [Line] {
      let all = try Subprocess.run("sh", ["-c", "zcat -f '\(file)' '\(file)'.* 2>/dev/null"]).output
      return try all.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// What Prometheus is told.
    private func metric(_ proxy: MartletProcess, _ name: String) throws -> Int? {
      try proxy.get("/metrics").body.split(separator: "\n").first { $0.hasPrefix("\(name){") }
        .flatMap { $0.split(separator: " ").last }.flatMap { Int($0) }
    }

    @Test("each session has one line, however often logrotate comes", .needs("logrotate"))
    func rotated() throws {
      let folder = stage.keep(try TemporaryFolder())
      let file = folder.path + "/access.log"
      let proxy = try martlet(keys(try stage.nginx("a"), "\"\(file)\""))
      let packaged =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Packaging/logrotate/martlet"
      let text = try String(contentsOfFile: packaged, encoding: .utf8)
        .replacingOccurrences(of: "/var/log/martlet", with: folder.path)
        .replacingOccurrences(of: "/usr/bin/martlet", with: MartletProgram.path)
        .replacingOccurrences(of: "/run/martlet/admin.sock", with: proxy.adminSocket)
      let settings = try folder.write("rotate", text)
      let load = Load(try proxy.port(), clients: 2)
      for round in 0..<5 {
        usleep(200_000)
        let path = try #require(Programs.path("logrotate"))
        let result = try Subprocess.run(path, ["-f", "-s", folder.path + "/state", settings])
        #expect(result.exit == .code(0), "\(result)")
        // What is for those who can't ask the process.
        if round == 3 { proxy.program.send(SIGHUP) }
      }
      let attempts = try load.end()
      #expect(attempts.allSatisfy { !$0.isFailed })
      #expect(try proxy.stop() == .code(0), "\(proxy.log)")
      let all = try lines(file)
      #expect(all.count == attempts.count && Set(all.map(\.unique)).count == attempts.count)
      #expect(all.allSatisfy { $0.event == "end" && $0.backend == "a" && $0.toClient > 0 })
      #expect(access("\(file).2.gz", F_OK) == 0 && access("\(file).5.gz", F_OK) == 0)
    }

    @Test("an upgrade loses, doubles and mixes none, of the sessions before, during and after it")
    func upgraded() throws {
      let folder = stage.keep(try TemporaryFolder())
      let file = folder.path + "/access.log"
      let proxy = try martlet(keys(try stage.nginx("a"), "\"\(file)\""))
      let port = try proxy.port()
      var held: ClientSocket? = try ClientSocket(.local(port))
      _ = try held?.request()
      let load = Load(port, clients: 2)
      usleep(200_000)
      struct Upgraded: Decodable { let pid: Int }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      usleep(200_000)
      let attempts = try load.end()
      #expect(attempts.allSatisfy { !$0.isFailed })
      try waitUntil("they are written") { try lines(file).count == attempts.count }
      // Nobody tells the old process.
      #expect(rename(file, "\(file).1") == 0)
      held = nil
      try proxy.waitForEnd()
      #expect(kill(pid_t(next), SIGTERM) == 0)
      try waitUntil("it ends") { kill(pid_t(next), 0) != 0 }
      let all = try lines(file)
      #expect(all.count == attempts.count + 1 && Set(all.map(\.unique)).count == all.count)
      #expect(Set(all.map(\.process)) == [Int(proxy.program.pid), next])
      let last = try String(contentsOfFile: file, encoding: .utf8)
      #expect(last.split(separator: "\n").count == 1 && last.contains("\"process\":\(proxy.program.pid)"))
    }

    @Test("a standard output that nobody reads keeps no session waiting, and no end")
    func unread() throws {
      let folder = stage.keep(try TemporaryFolder())
      let pipe = folder.path + "/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      let proxy = try martlet(
        keys(try stage.nginx("a"), #"{ "to": "stdout", "format": "{client} \#(String(repeating: "x", count: 900))" }"#),
        wrapper: ["sh", "-c", "exec \"$@\" 1<>\(pipe)", "sh"])
      let port = try proxy.port()
      for _ in 0..<200 { #expect(try ask(.local(port)).body == "a\n") }
      // A pipe holds 64 KiB: the rest waits.
      try waitUntil("it's written as far as that goes") {
        (40...80).contains(try metric(proxy, "martlet_access_log_lines_total") ?? 0)
      }
      #expect(try metric(proxy, "martlet_access_log_lost_total") == 0)
      #expect(try proxy.stop(limit: .seconds(15)) == .code(0), "\(proxy.log)")
    }

    @Test("a full disk keeps no session waiting and tears no line", .enabled(if: SmallDisks.obstacle == nil))
    func full() throws {
      let folder = stage.keep(try TemporaryFolder())
      let disks = try #require(SmallDisks(at: [folder.path], bytes: 131_072))
      let file = folder.path + "/access.log"
      let proxy = try martlet(
        keys(try stage.nginx("a"), "\"\(file)\""), wrapper: ["nsenter", "--mount=\(disks.path)"])
      let port = try proxy.port()
      #expect(try ask(.local(port)).body == "a\n")
      try waitUntil("it's written") { try metric(proxy, "martlet_access_log_lines_total") == 1 }
      try disks.fill(folder.path)
      for _ in 0..<60 { #expect(try ask(.local(port)).body == "a\n") }
      try waitUntil("it's told") { try metric(proxy, "martlet_access_log_broken") == 1 }
      let status = try MartletProgram.run(["status", "--socket", proxy.adminSocket]).output
      #expect(status.contains("access log \(file)") && status.contains("space"), "\(status)")
      try disks.empty(folder.path)
      try waitUntil("all is written") { try metric(proxy, "martlet_access_log_lines_total") == 61 }
      #expect(try metric(proxy, "martlet_access_log_broken") == 0)
      let text = try Subprocess.run("nsenter", ["--mount=\(disks.path)", "cat", file]).output
      let lines = try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
      #expect(lines.count == 61 && Set(lines.map(\.unique)).count == 61)
      #expect(
        eventually { proxy.log.contains("the access log can't be written") && proxy.log.contains("is written again") })
    }

    @Test("a reload turns it on, elsewhere and off, and what each says is of its configuration")
    func reloaded() throws {
      let folder = stage.keep(try TemporaryFolder())
      let server = try stage.nginx("a")
      let (first, second) = (folder.path + "/first.log", folder.path + "/second.log")
      let proxy = try martlet(keys(server, "\"\(first)\""))
      let port = try proxy.port()
      #expect(try ask(.local(port)).body == "a\n")
      try waitUntil("it's there") { try lines(first).map(\.generation) == [1] }
      let kept = keys(server, "\"\(first)\"").replacingOccurrences(of: "127.0.0.1:0", with: "127.0.0.1:\(port)")
      let own = kept.replacingOccurrences(
        of: "\"name\": \"main\", \"bind\"", with: "\"name\": \"main\", \"accessLog\": \"\(second)\", \"bind\"")
      // From port 0 to the one that was given is another address.
      try proxy.reload(own)
      let moved = try proxy.port()
      #expect(try ask(.local(moved)).body == "a\n")
      try waitUntil("it's there") { try lines(second).map(\.generation) == [2] }
      try proxy.reload(own.replacingOccurrences(of: "\"\(second)\"", with: "\"off\""))
      #expect(try ask(.local(moved)).body == "a\n")
      #expect(try proxy.stop() == .code(0))
      #expect(try lines(first).count == 1 && lines(second).count == 1)
    }

    @Test("what can't be written is told by check, with the remedy, and keeps nothing from running")
    func checked() throws {
      let folder = stage.keep(try TemporaryFolder())
      let path = folder.path + "/no/access.log"
      let file = try folder.write(
        "a.json", "{ \"listen\": \"127.0.0.1:1\", \"backends\": [\"10.0.0.1:80\"], \"accessLog\": \"\(path)\" }")
      let result = try MartletProgram.run(["check", file])
      #expect(
        result.exit == .code(0) && result.errors.contains("accessLog: the folder \(folder.path)/no isn't there"),
        "\(result)")
      #expect(result.errors.contains("install -d -m 750 \(folder.path)/no"))
      let proxy = try martlet(keys(try stage.nginx("a"), "\"\(path)\""))
      #expect(try ask(.local(try proxy.port())).body == "a\n")
      try waitUntil("it's told") { proxy.log.contains("its folder isn't there") }
    }
  }
}
