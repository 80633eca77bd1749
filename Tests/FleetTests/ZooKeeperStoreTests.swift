import Agreement
import Sockets
import Support
import Testing

@testable import Fleet

@Suite(.serialized) struct ZooKeeperStoreTests {
  @Test func smoke() throws {
    let servers = try ZooKeeperServers(1)
    let asker = StoreAsker(servers.addresses)
    #expect(asker.waitUntilReached())
    print(asker.store.state)
    #expect(asker.read(.head) == .absent)
    let w = asker.write(StoreWrite(.head, expecting: .nothing, .put([1])))
    print(w as Any)
    print(asker.read(.head) as Any)
    print(asker.write(StoreWrite(.head, expecting: .nothing, .put([1]))) as Any)
  }
}
