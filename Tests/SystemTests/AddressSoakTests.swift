import Foundation
import Glibc
import Support
import Testing

/// How many of each kind.
private let failovers = ProcessInfo.processInfo.environment["MARTLET_FAILOVERS"].flatMap { Int($0) } ?? 0

/// Failovers by the hundred, and keepalived's beside them: `make fleet-soak`.
@Suite(
  "System/AddressSoak", .serialized, .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"),
  .enabled(if: failovers > 0, "MARTLET_FAILOVERS says how many of each"))
struct AddressSoakTests {
  /// For how long nobody answered, by what had happened, in the order in which it came.
  private final class Figures {
    private var kinds: [(name: String, seconds: [Double])] = []

    func add(_ kind: String, _ seconds: Double) {
      if let place = kinds.firstIndex(where: { $0.name == kind }) {
        kinds[place].seconds.append(seconds)
      } else {
        kinds.append((kind, [seconds]))
      }
    }

    func tell(_ title: String, _ seen: HolderSampler.Seen) {
      print("\(title): without an answer, in ms")
      for (name, seconds) in kinds {
        let sorted = seconds.sorted()
        func percentile(_ share: Double) -> Int {
          Int((sorted[max(Int((Double(sorted.count) * share).rounded(.up)), 1) - 1] * 1000).rounded())
        }
        let figures = [0.5, 0.9, 0.99, 1].map { "\(percentile($0))" }.joined(separator: " / ")
        print("  \(name): \(sorted.count) times, p50 / p90 / p99 / max \(figures)")
      }
      print("  \(seen.samples) samples, \(seen.doubles.count) of them with two holders")
    }
  }

  @Test("a fleet's address, whatever happens to its owner") func fleet() throws {
    let fleet = try AddressFleet(lease: "4s")
    let figures = Figures()
    for round in 0..<failovers {
      figures.add(
        "moved",
        try fleet.failOver { owner in
          let heir = fleet.names.filter { $0 != owner }[round % 2]
          _ = try fleet.ask(fleet.names[round % 3], "fleet", "move", "web", heir)
        })
      for isWithdrawn in [false, true] {
        var dead = ""
        figures.add(
          isWithdrawn ? "process killed, withdrawn" : "process killed",
          try fleet.failOver { owner in
            dead = owner
            fleet.kill(owner)
            if isWithdrawn { _ = try fleet.withdraw(owner) }
          })
        try fleet.start(dead)
        try fleet.waitUntilAllReady()
      }
      var frozen = ""
      figures.add(
        "frozen",
        try fleet.failOver { owner in
          frozen = owner
          fleet.nodes[owner]?.send(SIGSTOP)
        })
      usleep(UInt32.random(in: 0...3_000_000))
      fleet.nodes[frozen]?.send(SIGCONT)
      try fleet.waitUntilAllReady()
      // Too short a freeze for anybody to notice, or just not.
      if let owner = fleet.holder {
        let start = bootTime()
        fleet.nodes[owner]?.send(SIGSTOP)
        usleep(UInt32.random(in: 200_000...4_500_000))
        fleet.nodes[owner]?.send(SIGCONT)
        try fleet.waitUntilServed()
        try fleet.waitUntilAllReady()
        figures.add("frozen for 0.2 to 4.5 s", fleet.client.longestGap(since: start))
      }
      var cut = 0
      figures.add(
        "cut off",
        try fleet.failOver { owner in
          cut = fleet.names.firstIndex(of: owner) ?? 0
          try fleet.network.setLink(of: cut, up: false)
        })
      try fleet.network.setLink(of: cut, up: true)
      try fleet.waitUntilAllReady()
      if let leader = fleet.servers.leader() {
        let (owner, start) = (fleet.holder, bootTime())
        fleet.servers.kill(leader)
        usleep(3_000_000)
        figures.add("log's leader killed", fleet.client.longestGap(since: start))
        #expect(fleet.holder == owner)
        try fleet.servers.start(leader)
        try fleet.servers.waitForSession(leader)
        try fleet.waitUntilAllReady()
      }
      var stopped = ""
      figures.add(
        "stopped",
        try fleet.failOver { owner in
          stopped = owner
          fleet.nodes[owner]?.send(SIGTERM)
        })
      fleet.kill(stopped)
      try fleet.start(stopped)
      try fleet.waitUntilAllReady()
    }
    let start = bootTime()
    let owner = fleet.holder
    for index in 0..<3 { fleet.servers.freeze(index) }
    sleep(UInt32(min(failovers, 120)))
    figures.add("log away", fleet.client.longestGap(since: start))
    #expect(fleet.holder == owner)
    for index in 0..<3 { fleet.servers.thaw(index) }
    figures.tell("Martlet, lease 4 s", fleet.sampler.seen)
    #expect(fleet.sampler.seen.doubles.isEmpty)
  }

  @Test("keepalived's, as a baseline", .enabled(if: Programs.have("keepalived"), "not installed: keepalived"))
  func keepalived() throws {
    let fleet = try KeepalivedFleet()
    let figures = Figures()
    let kinds: [(name: String, fail: (Int) throws -> Void, mend: (Int) throws -> Void)] = [
      ("stopped", { fleet.signal($0, SIGTERM) }, fleet.start),
      ("process killed", { fleet.signal($0, SIGKILL) }, fleet.start),
      ("frozen", { fleet.signal($0, SIGSTOP) }, { fleet.signal($0, SIGCONT) }),
      (
        "cut off", { try fleet.network.setLink(of: $0, up: false) }, { try fleet.network.setLink(of: $0, up: true) }
      ),
    ]
    for _ in 0..<failovers {
      for kind in kinds { figures.add(kind.name, try fleet.failOver(kind.fail, mend: kind.mend)) }
    }
    figures.tell("keepalived, advert_int 1", fleet.sampler.seen)
  }
}
