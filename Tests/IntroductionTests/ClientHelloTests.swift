import Introduction
import Support
import Testing

/// Hellos of TLS, read whole, a byte at a time, over several records, and with what mustn't be in them.
@Suite struct ClientHelloTests {
  static func read(_ bytes: [UInt8]) -> ClientHelloReading { ClientHello.read(bytes.span) }

  /// What comes of a hello with these extensions.
  static func read(_ extensions: (kind: Int, body: [UInt8])...) -> ClientHelloReading {
    read(Hello(extensions: extensions).bytes())
  }

  static let expected: [String: ClientHello] = [
    "openssl s_client -servername Db.Example -alpn h2,http/1.1":
      ClientHello(serverName: "db.example", protocols: ["h2", "http/1.1"]),
    "openssl s_client -noservername -tls1_2": ClientHello(),
    "curl https://www.example/": ClientHello(serverName: "www.example", protocols: ["h2", "http/1.1"]),
    "gnutls-cli --sni-hostname=a.b.example --alpn=postgresql":
      ClientHello(serverName: "a.b.example", protocols: ["postgresql"]),
  ]

  @Test("what real clients send, whole and byte by byte", arguments: Hello.recorded.map(\.client))
  func recorded(_ client: String) throws {
    let hex = try #require(Hello.recorded.first { $0.client == client }?.hex)
    let bytes = Hello.bytes(hex)
    let hello = try #require(Self.expected[client])
    for count in 0..<bytes.count {
      #expect(Self.read(Array(bytes.prefix(count))) == .incomplete, "\(count) bytes")
    }
    #expect(Self.read(bytes) == .hello(hello))
    #expect(Self.read(bytes + [1, 2, 3]) == .hello(hello))
  }

  @Test("as a browser sends it, in records of any size, cut anywhere", arguments: [1, 2, 7, 64, 517, 1200, 1 << 14])
  func records(_ size: Int) {
    let bytes = Hello.browser("www.example").bytes(recordsOf: size)
    let hello = ClientHelloReading.hello(ClientHello(serverName: "www.example", protocols: ["h2", "http/1.1"]))
    #expect(Self.read(bytes) == hello)
    for count in stride(from: 0, to: bytes.count, by: size == 1 ? 37 : 1) {
      #expect(Self.read(Array(bytes.prefix(count))) == .incomplete, "\(count) bytes")
    }
  }

  @Test(
    "names",
    arguments: [
      ("A.Example", "a.example"), ("a.example.", "a.example"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
      ("192.0.2.1", "192.0.2.1"), (".", nil), ("a b", nil), ("a\u{0}.example", nil), ("bücher.example", nil),
      (String(repeating: "a", count: 255), String(repeating: "a", count: 255)),
      (String(repeating: "a", count: 256), nil),
    ] as [(String, String?)])
  func names(_ said: String, _ name: String?) {
    #expect(Self.read((0, Hello.serverName(said))) == .hello(ClientHello(serverName: name)))
  }

  @Test func whatASentNameMayBeBeside() {
    // A name of a kind that there isn't yet.
    let other: [UInt8] = [9, 0, 1, 65]
    #expect(
      Self.read((0, Hello.vector(2, other + [0, 0, 1, 65]))) == .hello(ClientHello(serverName: "a")))
    // As a server answers.
    #expect(Self.read((0, [])) == .hello(ClientHello()))
    #expect(Self.read(Hello().bytes()) == .hello(ClientHello()))
    #expect(Self.read(Hello(session: [], extensions: []).bytes()) == .hello(ClientHello()))
  }

  @Test func protocols() {
    let many = (1...20).map { "p\($0)" }
    #expect(Self.read((16, Hello.alpn(many))) == .hello(ClientHello(protocols: Array(many.prefix(16)))))
    #expect(
      Self.read((16, Hello.alpn(["\u{1A}\u{1A}", "h2", "a b", "x"]))) == .hello(ClientHello(protocols: ["h2", "x"])))
  }

  @Test(
    "what makes no sense",
    arguments: [
      [(0, [0, 5, 0, 0, 1, 65])], [(0, [0, 3, 0, 0, 0])], [(0, [0, 4, 0, 0, 9, 65])], [(0, [0, 1, 0])],
      [(0, Hello.vector(2, [0, 0, 1, 65, 0, 0, 1, 66]))],
      [(0, Hello.serverName("a")), (0, Hello.serverName("b"))], [(16, Hello.alpn(["h2"])), (16, Hello.alpn(["x"]))],
      [(16, [])], [(16, [0, 0])], [(16, [0, 1, 0])], [(16, [0, 2, 9, 65])], [(16, [0, 9, 1, 65])],
    ] as [[(Int, [UInt8])]])
  func malformed(_ extensions: [(Int, [UInt8])]) {
    #expect(Self.read(Hello(extensions: extensions.map { ($0.0, $0.1) }).bytes()) == .wrong)
  }

  @Test("no length reaches beyond what it's in")
  func lengths() {
    var bytes = Hello.plain((0, Hello.serverName("a"))).bytes()
    // All extensions together, one of them, the session's id, and the message.
    for (place, value) in [(bytes.count - 11, 0xFF), (bytes.count - 7, 0xFF), (43, 33), (6, 0x7F)] as [(Int, UInt8)] {
      let before = bytes[place]
      bytes[place] = value
      #expect(Self.read(bytes) == .wrong, "at \(place)")
      bytes[place] = before
    }
    #expect(Self.read(bytes) == .hello(ClientHello(serverName: "a")))
  }

  @Test func whatIsNoHello() {
    // SSLv2's, which has no names.
    #expect(Self.read([0x80, 0x2E, 0x01, 0x00, 0x02, 0x00, 0x15, 0x00, 0x00, 0x00, 0x10]) == .wrong)
    #expect(Self.read(Array("GET / HTTP/1.1\r\n".utf8)) == .wrong)
    // An alert, another message, a record of nothing, and one that is too long.
    for bytes in [[21, 3, 1, 0, 2, 2, 40], [22, 3, 1, 0, 4, 2, 0, 0, 0], [22, 3, 1, 0, 0], [22, 3, 1, 0x40, 1]]
      as [[UInt8]]
    {
      #expect(Self.read(bytes) == .wrong)
    }
  }

  @Test("what never ends is given up")
  func endless() {
    let padding = { count in Hello.plain((0, Hello.serverName("a")), (21, Array(repeating: 0, count: count))) }
    let fits = padding(ClientHello.longest - padding(0).bytes().count).bytes()
    #expect(fits.count == ClientHello.longest)
    #expect(Self.read(fits) == .hello(ClientHello(serverName: "a")))
    let longer = padding(17_000).bytes(recordsOf: 4096)
    #expect(Self.read(Array(longer.prefix(ClientHello.longest - 1))) == .wrong)
    let inManyRecords = padding(15_000).bytes(recordsOf: 8)
    #expect(Self.read(Array(inManyRecords.prefix(ClientHello.longest - 1))) == .incomplete)
    #expect(Self.read(Array(inManyRecords.prefix(ClientHello.longest))) == .wrong)
  }
}
