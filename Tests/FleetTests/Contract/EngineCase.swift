import Agreement
import Sockets
import Support
import Testing

@testable import Fleet

/// What an engine does the same on every kind of store: the fleet's log, and who owns what.
struct EngineCase: Sendable {
  let name: String
  let run: @Sendable (_ world: EngineWorld) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (_ world: EngineWorld) throws -> Void) {
    self.name = name
    self.run = run
  }

  static let all = order + losses + pieces + snapshots + claims + renewals + successions + grants
}

extension EngineCase: CustomTestStringConvertible {
  var testDescription: String { name }
}

@Suite(.serialized) struct EngineContractTests {
  private func world(making mutant: Mutant? = nil) -> EngineWorld {
    let contents = MemoryStore.Contents()
    let first = StoreAsker { MemoryStore(contents, on: $0) }
    let others = (0..<2).map { _ in StoreAsker(sharing: first.loop) { MemoryStore(contents, on: $0) } }
    return EngineWorld([first] + others, making: mutant)
  }

  @Test("an engine on a store in memory", arguments: EngineCase.all)
  func memory(_ contract: EngineCase) throws {
    try contract.run(world())
  }

  /// Those that take no store that tells what is old, as this one never does.
  @Test(
    "a mistake made on purpose is seen by one case at least",
    arguments: [
      Mutant.appendWithoutLookingForOneself, .leaseFromTheAnswer, .noQuietTimeAfterRestart, .renewalAfterRelease,
      .generationReused, .unknownRenewalCounted, .grantDespiteClaim, .grantForgotten, .leaseInheritedAnew,
    ])
  func mistake(_ mutant: Mutant) {
    withKnownIssue {
      for contract in EngineCase.all { try contract.run(world(making: mutant)) }
    }
  }

  @Test("an engine on three servers of ZooKeeper, one for each node")
  func zooKeeper() throws {
    let servers = try ZooKeeperServers(3)
    try run(on: .zooKeeper, at: servers.addresses)
    withExtendedLifetime(servers) {}
  }

  @Test("an engine on three members of etcd, one for each node")
  func etcd() throws {
    let servers = try EtcdServers(3)
    try run(on: .etcd, at: servers.addresses)
    withExtendedLifetime(servers) {}
  }

  private func run(on kind: StoreSettings.Kind, at addresses: [SocketAddress]) throws {
    for (number, contract) in EngineCase.all.enumerated() {
      let root = "/engine/\(number)"
      let first = StoreAsker([addresses[0]], of: kind, root: root, patience: .seconds(10))
      let clients =
        [first]
        + addresses.dropFirst().map {
          StoreAsker(sharing: first.loop, [$0], of: kind, root: root, patience: .seconds(10))
        }
      for client in clients { try #require(client.waitUntilReached()) }
      do { try contract.run(EngineWorld(clients)) } catch { Issue.record(error, "\(contract.name)") }
    }
  }
}
