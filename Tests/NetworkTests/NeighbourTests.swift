import Glibc
import Network
import Sockets
import Support
import SystemPackage
import Testing

/// Machines that have known an address elsewhere.
@Suite(
  .serialized, .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"), .timeLimit(.minutes(1)))
struct NeighbourTests {
  /// Two machines that may hold an address, each with a listener, and a client.
  private struct Stage {
    let network: TestNetwork
    let holders: [Holder]
    let listeners: [Socket]
    let target: SocketAddress
    let address: FloatingAddress
    var client: NetworkNamespace { network.nodes[2] }

    init(_ text: String) throws {
      network = try TestNetwork(nodes: 3)
      let address = FloatingAddress.at(text)
      self.address = address
      let target = address.host.with(port: 7000)
      self.target = target
      let any: SocketAddress = target.isIPv4 ? .ipv4(0, port: 7000) : .ipv6(high: 0, low: 0, scope: 0, port: 7000)
      holders = network.nodes[..<2].map { Holder([address], in: $0) }
      listeners = try network.nodes[..<2].map { node in
        let socket = try #require(node.run { try? Socket(for: any) } ?? nil)
        try socket.bind(to: any)
        try socket.listen(backlog: 8)
        return socket
      }
    }

    /// Which machine a new connection of the client's reaches; nil if none within the time.
    func reached(within seconds: Double) throws -> Int? {
      let target = target
      let socket = try #require(client.run { try? Socket(for: target) } ?? nil)
      defer { socket.close() }
      _ = socket.connect(to: target)
      var reached: Int?
      _ = eventually(seconds: seconds) {
        for (index, listener) in listeners.enumerated() {
          if case .client(let connection, _) = listener.accept() {
            connection.close()
            reached = index
          }
        }
        return reached != nil
      }
      return reached
    }
  }

  @Test(
    "a client that knew the address elsewhere reaches the machine that holds it now",
    arguments: ["10.77.0.100", "fd77::100"])
  func move(text: String) throws {
    let stage = try Stage(text)
    stage.holders[0].hold([stage.address: 30])
    #expect(try stage.reached(within: 5) == 0)
    let hardware = try stage.network.nodes[..<2].map { try $0.hardware() }
    #expect(try stage.client.neighbour(text) == hardware[0])
    stage.holders[0].drop(stage.address)
    #expect(try stage.reached(within: 0.2) == nil)
    #expect(try stage.client.neighbour(text) == hardware[0], "what it knows is out of date")
    stage.holders[1].hold([stage.address: 30])
    try waitUntil("it's told", limit: .seconds(2)) { try stage.client.neighbour(text) == hardware[1] }
    // The kernel lets packets to a new IPv6 address in a little later than it says, and the first one may be lost.
    #expect(try stage.reached(within: 5) == 1)
  }

  @Test("who has missed the first word hears the next ones", arguments: ["10.77.0.100", "fd77::100"])
  func repeated(text: String) throws {
    let stage = try Stage(text)
    let hardware = try stage.network.nodes[1].hardware()
    stage.holders[1].hold([stage.address: 30])
    let wrong = "02:00:00:00:00:99"
    var now = bootTime()
    // Ten seconds lie before the last time, which isn't waited for.
    for time in 0..<3 {
      try stage.client.run(
        "ip", "neighbour", "replace", text, "lladdr", wrong, "dev", "eth0", "nud", "reachable")
      let due = try #require(stage.holders[1].floating.wakesAt)
      #expect(due <= now + 10_000_000_000)
      now = max(now, due)
      _ = stage.holders[1].floating.step(at: now)
      try waitUntil("told \(time)") { try stage.client.neighbour(text) == hardware }
    }
    stage.holders[1].drop(stage.address)
    #expect(stage.holders[1].floating.wakesAt == nil)
  }
}
