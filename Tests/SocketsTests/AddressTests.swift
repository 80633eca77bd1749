import Sockets
import Testing

@Suite struct AddressTests {
  @Test("a scope is called by its interface's name, as people write it; one without an interface by its number")
  func scopes() {
    #expect(SocketAddress("[fe80::5%lo]:7000")?.description == "[fe80::5%lo]:7000")
    #expect(SocketAddress("[fe80::5%1]:7000")?.description == "[fe80::5%lo]:7000")
    #expect(SocketAddress("[fe80::5%4000000]:7000")?.description == "[fe80::5%4000000]:7000")
  }

  @Test(
    "an address is read and written in the same form",
    arguments: [
      "127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80", "[::]:0", "[2001:db8::a:1]:443",
      "unix:/run/x.sock",
    ])
  func roundTrip(_ text: String) {
    #expect(SocketAddress(text)?.description == text)
  }

  @Test(
    "what is no address isn't read as one",
    arguments: [
      "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0:80", "256.0.0.1:80", "::1:80", "[::1]",
      "[::1:80", "[::1%none]:80", "localhost:80", "unix:", "unix:" + String(repeating: "x", count: 108), ":80",
    ])
  func invalid(_ text: String) {
    #expect(SocketAddress(text) == nil)
  }

  @Test("a Unix socket's path may be as long as the kernel allows")
  func longestPath() {
    let path = "/" + String(repeating: "x", count: SocketAddress.longestUnixPath - 1)
    #expect(SocketAddress("unix:\(path)") == .unix(path: path))
  }

  @Test("host and port are told apart")
  func parts() throws {
    let address = try #require(SocketAddress("[2001:db8::1]:8080"))
    #expect(address.port == 8080 && address.host == "2001:db8::1")
    #expect(address.with(port: 1).description == "[2001:db8::1]:1")
    #expect(address.hostBytes == [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1])
    #expect(SocketAddress("10.1.2.3:4")?.hostBytes == [10, 1, 2, 3])
    #expect(SocketAddress.unix(path: "/x").hostBytes == nil)
  }

  @Test("the ports for outgoing connections are a range of the machine's")
  func ephemeralPorts() throws {
    let text = try #require(SmallFile.read("/proc/sys/net/ipv4/ip_local_port_range"))
    let bounds = text.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
    #expect([EphemeralPorts.range.lowerBound, EphemeralPorts.range.upperBound] == bounds)
  }
}
