import Sockets
import Testing

/// Ranges of addresses, as people write them.
@Suite struct AddressRangeTests {
  @Test(
    "who is in it, and who isn't",
    arguments: [
      ("10.0.0.0/8", ["10.0.0.1", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "9.255.255.255", "::1"]),
      ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.3"]), ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::1"]),
      ("128.0.0.0/1", ["128.0.0.0", "255.0.0.1"], ["127.255.255.255"]),
      ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db9::", "10.0.0.1"]),
      ("::/0", ["::1", "ffff::"], ["10.0.0.1"]),
      ("2001:db8:0:0:8000::/65", ["2001:db8::8000:0:0:1"], ["2001:db8::7fff:0:0:1"]), ("::1", ["::1"], ["::2"]),
    ])
  func ranges(_ text: String, _ inside: [String], _ outside: [String]) throws {
    let range = try AddressRange(text)
    #expect(range.description == text)
    for host in inside { #expect(range.contains(try #require(SocketAddress(ip: host, port: 1))), "\(host)") }
    for host in outside { #expect(!range.contains(try #require(SocketAddress(ip: host, port: 1))), "\(host)") }
    #expect(!range.contains(.unix(path: "/a")))
  }

  @Test func unix() throws {
    #expect(try AddressRange("unix:").contains(.unix(path: "/a")))
    #expect(!(try AddressRange("unix:").contains(.ipv4(1, port: 1))))
  }

  @Test(
    "what is none",
    arguments: [
      "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/08 ", "::/129", "10.0.0", "a.example", "fe80::1%lo",
      "unix:/a",
    ])
  func wrong(_ text: String) {
    #expect(throws: AddressRange.Fault.unreadable) { try AddressRange(text) }
  }

  @Test func whatIsMeantIsSaid() throws {
    #expect(throws: AddressRange.Fault.tooManyBits(try AddressRange("10.0.0.0/8"))) { try AddressRange("10.1.0.0/8") }
    #expect(throws: AddressRange.Fault.tooManyBits(try AddressRange("2001:db8::/32"))) {
      try AddressRange("2001:db8::1/32")
    }
  }
}
