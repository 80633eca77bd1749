import Foundation
import Support
import Testing

extension System {
  /// Passwords that health checks send.
  @Suite(.needs("redis-server")) struct Secrets {
    let stage = Stage()

    private func keys(_ port: UInt16, _ send: String) -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }],
      "pools": [{ "name": "main", "slowStart": "0s", "backends": [{ "name": "redis", "address": "127.0.0.1:\(port)" }], \
      "health": { "type": "tcp-script", "send": \(send), "expect": "+PONG", "interval": "200ms", "rise": 1, "fall": 1 } }]
      """
    }

    @Test("are used, and said nowhere: not in the log, in plans, in the configuration that's shown, or in answers")
    func hidden() throws {
      let port = try FreePort.next()
      _ = try stage.server(
        "redis-server", port: port,
        ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--requirepass", "s3cret", "--daemonize", "no"])
      let inline = keys(port, #""AUTH s3cret\r\nPING\r\n""#)
      let proxy = try stage.martlet(inline)
      try proxy.waitUntilAllUp()
      var said = try proxy.admin("GET", "/v1/config").body
      #expect(said.contains("\"hidden\": true"))
      // The password as text that is sent to the process, and wrong text with it.
      for content in [
        "{ \(keys(port, #""AUTH s3cret-too\r\n""#)) }", "{ \(keys(port, #""AUTH s3cret""#)), \"sendto\": 1 }",
      ] {
        let request = ["content": content]
        let body = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
        for path in ["/v1/plan", "/v1/reload"] { said += try proxy.admin("POST", path, body).body }
      }
      // A file instead, first with a wrong password.
      let folder = try stage.folder()
      let file = try folder.write("send", "AUTH s3cret-no-more\r\n")
      let outside = keys(port, "{ \"file\": \"\(file)\" }")
      try proxy.reload(outside, "{ \"force\": true }")
      try proxy.waitUntil("the password is wrong") { try $0.backend("redis").health == "down" }
      _ = try folder.write("send", "AUTH s3cret\r\nPING\r\n")
      let reloaded = try proxy.reload(outside)
      #expect(reloaded.changes.count == 1 && reloaded.changes[0].contains("health.send is another"))
      try proxy.waitUntilAllUp()
      said += try proxy.admin("GET", "/v1/config").body + proxy.admin("GET", "/v1/status").body
      said += reloaded.changes.joined() + proxy.log
      #expect(said.contains(file) && !said.contains("s3cret"))
    }

    @Test("are handed over as they were, whatever the file says by now")
    func upgrade() throws {
      let port = try FreePort.next()
      _ = try stage.server(
        "redis-server", port: port,
        ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--requirepass", "s3cret", "--daemonize", "no"])
      let folder = try stage.folder()
      let file = try folder.write("send", "AUTH s3cret\r\nPING\r\n")
      let proxy = try stage.martlet(keys(port, "{ \"file\": \"\(file)\" }"))
      try proxy.waitUntilAllUp()
      let first = try proxy.report().process.pid
      try FileManager.default.removeItem(atPath: file)
      #expect(try proxy.admin("POST", "/v1/upgrade", "{}").status == 200)
      let report = try proxy.waitUntil("the other one serves") { $0.process.pid != first }
      #expect(report.process.pid != first)
      try proxy.waitUntil("and is content with its backend") { try $0.backend("redis").check?.lastTime != nil }
      usleep(600_000)
      #expect(try proxy.report().backend("redis").state == "up")
      kill(report.process.pid, SIGTERM)
    }
  }
}
