import Introduction
import Sockets
import Testing

/// Headers as they're sent.
@Suite struct ProxyHeaderWritingTests {
  private static func client(_ from: String, _ to: String) -> ProxyHeader.Origin {
    .client(ProxyHeaderReadingTests.address(from), to: ProxyHeaderReadingTests.address(to))
  }

  @Test(
    "lines",
    arguments: [
      (client("192.0.2.1:56324", "198.51.100.7:443"), "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"),
      (client("[2001:db8::1]:1", "[::1]:2"), "PROXY TCP6 2001:db8::1 ::1 1 2\r\n"),
      (client("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:2"), "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
      (client("192.0.2.1:1", "[::1]:2"), "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"),
      (client("unix:/run/a", "unix:/run/b"), "PROXY UNKNOWN\r\n"), (.unknown, "PROXY UNKNOWN\r\n"),
      (.sender, "PROXY UNKNOWN\r\n"),
    ])
  func lines(_ origin: ProxyHeader.Origin, _ line: String) {
    #expect(String(decoding: ProxyHeader(.v1, origin).bytes(), as: UTF8.self) == line)
  }

  @Test func aScopeStaysHere() {
    let origin = ProxyHeader.Origin.client(
      .ipv6(high: 0xFE80 << 48, low: 1, scope: 1, port: 1), to: .ipv6(high: 0, low: 1, scope: 0, port: 2))
    #expect(String(decoding: ProxyHeader(.v1, origin).bytes(), as: UTF8.self) == "PROXY TCP6 fe80::1 ::1 1 2\r\n")
  }

  @Test(
    "what is written is what is read",
    arguments: [
      client("192.0.2.1:56324", "198.51.100.7:443"), client("[2001:db8::1]:1", "[::1]:2"), client("unix:/a", "unix:/b"),
      .unknown,
      .sender,
    ], [ProxyHeader.Check.none, .crc32c])
  func there(_ origin: ProxyHeader.Origin, and check: ProxyHeader.Check) {
    let fields = origin == .sender ? [] : [ProxyField(.authority, Array("db".utf8)), ProxyField(.uniqueID, [1, 2, 3])]
    let header = ProxyHeader(.v2, origin, fields: fields)
    let bytes = header.bytes(check)
    #expect(ProxyHeader.read(bytes.span) == .header(header, length: bytes.count))
  }
}
