import Sockets
import Support
import Testing

/// Which sockets a connection reaches, and which addresses are this machine's.
@Suite struct ReachTests {
  @Test(
    "a connection reaches the sockets that the kernel would give it to",
    arguments: [
      ("127.0.0.1:80", "127.0.0.1:80", true), ("127.0.0.1:80", "127.0.0.1:81", false),
      ("127.0.0.1:80", "127.0.0.2:80", false), ("127.0.0.1:80", "0.0.0.0:80", true),
      ("127.0.0.2:80", "0.0.0.0:80", false), ("127.0.0.1:80", "[::ffff:127.0.0.1]:80", true),
      ("127.0.0.1:80", "[::ffff:0.0.0.0]:80", true), ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", true),
      ("0.0.0.0:80", "10.0.0.1:80", true), ("0.0.0.0:80", "10.0.0.9:80", false), ("0.0.0.0:80", "[fd00::1]:80", false),
      ("0.0.0.0:80", "[::ffff:10.0.0.1]:80", true), ("0.0.0.0:80", "[::1]:80", false),
      ("[::]:80", "10.0.0.1:80", true), ("[::]:80", "[fd00::1]:80", true), ("[::]:80", "[fd00::9]:80", false),
      ("[::]:80", "[::]:80", true), ("[::1]:80", "[::]:80", true), ("[::]:80", "0.0.0.0:80", true),
      ("10.0.0.1:80", "0.0.0.0:80", false), ("unix:/a", "unix:/a", true), ("unix:/a", "unix:/b", false),
      ("unix:/a", "0.0.0.0:80", false),
    ])
  func reach(bound: String, target: String, isReached: Bool) throws {
    let own: Set<SocketAddress> = [
      .ipv4(0x0A00_0001, port: 80), .ipv6(high: 0xFD00_0000_0000_0000, low: 1, scope: 0, port: 80),
    ]
    let (bound, target) = (try #require(SocketAddress(bound)), try #require(SocketAddress(target)))
    #expect(bound.isReached(by: target) { own.contains($0) || $0.isLoopback } == isReached)
  }

  @Test(
    "two sockets overlap if a client could mean either",
    arguments: [
      ("0.0.0.0:80", "[::]:80", true), ("127.0.0.1:80", "0.0.0.0:80", true), ("127.0.0.1:80", "[::]:80", true),
      ("[::1]:80", "[::]:80", true), ("0.0.0.0:80", "[::1]:80", false), ("127.0.0.1:80", "127.0.0.2:80", false),
      ("127.0.0.1:80", "[::ffff:127.0.0.1]:80", true), ("0.0.0.0:80", "[::]:81", false), ("unix:/a", "unix:/a", true),
      ("unix:/a", "[::]:80", false),
    ])
  func overlap(one: String, other: String, areRivals: Bool) throws {
    let (one, other) = (try #require(SocketAddress(one)), try #require(SocketAddress(other)))
    #expect(one.overlaps(other) == areRivals)
    #expect(other.overlaps(one) == areRivals)
  }

  @Test(
    "the kernel says which addresses are this machine's",
    arguments: [
      ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("192.0.2.1:1", false),
      ("[2001:db8::1]:1", false),
      ("[fe80::1%1]:1", false), ("unix:/a", false),
    ])
  func local(address: String, isLocal: Bool) throws {
    let routes = LocalRoutes()
    #expect(routes.canAsk)
    let address = try #require(SocketAddress(address))
    for _ in 0..<3 { #expect(routes.isLocal(address) == isLocal) }
  }
}
