import Introduction
import Support
import Testing

/// What the first bytes of clients say.
@Suite struct ClientFactsTests {
  static func read(_ bytes: [UInt8]) -> ClientFacts? { ClientFacts.read(bytes.span) }

  @Test(
    "a protocol is known as soon as nothing else begins so",
    arguments: [
      (Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), 4, .ssh), (Array("GET / HTTP/1.1\r\n".utf8), 4, .http),
      (Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), 12, .http), (Array("PATCH /a HTTP/1.1\r\n".utf8), 6, .http),
      // A session, a request for TLS, for GSSAPI, and to cancel.
      ([0, 0, 0, 41, 0, 3, 0, 0, 117], 8, .postgres), ([0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F], 8, .postgres),
      ([0, 0, 0, 8, 4, 0xD2, 0x16, 0x30], 8, .postgres), ([0, 0, 0, 16, 4, 0xD2, 0x16, 0x2E, 0, 0], 8, .postgres),
      ([0, 0, 0x27, 0x10, 0, 3, 0x27, 0x0F], 8, .postgres),
    ] as [([UInt8], Int, ClientProtocol)])
  func known(_ bytes: [UInt8], _ needed: Int, _ known: ClientProtocol) {
    for count in 0..<bytes.count {
      let expected = count < needed ? nil : ClientFacts(known)
      #expect(Self.read(Array(bytes.prefix(count))) == expected, "\(count) bytes")
    }
  }

  @Test(
    "what is none of them is known by the first byte that differs",
    arguments: [
      (Array("EHLO a\r\n".utf8), 1), (Array("SSX".utf8), 3), (Array("PUB".utf8), 3), (Array("get /".utf8), 1),
      ([0, 0, 0, 7, 0, 3, 0, 0], 8), ([0, 0, 0x27, 0x11, 0, 3, 0, 0], 8), ([0, 0, 0, 8, 4, 0xD2, 0x16, 0x31], 8),
      ([0, 0, 0, 8, 0, 2], 6), ([22, 254], 2), ([0x80, 0x2E, 1], 1), ([0, 1], 2),
    ] as [([UInt8], Int)])
  func other(_ bytes: [UInt8], _ needed: Int) {
    for count in 0...bytes.count {
      #expect(Self.read(Array(bytes.prefix(count))) == (count < needed ? nil : ClientFacts()), "\(count) bytes")
    }
  }

  @Test func hello() {
    let bytes = Hello.browser("db.example").bytes()
    #expect(Self.read(Array(bytes.dropLast())) == nil)
    #expect(Self.read(bytes) == ClientFacts(.tls, serverName: "db.example", alpn: ["h2", "http/1.1"]))
    #expect(Self.read([22, 3, 1, 0, 4, 2, 0, 0, 0]) == ClientFacts())
  }

  @Test func whatPeopleAreTold() {
    #expect(Beginning([22, 3, 1].span) == .tls)
    #expect(Beginning([0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F].span) == .postgres)
    #expect(Beginning(Array("PROXY TCP4".utf8).span) == .proxy)
    #expect(Beginning(Array("PUT".utf8).span) == .other)
  }
}
