import Config
import Glibc
import Support
import Testing

extension System {
  /// Configurations of HAProxy and nginx, each run by its own program and by this one before the same servers.
  @Suite struct Import {
    let stage = Stage()

    /// Whether listeners have routes.
    private static let routes =
      (try? Configuration.parse(
        #"""
        { "listeners": [{ "bind": "127.0.0.1:1", "routes": [{ "sni": ["a.example"], "pool": "p" }] }],
          "pools": [{ "name": "p", "backends": ["127.0.0.1:2"] }] }
        """#)) != nil

    @Test(
      "HAProxy's", .needs("haproxy", "nginx"),
      arguments: ForeignConfiguration.all.filter { $0.program == "haproxy" && (routes && hasStream || !$0.routes) })
    func haproxy(_ configuration: ForeignConfiguration) throws { try same(configuration) }

    @Test(
      "nginx's", .needs("nginx"), .enabled(if: hasStream, "nginx has no stream module; make test installs it"),
      arguments: ForeignConfiguration.all.filter { $0.program == "nginx" && (routes || !$0.routes) })
    func nginx(_ configuration: ForeignConfiguration) throws { try same(configuration) }

    @Test(
      "ports in a row, each of which leads to the same one", .needs("haproxy", "nginx"),
      .enabled(if: hasStream, "nginx has no stream module; make test installs it"), arguments: ["haproxy", "nginx"])
    func ports(_ program: String) throws {
      let ports = try FreePort.run(of: 8)
      let range = "\(ports.lowerBound)-\(ports.upperBound)"
      let server = try stage.nginx(
        "a", on: "127.0.0.2", options: "listen 127.0.0.2:\(range); location = / { return 200 \"$server_port\\n\"; }")
      let check = server.address.split(separator: ":").last ?? ""
      func text(_ host: String) -> String {
        program == "haproxy"
          ? """
          defaults
            mode tcp
            timeout connect 3s
            timeout client 30s
            timeout server 30s
          listen l
            bind \(host):\(range)
            server s 127.0.0.2 check port \(check)

          """
          : "worker_processes 1;\nevents { worker_connections 512; }\nstream {\n server { listen \(host):\(range); proxy_pass 127.0.0.2:$server_port; }\n}\n"
      }
      try original(text("127.0.0.1"), of: program, port: ports.lowerBound)
      let file = try stage.folder().write("original", text("127.0.0.3"))
      let result = try MartletProgram.run(["import", file])
      #expect(result.exit == .code(0), "\(result.errors)")
      let proxy = try stage.martlet(Self.keys(of: result.output))
      try proxy.waitUntilAllUp()
      for port in ports {
        for host in ["127.0.0.1", "127.0.0.3"] { #expect(try ask(.ip(host, port)).body == "\(port)\n", "\(host)") }
      }
    }

    /// What is translated does what the original does.
    private func same(_ configuration: ForeignConfiguration) throws {
      let (first, second) = (try FreePort.next(), try FreePort.next())
      let servers = try Servers(for: configuration.manner, on: stage)
      try original(configuration.filled(port: first, servers.addresses), of: configuration.program, port: first)
      let file = try stage.folder().write("original", configuration.filled(port: second, servers.addresses))
      let result = try MartletProgram.run(["import", file])
      #expect(result.exit == .code(0), "\(result.errors)")
      let proxy = try stage.martlet(Self.keys(of: result.output))
      try proxy.waitUntilAllUp()
      try compare(first, second, configuration.manner, servers)
    }

    /// What stands between the braces of a configuration, without a comma behind it.
    private static func keys(of text: String) -> String {
      // Before it are comments, which may have some as well.
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let inside = lines.drop { $0 != "{" }.dropFirst().joined(separator: "\n")
      guard let end = inside.lastIndex(of: "}"), let comma = inside[..<end].lastIndex(of: ",") else { return "" }
      return String(inside[..<comma])
    }

    private func original(_ text: String, of program: String, port: UInt16) throws {
      let folder = try stage.folder()
      switch program {
      case "haproxy":
        _ = try stage.server(program, port: port, ["-db", "-f", try folder.write("haproxy.cfg", text)])
      default:
        let head = "daemon off; pid \(folder.path)/pid; load_module \(streamModule);\n"
        let file = try folder.write("nginx.conf", head + text)
        _ = try stage.server(program, port: port, ["-p", folder.path, "-c", file, "-e", "stderr"])
      }
    }

    private func compare(
      _ first: UInt16, _ second: UInt16, _ manner: ForeignConfiguration.Manner, _ servers: Servers
    ) throws {
      switch manner {
      case .shares(let count):
        let shares = try [first, second].map { try servers.shares(count, at: $0) }
        #expect(shares[0] == shares[1] && shares[0].count > 1)
      case .all(let count):
        for port in [first, second] {
          try waitUntil("all get sessions") { Set(try servers.shares(count, at: port).keys) == Set(servers.names) }
        }
      case .failover(let before, let after):
        for port in [first, second] {
          try waitUntil("the first ones serve") { Set(try servers.shares(4, at: port).keys) == Set(before) }
        }
        servers.kill("a")
        for port in [first, second] {
          try waitUntil("others serve") {
            Set((try? servers.shares(4, at: port))?.keys.map(\.self) ?? []) == Set(after)
          }
        }
      case .loyal:
        for port in [first, second] { #expect(try servers.shares(6, at: port).count == 1) }
      case .admission(let clients):
        for (client, isIn) in clients {
          for port in [first, second] {
            #expect(
              ((try? ask(.local(port), from: client))?.status == 200) == isIn,
              "\(client) at \(port == first ? "the original" : "ours")")
          }
        }
      case .told:
        for port in [first, second] { #expect(try ask(.local(port), from: "127.0.0.77").body == "127.0.0.77\n") }
      case .introduced:
        for port in [first, second] {
          let socket = try ClientSocket(.local(port))
          try socket.send("PROXY TCP4 192.0.2.44 192.0.2.1 5555 80\r\nGET / HTTP/1.0\r\n\r\n")
          #expect(try socket.receiveAll().hasSuffix("192.0.2.44\n"))
        }
      case .names(let places):
        for (name, server) in places {
          for port in [first, second] {
            let socket = try ClientSocket(.local(port))
            try socket.send(name.isEmpty ? Array("hello\r\n".utf8) : Self.hello(name))
            #expect(try socket.receive(exactly: 1) == Array(server.utf8), "\(name)")
          }
        }
      }
    }

    /// The least that a client says who begins TLS and asks for a name.
    private static func hello(_ name: String) -> [UInt8] {
      func sized(_ bytes: [UInt8], _ width: Int) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
      }
      let server = [0, 0] + sized(sized([0] + sized(Array(name.utf8), 2), 2), 2)
      let body = [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0x13, 1, 1, 0] + sized(server, 2)
      return [22, 3, 1] + sized([1] + sized(body, 3), 2)
    }
  }
}

/// `martlet import` as somebody types it.
@Suite struct CommandLineImportTests {
  @Test("what is written is never written over, and what is missing is told by its line") func files() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("haproxy.cfg", "listen a\n  bind :1234\n  balance uri\n  server s 10.0.0.1:1\n")
    let output = folder.path + "/martlet.json"
    let first = try MartletProgram.run(["import", file, "--output", output])
    #expect(first.exit == .code(1) && first.output.isEmpty, "\(first)")
    #expect(first.errors.hasPrefix("\(file): line 3: balance uri: "))
    #expect(try MartletProgram.run(["check", output]).exit == .code(0))
    let second = try MartletProgram.run(["import", file, "--output", output])
    #expect(second.exit == .code(74) && second.errors.contains("--force"), "\(second)")
    #expect(try MartletProgram.run(["import", file, "--output", output, "--force"]).exit == .code(1))
  }

  @Test(
    "whose it is, is told or said",
    arguments: [
      ("stream { server { listen 1; proxy_pass 10.0.0.1:1; } }", [], 0), ("foo\n", [], 78),
      ("a;", ["--from", "haproxy"], 1), ("stream {", [], 78), ("global\n x \"\n", [], 78),
      ("\u{0}", ["--from", "nginx"], 78),
    ] as [(String, [String], Int)])
  func kinds(_ text: String, _ options: [String], _ status: Int) throws {
    let result = try MartletProgram.run(["import", "-"] + options, input: text)
    #expect(result.exit == .code(status), "\(result)")
    #expect(result.errors.isEmpty == (status == 0))
  }
}

/// nginx's module that relays TCP, where Debian has it.
private let streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so"
private let hasStream = access(streamModule, R_OK) == 0

/// Three servers that say their names, or whom they were told of.
private final class Servers {
  let names: [String]
  let addresses: [String]
  private let web: [Nginx]

  init(for manner: ForeignConfiguration.Manner, on stage: Stage) throws {
    switch manner {
    case .told, .introduced:
      let port = try FreePort.next()
      web = [
        try stage.nginx(
          "a",
          options: """
            listen 127.0.0.1:\(port) proxy_protocol;
            location = / { default_type text/plain; return 200 "$proxy_protocol_addr\\n"; }
            """)
      ]
      addresses = ["127.0.0.1:\(port)", "127.0.0.1:\(port)", "127.0.0.1:\(port)"]
    case .names:
      web = []
      let ports = try (0..<3).map { _ in try FreePort.next() }
      addresses = ports.map { "127.0.0.1:\($0)" }
      let folder = try stage.folder()
      let servers = zip(["a", "b", "c"], addresses).map { "server { listen \($1); return \($0); }" }.joined()
      let file = try folder.write(
        "nginx.conf",
        """
        daemon off; master_process off; pid \(folder.path)/pid; load_module \(streamModule);
        events { } stream { \(servers) }
        """)
      _ = try stage.server("nginx", port: ports[2], ["-p", folder.path, "-c", file, "-e", "stderr"])
    default:
      web = try stage.nginx(count: 3)
      addresses = web.map(\.address)
      for server in web { try server.makeFile("ready", bytes: 8) }
    }
    names = if case .all(6) = manner { ["a", "b"] } else { web.map(\.name) }
  }

  /// How many of so many sessions each server got.
  func shares(_ count: Int, at port: UInt16) throws -> [String: Int] {
    var shares: [String: Int] = [:]
    for _ in 0..<count { shares[String(try ask(.local(port)).body.prefix { $0 != "\n" }), default: 0] += 1 }
    return shares
  }

  func kill(_ name: String) { web.first { $0.name == name }?.kill() }
}
