import Glibc
import Proxy
import Sockets
import Support
import Testing

/// Limits of sessions, the queue for a backend's slot, and the end of a worker.
@Suite struct LimitTests {
  @Test("clients beyond a listener's limit wait in the kernel's queue until one leaves")
  func listenerLimit() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], maxSessions: 2)
    let first = try proxy.connect()
    let second = try proxy.connect()
    let third = try proxy.connect()
    try third.send("third")
    let peers = [try server.accept(), try server.accept()]
    #expect(server.acceptIfAny(seconds: 1) == nil)
    #expect(proxy.slots.taken == 2)
    first.close()
    for peer in peers { peer.close() }
    let late = try server.accept()
    #expect(late.receiveText(5) == "third")
    second.close()
  }

  @Test("where a listener has several ports, none is served again and again while another waits for a place")
  func portsInTurn() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address], maxSessions: 1)
    let more = try BoundListener(workers: 1)
    proxy.post(.open([ListeningSocket(status: proxy.listener, socket: more.sockets[0])]))
    let first = try proxy.connect()
    var peer = try server.accept()
    var clients: [Peer] = []
    for (text, address) in [("a", proxy.address), ("b", proxy.address), ("c", proxy.address), ("d", more.address)] {
      let client = try Peer.connect(to: address)
      try client.send(text)
      clients.append(client)
    }
    #expect(eventually { proxy.listener.counters[0].pauses.current >= 2 })
    var served = ""
    first.close()
    for _ in clients {
      peer.close()
      peer = try server.accept()
      let text = peer.receiveText(1)
      served += text
      if let place = ["a", "b", "c", "d"].firstIndex(of: text) { clients[place].close() }
    }
    #expect(served.count == 4 && served.prefix(2).contains("d"), "\(served)")
    peer.close()
  }

  @Test("a full backend is passed over, and without another one the client gets a reset")
  func backendLimit() throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let proxy = try ProxyFixture(servers.map(\.address), backendSessions: 1)
    let clients = [try proxy.connect(), try proxy.connect()]
    let peers = [try servers[0].accept(), try servers[1].accept()]
    #expect(try proxy.isRefused())
    #expect(eventually { proxy.refused(.saturated) == 1 })
    _ = (clients, peers)
  }

  @Test("who waits for a slot is served in order, over all workers", arguments: [1, 2])
  func queue(workers: Int) throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address], workers: workers, policy: .test(queue: 3, queueTimeout: 20_000), backendSessions: 1)
    let first = try proxy.connect()
    var peer = try server.accept()
    var waiting: [Peer] = []
    for number in 0..<3 {
      let client = try proxy.connect()
      try client.send("\(number)")
      waiting.append(client)
      #expect(eventually { proxy.status.waiting.taken == number + 1 })
    }
    #expect(try proxy.isRefused())
    first.close()
    var served: [String] = []
    for _ in 0..<3 {
      peer.close()
      peer = try server.accept()
      served.append(peer.receiveText(1))
      if let number = Int(served.last ?? "") { waiting[number].close() }
    }
    #expect(served.sorted() == ["0", "1", "2"])
    if workers == 1 { #expect(served == ["0", "1", "2"]) }
    peer.close()
    #expect(eventually { proxy.isAtRest })
  }

  @Test("waiting for a slot has an end")
  func queueTimeout() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [server.address], policy: .test(queue: 3, queueTimeout: 300), backendSessions: 1)
    let first = try proxy.connect()
    let peer = try server.accept()
    #expect(try proxy.isRefused())
    #expect(eventually { proxy.refused(.queueTimeout) == 1 && proxy.status.waiting.taken == 0 })
    _ = (first, peer)
  }

  @Test("draining lets sessions finish and takes nobody any more")
  func drain() throws {
    let pair = try RelayedPair(policy: .test(halfClosed: 500))
    pair.proxy.post(.drain)
    #expect(eventually { (try? pair.proxy.connect()) == nil })
    try pair.client.send("still here")
    #expect(pair.server.receiveText(10) == "still here")
    pair.client.close()
    pair.server.close()
    #expect(eventually { pair.proxy.isAtRest })
  }

  @Test("a worker that has stopped leaves no descriptor behind", arguments: AddressFamily.allCases)
  func nothingLeft(_ family: AddressFamily) throws {
    let server = try TestServer(at: family.freshAddress())
    var proxy: ProxyFixture? = try ProxyFixture([server.address], family: family, workers: 2)
    let address = try #require(proxy?.address)
    let clients = try (0..<20).map { _ in try Peer.connect(to: address) }
    let peers = try clients.map { _ in try server.accept() }
    #expect(OpenSockets.count(at: address) == 22 && OpenSockets.count(to: server.address) == 20)
    proxy = nil
    #expect(OpenSockets.count(at: address) == 0 && OpenSockets.count(to: server.address) == 0)
    _ = (clients, peers)
  }

  @Test("stopping closes what is left, cleanly what was quiet")
  func stop() throws {
    let pair = try RelayedPair()
    try pair.client.send("x")
    #expect(pair.server.receiveText(1) == "x")
    _ = eventually(seconds: 1.5) { false }
    pair.proxy.post(.stop)
    #expect(pair.client.receiveToEnd().ending == .end)
    #expect(eventually { pair.proxy.closes(.shutdown) == 1 && pair.proxy.isAtRest })
  }
}
