import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Another process in the place of one that serves.
  @Suite(.needs("nginx")) struct Upgrade {
    let stage = Stage()

    private struct Upgraded: Decodable { let pid, draining: Int }

    private func keys(_ servers: [Nginx], more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "shutdown": { "drain": "20s" },
      "pools": [{ "name": "main", "backends": [\(servers.map { "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }" }.joined(separator: ", "))], \
      "health": \(fastHealth) }]\(more)
      """
    }

    @Test("under load nobody notices: no request fails, sessions finish, and what was known and counted goes on")
    func unnoticed() throws {
      let servers = try stage.nginx(count: 3)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      var sessions = try (0..<6).map { _ in
        let socket = try ClientSocket(.local(port))
        return (socket, server: try socket.request().body)
      }
      try proxy.override("{ \"pool\": \"main\", \"backend\": \"c\", \"action\": \"drain\", \"reason\": \"disk\" }")
      let load = Load(port)
      usleep(300_000)
      let before = try proxy.report()
      let first = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}")
      #expect(first.pid != Int(proxy.program.pid))
      #expect(first.draining >= 6)
      let after = try proxy.report()
      #expect(after.process.pid == Int32(first.pid), "the new process answers at the stats port")
      #expect(try after.pool().backends.map(\.state) == ["up", "up", "draining"], "health and overrides are known")
      #expect(try after.pool().sessions.total >= before.pool().sessions.total, "counters go on")
      #expect(try after.backend("a").since == before.backend("a").since)
      usleep(300_000)
      // The sessions from before are served by the old process until they end by themselves.
      for (socket, server) in sessions { #expect(try socket.request().body == server) }
      try Support.waitUntil("only the long sessions are left there") { try proxy.predecessor()?.sessions == 6 }
      sessions = []
      // It isn't waited for, as then all of its process group would be ended.
      try Support.waitUntil("the old process ends when they have") {
        try String(contentsOfFile: "/proc/\(proxy.program.pid)/stat", encoding: .utf8).contains(") Z ")
      }
      try Support.waitUntil("the new process knows") { try proxy.predecessor() == nil }
      let attempts = try load.end()
      #expect(attempts.count > 100)
      #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
      let end = try proxy.report()
      #expect(try end.pool().sessions.total == attempts.count + 6, "not one session was counted twice or not at all")
      #expect(end.listeners[0].sessions.total == attempts.count + 6)
      kill(pid_t(first.pid), SIGTERM)
      try Support.waitUntil("the new process ends") { kill(pid_t(first.pid), 0) != 0 }
    }

    @Test("by SIGUSR2, again and again, with another number of workers each time it's restarted")
    func again() throws {
      let servers = try stage.nginx(count: 2)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let load = Load(port)
      var pid = proxy.program.pid
      let descriptors = try proxy.report().process.openDescriptors
      for _ in 0..<4 {
        kill(pid, SIGUSR2)
        var next = pid
        try Support.waitUntil("another process serves") {
          next = try proxy.report().process.pid
          return next != pid
        }
        // As long as it isn't, or that isn't known, another upgrade is refused.
        try Support.waitUntil("the process before is gone") {
          let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
          return try stat?.contains(") Z ") != false && proxy.predecessor() == nil
        }
        #expect(try proxy.report().process.openDescriptors <= descriptors + 12, "descriptors don't pile up")
        pid = next
      }
      let attempts = try load.end()
      #expect(attempts.count > 100)
      #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
      kill(pid, SIGTERM)
      try Support.waitUntil("the last process ends") { kill(pid, 0) != 0 }
    }

    @Test("a program that can't take over changes nothing")
    func failing() throws {
      let servers = try stage.nginx(count: 1)
      let proxy = try stage.martlet(keys(servers))
      try proxy.waitUntilAllUp()
      for program in ["/bin/false", "/no/such/program", "/bin/cat"] {
        let (status, body) = try proxy.admin("POST", "/v1/upgrade", "{ \"program\": \"\(program)\" }")
        #expect(status == 503, "\(program): \(body)")
        #expect(try ask(.local(proxy.port())).body == "a\n")
        #expect(try proxy.report().process.pid == proxy.program.pid)
      }
      // Afterwards everything can be changed as before.
      proxy.program.send(SIGHUP)
      try Support.waitUntil("it reloads") { proxy.log.contains("nothing has changed") }
      #expect(try proxy.stop() == .code(0))
    }

    @Test("systemd is told of the start, of reloads, of the process that takes over and of the end")
    func notified() throws {
      let servers = try stage.nginx(count: 1)
      let folder = try stage.folder()
      let manager = try Datagrams(at: folder.path + "/notify")
      let proxy = try stage.martlet(keys(servers), environment: ["NOTIFY_SOCKET": manager.path])
      #expect(try manager.next() == "READY=1")
      proxy.program.send(SIGHUP)
      let reloading = try manager.next()
      #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
      #expect(try manager.next() == "READY=1")
      let pid = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      #expect(try manager.next() == "MAINPID=\(pid)")
      #expect(try manager.next() == "READY=1")
      kill(pid_t(pid), SIGTERM)
      #expect(try manager.next() == "STOPPING=1")
    }
  }
}

extension MartletProcess {
  struct Predecessor: Decodable { let pid, sessions: Int }

  /// What it tells of the process before it.
  func predecessor() throws -> Predecessor? {
    struct Report: Decodable { let predecessor: Predecessor? }
    return try ask(Report.self, "GET", "/v1/status").predecessor
  }
}

/// A socket that takes datagrams, as a service manager's does.
private final class Datagrams {
  let path: String
  private let descriptor: Int32

  init(at path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard bound == 0 else { throw Failure("no socket at \(path): \(errno)") }
    var time = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  func next() throws -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    guard count >= 0 else { throw Failure("nothing came: \(errno)") }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
