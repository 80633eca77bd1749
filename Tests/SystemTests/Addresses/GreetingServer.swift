import Libevent
import Sockets
import Support
import Synchronization

/// Greets each client with a byte, and leaves the connection open until the client ends it.
final class GreetingServer: Sendable {
  let address: SocketAddress
  private let isStopped = Atomic(false)

  /// - Parameters:
  ///   - greeting: that byte.
  ///   - answers: whether it waits for a byte of the client first.
  ///   - network: in which machine of a network it is; else in this one.
  init(
    at address: SocketAddress, greeting: UInt8 = UInt8(ascii: "!"), answers: Bool = false,
    in network: NetworkNamespace? = nil
  ) throws {
    self.address = address
    let ready = Ready()
    _ = LoopThread(name: "greeter") { [self] in
      network?.enter()
      guard let server = try? TestServer(at: address, backlog: 1_024) else { return }
      ready.isUp.store(true, ordering: .releasing)
      var clients: [Peer] = []
      while !isStopped.load(ordering: .relaxed) {
        guard let client = server.acceptIfAny(seconds: 1) else { continue }
        if answers, client.receive(exactly: 1, seconds: 1).isEmpty { continue }
        try? client.send([greeting])
        clients.append(client)
        // What the oldest of so many had to say has been read by now.
        if clients.count > 400 { clients.removeFirst(200) }
      }
    }
    try waitUntil("the backend listens") { ready.isUp.load(ordering: .acquiring) }
  }

  private final class Ready: Sendable {
    let isUp = Atomic(false)
  }

  deinit {
    isStopped.store(true, ordering: .relaxed)
  }
}
