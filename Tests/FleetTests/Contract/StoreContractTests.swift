import Agreement
import Support
import Testing

@testable import Fleet

@Suite(.serialized) struct StoreContractTests {
  @Test("a store in memory", arguments: StoreCase.all)
  func memory(_ contract: StoreCase) throws {
    let contents = MemoryStore.Contents()
    let one = StoreAsker { MemoryStore(contents, on: $0) }
    try contract.run(one, StoreAsker(sharing: one.loop) { MemoryStore(contents, on: $0) })
  }

  @Test("ZooKeeper, asked at the same server and at two that are one ensemble", arguments: [1, 3])
  func zooKeeper(_ count: Int) throws {
    let servers = try ZooKeeperServers(count)
    for (number, contract) in StoreCase.all.enumerated() {
      // Patient enough for a busy machine: an outcome that is unknown is another test's.
      let one = StoreAsker([servers.addresses[0]], root: "/case/\(number)", patience: .seconds(10))
      let other = StoreAsker(
        sharing: one.loop, [servers.addresses[count - 1]], root: "/case/\(number)", patience: .seconds(10))
      try #require(one.waitUntilReached() && other.waitUntilReached())
      do { try contract.run(one, other) } catch { Issue.record(error, "\(contract.name)") }
    }
    withExtendedLifetime(servers) {}
  }
}
