import Glibc
import Support
import Testing

extension System {
  /// Many who ask the stats port of a large configuration at once: it asks for no password, so it must stand anybody.
  @Suite struct StatsCrowd {
    let stage = Stage()

    @Test("60 clients that ask again and again for a large page get it, and neither the loop nor the memory suffers")
    func crowd() throws {
      let pools = (0..<4).map { pool in
        let backends = (1...240).map { "\"127.1.\(pool).\($0):1\"" }.joined(separator: ", ")
        return #"{ "name": "p\#(pool)", "backends": [\#(backends)], "health": { "type": "none" } }"#
      }
      let listeners = (0..<4).map { #"{ "name": "l\#($0)", "bind": "127.0.0.1:0", "pool": "p\#($0)" }"# }
      let proxy = try stage.martlet(
        """
        "workers": 1, "listeners": [\(listeners.joined(separator: ", "))], "pools": [\(pools.joined(separator: ", "))]
        """)
      let page = try proxy.get("/metrics").body.utf8.count
      #expect(page > 2_000_000)
      let before = try resident(proxy)
      let end = ContinuousClock.now + .seconds(10)
      let crowd = (0..<60).map { _ in
        Background { [target = proxy.statsTarget] in
          let socket = try ClientSocket(target, limit: .seconds(30))
          var answers = 0
          repeat {
            try socket.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            var bytes = 0
            while bytes < page { bytes += try socket.receive(atMost: 1 << 20).count }
            answers += 1
          } while ContinuousClock.now < end
          return answers
        }
      }
      var (slowest, most) = (Duration.zero, before)
      while ContinuousClock.now < end {
        let start = ContinuousClock.now
        #expect(try proxy.admin("GET", "/v1/log").status == 200)
        #expect(try proxy.get("/healthz").status == 200)
        slowest = max(slowest, start.duration(to: .now))
        most = max(most, try resident(proxy))
        usleep(50_000)
      }
      for client in crowd { #expect(try client.join() > 0) }
      #expect(slowest < .seconds(3), "the control loop was away for \(slowest)")
      if Programs.sanitizer == nil { #expect(most - before < 150 << 20, "\((most - before) >> 20) MiB more") }
    }

    private func resident(_ proxy: MartletProcess) throws -> Int {
      let text = try Subprocess.run("cat", ["/proc/\(proxy.program.pid)/statm"]).output
      return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
  }
}
