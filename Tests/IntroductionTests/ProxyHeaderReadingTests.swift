import Introduction
import Sockets
import Testing

/// Headers as others write them, read whole, a byte at a time, and cut short.
@Suite struct ProxyHeaderReadingTests {
  static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

  /// One of version 2.
  static func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
    signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
  }

  static func read(_ bytes: [UInt8], taking versions: Set<ProxyHeader.Version> = [.v1, .v2]) -> ProxyReading {
    ProxyHeader.read(bytes.span, taking: versions)
  }

  static func address(_ text: String) -> SocketAddress { SocketAddress(text) ?? .unix(path: text) }

  @Test(
    "lines",
    arguments: [
      ("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", "192.0.2.1:56324", "198.51.100.7:443"),
      ("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0:0", "255.255.255.255:65535"),
      ("PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "[2001:db8::1]:1", "[::1]:2"),
      (
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"
      ),
    ])
  func lines(_ line: String, _ from: String, _ to: String) {
    let origin = ProxyHeader.Origin.client(Self.address(from), to: Self.address(to))
    let bytes = Array(line.utf8)
    #expect(bytes.count <= ProxyHeader.longestLine)
    #expect(Self.read(bytes) == .header(ProxyHeader(.v1, origin), length: bytes.count))
    #expect(Self.read(bytes + [1, 2]) == .header(ProxyHeader(.v1, origin), length: bytes.count))
  }

  @Test("who isn't named", arguments: ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 whatever 1 2\r\n"])
  func unknown(_ line: String) {
    #expect(Self.read(Array(line.utf8)) == .header(ProxyHeader(.v1, .unknown), length: line.utf8.count))
  }

  @Test(
    "lines that make no sense",
    arguments: [
      "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
      "PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
      "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
      "PROXY \r\n", "PROXY UNKNOWN\t\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\u{0}\r\n",
    ])
  func malformed(_ line: String) {
    #expect(Self.read(Array(line.utf8)) == .wrong(.malformed))
  }

  @Test func aLineEndsInTime() {
    let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 14 - 2) + "\r\n"
    #expect(Self.read(Array(longest.utf8)) == .header(ProxyHeader(.v1, .unknown), length: 107))
    let longer = "PROXY UNKNOWN " + String(repeating: "x", count: 107 - 14 - 1) + "\r\n"
    #expect(Self.read(Array(longer.utf8)) == .wrong(.tooLong))
    #expect(Self.read(Array(longer.utf8.prefix(106))) == .incomplete(needed: 107))
  }

  @Test func ipv4() {
    let bytes = Self.binary(0x21, 0x11, [192, 0, 2, 1, 198, 51, 100, 7, 0xDC, 0x04, 0x01, 0xBB])
    let origin = ProxyHeader.Origin.client(Self.address("192.0.2.1:56324"), to: Self.address("198.51.100.7:443"))
    #expect(Self.read(bytes) == .header(ProxyHeader(.v2, origin), length: 28))
    #expect(Self.read(bytes, taking: [.v1]) == .wrong(.version))
  }

  @Test func ipv6() {
    let one: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1]
    let bytes = Self.binary(0x21, 0x21, one + Array(repeating: 0, count: 15) + [2, 0, 80, 0, 81])
    let origin = ProxyHeader.Origin.client(Self.address("[2001:db8::1]:80"), to: Self.address("[::2]:81"))
    #expect(Self.read(bytes) == .header(ProxyHeader(.v2, origin), length: 52))
  }

  @Test func unix() {
    let path = Array("/run/a.sock".utf8)
    let body = path + Array(repeating: 0, count: 108 - path.count) + Array(repeating: 0, count: 108)
    let origin = ProxyHeader.Origin.client(.unix(path: "/run/a.sock"), to: .unix(path: ""))
    #expect(Self.read(Self.binary(0x21, 0x31, body)) == .header(ProxyHeader(.v2, origin), length: 232))
  }

  @Test("the sender's own, and who isn't named", arguments: [0x20, 0x21] as [UInt8])
  func unnamed(command: UInt8) {
    let origin: ProxyHeader.Origin = command == 0x20 ? .sender : .unknown
    #expect(Self.read(Self.binary(command, 0x00, [])) == .header(ProxyHeader(.v2, origin), length: 16))
    // Datagrams aren't what came.
    let body: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 7, 0xDC, 0x04, 0x01, 0xBB]
    #expect(Self.read(Self.binary(command, 0x12, body)) == .header(ProxyHeader(.v2, origin), length: 28))
  }

  @Test(
    "what makes no sense",
    arguments: [
      binary(0x11, 0x11, Array(repeating: 0, count: 12)), binary(0x22, 0x11, Array(repeating: 0, count: 12)),
      binary(0x21, 0x41, Array(repeating: 0, count: 12)), binary(0x21, 0x13, Array(repeating: 0, count: 12)),
      binary(0x21, 0x11, Array(repeating: 0, count: 11)), binary(0x21, 0x21, Array(repeating: 0, count: 35)),
      binary(0x21, 0x31, Array(repeating: 0, count: 215)), binary(0x21, 0x11, Array(repeating: 0, count: 14)),
      binary(0x21, 0x11, Array(repeating: 0, count: 12) + [0x01, 0, 3, 0x68, 0x32]),
      binary(0x21, 0x11, Array(repeating: 0, count: 12) + [0x03, 0, 3, 1, 2, 3]),
      binary(0x21, 0x11, Array(repeating: 0, count: 12) + [0x05, 0, 129] + Array(repeating: 1, count: 129)),
    ])
  func malformedBinary(_ bytes: [UInt8]) {
    #expect(Self.read(bytes) == .wrong(.malformed))
  }

  @Test func oneIsNotEndless() {
    #expect(Self.read(Self.signature + [0x21, 0x11, 0x3F, 0xF1]) == .wrong(.tooLong))
    #expect(Self.read(Self.signature + [0x21, 0x11, 0x3F, 0xF0]) == .incomplete(needed: ProxyHeader.longest))
  }

  @Test(
    "what is no header",
    arguments: ["GET / HTTP/1.1\r\n", "\u{16}\u{3}\u{1}", "SSH-2.0-x\r\n", "\r\n\r\nx", "PROXX", "P\r"])
  func missing(_ text: String) {
    #expect(Self.read(Array(text.utf8)) == .wrong(.missing))
  }

  @Test func fieldsAreKept() throws {
    let tls: [UInt8] = [0x07, 0, 0, 0, 0, 0x21, 0, 7] + Array("TLSv1.3".utf8) + [0x22, 0, 3] + Array("ann".utf8)
    let fields: [[UInt8]] = [
      [0x04, 0, 2, 9, 9], [0x01, 0, 2, 0x68, 0x32], [0x02, 0, 1, 0x61], [0x20, 0, UInt8(tls.count)] + tls,
      [0xEA, 0, 2, 1, 0x76],
      [0xE0, 0, 0],
    ]
    let bytes = Self.binary(0x21, 0x11, Array(repeating: 1, count: 12) + fields.joined())
    guard case .header(let header, _) = Self.read(bytes) else { throw ProxyFault.malformed }
    #expect(header.fields.map(\.kind.name) == ["alpn", "authority", "ssl", "aws", "0xe0"])
    #expect(header.fields[0].value == [0x68, 0x32])
    let said = try #require(ProxyTLS(header.fields[2]))
    #expect(said.isUsed && said.hasCertificate && said.isVerified == true)
    #expect((said.version, said.commonName, said.cipher) == ("TLSv1.3", "ann", nil))
  }

  /// The checksum of a program that goes bit by bit, and shares nothing with ours.
  @Test func theChecksumIsLookedAt() {
    let bytes = Self.binary(
      0x21, 0x11, [127, 0, 0, 1, 127, 0, 0, 1, 0x1F, 0x90, 0, 80, 0x03, 0, 4, 0xC2, 0x2B, 0x17, 0xA3])
    guard case .header(let header, 35) = Self.read(bytes) else { return #expect(Bool(false)) }
    #expect(header.fields.isEmpty)
    for index in 16..<28 {
      var changed = bytes
      changed[index] ^= 1
      #expect(Self.read(changed) == .wrong(.checksum))
    }
  }

  /// A part of one is never taken for the whole, nor for nothing, and what is said to be missing is.
  @Test func byteByByte() {
    var all = [Array("PROXY TCP6 2001:db8::1 ::1 1 2\r\n".utf8), Array("PROXY UNKNOWN\r\n".utf8)]
    all.append(Self.binary(0x21, 0x11, Array(repeating: 1, count: 12) + [0x02, 0, 1, 0x61]))
    all.append(Self.binary(0x20, 0x00, []))
    for whole in all {
      for count in 0..<whole.count {
        guard case .incomplete(let needed) = Self.read(Array(whole.prefix(count))) else {
          #expect(Bool(false), "\(count) of \(whole)")
          continue
        }
        #expect(count < needed && needed <= whole.count)
      }
    }
  }
}
