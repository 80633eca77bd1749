import Foundation
import Support
import Testing

/// How many of each kind.
private let failovers = ProcessInfo.processInfo.environment["MARTLET_FAILOVERS"].flatMap { Int($0) } ?? 0

/// How long it takes to agree on something where the nodes do it by themselves, and when the one that leads is lost: part of `make fleet-soak`.
@Suite("System/LogSoak", .enabled(if: failovers > 0, "MARTLET_FAILOVERS says how many of each"))
struct LogSoakTests {
  private static func tell(_ what: String, _ seconds: [Double]) {
    let sorted = seconds.sorted()
    func percentile(_ share: Double) -> Double {
      (sorted[max(Int((Double(sorted.count) * share).rounded(.up)), 1) - 1] * 10_000).rounded() / 10
    }
    let figures = [0.5, 0.9, 0.99, 1].map { "\(percentile($0))" }.joined(separator: " / ")
    print("\(what): \(sorted.count) times, p50 / p90 / p99 / max \(figures) ms")
  }

  private static func time(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  /// Asks for an override until it's taken, on a connection of its own each time.
  private static func agree(_ fleet: FleetOnMachine, at name: String, _ weight: Int) throws {
    let body =
      "{ \"pool\": \"web\", \"backend\": \"127.0.0.1:9\", \"action\": \"weight\", \"weight\": \"\(weight)\" }"
    try waitUntil("\(name) takes it", limit: .seconds(60)) {
      try AdminDoor(path: "\(fleet.folder.path)/\(name).sock").ask("POST", "/v1/overrides", body).status < 300
    }
  }

  @Test("agreeing, and agreeing when whoever leads is lost", arguments: [false, true])
  func leaderLost(isFrozen: Bool) throws {
    let fleet = try FleetOnMachine(on: NoServers())
    try fleet.waitUntilAllServe(1)
    var quiet: [Double] = []
    var lost: [Double] = []
    for round in 0..<failovers {
      for turn in 0..<10 { quiet.append(try Self.time { try Self.agree(fleet, at: "lb2", 1 + (round + turn) % 200) }) }
      var leader = ""
      try waitUntil("somebody leads") {
        leader = fleet.status("lb1")?.log.leader ?? ""
        return !leader.isEmpty
      }
      let other = try #require(fleet.names.first { $0 != leader })
      if isFrozen { fleet.signal(leader, SIGSTOP) } else { fleet.kill(leader) }
      lost.append(try Self.time { try Self.agree(fleet, at: other, 201 + round % 50) })
      if isFrozen { fleet.signal(leader, SIGCONT) } else { try fleet.start(leader) }
      try fleet.waitUntilAllServe(1)
      for name in fleet.names { try fleet.waitUntil("the log lives", on: name) { $0.log.live } }
    }
    Self.tell("agreed", quiet)
    Self.tell("the leader \(isFrozen ? "frozen" : "killed"), next agreed", lost)
  }
}
