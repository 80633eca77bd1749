import Foundation
import Support
import Testing

/// A fleet that comes from one engine to another by upgrades, and back.
@Suite(
  "System/EngineChange", .serialized, .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"),
  .timeLimit(.minutes(4)))
struct EngineChangeTests {
  /// What the fleet comes to from a store.
  enum Destination: CaseIterable {
    case nodesThemselves
    case anotherRoot
    case etcd

    /// The servers that it takes beside those of the fleet.
    func servers(beside fleet: AddressFleet) throws -> (any StoreServers)? {
      guard self == .etcd else { return nil }
      return try StoreKind.etcd.start(in: (fleet.network.hub, TestNetwork.hubAddress))
    }

    /// What a file says of it.
    func configuration(of fleet: AddressFleet, on servers: (any StoreServers)?) -> String {
      switch self {
      case .nodesThemselves: "{ \"type\": \"embedded\", \"preview\": true }"
      case .anotherRoot: fleet.engine.replacing(" }", with: ", \"root\": \"/other\" }")
      case .etcd: servers?.configuration ?? ""
      }
    }

    /// What nodes call it, of a fleet on ZooKeeper's servers.
    var name: String {
      switch self {
      case .nodesThemselves: "embedded"
      case .anotherRoot: "zookeeper /other"
      case .etcd: "etcd /martlet"
      }
    }
  }

  @Test(
    "node by node all come to another engine and back: the address stays where it is, answers all the while, and drains hold",
    arguments: Destination.allCases)
  func upgrades(to destination: Destination) throws {
    let fleet = try AddressFleet(lease: "8s", backends: 2)
    defer { for name in fleet.names { fleet.endSuccessor(of: name) } }
    let drained = { (name: String) in try fleet.ask(name, "overrides").output.contains("drain") }
    let drain = try fleet.ask("lb2", "drain", "web/\(AddressFleet.backendHost):9001", "--reason", "new disk")
    #expect(drain.exit == .code(0), "\(drain)")
    let servers = try destination.servers(beside: fleet)
    let other = destination.configuration(of: fleet, on: servers)
    let (owner, start) = (try #require(fleet.holder), bootTime())
    for (turn, engine) in [other, nil].enumerated() {
      try fleet.name(engine)
      for (place, name) in fleet.names.enumerated() {
        let upgrade = try fleet.ask(name, "upgrade")
        #expect(upgrade.exit == .code(0), "\(upgrade)")
        guard place == 0 else { continue }
        // Both sides say who has come over, and nothing stands still.
        for witness in ["lb1", "lb3"] {
          try waitUntil("\(witness) says who has come over: \(fleet.logs)") {
            fleet.status(witness)?.log.trouble?.contains("lb1 has come over, lb2, lb3 are awaited") == true
          }
        }
        #expect(try fleet.ask("lb3", "weight", "web/\(AddressFleet.backendHost):9000", "\(turn + 2)").exit == .code(0))
      }
      for name in fleet.names {
        try waitUntil("\(name) goes by the other engine: \(fleet.logs)", limit: .seconds(40)) {
          try fleet.eraEngine(of: name).dropFirst(9).hasPrefix(engine == nil ? "zookeeper /martlet" : destination.name)
            && fleet.status(name)?.log.live == true
            && fleet.status(name)?.log.trouble == nil
        }
        #expect(try drained(name), "\(name)")
      }
      // Longer than the lease that was carried over.
      usleep(8_500_000)
      #expect(fleet.client.longestGap(since: start) < 0.3)
      #expect(fleet.holder == owner && fleet.sampler.seen.holders.last.map { $0.at < start } == true)
      let generation = try #require(fleet.status(owner)?.addresses.first?.generation)
      #expect(generation > (turn + 1) << 44)
    }
    // And it goes on from there.
    let ready = try fleet.ask("lb1", "ready", "web/\(AddressFleet.backendHost):9001")
    #expect(ready.exit == .code(0), "\(ready)")
    let moved = try fleet.failOver { owner in
      let heir = fleet.names.first { $0 != owner } ?? ""
      let move = try fleet.ask(owner, "fleet", "move", "web", heir)
      #expect(move.exit == .code(0), "\(move)")
    }
    #expect(moved < 1, "\(moved)")
    #expect(fleet.sampler.seen.doubles.isEmpty, "\(fleet.sampler.seen.doubles)")
    print("longest time without an answer while the engine changed twice: \(fleet.client.longestGap(since: start)) s")
  }
}
