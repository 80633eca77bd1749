import FoundationEssentials
import Proxy
import Support
import Testing

/// What is counted, and what it means.
@Suite struct CountsTests {
  @Test("accepted, begun and refused are three counters")
  func threeCounters() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([server.address])
    let client = try proxy.connect()
    _ = try server.accept()
    #expect(eventually { proxy.workers[0].begun.current == 1 })
    proxy.post(.adopt(RoutingTable(["test": proxy.pool.snapshot(without: [0])])))
    for _ in 0..<3 { #expect(try proxy.isRefused()) }
    #expect(eventually { proxy.workers[0].ended.current == 3 })
    let (worker, listener) = (proxy.workers[0], ListenerCounts(proxy.listener.counters))
    #expect(worker.accepted.current == 4 && worker.begun.current == 1 && worker.refused.current == 3)
    #expect(listener.accepted == 4 && listener.begun == 1 && listener.refused["noBackend"] == 3)
    _ = client
  }

  @Test("what a process counted that knew no begun sessions is still read")
  func handedOver() throws {
    let old = #"{"accepted":9,"ended":8,"bytesToBackend":7,"bytesToClient":6,"refused":{"noBackend":2,"shutdown":1}}"#
    let counts = try JSONDecoder().decode(ListenerCounts.self, from: Data(old.utf8))
    #expect(counts.accepted == 9 && counts.begun == 6 && counts.ended == 8 && counts.bytesToClient == 6)
    var sum = counts
    sum.add(counts)
    let copy = try JSONDecoder().decode(ListenerCounts.self, from: try JSONEncoder().encode(sum))
    #expect(copy == sum && copy.begun == 12)
  }

  @Test("a session that is moved to another backend before a byte was exchanged begins once")
  func movedSession() throws {
    let rude = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([rude.address, server.address])
    let client = try proxy.connect()
    let short = try rude.accept()
    #expect(eventually { proxy.backends[0].counters[0].sessions.current == 1 })
    short.reset()
    let peer = try server.accept()
    try client.send("hello")
    #expect(peer.receiveText(5) == "hello")
    #expect(proxy.backends.map { $0.counters[0].sessions.current } == [1, 1])
    #expect(proxy.workers[0].begun.current == 1 && proxy.listener.counters[0].begun.current == 1)
  }
}
