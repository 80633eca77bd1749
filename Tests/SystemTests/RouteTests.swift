import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Clients that go to one pool or another by what they ask for, as real ones ask.
  @Suite(.needs("nginx", "openssl")) struct Routes {
    let stage = Stage()

    private struct Report: Decodable {
      struct Listener: Decodable {
        let routes: [Route]?
        let refused: [String: Int]
        let pool: String?
      }
      struct Route: Decodable { let name: String, takes: String?, pool: String, sessions: Int }
      let listeners: [Listener]
    }

    private struct Sessions: Decodable {
      struct Session: Decodable { let pool: String?, sni: String?, alpn: [String]?, cause: String? }
      let sessions: [Session]
    }

    private func listener(_ proxy: MartletProcess) throws -> Report.Listener {
      try JSONDecoder().decode(Report.self, from: Data(try proxy.get("/stats.json").body.utf8)).listeners[0]
    }

    private func counts(_ proxy: MartletProcess) throws -> [String: Int] {
      Dictionary((try listener(proxy).routes ?? []).map { ($0.name, $0.sessions) }) { first, _ in first }
    }

    /// Where an nginx with a certificate of its own name listens.
    private func secure(_ name: String, _ ca: TestCA) throws -> String {
      let port = try FreePort.next()
      let own = try ca.identity(name)
      _ = try stage.nginx(
        name,
        options: "listen 127.0.0.1:\(port) ssl; ssl_certificate \(own.certificate); ssl_certificate_key \(own.key);")
      return "127.0.0.1:\(port)"
    }

    private static let database = #"{ "name": "db", "sni": ["*.db.example", "db.example"], "pool": "POOL" }"#

    private func keys(_ servers: [(pool: String, address: String)], routes: String, others: String? = nil) -> String {
      let pools = servers.map {
        #"{ "name": "\#($0.pool)", "backends": ["\#($0.address)"], "health": { "type": "none" } }"#
      }
      let pool = others.map { #", "pool": "\#($0)""# } ?? ""
      return """
        "listeners": [{ "name": "edge", "bind": "127.0.0.1:0", "introduction": "5s", "routes": [\(routes)]\(pool) }],
        "pools": [\(pools.joined(separator: ",\n"))]
        """
    }

    @Test("real clients get to the server that they ask for", .needs("curl", "gnutls-cli", "python3"))
    func clients() throws {
      let ca = try TestCA()
      let proxy = try stage.martlet(
        keys(
          [("db", try secure("db", ca)), ("web", try secure("web", ca))],
          routes: Self.database.replacing("POOL", with: "db") + #", { "alpn": "h2", "protocol": "tls", "pool": "web" }"#
        ))
      let port = try proxy.port()
      func curl(_ name: String, _ options: String...) throws -> Subprocess.Result {
        try Subprocess.run(
          "curl", ["-sk", "--resolve", "\(name):\(port):127.0.0.1", "https://\(name):\(port)/"] + options)
      }
      #expect(try curl("DB.example").output == "db\n")
      #expect(try curl("a.b.db.example").output == "db\n")
      #expect(try curl("x.example").output == "web\n")
      // It offers no h2, and nobody else takes it.
      #expect(try curl("x.example", "--http1.1").exit != .code(0))

      let openssl = try Subprocess.run(
        "openssl", ["s_client", "-brief", "-connect", "127.0.0.1:\(port)", "-servername", "db.example"])
      #expect((openssl.output + openssl.errors).contains("CN = db"), "\(openssl)")
      let gnutls = try Subprocess.run(
        "gnutls-cli",
        ["--insecure", "--sni-hostname=x.db.example", "--port", "\(port)", "127.0.0.1"])
      #expect((gnutls.output + gnutls.errors).contains("CN=db"), "\(gnutls)")
      let python = """
        import socket, ssl
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(["http/1.1", "h2"])
        with context.wrap_socket(socket.create_connection(("127.0.0.1", \(port))), server_hostname="y.example") as s:
            s.sendall(b"GET / HTTP/1.1\\r\\nHost: y\\r\\nConnection: close\\r\\n\\r\\n")
            print(s.makefile().read().endswith("web\\n"))
        """
      #expect(try Subprocess.run("python3", ["-c", python]).output == "True\n")
      #expect(try counts(proxy) == ["db": 4, "web": 2])
      try waitUntil("it's counted") { try listener(proxy).refused["noRoute"] == 1 }
      let recent = try proxy.ask(Sessions.self, "GET", "/v1/recent").sessions
      let lost = try #require(recent.first { $0.cause == "noRoute" })
      #expect(lost.pool == nil && lost.sni == "x.example" && lost.alpn == ["http/1.1"])
      #expect(
        try proxy.get("/metrics").body.contains(#"martlet_listener_route_sessions_total{listener="edge",route="db"} 4"#)
      )
    }

    @Test("SSH and HTTP share a port with TLS", .needs("curl", "sshd", "ssh", "ssh-keygen"))
    func protocols() throws {
      let ca = try TestCA()
      let web = try stage.nginx("plain")
      let folder = try stage.folder()
      let made = try Subprocess.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(folder.path)/host"])
      #expect(made.exit == .code(0), "\(made)")
      if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
      let shell = try FreePort.next()
      let file = try folder.write(
        "sshd_config",
        "Port \(shell)\nListenAddress 127.0.0.1\nHostKey \(folder.path)/host\nPidFile none\nPasswordAuthentication no\n"
      )
      _ = try stage.server("sshd", port: shell, ["-D", "-e", "-f", file])
      let proxy = try stage.martlet(
        keys(
          [("ssh", "127.0.0.1:\(shell)"), ("tls", try secure("tls", ca)), ("plain", web.address)],
          routes: #"{ "protocol": "ssh", "pool": "ssh" }, { "protocol": "tls", "pool": "tls" }"#, others: "plain"))
      let port = try proxy.port()
      #expect(try ask(.local(port)).body == "plain\n")
      #expect(try Subprocess.run("curl", ["-sk", "https://127.0.0.1:\(port)/"]).output == "tls\n")
      let known = "\(folder.path)/known"
      // Whether it lets anybody in doesn't matter: its key says who it is.
      let ssh = try Subprocess.run(
        "ssh",
        [
          "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", "-o",
          "UserKnownHostsFile=\(known)",
          "-p", "\(port)", "nobody@127.0.0.1", "true",
        ])
      let key = try String(contentsOfFile: "\(folder.path)/host.pub", encoding: .utf8).split(separator: " ")[1]
      #expect((try? String(contentsOfFile: known, encoding: .utf8))?.contains(key) == true, "\(ssh)")
      #expect(try counts(proxy) == ["ssh": 1, "tls": 1, "(others)": 1])
    }

    @Test("why tells which route takes a client, and why not those before")
    func why() throws {
      struct Why: Decodable {
        struct Route: Decodable { let name: String, pool: String?, isTaken: Bool, reason: String }
        let pool: String?
        let sentence: String
        let routes: [Route]?
      }
      let proxy = try stage.martlet(
        keys(
          [("db", "127.0.0.1:1"), ("in", "127.0.0.1:2")],
          routes: Self.database.replacing("POOL", with: "db")
            + #", { "name": "inside", "from": ["10.1.0.0/16"], "alpn": ["h2"], "pool": "in" }"#))
      func why(_ query: String) throws -> Why { try proxy.ask(Why.self, "GET", "/v1/why?pool=edge" + query) }
      let named = try why("&sni=A.db.example.")
      #expect(named.pool == "db" && named.routes?.map(\.isTaken) == [true, false, false], "\(named)")
      let inside = try why("&client=10.1.2.3&alpn=http/1.1,h2")
      #expect(inside.pool == "in" && inside.routes?[0].reason == "the client names no server", "\(inside)")
      let outside = try why("&client=10.2.2.3&sni=x.example&alpn=h2")
      #expect(outside.pool == nil && outside.sentence.contains("no route of listener edge takes it"), "\(outside)")
      #expect(
        outside.routes?.map(\.reason) == [
          "the client asks for x.example", "the client is at 10.2.2.3", "no route takes it",
        ])
      let text = try MartletProgram.run([
        "why", "edge", "--client", "10.1.0.9", "--alpn", "h2", "--socket", proxy.adminSocket,
      ])
      #expect(
        text.output.contains("> route inside (from 10.1.0.0/16; alpn h2), to pool in: all of that holds"), "\(text)")
      #expect(try proxy.admin("GET", "/v1/why?pool=db&sni=a").status == 409)
      #expect(try proxy.admin("GET", "/v1/why?pool=edge&protocol=smtp").status == 400)
    }

    @Test(
      "a reload leads new clients elsewhere and ends nobody, and counts go on over it and an upgrade", .needs("curl"))
    func changes() throws {
      let ca = try TestCA()
      let silent = try TestServer(at: AddressFamily.ipv4.freshAddress())
      let servers = [("a", try secure("a", ca)), ("b", try secure("b", ca)), ("silent", "\(silent.address)")]
      let port = try FreePort.next()
      func keys(_ pool: String, others: String) -> String {
        let routes = #"{ "sni": "silent.example", "pool": "silent" }, "# + Self.database.replacing("POOL", with: pool)
        return self.keys(servers, routes: routes, others: others).replacing("127.0.0.1:0", with: "127.0.0.1:\(port)")
      }
      let proxy = try stage.martlet(keys("a", others: "b"))
      func answer(_ name: String = "db.example") throws -> String {
        try Subprocess.run("curl", ["-sk", "--resolve", "\(name):\(port):127.0.0.1", "https://\(name):\(port)/"]).output
      }
      let standing = try ClientSocket(.local(port), limit: .seconds(10))
      try standing.send(Hello.browser("silent.example").bytes())
      let held = try silent.accept()
      #expect(try answer() == "a\n")
      let reloaded = try proxy.reload(keys("b", others: "a"))
      #expect(
        reloaded.changes == ["~ listener edge: pool b → a", "~ listener edge: routes[1].pool a → b"], "\(reloaded)")
      #expect(reloaded.draining == 0 && reloaded.closing == 0)
      #expect(try answer() == "b\n")
      #expect(try answer("x.example") == "a\n")
      let sessions = try proxy.ask(Sessions.self, "GET", "/v1/sessions").sessions
      #expect(sessions.contains { $0.pool == "silent" && $0.sni == "silent.example" }, "\(sessions)")
      #expect(try counts(proxy) == ["silent": 1, "db": 2, "(others)": 1])
      #expect(try MartletProgram.run(["upgrade", "--socket", proxy.adminSocket]).exit == .code(0))
      try waitUntil("the other process answers") { try answer() == "b\n" }
      try waitUntil("it knows what was counted") { try counts(proxy)["db", default: 0] >= 3 }
      withExtendedLifetime((standing, held)) {}
    }
  }
}
