import Foundation
import Glibc
import Support
import Synchronization
import Testing

extension System {
  /// Reload after reload under load. `make soak` does 200 of them, the usual tests fewer.
  @Suite(.needs("nginx")) struct ReloadSoak {
    let stage = Stage()

    private static var reloads: Int {
      ProcessInfo.processInfo.environment["MARTLET_RELOADS"].flatMap { Int($0) } ?? 20
    }

    @Test("no session fails, and neither descriptors, memory nor counters drift")
    func soak() throws {
      let servers = try stage.nginx(count: 4)
      let ports = try (0..<4).map { _ in try FreePort.next() }
      /// Two listeners and two backends that are always there, and others that come, go, move and change.
      func keys(_ round: Int) -> String {
        var listeners = [("fixed", ports[0]), ("also", ports[1])]
        if round % 3 != 0 { listeners.append(("moving", ports[2 + round % 2])) }
        if round % 4 == 1 { listeners.swapAt(0, 1) }
        let backends = servers.indices.filter { $0 < 2 || (round + $0) % 3 != 0 }.map { index in
          "{ \"name\": \"\(servers[index].name)\", \"address\": \"\(servers[index].address)\", \"weight\": \(1 + (round * (index + 1)) % 5) }"
        }
        let listening = listeners.map {
          "{ \"name\": \"\($0.0)\", \"bind\": \"127.0.0.1:\($0.1)\", \"pool\": \"main\" }"
        }
        return """
          "listeners": [\(listening.joined(separator: ", "))], "pools": [{ "name": "main", "backends": \
          [\(backends.joined(separator: ", "))], "health": \(fastHealth), "slowStart": "0s" }]
          """
      }
      let proxy = try stage.martlet(keys(0))
      try proxy.waitUntilAllUp()
      let long = try (0..<8).map { _ in
        let socket = try ClientSocket(.local(ports[0]))
        return (socket, server: try socket.request().body)
      }
      let loads = [Load(ports[0], clients: 2), Load(ports[1], clients: 2)]
      var wrong = 0
      var before: StatsReport.Process?
      for round in 1...Self.reloads {
        if round % 5 == 0 {
          try proxy.configure(round % 2 == 0 ? "\"listen\": 1" : keys(round) + ", \"workers\": 99")
          #expect(try proxy.admin("POST", "/v1/reload", "{}").status == (round % 2 == 0 ? 422 : 409))
          wrong += 1
        } else {
          try proxy.reload(keys(round))
        }
        for (socket, server) in long where server == "a\n" || server == "b\n" {
          #expect(try socket.request().body == server)
        }
        // What is used once and kept is there by then.
        if round == Self.reloads / 4 { before = try proxy.report().process }
        usleep(20_000)
      }
      let attempts = try loads.flatMap { try $0.end() }
      #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
      #expect(attempts.count > Self.reloads * 4)
      try proxy.reload(keys(0))
      try proxy.waitUntil("only the long sessions are left") { $0.pools[0].sessions.active <= 8 }
      let end = try proxy.report()
      #expect(end.generation == 1 + Self.reloads - wrong + 1)
      #expect(try end.pool().sessions.total == attempts.count + 8, "each session was counted once")
      #expect(end.listeners.reduce(0) { $0 + $1.sessions.total } == attempts.count + 8)
      let start = try #require(before)
      print(
        "\(Self.reloads) reloads, \(wrong) of them refused: \(attempts.count) sessions, none failed; "
          + "descriptors \(start.openDescriptors) → \(end.process.openDescriptors), "
          + "memory \(start.rssBytes / 1024) → \(end.process.rssBytes / 1024) KiB")
      #expect(end.process.openDescriptors <= start.openDescriptors + 10)
      // A sanitizer holds back what was freed.
      if Programs.sanitizer == nil { #expect(end.process.rssBytes <= start.rssBytes + 8 << 20) }
    }

    @Test("a herd of clients that all come back at once is let in as fast as the backend can take them")
    func herd() throws {
      let count = ProcessInfo.processInfo.environment["MARTLET_HERD"].flatMap { Int($0) } ?? 600
      let rate = 200
      let backend = try stage.keep(Fragile(perSecond: rate * 3 / 2))
      let proxy = try stage.martlet(
        """
        "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }], "pools": [{ "name": "main", \
        "backends": ["127.0.0.1:\(backend.port)"], "health": { "type": "none" }, "ejection": "off", \
        "guard": { "rate": \(rate), "connecting": 20, "wait": "30s", "queue": 5000 } }]
        """)
      let port = try proxy.port()
      let began = ContinuousClock.now
      let herds = (0..<4).map { part in
        Background {
          // All of them at once: every connect is made before the first answer is waited for.
          let sockets = (0..<count / 4).compactMap { _ in try? ClientSocket(.local(port), limit: .seconds(40)) }
          return sockets.count { socket in (try? socket.receive(exactly: 2)) == Array("ok".utf8) }
        }
      }
      let served = try herds.reduce(0) { try $0 + $1.join() }
      let time = ContinuousClock.now - began
      print(
        "\(count) clients at once, guard \(rate)/s: \(served) served in \(time), \(backend.refused) refused by the backend"
      )
      #expect(served == count / 4 * 4)
      #expect(backend.refused == 0, "the backend was never overrun")
      #expect(time < .seconds(Double(count) / Double(rate) * 3 + 5))
    }
  }
}

/// A server that greets each client, and resets those that come faster than it can take.
private final class Fragile: Sendable {
  var port: UInt16 { listening.port }
  var refused: Int { refusals.load(ordering: .relaxed) }

  private let listening: ListeningPort
  private let refusals = Atomic(0)

  init(perSecond rate: Int) throws {
    let listening = try ListeningPort()
    self.listening = listening
    let listener = listening.listener
    Thread.detachNewThread { [weak self] in
      var window = ContinuousClock.now
      var inWindow = 0
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        if ContinuousClock.now - window > .seconds(1) {
          window = .now
          inWindow = 0
        }
        inWindow += 1
        if inWindow > rate {
          var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
          setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
          _ = self?.refusals.add(1, ordering: .relaxed)
        } else {
          send(client, "ok", 2, Int32(MSG_NOSIGNAL))
        }
        close(client)
      }
    }
  }

  deinit { shutdown(listening.listener, Int32(SHUT_RDWR)) }
}
