import Proxy
import Sockets
import Support
import Testing

/// Sessions that wait for a backend's slot while backends fail.
@Suite struct QueueTests {
  @Test("a slot that a failed attempt gives back goes to who waits")
  func slotOfAFailedAttempt() throws {
    let busy = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let full = try FullServer()
    let proxy = try ProxyFixture(
      [full.address, busy.address], policy: .test(connect: 700, queue: 8, queueTimeout: 20_000), backendSessions: 1)
    // The first one tries the silent backend, the second one gets the other, the third one waits.
    let clients = try (0..<3).map { number in
      let client = try proxy.connect()
      #expect(eventually { proxy.slots.taken == number + 1 })
      return client
    }
    let peer = try busy.accept()
    #expect(eventually { proxy.status.waiting.taken == 1 })
    // The first one's attempt fails; it waits as well then, and the third one has its turn with the silent backend.
    #expect(eventually(seconds: 5) { proxy.backends[0].counters[0].attempts.current == 2 })
    _ = (clients, peer)
  }

  @Test("who waits is there once, even when an attempt in between failed at once")
  func failureInBetween() throws {
    var servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.unix.freshAddress()) }
    let proxy = try ProxyFixture(
      servers.map(\.address), policy: .test(queue: 8, queueTimeout: 1_500), backendSessions: 1)
    let first = try proxy.connect()
    let firstPeer = try servers[0].accept()
    let second = try proxy.connect()
    let secondPeer = try servers[1].accept()
    let waiting = try proxy.connect()
    #expect(eventually { proxy.status.waiting.taken == 1 })
    // A slot at a backend that is dead by now: whoever waits tries it in vain and goes on waiting for the other.
    servers.removeFirst()
    first.close()
    firstPeer.close()
    #expect(eventually { proxy.failures(.refused, of: 0) == 1 })
    #expect(proxy.status.waiting.taken == 1)
    #expect(waiting.receiveToEnd().ending == .reset)
    #expect(eventually { proxy.refused(.queueTimeout) == 1 && proxy.status.waiting.taken == 0 })
    // Nobody is left who could get this slot.
    second.close()
    secondPeer.close()
    #expect(eventually { proxy.isAtRest })
    #expect(proxy.listener.counters[0].ended.current == 3)
  }
}
