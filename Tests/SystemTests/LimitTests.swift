import Glibc
import Support
import Testing

extension System {
  /// What happens at the limits of descriptors, memory and patience.
  @Suite(.needs("nginx")) struct Limits {
    let stage = Stage()

    @Test("with few descriptors it takes as many sessions as fit, lets others wait, and doesn't spin")
    func fewDescriptors() throws {
      let proxy = try proxy(descriptors: 200)
      let report = try proxy.report()
      #expect(report.process.descriptorLimit == 200)
      let limit = report.process.sessionLimit
      try #require((20...50).contains(limit))
      let port = try proxy.port()
      var sessions = try (0..<limit).map { _ in
        let socket = try ClientSocket(.local(port))
        _ = try socket.request()
        return socket
      }
      // These stand in the kernel's queue.
      let waiting = try (0..<20).map { _ in try ClientSocket(.local(port)) }
      let paused = try proxy.waitUntil("it takes no more") { $0.listeners[0].state == "paused" }
      #expect(try paused.pool().sessions.active == limit)
      try expectRest(of: proxy)
      #expect(try sessions[0].request().body == "a\n")
      sessions.removeAll()
      for socket in waiting { #expect(try socket.request().body == "a\n") }
      #expect(try proxy.report().listeners[0].state == "listening")
    }

    @Test("when descriptors run out for real it pauses without spinning, and goes on when there are some again")
    func noDescriptors() throws {
      let proxy = try proxy()
      let port = try proxy.port()
      let before = try proxy.report()
      try setDescriptors(of: proxy, to: before.process.openDescriptors + 20)
      let clients = try (0..<30).map { _ in try ClientSocket(.local(port), limit: .seconds(5)) }
      usleep(300_000)
      try setDescriptors(of: proxy, to: before.process.openDescriptors + 21)
      let rest = try cpu(of: proxy)
      usleep(700_000)
      #expect(try cpu(of: proxy) - rest < 0.15, "it spins")
      try setDescriptors(of: proxy, to: before.process.descriptorLimit)
      // Everybody is served, or was refused when there was no descriptor for the way to the backend.
      let served = clients.count { (try? $0.request().body) == "a\n" }
      let after = try proxy.report()
      #expect(
        served + after.listeners[0].refused["descriptors", default: 0]
          + after.listeners[0].refused["connectFailed", default: 0] == 30)
      #expect(served >= 9, "\(proxy.log)")
      #expect(try ask(.local(port)).body == "a\n")
    }

    @Test("5,000 idle sessions stand, take little memory, and still work", .enabled(if: canHold(sessions: 5000)))
    func idle() throws {
      let proxy = try proxy()
      let port = try proxy.port()
      _ = try ask(.local(port))
      let before = try proxy.report().process
      let sessions = try (0..<5000).map { index in
        let socket = try ClientSocket(.local(port))
        // A byte both ways would be enough to make it take what sessions take once they have worked.
        if index % 50 == 0 { _ = try socket.request() }
        return socket
      }
      try proxy.waitUntil("all of them stand") { try $0.pool().sessions.active == 5000 }
      // Quiet sessions give back what they don't need a moment later.
      usleep(300_000)
      let after = try proxy.report().process
      let each = (after.rssBytes - before.rssBytes) / 5000
      if Programs.sanitizer == nil { #expect(each <= 1536, "\(each) bytes for each session") }
      #expect(after.openDescriptors - before.openDescriptors <= 10_020)
      try expectRest(of: proxy)
      for index in stride(from: 0, to: 5000, by: 500) { #expect(try sessions[index].request().body == "a\n") }
      #expect(try ask(.local(port)).body == "a\n")
    }

    @Test(
      "with too few descriptors to start it says so in one sentence", arguments: [6, 8, 12, 16, 20, 26, 32, 40, 50])
    func tooFewDescriptors(_ count: Int) throws {
      let file = try TemporaryFile(
        #"{ "listen": "127.0.0.1:0", "backends": ["127.0.0.1:1"], "workers": 2, "stats": "127.0.0.1:0" }"#)
      for command in ["run '\(file.path)'", "demo --once"] {
        let result = try Subprocess.run(
          "sh", ["-c", "ulimit -n \(count); exec '\(MartletProgram.path)' \(command)"])
        #expect(result.exit == .code(69), "\(command)")
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].contains("\(count) descriptors are too few"), "\(result.errors)")
      }
    }

    @Test("with few descriptors it warns at its start how many sessions fit", arguments: [90, 100, 1000])
    func fewSessions(_ count: Int) throws {
      let proxy = try proxy(descriptors: count)
      let line = try proxy.program.line(in: .errors, containing: "few sessions fit")
      let limit = try proxy.report().process.sessionLimit
      #expect(line.contains("warning") && line.contains(": \(limit)"))
      #expect(try ask(.local(proxy.port())).body == "a\n")
    }

    @Test("what fails again and again is logged seldom")
    func logs() throws {
      let nginx = try stage.nginx("a")
      let proxy = try stage.martlet(
        "\"listen\": [\"127.0.0.1:0\"], \"backends\": [\"\(nginx.address)\"], \"health\": \(fastHealth)")
      try proxy.waitUntilAllUp()
      let port = try proxy.port()
      let before = proxy.log.utf8.count
      nginx.kill()
      for _ in 0..<1000 { _ = try? ask(.local(port)) }
      try proxy.waitUntil("it's noticed") { try $0.pool().state == "down" }
      for _ in 0..<1000 { _ = try? ask(.local(port)) }
      #expect(eventually { proxy.log.utf8.count > before }, "not even once")
      #expect(proxy.log.utf8.count < before + 4000, "\(proxy.log.suffix(2000))")
    }

    private func proxy(descriptors: Int? = nil) throws -> MartletProcess {
      let nginx = try stage.nginx("a")
      return try stage.martlet(
        """
        "listen": ["127.0.0.1:0"], "backends": ["\(nginx.address)"], "workers": 2, "health": { "type": "none" }
        """, descriptors: descriptors)
    }

    /// Expects that it does nothing for a while.
    private func expectRest(of proxy: MartletProcess) throws {
      let before = try cpu(of: proxy)
      usleep(700_000)
      #expect(try cpu(of: proxy) - before < 0.15, "it spins")
    }

    /// The processor time that it has used, in seconds, from the kernel: asking itself would take some.
    private func cpu(of proxy: MartletProcess) throws -> Double {
      let fields =
        try Subprocess.run("cat", ["/proc/\(proxy.program.pid)/stat"]).output
        .split(separator: ") ").last?.split(separator: " ") ?? []
      guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
        throw Failure("no processor time")
      }
      return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private func setDescriptors(of proxy: MartletProcess, to count: Int) throws {
      let set = try Subprocess.run("prlimit", ["--pid", "\(proxy.program.pid)", "--nofile=\(count):"])
      guard set.exit == .code(0) else { throw Failure(set.errors) }
    }
  }
}

/// Whether this process may hold one side of so many sessions, and the proxy both; raises its limit to that.
private func canHold(sessions: Int) -> Bool {
  guard rlimit.hard >= UInt(sessions * 2 + 1000) else { return false }
  var limit = rlimit(rlim_cur: rlimit.hard, rlim_max: rlimit.hard)
  return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
}

extension rlimit {
  /// The most descriptors that processes may have.
  fileprivate static var hard: UInt {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return limit.rlim_max
  }
}
