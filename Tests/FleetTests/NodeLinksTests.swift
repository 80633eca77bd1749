import Agreement
import Glibc
import Libevent
import Sockets
import Support
import SystemPackage
import Testing

@testable import Fleet

/// Nodes that dial each other over real sockets, on one loop.
@Suite(.serialized) struct NodeLinksTests {
  private final class Net {
    let loop = EventLoop()
    let places: [(name: NodeName, address: SocketAddress)]
    var links: [NodeLinks?] = []
    var heard: [(by: Int, from: NodeName, FleetMessage)] = []
    var troubles: [String] = []

    init(_ count: Int) throws {
      places = try (1...count).map {
        (NodeName("lb\($0)"), SocketAddress.ipv4(0x7F00_0001, port: try FreePort.next()))
      }
      links = Array(repeating: nil, count: count)
      // As the program does: who is gone shows as an error of the call.
      signal(SIGPIPE, SIG_IGN)
    }

    func start(_ index: Int, key: [UInt8] = [7], fleet: String = "edge") throws {
      let text = key.map { FleetKey.line(of: [UInt8](repeating: $0, count: 32)) }.joined(separator: "\n")
      let link = try NodeLinks(
        LinkSettings(
          fleet: fleet, me: places[index].name, nodes: places, key: try #require(FleetKey(Array(text.utf8)))), on: loop)
      link.onMessage = { [unowned self] message, node in heard.append((index, node, message)) }
      link.onTrouble = { [unowned self] in troubles.append($0) }
      links[index] = link
    }

    func wait(seconds: Double = 20, until isSo: @escaping () -> Bool) -> Bool {
      if isSo() { return true }
      let limit = Deadline(after: .seconds(seconds))
      var (timer, holds) = (Timer?.none, false)
      timer = Timer(on: loop) { [loop] in
        holds = isSo()
        holds || limit.remaining == nil ? loop.stop() : timer?.schedule(after: .milliseconds(5)) ?? ()
      }
      timer?.schedule(after: .zero)
      loop.run()
      return holds
    }

    /// Whether one node is heard by another, however often it has to say it.
    func reaches(_ one: Int, _ other: Int, seconds: Double = 20) -> Bool {
      let message = FleetMessage.leave(GrantAnswer(name: "web", round: UInt64.random(in: .min ... .max)))
      return wait(seconds: seconds) { [self] in
        links[one]?.send(message, to: places[other].name)
        return heard.contains { $0.by == other && $0.from == places[one].name && $0.2 == message }
      }
    }
  }

  @Test func eachHearsTheOthers() throws {
    let net = try Net(3)
    for index in 0..<3 { try net.start(index) }
    for one in 0..<3 { for other in 0..<3 where other != one { #expect(net.reaches(one, other)) } }
    #expect(net.troubles.isEmpty)
  }

  @Test func whoIsStartedAgainIsHeardAgain() throws {
    let net = try Net(2)
    for index in 0..<2 { try net.start(index) }
    #expect(net.reaches(0, 1) && net.reaches(1, 0))
    net.links[1] = nil
    try net.start(1)
    #expect(net.reaches(0, 1) && net.reaches(1, 0))
  }

  @Test(arguments: [true, false]) func whoHasAnotherKeyOrFleetIsNotHeard(_ isKey: Bool) throws {
    let net = try Net(2)
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
    let net = try Net(2)
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

  /// Strangers who say nothing or nonsense take nobody's place.
  @Test func strangersDoNoHarm() throws {
    let net = try Net(2)
    try net.start(0)
    var strangers: [Socket] = []
    for index in 0..<300 {
      let socket = try Socket(for: net.places[0].address)
      _ = socket.connect(to: net.places[0].address)
      strangers.append(socket)
      if index % 3 == 0 {
        _ = net.wait(seconds: 0.001) { false }
        _ = socket.send([UInt8](repeating: UInt8(index & 255), count: 200)[...])
      }
    }
    try net.start(1)
    #expect(net.reaches(1, 0) && net.reaches(0, 1))
    #expect(net.troubles.count <= 6, "\(net.troubles)")
    for stranger in strangers { stranger.close() }
  }

  /// OpenSSL's own client, with the key and the name that the node expects, is let in; with another key it isn't.
  @Test(arguments: [true, false]) func opensslsClientIsLetInWithTheKey(_ isRight: Bool) throws {
    let net = try Net(2)
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
