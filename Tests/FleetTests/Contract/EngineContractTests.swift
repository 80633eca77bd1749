import Sockets
import Support
import Synchronization
import Testing

@testable import Agreement
@testable import Fleet

@Suite(.serialized) struct EngineContractTests {
  private static func memory() -> StoreEngine {
    let contents = MemoryStore.Contents()
    let first = StoreAsker { MemoryStore(contents, on: $0) }
    let others = (0..<2).map { _ in StoreAsker(sharing: first.loop) { MemoryStore(contents, on: $0) } }
    return StoreEngine([first] + others)
  }

  @Test("an engine on a store in memory", arguments: EngineCase.all)
  func memory(_ contract: EngineCase) throws {
    try contract.run(EngineWorld(Self.memory()))
  }

  @Test("an engine on a store in memory, as a store's", arguments: StoreEngineCase.all)
  func memory(_ contract: StoreEngineCase) throws {
    let store = Self.memory()
    try contract.run(EngineWorld(store), store)
  }

  @Test("the nodes' own engine", arguments: EngineCase.all, EmbeddedEngine.Disks.allCases)
  func embedded(_ contract: EngineCase, _ disks: EmbeddedEngine.Disks) throws {
    try contract.run(EngineWorld(EmbeddedEngine(disks)))
  }

  @Test func thereAreEnoughThatAllHaveInCommon() {
    #expect(EngineCase.all.count >= 60)
    #expect(Set(EngineCase.all.map { $0.name }).count == EngineCase.all.count)
  }

  /// Those that take no store that tells what is old, as this one never does.
  @Test(
    "a mistake made on purpose is seen by one case at least",
    arguments: [
      Mutant.appendWithoutLookingForOneself, .leaseFromTheAnswer, .noQuietTimeAfterRestart, .renewalAfterRelease,
      .generationReused, .unknownRenewalCounted, .grantDespiteClaim, .grantForgotten, .leaseInheritedAnew,
      .runNotCounted,
    ])
  func mistake(_ mutant: Mutant) throws {
    try see(
      EngineCase.all.map { contract in { try contract.run(EngineWorld(Self.memory(), making: mutant)) } }
        + StoreEngineCase.all.map { contract in
          {
            let store = Self.memory()
            try contract.run(EngineWorld(store, making: mutant), store)
          }
        })
  }

  @Test(
    "a mistake made on purpose by the nodes' own engine is seen by one case at least",
    arguments: [
      Mutant.leaseFromTheAnswer, .noQuietTimeAfterRestart, .renewalAfterRelease, .generationReused, .leaseInheritedAnew,
      .promiseForgotten, .answeredBeforeDurable, .entryNotDurable, .holeServed, .runNotCounted,
    ])
  func embeddedMistake(_ mutant: Mutant) throws {
    try see(
      EmbeddedEngine.Disks.allCases.flatMap { disks in
        EngineCase.all.map { contract in
          {
            try contract.run(EngineWorld(EmbeddedEngine(disks), making: mutant))
          }
        }
      })
  }

  /// Lets cases play until one sees that something is wrong.
  private func see(_ cases: [() throws -> Void]) throws {
    let isSeen = Atomic(false)
    try withKnownIssue {
      for play in cases where !isSeen.load(ordering: .relaxed) { try play() }
    } matching: { _ in
      isSeen.store(true, ordering: .relaxed)
      return true
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
    func check(_ name: String, below root: String, _ run: (StoreEngine) throws -> Void) throws {
      let first = StoreAsker([addresses[0]], of: kind, root: root, patience: .seconds(10))
      let clients =
        [first]
        + addresses.dropFirst().map {
          StoreAsker(sharing: first.loop, [$0], of: kind, root: root, patience: .seconds(10))
        }
      for client in clients { try #require(client.waitUntilReached()) }
      do { try run(StoreEngine(clients)) } catch { Issue.record(error, "\(name)") }
    }
    for (number, contract) in EngineCase.all.enumerated() {
      try check(contract.name, below: "/engine/\(number)") { try contract.run(EngineWorld($0)) }
    }
    for (number, contract) in StoreEngineCase.all.enumerated() {
      try check(contract.name, below: "/store/\(number)") { try contract.run(EngineWorld($0), $0) }
    }
  }
}
