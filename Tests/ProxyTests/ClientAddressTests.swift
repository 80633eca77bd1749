import Balancing
import Proxy
import Sockets
import Support
import SystemPackage
import Testing

/// Clients as they are picked by their addresses.
@Suite struct ClientAddressTests {
  @Test("an IPv4 client is the same one at an IPv6 socket", arguments: ["10.1.2.3", "127.0.0.1", "255.255.255.255"])
  func mapped(_ text: String) throws {
    let plain = try #require(SocketAddress(ip: text, port: 1))
    let mapped = try #require(SocketAddress(ip: "::ffff:\(text)", port: 2))
    #expect(plain.hostHash == mapped.hostHash && plain.hostHash != nil)
  }

  @Test("a hash is made of the address's bytes in network order, and of nothing else")
  func bytes() throws {
    let ipv4 = try #require(SocketAddress("10.1.2.3:4"))
    #expect(ipv4.hostHash == ClientHash.of(bytes: [10, 1, 2, 3]))
    let ipv6 = try #require(SocketAddress("[2001:db8::1]:4"))
    #expect(ipv6.hostHash == ClientHash.of(bytes: [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]))
    #expect(SocketAddress.unix(path: "/x").hostHash == nil)
  }

  @Test("a client comes to the same backend through an IPv4 and an IPv6 listener")
  func sameBackend() throws {
    let servers = try (0..<8).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let proxy = try ProxyFixture(servers.map(\.address), strategy: .sourceHash)
    // It listens at every address of the machine, for both families.
    let both = try SharedSocket(listeningAt: .ipv6(high: 0, low: 0, scope: 0, port: 0), backlog: 16) {
      (socket) throws(Errno) in try socket.setIPv6Only(false)
    }
    let status = ListenerStatus(name: "both", workers: 1)
    let pool = proxy.pool.snapshot(strategy: .sourceHash)
    let rollout = WorkerRollout(
      id: 1, opened: [ListeningSocket(status: status, socket: both)],
      table: RoutingTable(["test": pool, "both": pool]))
    proxy.post(.prepare(rollout))
    proxy.post(.commit(rollout: 1))
    let port = try #require(try both.socket.localAddress().port)
    let first = try proxy.connect()
    let second = try Peer.connect(to: .ipv4(0x7F00_0001, port: port))
    #expect(
      eventually { proxy.backends.map { $0.counters[0].sessions.current }.sorted() == [0, 0, 0, 0, 0, 0, 0, 2] })
    _ = (first, second)
  }
}
