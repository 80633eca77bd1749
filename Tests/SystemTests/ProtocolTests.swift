import FoundationEssentials
import Glibc
import Support
import Testing

extension System {
  /// Protocols of their own kind: pipelined, in bulk both ways, with the server speaking first.
  @Suite struct Protocols {
    let stage = Stage()

    @Test("redis answers through the proxy, one by one and pipelined", .needs("redis-server", "redis-cli"))
    func redis() throws {
      let server = try FreePort.next()
      _ = try stage.server(
        "redis-server", port: server, ["--port", "\(server)", "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"])
      let proxy = try stage.martlet(
        """
        "listeners": [{ "bind": "127.0.0.1:0" }], "pools": [{ "name": "cache", "backends": ["127.0.0.1:\(server)"],
        "health": { "type": "tcp-script", "send": "PING\\r\\n", "expect": "+PONG", "interval": "100ms", "timeout": "100ms" } }]
        """)
      try proxy.waitUntilAllUp()
      let port = try String(proxy.port())
      func cli(_ words: String..., input: String = "") throws -> String {
        try Subprocess.run("redis-cli", ["-p", port] + words, input: input).output
      }
      #expect(try cli("PING") == "PONG\n")
      #expect(try cli("SET", "bird", "martlet") == "OK\n")
      #expect(try cli("GET", "bird") == "martlet\n")
      // 10,000 commands without waiting for an answer, of which each one counts.
      let piped = try cli("--pipe", input: String(repeating: "INCR count\r\n", count: 10_000))
      #expect(piped.contains("errors: 0, replies: 10000"), "\(piped)")
      #expect(try cli("GET", "count") == "10000\n")
      let benchmark = try Subprocess.run(
        "redis-benchmark", ["-p", port, "-n", "20000", "-c", "20", "-P", "16", "-t", "set,get", "-q"])
      #expect(benchmark.exit == .code(0))
      #expect(benchmark.output.contains("GET: ") && !benchmark.errors.contains("rror"), "\(benchmark)")
    }

    @Test(
      "iperf3 moves bytes through the proxy, up, down and in parallel, and counts what arrived", .needs("iperf3"),
      arguments: [[], ["-R"], ["-P", "4"], ["-R", "-P", "4"]])
    func iperf(options: [String]) throws {
      let server = try FreePort.next()
      _ = try stage.server("iperf3", port: server, ["-s", "-B", "127.0.0.1", "-p", "\(server)"])
      let proxy = try stage.martlet(
        """
        "listeners": [{ "bind": "127.0.0.1:0" }], "workers": 2,
        "pools": [{ "name": "bulk", "backends": ["127.0.0.1:\(server)"], "health": { "type": "none" } }]
        """)
      let client = try Subprocess.run(
        "iperf3", ["-c", "127.0.0.1", "-p", "\(proxy.port())", "-n", "200M", "-J"] + options, limit: .seconds(30))
      #expect(client.exit == .code(0), "\(client.output)")
      let end = try JSONDecoder().decode(IperfResult.self, from: Data(client.output.utf8)).end
      // iperf3 ends with bytes still underway: the kernel holds many megabytes on both sides of a proxy.
      let moved = try proxy.report().pool().bytes
      let relayed = options.contains("-R") ? moved.toClient : moved.toBackend
      #expect(end.sum_received.bytes > 20_000_000)
      #expect(end.sum_received.bytes <= relayed && relayed <= end.sum_sent.bytes + 20_000)
    }

    @Test("SSH works through the proxy, where the server speaks first", .needs("sshd", "ssh", "ssh-keygen"))
    func ssh() throws {
      let folder = try stage.folder()
      let port = try FreePort.next()
      for key in ["host", "user"] {
        let made = try Subprocess.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(folder.path)/\(key)"])
        try #require(made.exit == .code(0))
      }
      // Where sshd locks itself in; only its service makes it.
      if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
      let file = try folder.write(
        "sshd_config",
        """
        Port \(port)
        ListenAddress 127.0.0.1
        HostKey \(folder.path)/host
        PidFile \(folder.path)/pid
        AuthorizedKeysFile \(folder.path)/user.pub
        StrictModes no
        UsePAM no
        """)
      _ = try stage.server("sshd", port: port, ["-D", "-e", "-f", file])
      let proxy = try stage.martlet("\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"127.0.0.1:\(port)\"]")
      let options = [
        "-p", "\(try proxy.port())", "-i", "\(folder.path)/user", "-o", "StrictHostKeyChecking=no", "-o",
        "BatchMode=yes",
        "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-F", "none", "127.0.0.1",
      ]
      let echo = try Subprocess.run("ssh", options + ["echo through; exit 3"])
      #expect(echo.output == "through\n" && echo.exit == .code(3), "\(echo)")
      // The client's end arrives at the other side, and what that says afterwards arrives here.
      let count = try Subprocess.run("ssh", options + ["wc -c"], input: String(repeating: "x", count: 3_000_000))
      #expect(count.output == "3000000\n", "\(count)")
    }

    @Test(
      "PostgreSQL works through the proxy: a load of transactions, and one that is cancelled",
      .needs("initdb", "postgres", "pgbench", "psql"))
    func postgres() throws {
      let folder = try stage.folder()
      let port = try FreePort.next()
      chmod(folder.path, 0o777)
      _ = try asDatabaseUser("initdb", ["-D", "\(folder.path)/data", "-U", "martlet", "-A", "trust", "--no-sync"])
      let server = try start(
        "postgres", ["-D", "\(folder.path)/data", "-p", "\(port)", "-k", folder.path, "-h", "127.0.0.1", "-F"])
      _ = stage.keep(server)
      let proxy = try stage.martlet("\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"127.0.0.1:\(port)\"]")
      let client = ["-h", "127.0.0.1", "-p", "\(try proxy.port())", "-U", "martlet"]
      try waitUntil("the database answers") {
        try Subprocess.run(tool("psql"), client + ["-Atc", "select 1", "postgres"]).output == "1\n"
      }
      let filled = try Subprocess.run(tool("pgbench"), client + ["-i", "-q", "postgres"])
      #expect(filled.exit == .code(0), "\(filled.errors)")
      let load = try Subprocess.run(tool("pgbench"), client + ["-c", "4", "-t", "100", "-n", "postgres"])
      #expect(load.exit == .code(0) && load.output.contains("400/400"), "\(load)")
      let rows = try Subprocess.run(
        tool("psql"), client + ["-Atc", "select count(*) from pgbench_history", "postgres"])
      #expect(rows.output == "400\n")
      // 10 MB in one answer.
      let wide = try Subprocess.run(tool("psql"), client + ["-Atc", "select repeat('x', 10000000)", "postgres"])
      #expect(wide.output.utf8.count == 10_000_001)
      // The wish to cancel comes over a connection of its own, while the first one waits.
      let sleeper = try Subprocess(tool("psql"), client + ["-Atc", "select pg_sleep(50)", "postgres"])
      defer { sleeper.kill() }
      try proxy.waitUntil("it waits") { try $0.pool().sessions.active == 1 }
      let sleeping = "select count(*) from pg_stat_activity where state = 'active' and query like '%sleep(50)'"
      try waitUntil("the database sleeps") {
        try Subprocess.run(tool("psql"), client + ["-Atc", sleeping, "postgres"]).output == "1\n"
      }
      sleeper.send(SIGINT)
      #expect(try sleeper.wait() == .code(1))
      #expect(sleeper.text(of: .errors).contains("canceling statement due to user request"))
    }

    private struct IperfResult: Decodable {
      struct Sum: Decodable { let bytes: Int }
      struct End: Decodable { let sum_sent, sum_received: Sum }
      let end: End
    }

    private func tool(_ name: String) -> String {
      Programs.path(name) ?? name
    }

    /// The database refuses to run for root.
    private func start(_ program: String, _ arguments: [String]) throws -> Subprocess {
      geteuid() == 0
        ? try Subprocess(
          "setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", tool(program)] + arguments)
        : try Subprocess(tool(program), arguments)
    }

    private func asDatabaseUser(_ program: String, _ arguments: [String]) throws -> String {
      let run = try start(program, arguments)
      defer { run.kill() }
      guard try run.wait(limit: .seconds(30)) == .code(0) else { throw Failure(run.text(of: .errors)) }
      return run.text(of: .output)
    }
  }
}
