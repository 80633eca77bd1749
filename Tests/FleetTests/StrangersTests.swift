import Agreement
import Libevent
import Sockets
import Support
import Testing
@testable import TLS

@testable import Fleet

/// Who dials a node and isn't one.
@Suite(.serialized) struct StrangersTests {
  /// Somebody who has dialled, in one of the ways in which strangers do.
  private final class Stranger {
    private var socket: Socket?
    private var dial: SecureConnection?

    /// Dials, from a host of its own if it's given one.
    init(
      _ number: Int, to address: SocketAddress, from host: SocketAddress? = nil, wrongKey: TLSContext,
      on loop: EventLoop
    ) throws {
      guard number % 5 != 0 else {
        dial = SecureConnection(to: address, wrongKey, on: loop) { _ in }
        return
      }
      let socket = try Socket(for: address)
      self.socket = socket
      if let host { try socket.bind(to: host) }
      _ = socket.connect(to: address)
      switch number % 5 {
      case 1: break
      case 2: _ = socket.send((0..<200).map { UInt8(truncatingIfNeeded: $0 &* number) }[...])
      case 3: _ = socket.send(Array("GET /\(number) HTTP/1.1\r\nHost: lb1\r\n\r\n".utf8)[...])
      default:
        // What begins as TLS does, and ends at once.
        _ = socket.send([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3][...])
        socket.close()
        self.socket = nil
      }
    }

    deinit {
      socket?.close()
      dial?.close()
    }
  }

  private let wrongKey: TLSContext

  init() throws {
    let openSSL = try OpenSSL.loaded.get()
    let secret = [UInt8](repeating: 9, count: 32)
    wrongKey = TLSContext(
      .dialling(TLSContext.key(openSSL, secret: secret, fleet: "edge", dialling: "lb2", accepting: "lb1")), openSSL)
  }

  @Test("ten thousand of them hold up no word between nodes, and leave nothing behind")
  func tenThousand() throws {
    let net = try LinkNet(2)
    for index in 0..<2 { try net.start(index) }
    #expect(net.reaches(0, 1) && net.reaches(1, 0))
    let address = net.places[0].address
    for wave in 0..<10 {
      var strangers: [Stranger] = []
      for number in 0..<1_000 {
        strangers.append(try Stranger(number, to: address, wrongKey: wrongKey, on: net.loop))
        guard number % 20 == 19 else { continue }
        // Neither link is lost, as what is said on none is lost too.
        net.heard = []
        let message = FleetMessage.down([UInt64(wave), UInt64(number)])
        net.links[0]?.send(message, to: net.places[1].name)
        net.links[1]?.send(message, to: net.places[0].name)
        try #require(net.wait { net.heard.count { $0.2 == message } == 2 }, "wave \(wave), \(number): \(net.troubles)")
      }
      // Those that are let go of are closed a turn later.
      #expect(net.wait { OpenSockets.count(at: address) <= NodeLinks.mostUnproven + 2 })
      strangers = []
    }
    #expect(net.wait { OpenSockets.count(at: address) == 2 }, "the one that listens, and the other node's")
    #expect(OpenSockets.count(to: address) == 1)
    #expect(net.troubles.count <= NodeLinks.mostNamed && net.troubles.allSatisfy { $0.hasPrefix("somebody at ") })
  }

  @Test("a crowd of them keeps no node out that comes back")
  func crowd() throws {
    let net = try LinkNet(2)
    try net.start(0)
    #expect(net.wait { OpenSockets.count(at: net.places[0].address) == 1 })
    let host = try #require(SocketAddress("127.0.0.9:0"))
    var strangers: [Stranger] = []
    var flood: Timer?
    flood = Timer(on: net.loop) { [wrongKey] in
      for _ in 0..<40 {
        // Silent ones, who would have their place for the longest time.
        if let one = try? Stranger(1, to: net.places[0].address, from: host, wrongKey: wrongKey, on: net.loop) {
          strangers.append(one)
        }
      }
      strangers.removeFirst(max(0, strangers.count - 1_000))
      flood?.schedule(after: .zero)
    }
    flood?.schedule(after: .zero)
    #expect(net.wait { strangers.count >= 500 })
    try net.start(1)
    #expect(net.reaches(1, 0) && net.reaches(0, 1))
    flood = nil
  }

  @Test("who comes from where a node is keeps his place among those who don't")
  func places() throws {
    let net = try LinkNet(2)
    try net.start(0)
    let address = net.places[0].address
    #expect(net.wait { OpenSockets.count(at: address) == 1 })
    let node = try Socket(for: address)
    _ = node.connect(to: address)
    #expect(net.wait { OpenSockets.count(at: address) == 2 })
    let host = try #require(SocketAddress("127.0.0.9:0"))
    let strangers = try (0...NodeLinks.mostUnproven).map { _ in
      let stranger = try Socket(for: address)
      try stranger.bind(to: host)
      _ = stranger.connect(to: address)
      return stranger
    }
    var buffer = [UInt8](repeating: 0, count: 1)
    #expect(net.wait { strangers[0].receive(into: &buffer) == .end })
    #expect(node.receive(into: &buffer) == .wouldBlock, "it was shown out")
    for socket in strangers + [node] { socket.close() }
  }

  @Test("however they come, they're worth a few words, and what nodes have is told all the same")
  func words() throws {
    let net = try LinkNet(3)
    try net.start(0)
    let address = net.places[0].address
    #expect(net.wait { OpenSockets.count(at: address) == 1 })
    var strangers: [Stranger] = []
    for number in 1...30 {
      let host = try #require(SocketAddress("127.0.1.\(number):0"))
      strangers.append(try Stranger(3, to: address, from: host, wrongKey: wrongKey, on: net.loop))
    }
    #expect(net.wait { OpenSockets.count(at: address) > 1 })
    #expect(net.wait { OpenSockets.count(at: address) == 1 }, "all are shown out")
    #expect(net.troubles.count { $0.hasPrefix("somebody at ") } == NodeLinks.mostNamed)
    #expect(
      net.wait {
        net.troubles.contains { $0.hasPrefix("lb2 at ") } && net.troubles.contains { $0.hasPrefix("lb3 at ") }
      })
  }
}
