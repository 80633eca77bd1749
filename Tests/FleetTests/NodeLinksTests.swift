import Agreement
import Support
import Testing
@testable import TLS

@testable import Fleet

/// Nodes that dial each other over real sockets, on one loop.
@Suite(.serialized) struct NodeLinksTests {
  @Test func eachHearsTheOthers() throws {
    let net = try LinkNet(3)
    for index in 0..<3 { try net.start(index) }
    for one in 0..<3 { for other in 0..<3 where other != one { #expect(net.reaches(one, other)) } }
    #expect(net.troubles.isEmpty)
  }

  @Test func whoIsStartedAgainIsHeardAgain() throws {
    let net = try LinkNet(2)
    for index in 0..<2 { try net.start(index) }
    #expect(net.reaches(0, 1) && net.reaches(1, 0))
    net.links[1] = nil
    try net.start(1)
    #expect(net.reaches(0, 1) && net.reaches(1, 0))
  }

  /// What a node lacks that was away is said to it at once: a state of three configurations, and the entries before and since.
  @Test func allThatSomebodyLacksFindsRoom() throws {
    let net = try LinkNet(2)
    for index in 0..<2 { try net.start(index) }
    #expect(net.reaches(0, 1))
    let text = [UInt8](repeating: 7, count: EmbeddedLog.largestText)
    let parts: [FleetMessage] = (1...UInt32(12)).map { number in
      let part = ZabMessage.part(
        epoch: 1, transfer: ZabMessage.Transfer(attempt: 1, run: 1), index: number,
        .entry(Zxid(epoch: 1, counter: number), .value(text)))
      return .embedded(.log(part, by: Incarnation(bits: 1), seat: 0))
    }
    for part in parts { net.links[0]?.send(part, to: net.places[1].name) }
    func heard() -> [UInt32] {
      net.heard.compactMap { if case .embedded(.log(.part(_, _, let index, _), _, _)) = $0.2 { index } else { nil } }
    }
    #expect(net.wait { heard() == Array(1...12) })
    #expect(net.ended.isEmpty)
  }

  @Test func whoHasEndedIsKnownToHave() throws {
    let net = try LinkNet(3)
    for index in 0..<3 { try net.start(index) }
    for one in 0..<3 { for other in 0..<3 where other != one { #expect(net.reaches(one, other)) } }
    #expect(net.ended.isEmpty)
    net.links[1] = nil
    let others = [0, 2]
    #expect(net.wait { others.allSatisfy { other in net.ended.contains { $0 == (other, NodeName("lb2")) } } })
    #expect(net.ended.count == 2)
  }

  @Test(arguments: [true, false]) func whoHasAnotherKeyOrFleetIsNotHeard(_ isKey: Bool) throws {
    let net = try LinkNet(2)
    try net.start(0)
    try isKey ? net.start(1, key: [8]) : net.start(1, fleet: "core")
    #expect(net.wait { net.troubles.contains { $0.contains("isn't a node of this fleet") } })
    #expect(!net.reaches(0, 1, seconds: 1))
    #expect(net.heard.isEmpty)
    // However often they try, it's said once for each side and kind.
    #expect(net.troubles.count <= 4, "\(net.troubles)")
  }

  /// New keys come as second, go first and stay alone: at each moment all hear each other.
  @Test func aKeyIsReplacedWithoutAPause() throws {
    let net = try LinkNet(2)
    let steps: [([UInt8], [UInt8])] = [
      ([7], [7]), ([7, 8], [7]), ([7, 8], [7, 8]), ([8, 7], [7, 8]), ([8], [8, 7]),
    ]
    for (one, other) in steps {
      net.links = [nil, nil]
      try net.start(0, key: one)
      try net.start(1, key: other)
      #expect(net.reaches(0, 1) && net.reaches(1, 0))
    }
    #expect(net.troubles.isEmpty)
  }

  /// OpenSSL's own client, with the key and the name that the node expects, is let in; with another key it isn't.
  @Test(arguments: [true, false]) func opensslsClientIsLetInWithTheKey(_ isRight: Bool) throws {
    let net = try LinkNet(2)
    try net.start(0)
    let openSSL = try OpenSSL.loaded.get()
    let key = TLSContext.key(
      openSSL, secret: [UInt8](repeating: 7, count: 32), fleet: "edge", dialling: "lb2", accepting: "lb1")
    let secret = isRight ? key.secret : [UInt8](repeating: 1, count: 32)
    let client = try Subprocess(
      "openssl",
      [
        "s_client", "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256", "-psk_identity",
        String(decoding: key.identity, as: UTF8.self), "-psk", FleetKey.line(of: secret), "-connect",
        "\(net.places[0].address)", "-brief",
      ])
    let said = { client.text(of: .output) + client.text(of: .errors) }
    if isRight {
      #expect(net.wait { said().contains("CONNECTION ESTABLISHED") })
      #expect(said().contains("TLSv1.3"))
    } else {
      #expect(net.wait { net.troubles.count == 1 })
      #expect(!said().contains("CONNECTION ESTABLISHED"))
    }
    client.kill()
  }
}
