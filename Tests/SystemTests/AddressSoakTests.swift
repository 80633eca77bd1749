import Foundation
import Glibc
import Support
import Testing

/// How many of each kind.
private let failovers = ProcessInfo.processInfo.environment["MARTLET_FAILOVERS"].flatMap { Int($0) } ?? 0

/// Failovers by the hundred, and keepalived's beside them: `make fleet-soak`.
@Suite(
  "System/AddressSoak", .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"),
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

  @Test("a fleet's address, whatever happens to its owner's process") func processes() throws {
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
      // For up to 20 s in all now and then.
      usleep(UInt32.random(in: 0...(round % 10 == 0 ? 15_000_000 : 3_000_000)))
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
    figures.tell("Martlet on \(fleet.servers.engine), lease 4 s, processes", fleet.sampler.seen)
    #expect(fleet.sampler.seen.doubles.isEmpty)
  }

  @Test("a fleet's address, whatever happens to its owner's link and to the log's servers") func links() throws {
    let fleet = try AddressFleet(lease: "4s")
    let figures = Figures()
    for _ in 0..<failovers {
      for cut in TestNetwork.cuts {
        var node = 0
        figures.add(
          "cut off \(cut)",
          try fleet.failOver { owner in
            node = fleet.names.firstIndex(of: owner) ?? 0
            try fleet.network.cut(node, cut)
          })
        try fleet.network.mend(node, cut)
        try fleet.waitUntilAllReady()
      }
      if let leader = fleet.servers.leader() {
        let (owner, start) = (fleet.holder, bootTime())
        fleet.servers.kill(leader)
        usleep(3_000_000)
        figures.add("log's leader killed", fleet.client.longestGap(since: start))
        #expect(fleet.holder == owner)
        try fleet.servers.start(leader)
        try fleet.servers.waitUntilReady(leader)
        try fleet.waitUntilAllReady()
      }
      // For longer than the lease: what keeps the address is the others' leave.
      if fleet.servers.addresses.isEmpty { continue }
      try figures.add("log away for 6 s", freezeLog(of: fleet, seconds: 6))
    }
    if !fleet.servers.addresses.isEmpty {
      try figures.add("log away", freezeLog(of: fleet, seconds: UInt32(min(failovers, 120))))
    }
    figures.tell("Martlet on \(fleet.servers.engine), lease 4 s, links and log", fleet.sampler.seen)
    #expect(fleet.sampler.seen.doubles.isEmpty)
  }

  /// Lets the log's servers do nothing for so long, and gives for how long no client had an answer meanwhile.
  private func freezeLog(of fleet: AddressFleet, seconds: UInt32) throws -> Double {
    let (owner, start) = (fleet.holder, bootTime())
    for index in 0..<3 { fleet.servers.freeze(index) }
    sleep(seconds)
    let gap = fleet.client.longestGap(since: start)
    #expect(fleet.holder == owner)
    for index in 0..<3 { fleet.servers.thaw(index) }
    try fleet.waitUntilAllReady()
    return gap
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
        "cut off", { try fleet.network.cut($0, .wholly) }, { try fleet.network.mend($0, .wholly) }
      ),
    ]
    for _ in 0..<failovers {
      for kind in kinds { figures.add(kind.name, try fleet.failOver(kind.fail, mend: kind.mend)) }
    }
    figures.tell("keepalived, advert_int 1", fleet.sampler.seen)
  }
}
