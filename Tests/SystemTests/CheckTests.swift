import Glibc
import Support
import Testing

extension System {
  /// Health checks and agents of real servers, as the whole program shows them.
  @Suite struct Checks {
    let stage = Stage()

    /// Every connection is told what stands in a file: an agent as others write them.
    private static let agent = """
      import socket, sys
      s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
      while True:
        c = s.accept()[0]; c.sendall(open(sys.argv[2], "rb").read()); c.close()
      """

    @Test(
      "the end of a backend's certificate is shown, and what is wrong with TLS is told",
      .needs("nginx", "openssl", "curl"))
    func certificates() throws {
      let ca = try TestCA()
      let soon = try ca.identity("web", for: "IP:127.0.0.1", days: 5)
      let port = try FreePort.next()
      _ = try stage.nginx(
        "a",
        options: "listen 127.0.0.1:\(port) ssl; ssl_certificate \(soon.certificate); ssl_certificate_key \(soon.key);")
      func keys(_ ca: String) -> String {
        """
        "listen": ["127.0.0.1:0"], "backends": [{ "name": "a", "address": "127.0.0.1:\(port)" }],
        "health": { "type": "http", "interval": "100ms", "tls": { "ca": "\(ca)" } }
        """
      }
      let proxy = try stage.martlet(keys(ca.file))
      try proxy.waitUntil("a check has passed") { try $0.pool().backends[0].health == "up" }
      let certificate = try #require(try proxy.report().pool().backends[0].check?.certificate)
      #expect(certificate.names == "IP Address:127.0.0.1" && certificate.issuer == "CN=Test CA")
      let metrics = try proxy.get("/metrics").body
      #expect(metrics.contains("martlet_backend_certificate_not_after_timestamp_seconds{pool=\"main\",backend=\"a\"} "))
      let status = try MartletProgram.run(["status", "--socket", proxy.adminSocket])
      #expect(status.output.contains("its certificate ends: CN=web, "))
      // The log has a thread of its own.
      let words = "the certificate of main/a ends in "
      #expect(eventually { proxy.log.contains(words) }, "\(proxy.log)")
      let warnings = proxy.log.split(separator: "\n").filter { $0.contains(words) }
      #expect(warnings.count == 1, "\(proxy.log)")
      // A file that isn't there keeps a reload from anything, and `check` says it before.
      try proxy.configure(keys("/nowhere"))
      let (code, body) = try proxy.admin("POST", "/v1/reload", "{}")
      #expect(code >= 400 && body.contains("/nowhere can't be read: no such file"), "\(body)")
      let checked = try MartletProgram.run(["check", proxy.configurationFile])
      #expect(checked.errors.contains("health.tls: /nowhere can't be read: no such file"), "\(checked)")
    }

    @Test(
      "an agent's words hold until it says others, and one that is gone changes nothing", .needs("nginx", "python3"))
    func agents() throws {
      let folder = try stage.folder()
      let port = try FreePort.next()
      func say(_ line: String) throws {
        let new = try folder.write("new", line + "\n")
        #expect(rename(new, folder.path + "/words") == 0)
      }
      try say("50% up")
      let agent = try stage.server(
        "python3", port: port, ["-c", Self.agent, "\(port)", folder.path + "/words"])
      let server = try stage.nginx("a")
      let proxy = try stage.martlet(
        """
        "listen": ["127.0.0.1:0"], "backends": [{ "name": "a", "address": "\(server.address)", "weight": 4 }],
        "agent": { "port": \(port), "interval": "50ms" }, "slowStart": "0s"
        """)
      func isSaid(_ words: String, _ state: String, weight: Double) throws {
        try proxy.waitUntil("its agent says \(words)") {
          let backend = try $0.pool().backends[0]
          return backend.agent?.says == words && backend.state == state && backend.effectiveWeight == weight
        }
      }
      try isSaid("50% up", "up", weight: 2)
      try say("drain")
      try isSaid("50% drain up", "draining", weight: 0)
      try say("ready 100% down #no disk")
      try isSaid("100% ready down", "down", weight: 0)
      #expect(try proxy.report().pool().backends[0].reason == "its agent says 100% ready down: no disk")
      #expect(try proxy.get("/metrics").body.contains("martlet_backend_agent_up{pool=\"main\",backend=\"a\"} 0\n"))
      try say("up")
      try isSaid("100% ready up", "up", weight: 4)
      try say("25%")
      try isSaid("25% ready up", "up", weight: 1)
      agent.kill()
      try proxy.waitUntil("it's missed") { try $0.pool().backends[0].agent?.trouble == "connection refused" }
      try isSaid("25% ready up", "up", weight: 1)
    }
  }
}
