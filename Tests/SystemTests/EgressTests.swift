import Support
import Testing

extension System {
  /// How connections to backends leave.
  @Suite struct Egress {
    let stage = Stage()

    private static let who = "location = /who { return 200 $remote_addr; }"

    /// Who the backend says its client is.
    private func who(_ target: Target, from source: String? = nil) throws -> String {
      let socket = try ClientSocket(target, from: source, limit: .seconds(10))
      try socket.send("GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      return try HTTPAnswer(socket.receiveAll()).body
    }

    /// How many local ports there are for a backend.
    private func ports(_ proxy: MartletProcess) throws -> Int {
      struct Status: Decodable {
        struct Headroom: Decodable { let resources: [Resource] }
        struct Resource: Decodable {
          let name: String
          let limit: Int
        }
        let headroom: Headroom
      }
      let all = try proxy.ask(Status.self, "GET", "/v1/status").headroom.resources
      return try #require(all.first { $0.name.hasPrefix("ports to") }).limit
    }

    private func keys(_ server: Nginx, _ more: String, path: String = "/") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }],
      "pools": [{ "name": "main", "backends": ["\(server.address)"], "health": { "type": "http", "path": "\(path)", "interval": "100ms" }\(more) }]
      """
    }

    @Test("sessions and checks come from the addresses that are named, and a reload names others", .needs("nginx"))
    func sources() throws {
      // It's well for nobody else.
      let server = try stage.nginx(
        "a",
        options: Self.who
          + " location = /check { if ($remote_addr !~ ^127.0.0.[234]$) { return 403; } return 200 well; }")
      let proxy = try stage.martlet(keys(server, #", "source": ["127.0.0.2", "127.0.0.3"]"#, path: "/check"))
      try proxy.waitUntilAllUp()
      func seen() throws -> Set<String> {
        try Set((0..<32).map { _ in try who(.local(proxy.port())) })
      }
      #expect(try seen() == ["127.0.0.2", "127.0.0.3"])
      try proxy.reload(keys(server, #", "source": "127.0.0.4""#, path: "/check"))
      #expect(try seen() == ["127.0.0.4"])
      let ports = try self.ports(proxy)
      try proxy.reload(keys(server, #", "source": ["127.0.0.2", "127.0.0.3"]"#))
      #expect(try self.ports(proxy) == 2 * ports)
    }

    @Test("the backend sees the client's own address", .needs("nginx"))
    func client() throws {
      let server = try stage.nginx("a", options: Self.who)
      let proxy = try stage.martlet(keys(server, #", "source": "client""#))
      try proxy.waitUntilAllUp()
      for number in 5..<8 {
        #expect(try who(.local(proxy.port()), from: "127.0.0.\(number)") == "127.0.0.\(number)")
      }
    }

    @Test("what this machine hasn't is told, by check and when it's missed, and no backend is blamed", .needs("nginx"))
    func obstacles() throws {
      let server = try stage.nginx("a")
      let more = #", "source": "203.0.113.9""#
      let file = try stage.folder().write("martlet.json", "{ \(keys(server, more)) }")
      let check = try MartletProgram.run(["check", file])
      #expect(
        check.exit == .code(0) && check.errors.contains("an address of \"source\" isn't this machine's"), "\(check)")
      let proxy = try stage.martlet(
        keys(server, more).replacing(#""type": "http", "path": "/", "interval": "100ms""#, with: #""type": "none""#))
      #expect(throws: (any Error).self) { try ask(.local(proxy.port())) }
      try waitUntil("it's told") {
        proxy.log.contains("203.0.113.9 of ") && proxy.log.contains("is none of this machine's addresses")
      }
      #expect(try proxy.report().pools[0].backends[0].state == "up")
      let interface = try MartletProgram.run([
        "check", try stage.folder().write("other.json", "{ \(keys(server, #", "interface": "nosuch0""#)) }"),
      ])
      #expect(interface.errors.contains("this machine has no interface nosuch0"), "\(interface)")
    }
  }
}
