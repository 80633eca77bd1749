import Agreement
import Config
import Sockets
import Support
import Testing
@testable import TLS

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
    try check(servers, servers.addresses)
  }

  @Test("ZooKeeper over TLS")
  func secureZooKeeper() throws {
    let ca = try TestCA()
    let tls = ZooKeeperServers.TLS(try ca.identity("zk", for: "IP:127.0.0.1"), ca: ca.file)
    let own = try ca.identity("lb1")
    let servers = try ZooKeeperServers(tls: tls)
    let files = TLSConfiguration(ca: ca.file, identity: .init(certificate: own.certificate, key: own.key))
    try check(servers, servers.secureAddresses, over: ServerTLS(files))
  }

  @Test("etcd, asked at the same member and at two that are one cluster", arguments: [1, 3])
  func etcd(_ count: Int) throws {
    let servers = try EtcdServers(count)
    try check(servers, servers.addresses, of: .etcd)
  }

  @Test("etcd over TLS, with a user")
  func secureEtcd() throws {
    let ca = try TestCA()
    let servers = try EtcdServers(tls: .init(try ca.identity("etcd", for: "IP:127.0.0.1")))
    try servers.enableUsers("martlet", password: "se:cret", below: "/case/")
    let tls = try ServerTLS(TLSConfiguration(ca: ca.file))
    try check(servers, servers.secureAddresses, of: .etcd, over: tls, user: "martlet:se:cret")
  }

  /// What two connections bring comes to a server in either order, and what is told on one says nothing of the other.
  @Test("one who is farther away than the other", arguments: StoreSettings.Kind.allCases)
  func farAway(_ kind: StoreSettings.Kind) throws {
    let (servers, near): (AnyObject, [SocketAddress])
    switch kind {
    case .zooKeeper:
      let ensemble = try ZooKeeperServers(1)
      (servers, near) = (ensemble, ensemble.addresses)
    case .etcd:
      let cluster = try EtcdServers(1)
      (servers, near) = (cluster, cluster.addresses)
    }
    let relay = try SlowRelay(to: near[0])
    try check(servers, [relay.address] + near, of: kind)
    withExtendedLifetime(relay) {}
  }

  private func check(
    _ servers: AnyObject, _ addresses: [SocketAddress], of kind: StoreSettings.Kind = .zooKeeper,
    over tls: ServerTLS? = nil, user: String? = nil
  ) throws {
    for (number, contract) in StoreCase.all.enumerated() {
      // Patient enough for a busy machine: an outcome that is unknown is another test's.
      let (root, patience) = ("/case/\(number)", Duration.seconds(10))
      let one = StoreAsker([addresses[0]], of: kind, root: root, user: user, tls: tls, patience: patience)
      let other = StoreAsker(
        sharing: one.loop, [addresses[addresses.count - 1]], of: kind, root: root, user: user, tls: tls,
        patience: patience)
      try #require(one.waitUntilReached() && other.waitUntilReached(), "\(one.why) \(other.why)")
      do { try contract.run(one, other) } catch { Issue.record(error, "\(contract.name)") }
    }
    withExtendedLifetime(servers) {}
  }
}
