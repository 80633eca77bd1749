import Glibc
import Support
import Testing

extension System {
  /// Clients whose address the proxy before this one tells.
  @Suite struct ProxyProtocol {
    let stage = Stage()

    private struct Recent: Decodable {
      struct Session: Decodable { let client: String }
      let sessions: [Session]
    }

    private func martlet(before server: Nginx) throws -> MartletProcess {
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0", "proxy": { "from": ["127.0.0.0/8"] } }],
        "pools": [{ "name": "main", "backends": ["\(server.address)"], "health": \(fastHealth) }]
        """)
      try proxy.waitUntilAllUp()
      return proxy
    }

    private func clients(_ proxy: MartletProcess) throws -> [String] {
      try proxy.ask(Recent.self, "GET", "/v1/recent?limit=1000").sessions.map { String($0.client.prefix { $0 != ":" }) }
    }

    @Test(
      "who HAProxy says the client is, is the client", .needs("haproxy", "nginx"),
      arguments: ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id"])
    func haproxy(_ option: String) throws {
      let server = try stage.nginx("a")
      let proxy = try martlet(before: server)
      let port = try FreePort.next()
      let file = try stage.folder().write(
        "haproxy.cfg",
        """
        defaults
          mode tcp
          timeout connect 5s
          timeout client 5s
          timeout server 5s
        frontend clients
          bind 127.0.0.1:\(port)
          unique-id-format %ci:%cp
          default_backend martlet
        backend martlet
          server martlet 127.0.0.1:\(try proxy.port()) \(option) check inter 200ms

        """)
      _ = try stage.server("haproxy", port: port, ["-db", "-f", file])
      for number in 2..<6 {
        #expect(try ask(.local(port), from: "127.0.0.\(number)").body == "a\n")
        try waitUntil("it's told of 127.0.0.\(number)") { try clients(proxy).contains("127.0.0.\(number)") }
      }
      // HAProxy's checks say that they're its own.
      let refused = try proxy.report().listeners[0].refused
      #expect(refused.allSatisfy { !$0.key.hasPrefix("proxy") || $0.value == 0 })
    }

    @Test("curl is served with a header, and refused without, which is told", .needs("curl", "nginx"))
    func curl() throws {
      let server = try stage.nginx("a")
      let proxy = try martlet(before: server)
      let url = "http://127.0.0.1:\(try proxy.port())/"
      let with = try Subprocess.run("curl", ["-s", "--haproxy-protocol", "--interface", "127.0.0.9", url])
      #expect(with.exit == .code(0) && with.output == "a\n", "\(with)")
      try waitUntil("it's told") { try clients(proxy).contains("127.0.0.9") }
      for _ in 0..<3 { #expect(try Subprocess.run("curl", ["-s", url]).exit != .code(0)) }
      try waitUntil("it's counted") { try proxy.report().listeners[0].refused["proxyMissing"] == 3 }
      #expect(eventually { proxy.log.contains("an HTTP request") })
      let told = proxy.log.split(separator: "\n").filter { $0.contains("an HTTP request") }
      #expect(told.count == 1, "\(proxy.log)")
      let why = try MartletProgram.run(["why", "main", "--socket", proxy.adminSocket])
      #expect(
        why.output.contains(
          /listener main refused 127\.0\.0\.1:\d+, which began with an HTTP request \(it began without .*\), .+ ago/),
        "\(why)")
    }

    // MARK: Towards backends

    /// A listener without and a pool with it; checks are HTTP.
    private func martlet(telling address: String, _ wish: String, listener: String = "") throws -> MartletProcess {
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0"\(listener) }],
        "pools": [{ "name": "main", "backends": ["\(address)"], "health": { "type": "http", "interval": "100ms" },
          "sendProxy": \(wish) }]
        """)
      try proxy.waitUntilAllUp()
      return proxy
    }

    @Test("nginx is told of the client", .needs("nginx"), arguments: ["v1", "v2"])
    func toNginx(_ version: String) throws {
      let port = try FreePort.next()
      _ = try stage.nginx(
        "a",
        options: """
          listen 127.0.0.1:\(port) proxy_protocol;
          location /who { default_type text/plain; return 200 "$proxy_protocol_addr to $proxy_protocol_server_port\\n"; }
          """)
      let proxy = try martlet(telling: "127.0.0.1:\(port)", "\"\(version)\"")
      let own = try proxy.port()
      for number in 2..<5 {
        let who = try Subprocess.run("curl", ["-s", "--interface", "127.0.0.\(number)", "http://127.0.0.1:\(own)/who"])
        #expect(who.output == "127.0.0.\(number) to \(own)\n", "\(who)")
      }
      // Each check counted as one, and none as a client.
      #expect(try proxy.report().backend("127.0.0.1:\(port)").state == "up")
    }

    @Test(
      "a backend that ends right after the header is told of in the log, and to whoever asks why", .needs("haproxy"))
    func silence() throws {
      let port = try FreePort.next()
      let file = try stage.folder().write(
        "haproxy.cfg",
        """
        defaults
          mode tcp
          timeout connect 5s
          timeout client 5s
        frontend nobody
          bind 127.0.0.1:\(port)
          tcp-request content reject

        """)
      _ = try stage.server("haproxy", port: port, ["-db", "-f", file])
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0", "pool": "web" }],
        "pools": [{ "name": "web", "backends": [{ "name": "b1", "address": "127.0.0.1:\(port)" }], "sendProxy": "v1",
          "health": { "type": "none" } }]
        """)
      #expect(throws: (any Error).self) { try ask(.local(proxy.port())) }
      #expect(eventually { proxy.log.contains("a backend ended a session without a word, right after its header") })
      let why = try MartletProgram.run(["why", "web", "--socket", proxy.adminSocket])
      #expect(
        why.output.contains(/b1 ended a session without a word, .* `martlet doctor web\/b1` tells\), .+ ago/), "\(why)")
    }

    /// A mail server that greets first, and drops the privileges that it begins with.
    @Test(
      "Dovecot is told of the client, by whom it logs and refuses", .needs("dovecot", "curl"),
      .enabled(if: geteuid() == 0, "Dovecot wants to begin as root"), arguments: ["v1", "v2"])
    func toDovecot(_ version: String) throws {
      let port = try FreePort.next()
      let folder = try stage.folder()
      for name in ["run", "state", "mail"] { #expect(mkdir("\(folder.path)/\(name)", 0o777) == 0) }
      let file = try folder.write(
        "dovecot.conf",
        """
        base_dir = \(folder.path)/run
        state_dir = \(folder.path)/state
        log_path = \(folder.path)/log
        protocols = imap
        ssl = no
        disable_plaintext_auth = no
        haproxy_trusted_networks = 127.0.0.0/8
        service imap-login {
          chroot =
          inet_listener imap {
            address = 127.0.0.1
            port = \(port)
            haproxy = yes
          }
        }
        passdb {
          driver = static
          args = password=secret
        }
        userdb {
          driver = static
          args = uid=65534 gid=65534 home=\(folder.path)/mail
        }
        mail_location = maildir:\(folder.path)/mail

        """)
      _ = try stage.server("dovecot", port: port, ["-F", "-c", file])
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }],
        "pools": [{ "name": "main", "backends": ["127.0.0.1:\(port)"], "sendProxy": "\(version)",
          "health": { "type": "tcp-script", "expect": "* OK", "interval": "1s", "timeout": "1s" } }]
        """)
      try proxy.waitUntilAllUp()
      let url = "imap://127.0.0.1:\(try proxy.port())/"
      for number in 7..<9 {
        let client = "127.0.0.\(number)"
        let list = try Subprocess.run("curl", ["-s", "--interface", client, "-u", "someone:secret", url])
        #expect(list.exit == .code(0) && list.output.contains("INBOX"), "\(list)")
        try waitUntil("it's logged in from \(client)") {
          let log = try Subprocess.run("cat", [folder.path + "/log"]).output
          return log.split(separator: "\n").contains {
            $0.contains("Login: user=<someone>") && $0.contains("rip=\(client),")
          }
        }
      }
    }

    /// Client, HAProxy, this proxy, HAProxy again: what the first one says, the last one knows.
    @Test("HAProxy is told what HAProxy has said", .needs("haproxy", "curl"), arguments: ["v1", "v2"])
    func betweenHAProxies(_ version: String) throws {
      let (front, back) = (try FreePort.next(), try FreePort.next())
      let wish = version == "v1" ? "\"v1\"" : "{ \"tlvs\": [\"received\", \"crc32c\"] }"
      let folder = try stage.folder()
      let defaults = "defaults\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n"
      let last = try folder.write(
        "back.cfg",
        defaults + """
          frontend back
            mode http
            bind 127.0.0.1:\(back) accept-proxy
            http-request return status 200 content-type text/plain lf-string "%[src] %[dst_port] %[fc_pp_unique_id]\\n"

          """)
      _ = try stage.server("haproxy", port: back, ["-db", "-f", last])
      let proxy = try martlet(
        telling: "127.0.0.1:\(back)", wish, listener: ", \"proxy\": { \"from\": [\"127.0.0.1\"] }")
      let first = try folder.write(
        "front.cfg",
        defaults + """
          frontend clients
            mode tcp
            bind 127.0.0.1:\(front)
            unique-id-format id-of-%ci
            default_backend martlet
          backend martlet
            mode tcp
            server martlet 127.0.0.1:\(try proxy.port()) send-proxy-v2 proxy-v2-options unique-id

          """)
      _ = try stage.server("haproxy", port: front, ["-db", "-f", first])
      for number in 2..<5 {
        let client = "127.0.0.\(number)"
        let who = try Subprocess.run("curl", ["-s", "--interface", client, "http://127.0.0.1:\(front)/"])
        #expect(who.output == "\(client) \(front) \(version == "v1" ? "" : "id-of-\(client)")\n", "\(who)")
      }
    }
  }
}
