import Support
import Testing

extension System {
  /// What `martlet doctor` finds of real servers.
  @Suite struct Doctor {
    let stage = Stage()

    private func ask(_ proxy: MartletProcess, _ words: String...) throws -> Subprocess.Result {
      try MartletProgram.run(["doctor"] + words + ["--socket", proxy.adminSocket])
    }

    private func examine(_ file: String) throws -> Subprocess.Result { try MartletProgram.run(["doctor", file]) }

    private func file(_ pool: String) throws -> String {
      try stage.folder().write("martlet.json", "{ \"listen\": \"127.0.0.1:1\", \(pool) }")
    }

    @Test("nginx, with a header and without one, is told from what is configured", .needs("nginx"))
    func nginx() throws {
      let strict = try FreePort.next()
      let server = try stage.nginx("a", options: "listen 127.0.0.1:\(strict) proxy_protocol;")
      let plain = try examine(try file("\"backends\": [\"\(server.address)\"]"))
      #expect(plain.exit == .code(0), "\(plain)")
      for words in ["connects in", "waits for the client to speak", "v1 not taken, v2 not taken", "TLS: no"] {
        #expect(plain.output.contains(words), "\(plain)")
      }
      let wrong = try examine(
        try file(
          "\"sendProxy\": \"v2\", \"backends\": [\"\(server.address)\", { \"address\": \"127.0.0.1:\(strict)\", \"sendProxy\": \"off\" }]"
        ))
      #expect(wrong.exit == .code(1), "\(wrong)")
      #expect(
        wrong.output.contains("! it takes a v2 header of the PROXY protocol for a client's words: remove"), "\(wrong)")
      #expect(
        wrong.output.contains("! it serves nobody without a header of the PROXY protocol, and gets none: set"),
        "\(wrong)")
      let right = try examine(try file("\"sendProxy\": \"v1\", \"backends\": [\"127.0.0.1:\(strict)\"]"))
      #expect(right.exit == .code(0) && right.output.contains("v1 needed, v2 needed"), "\(right)")
    }

    @Test("redis and who isn't there, of a process that runs", .needs("redis-server"))
    func running() throws {
      let (port, nobody) = (try FreePort.next(), try FreePort.next())
      _ = try stage.server("redis-server", port: port, ["--port", "\(port)", "--bind", "127.0.0.1", "--save", ""])
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }],
        "pools": [{ "name": "main", "backends": ["127.0.0.1:\(port)", { "name": "gone", "address": "127.0.0.1:\(nobody)" }], "health": { "type": "none" } }]
        """)
      let one = try ask(proxy, "main/127.0.0.1:\(port)")
      #expect(one.exit == .code(0) && one.output.contains("v1 not taken, v2 unclear"), "\(one)")
      let all = try ask(proxy)
      #expect(
        all.exit == .code(1) && all.output.contains("main/gone\n") && all.output.contains("! connection refused"),
        "\(all)")
      #expect(try ask(proxy, "other").exit == .code(64))
    }

    @Test("HAProxy that wants a header speaks TLS behind it", .needs("haproxy", "openssl"))
    func haproxy() throws {
      let port = try FreePort.next()
      let folder = try stage.folder()
      let pem = "\(folder.path)/server.pem"
      _ = try Subprocess.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=a.example", "-keyout",
          "\(pem).key", "-out", pem,
        ])
      let configuration = try folder.write(
        "haproxy.cfg",
        """
        defaults
          mode http
          timeout connect 5s
          timeout client 5s
          timeout server 5s
        frontend main
          bind 127.0.0.1:\(port) accept-proxy ssl crt \(pem)
          http-request return status 200

        """)
      _ = try stage.server("haproxy", port: port, ["-db", "-f", configuration])
      let found = try examine(try file("\"sendProxy\": \"v2\", \"backends\": [\"127.0.0.1:\(port)\"]"))
      #expect(found.exit == .code(0) && found.output.contains("v1 needed, v2 needed"), "\(found)")
      #expect(found.output.contains("TLS: 1.3, certificate for CN=a.example, by CN=a.example, until 20"), "\(found)")
    }
  }
}
