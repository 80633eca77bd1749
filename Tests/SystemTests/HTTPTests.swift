import Support
import Testing

extension System {
  /// nginx behind the proxy, curl before it.
  @Suite(.needs("nginx", "curl")) struct HTTP {
    let stage = Stage()

    @Test("downloads through the proxy arrive whole, one after another over one connection and several at once")
    func downloads() throws {
      let nginx = try stage.nginx("a")
      try nginx.makeFile("big", bytes: 50_000_000)
      let sum = try checksum("cat \(nginx.files)/big")
      let proxy = try stage.martlet(
        "\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"\(nginx.address)\"], \"workers\": 2")
      let url = "http://127.0.0.1:\(try proxy.port())/files/big"

      #expect(try checksum("curl -sf \(url)") == sum)
      let several = try Subprocess.run(
        "sh", ["-c", "for i in 1 2 3 4; do curl -sf \(url) | sha256sum & done; wait"])
      #expect(several.output.split(separator: "\n").map { String($0.prefix(64)) } == [String](repeating: sum, count: 4))

      // curl uses the connection again, or says with num_connects that it didn't.
      let kept = try Subprocess.run(
        "curl", ["-sf", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ", url, url])
      #expect(kept.output == "1 0 ")
      let report = try proxy.waitUntil("all sessions are over") { try $0.pool().sessions.active == 0 }
      #expect(try report.pool().sessions.total == 6)
      #expect(try report.pool().bytes.toClient > 350_000_000)
    }

    @Test("an upload arrives whole, and its answer comes back")
    func upload() throws {
      let nginx = try stage.nginx(
        "a",
        options: "client_max_body_size 100m; location /put/ { dav_methods PUT; alias \(try stage.folder().path)/; }")
      let proxy = try stage.martlet("\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"\(nginx.address)\"]")
      let url = "http://127.0.0.1:\(try proxy.port())/put/file"
      let put = "head -c 30000000 /dev/zero | tr '\\0' x | curl -sf -T - -w '%{http_code}' \(url)"
      #expect(try Subprocess.run("sh", ["-c", put]).output == "201")
      #expect(try checksum("curl -sf \(url)") == checksum("head -c 30000000 /dev/zero | tr '\\0' x"))
    }

    @Test("a download that the server breaks off looks broken to the client")
    func brokenDownload() throws {
      let nginx = try stage.nginx("a")
      try nginx.makeFile("big", bytes: 50_000_000)
      let proxy = try stage.martlet("\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"\(nginx.address)\"]")
      let curl = try Subprocess(
        "curl", ["-sS", "--limit-rate", "5M", "-o", "/dev/null", "http://127.0.0.1:\(try proxy.port())/files/big"])
      defer { curl.kill() }
      try proxy.waitUntil("the download is under way") { try $0.pool().bytes.toClient > 1_000_000 }
      nginx.kill()
      let exit = try curl.wait()
      // 18: a partial file; 56: the connection was reset.
      #expect(exit == .code(18) || exit == .code(56))
    }

    private func checksum(_ command: String) throws -> String {
      let result = try Subprocess.run("sh", ["-c", "\(command) | sha256sum"])
      return String(result.output.prefix(64))
    }
  }
}
