import Agreement
import Glibc
import Libevent
import Sockets
import Support
import Testing

@testable import Fleet

/// Nodes that dial each other over real sockets, on one loop.
final class LinkNet {
  let loop = EventLoop()
  let places: [(name: NodeName, address: SocketAddress)]
  var links: [NodeLinks?] = []
  var heard: [(by: Int, from: NodeName, FleetMessage)] = []
  var ended: [(by: Int, node: NodeName)] = []
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
    link.onEnd = { [unowned self] in ended.append((index, $0)) }
    link.onTrouble = { [unowned self] in troubles.append($0) }
    links[index] = link
  }

  /// Lets the loop turn until it is so; false if that takes longer.
  func wait(seconds: Double = 20, until isSo: @escaping () -> Bool) -> Bool {
    loop.wait(seconds: seconds, until: isSo)
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
