import Foundation
import Glibc
import Sockets
import Support
import Synchronization
import Testing

extension System {
  /// Servers that die, stall and break, and operators who reload, upgrade and override at random, under clients that check
  /// every byte. `make chaos` does it for minutes and says by which seed it comes again; the usual tests do it for seconds.
  @Suite struct Chaos {
    let stage = Stage()

    private static func number(_ name: String) -> UInt64? {
      ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test("nobody sees what the proxy could have hidden, and afterwards all is as before")
    func chaos() throws {
      let seed = Self.number("MARTLET_CHAOS_SEED") ?? 1
      let seconds = Self.number("MARTLET_CHAOS_SECONDS") ?? 5
      print("chaos: seed \(seed), \(seconds) s")
      let chaos = try ChaosStage(seed: seed, on: stage)
      let (proxy, faults, excuses) = (chaos.proxy, chaos.faults, chaos.excuses)
      let end = Over()
      // Whatever goes wrong below, nobody goes on.
      defer {
        end.set()
        for server in chaos.steady + chaos.wild { server.end() }
      }
      let running = (0..<8).map { index in
        let client = ChaosClient(
          index: index + 1,
          address: .ipv4(0x7F00_0001, port: index % 2 == 0 ? chaos.ports.steady : chaos.ports.wild),
          isSteady: index % 2 == 0)
        return (
          isSteady: client.isSteady,
          work: Background { client.run(seed: seed, faults: faults, excuses: excuses) { end.isSet } }
        )
      }
      usleep(1_000_000)
      let before = try proxy.report().process
      var chance = Chance(seed &+ 1)
      let deadline = ContinuousClock.now + .seconds(Int(seconds))
      while ContinuousClock.now < deadline, faults.all.count < 20, !hasCrashed(proxy) {
        try chaos.act()
        usleep(UInt32.random(in: 5_000...150_000, using: &chance))
      }
      try chaos.calm()
      usleep(500_000)
      end.set()
      let tallies = try running.map { (isSteady: $0.isSteady, tally: try $0.work.join()) }
      let last = try proxy.waitUntil("no session is left", limit: .seconds(60)) { report in
        try proxy.predecessor() == nil && report.listeners.allSatisfy { $0.sessions.active == 0 }
          && report.pools.allSatisfy { $0.sessions.active == 0 }
      }
      print(
        "chaos: \(chaos.done.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "));",
        "\(tallies.reduce(0) { $0 + $1.tally.connected }) sessions, \(tallies.reduce(0) { $0 + $1.tally.complete }) complete,",
        "\(tallies.reduce(0) { $0 + $1.tally.excused }) broken with an excuse;",
        "descriptors \(before.openDescriptors) → \(last.process.openDescriptors),",
        "memory \(before.rssBytes >> 10) → \(last.process.rssBytes >> 10) KiB")
      try judge(last, before: before, tallies, chaos)
      try endAll(proxy, last.process.pid, faults)
      let all = faults.all
      #expect(
        all.isEmpty,
        "seed \(seed): \(all.prefix(20).joined(separator: "\n"))\n\(chaos.lastActions)\n\(proxy.log.suffix(3000))")
    }

    private func hasCrashed(_ proxy: MartletProcess) -> Bool {
      proxy.log.contains("Sanitizer") || proxy.log.contains("Fatal error")
    }

    /// The sums have to come out.
    private func judge(
      _ report: StatsReport, before: StatsReport.Process, _ tallies: [(isSteady: Bool, tally: ChaosClient.Tally)],
      _ chaos: ChaosStage
    ) throws {
      func check(_ isSo: Bool, _ what: @autoclosure () -> String) { if !isSo { chaos.faults.add(what()) } }
      for name in ["steady", "wild"] {
        let own = tallies.filter { $0.isSteady == (name == "steady") }.map(\.tally)
        guard let listener = report.listeners.first(where: { $0.name == name }),
          let pool = report.pools.first(where: { $0.name == name })
        else { throw Failure("no \(name)") }
        let connected = own.reduce(0) { $0 + $1.connected }
        check(
          listener.accepted == connected,
          "listener \(name) counted \(listener.accepted) clients, and there were \(connected)")
        let turnedAway = listener.refused.values.reduce(0, +)
        check(
          listener.sessions.total + turnedAway == connected,
          "listener \(name) began \(listener.sessions.total) sessions and refused \(turnedAway) of \(connected) clients"
        )
        // A client that leaves before a backend is there is nobody's fault; all else had somebody to go to.
        let refused = pool.refused.filter { $0.value > 0 && $0.key != "clientLeft" }
        check(refused.isEmpty, "pool \(name) refused clients: \(refused)")
        let toClient = own.reduce(0) { $0 + $1.received }
        check(
          listener.bytes.toClient >= toClient,
          "listener \(name) counted \(listener.bytes.toClient) bytes to clients, and they got \(toClient)")
        let servers = name == "steady" ? chaos.steady : chaos.wild
        let received = servers.reduce(0) { $0 + $1.received.load(ordering: .relaxed) }
        check(
          listener.bytes.toBackend >= received,
          "listener \(name) counted \(listener.bytes.toBackend) bytes to backends, and they got \(received)")
        check(
          pool.bytes.toBackend == listener.bytes.toBackend && pool.bytes.toClient == listener.bytes.toClient,
          "pool \(name) and its listener count different bytes: \(pool.bytes) \(listener.bytes)")
        check(
          name == "wild" || pool.sessions.total <= listener.sessions.total,
          "pool \(name) counts \(pool.sessions.total) sessions, and its listener \(listener.sessions.total)")
        for backend in pool.backends {
          let closes = backend.closes.values.reduce(0, +)
          check(
            closes == backend.sessions.total,
            "backend \(backend.name): \(backend.sessions.total) sessions, and \(closes) have ended: \(backend.closes)")
        }
      }
      check(
        report.process.openDescriptors <= before.openDescriptors + 48,
        "descriptors: \(before.openDescriptors) → \(report.process.openDescriptors)")
      // A sanitizer holds back what was freed.
      check(
        Programs.sanitizer != nil || report.process.rssBytes <= before.rssBytes + 24 << 20,
        "memory: \(before.rssBytes) → \(report.process.rssBytes)")
    }

    /// Ends the last process; none of all of them may be left, and none may have complained.
    private func endAll(_ proxy: MartletProcess, _ last: pid_t, _ faults: Faults) throws {
      kill(last, SIGTERM)
      // The first one isn't waited for before: with it everything of its process group would be ended.
      let areGone = eventually(seconds: 30) { ProcessGroup.members(of: proxy.program.pid).isEmpty }
      if !areGone {
        faults.add(
          "processes are left, 30 s after the last one was told to end: \(ProcessGroup.members(of: proxy.program.pid))")
      }
      let first = try proxy.program.wait()
      if first != .code(0) { faults.add("the first process ended with \(first)") }
      for line in proxy.log.split(separator: "\n")
      where ["Sanitizer", "Fatal error", "Segmentation", "Illegal"].contains(where: { line.contains($0) }) {
        faults.add("a process said: \(line)")
      }
    }
  }
}

/// The processes that are left of a group.
private enum ProcessGroup {
  /// All that haven't ended.
  static func members(of group: pid_t) -> [pid_t] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { pid_t($0) }.filter { pid in
      // proc_pid_stat(5): behind the name in brackets come the state, the parent and the group.
      guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let rest = stat.range(of: ") ", options: .backwards)
      else { return false }
      let fields = stat[rest.upperBound...].split(separator: " ")
      return fields.count > 2 && fields[0] != "Z" && fields[2] == "\(group)"
    }
  }
}

/// Said once, to the clients.
private final class Over: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .relaxed) }

  func set() { value.store(true, ordering: .relaxed) }
}
