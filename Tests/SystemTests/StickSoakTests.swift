import Foundation
import Libevent
import Support
import Synchronization
import Testing

/// How many clients.
private let clients = ProcessInfo.processInfo.environment["MARTLET_STUCK"].flatMap { Int($0) } ?? 0

/// Clients by the ten thousand, whose owner is lost right after the last one has come: `make fleet-soak`.
@Suite(
  "System/StickSoak", .serialized, .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"),
  .enabled(if: clients > 0, "MARTLET_STUCK says how many clients"))
struct StickSoakTests {
  @Test(
    "of those who come back nearly all get the backend they had, of those who were acknowledged all",
    arguments: ["async", "ack-one"])
  func ownerLost(replication: String) throws {
    let fleet = try AddressFleet(
      backends: 5, answer: true, pool: ", \"stick\": { \"size\": 200000, \"replicate\": \"\(replication)\" }")
    // All of these are the hub's own, and the nodes know that.
    try fleet.network.hub.run("ip", "route", "add", "local", "10.100.0.0/15", "dev", "lo")
    for node in fleet.network.nodes {
      try node.run("ip", "route", "add", "10.100.0.0/15", "via", TestNetwork.hubAddress)
    }
    let start = bootTime()
    let first = try come(to: fleet)
    let took = Double(bootTime() - start) / 1e9
    let owner = try #require(fleet.holder)
    let counted = try fleet.ask(owner, "stick").output
    _ = try fleet.failOver { fleet.kill($0) }
    let second = try come(to: fleet)
    let (known, kept) = zip(first, second).reduce((0, 0)) { sums, pair in
      guard pair.0 != 0, pair.1 != 0 else { return sums }
      return (sums.0 + 1, sums.1 + (pair.0 == pair.1 ? 1 : 0))
    }
    let vain = counted.firstMatch(of: #/([0-9]+) sessions? waited for another node in vain/#).flatMap { Int($0.1) } ?? 0
    print(
      "\(replication): \(clients) clients in \(Int(took)) s, \(known) served twice, \(kept) by the same backend (\(Double(kept) / Double(known) * 100) %); \(vain) waited in vain"
    )
    #expect(known > clients * 99 / 100)
    // A fifth of those who are new to the next owner get the same backend by chance.
    #expect(Double(kept) >= Double(known) * 0.999)
    if replication == "ack-one" { #expect(known - kept <= vain) }
  }

  /// Each client comes once; by which backend it was served, or 0.
  private func come(to fleet: AddressFleet) throws -> [UInt8] {
    let served = Served()
    for part in 0..<8 {
      _ = LoopThread(name: "clients") { [hub = fleet.network.hub] in
        hub.enter()
        for number in stride(from: part, to: clients, by: 8) {
          let host = "10.\(100 + number / 65_536).\(number / 256 % 256).\(number % 256)"
          guard let socket = try? ClientSocket(.ip(AddressFleet.address, 80), from: host) else { continue }
          try? socket.send("?")
          guard let byte = (try? socket.receive(exactly: 1))?.first else { continue }
          served.backends.withLock { $0[number] = byte }
        }
        served.threads.add(1, ordering: .releasing)
      }
    }
    try waitUntil("all clients have come", limit: .seconds(900)) { served.threads.load(ordering: .acquiring) == 8 }
    return served.backends.withLock { $0 }
  }

  private final class Served: Sendable {
    let backends = Mutex([UInt8](repeating: 0, count: clients))
    let threads = Atomic(0)
  }
}
