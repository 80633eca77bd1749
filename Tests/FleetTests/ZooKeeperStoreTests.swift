import Agreement
import Config
import Glibc
import Libevent
import Names
import Sockets
import Support
import Testing

@testable import Fleet
@testable import Stores

/// Where the servers are.
@Suite struct StoreAddressBookTests {
  @Test func twoLinksThatDialByTurnsComeToAllServers() throws {
    let loop = EventLoop()
    let addresses = try (1...3).map { try #require(SocketAddress("127.0.0.1:\($0)")) }
    for _ in 0..<10 {
      let book = StoreAddressBook(addresses.map(Endpoint.address), resolver: Resolver(on: loop)) { _ in }
      var taken: [SocketAddress?] = [nil, nil]
      var dialled: Set<SocketAddress> = []
      for turn in 0..<6 {
        let server = try #require(book.next(otherThan: taken[1 - turn % 2])).address
        #expect(server != taken[1 - turn % 2])
        taken[turn % 2] = server
        dialled.insert(server)
      }
      #expect(dialled == Set(addresses))
      #expect(book.next(otherThan: nil) != nil)
    }
  }
}

/// The store's connections: which server is asked, and what becomes of requests while there's none.
@Suite struct ZooKeeperStoreTests {
  private static let data = Array("data".utf8)

  /// Nobody listens there.
  private func closedPort() throws -> SocketAddress {
    let server = try TestServer(at: .ipv4(0x7F00_0001, port: 0))
    defer { server.close() }
    return server.address
  }

  private func isValue(_ reply: StoreReply?) -> Bool {
    if case .value = reply { true } else { false }
  }

  private func why(_ asker: StoreAsker) -> String {
    if case .away(_, let why) = asker.store.state { why } else { "" }
  }

  @Test("what is asked before there's a connection is answered as soon as there is one")
  func heldRequests() throws {
    let server = try FakeZooKeeper { client, _ in
      usleep(200_000)
      client.open()
      client.agree()
    }
    let asker = StoreAsker([server.address], patience: .seconds(10))
    var order: [Int] = []
    for number in 0..<5 {
      asker.store.perform(.read(.head, .linearizable)) { reply in
        #expect(isValue(reply))
        order.append(number)
      }
    }
    #expect(asker.wait { order.count == 5 } && order == [0, 1, 2, 3, 4])
  }

  @Test("with all servers away every request is told in time that its outcome is unknown, and people are told why")
  func allAway() throws {
    let silent = try FakeZooKeeper { client, _ in client.waitForEnd() }
    let full = try FullServer()
    let asker = StoreAsker([try closedPort(), silent.address, full.address], patience: .milliseconds(100))
    for _ in 0..<3 {
      let began = MonotonicClock.now()
      #expect(asker.read(.head) == .unknown)
      #expect(asker.write(StoreWrite(.head, expecting: .nothing, .put([1]))) == .unknown)
      #expect(MonotonicClock.now() - began < 5_000_000_000)
    }
    #expect(asker.wait { self.why(asker).contains("refused") && self.why(asker).hasPrefix("127.0.0.1:") })
    #expect(asker.wait { self.why(asker).contains("gave no answer in time") })
    #expect(asker.states.count == 1, "told once: \(asker.states)")
  }

  @Test("what waits is bounded: what is more is unknown at once")
  func boundedWaiting() throws {
    let asker = StoreAsker([try closedPort()], patience: .seconds(10))
    let large = StoreWrite(.head, expecting: .nothing, .put([UInt8](repeating: 1, count: 800_000)))
    var replies: [StoreReply] = []
    for _ in 0..<10 { asker.store.perform(.write([large])) { replies.append($0) } }
    #expect(replies.isEmpty, "no reply while it's being asked")
    #expect(asker.wait(seconds: 5) { replies.count == 5 })
    #expect(replies.allSatisfy { $0 == .unknown })
  }

  @Test("when the connection that is used is lost, the other one is there already")
  func warmConnection() throws {
    // Whichever is asked for something first breaks off.
    let servers = try (0..<2).map { _ in
      try FakeZooKeeper { client, number in
        client.open()
        if number == 0 { client.agree(untilAsked: 5) } else { client.agree() }
      }
    }
    let asker = StoreAsker(servers.map(\.address), patience: .seconds(10))
    try #require(asker.waitUntilReached())
    #expect(asker.wait { servers.allSatisfy { $0.sessions == 1 } })
    // What opens the second session is under way; should it come later still, it's waited for.
    _ = asker.read(.head)
    let set = StoreWrite(.head, expecting: .version(StoreVersion(number: 2)), .put([1]))
    #expect(asker.write(set) == .unknown)
    #expect(asker.isReached)
    #expect(isValue(asker.read(.head)))
    #expect(asker.states.count == 1, "it was reached all the time: \(asker.states)")
  }

  @Test("a request that is made of who has just been told of a loss is made of the next server")
  func retryInCallback() throws {
    let servers = try (0..<2).map { _ in
      try FakeZooKeeper { client, number in
        client.open()
        if number == 0 { client.agree(untilAsked: 5) } else { client.agree() }
      }
    }
    let asker = StoreAsker(servers.map(\.address), patience: .seconds(10))
    try #require(asker.waitUntilReached())
    var replies: [StoreReply] = []
    let set = StoreWrite(.head, expecting: .version(StoreVersion(number: 2)), .put([1]))
    asker.store.perform(.write([set])) { reply in
      replies.append(reply)
      asker.store.perform(.read(.head, .any)) { replies.append($0) }
    }
    #expect(asker.wait { replies.count == 2 } && replies.first == .unknown && isValue(replies.last))
  }

  @Test("a server that is no ZooKeeper is passed over, and isn't dialled without a pause")
  func wrongServer() throws {
    let wrong = try FakeZooKeeper { client, _ in
      client.open()
      try? client.peer.send("SSH-2.0-OpenSSH_9.2\r\n")
      client.waitForEnd()
    }
    let right = try FakeZooKeeper.agreeable()
    let asker = StoreAsker([wrong.address, right.address], patience: .seconds(2))
    #expect(eventually { isValue(asker.read(.head)) })
    let before = wrong.connections
    #expect(!asker.wait(seconds: 1) { false })
    // At its shortest pause of 100 ms, and a little more at first.
    #expect(wrong.connections - before <= 20)
    let alone = StoreAsker([wrong.address], patience: .milliseconds(300))
    #expect(alone.wait { self.why(alone).contains("isn't ZooKeeper's") })
    #expect(alone.read(.head) == .unknown)
  }

  @Test("a name server that is silent blocks nothing: neither those that are known, nor the loop")
  func silentNames() throws {
    let names = try DNSServer { _, _ in .silence }
    let server = try FakeZooKeeper.agreeable()
    for endpoints in [
      [Endpoint.name("zk.example", port: 2181), .address(server.address)], [.name("zk.example", port: 1)],
    ] {
      let asker = StoreAsker { loop in
        let resolver = Resolver(
          nameservers: [names.address], timeout: .seconds(1), hosts: HostsFile(path: "/nonexistent"), on: loop)
        var settings = StoreSettings(.zooKeeper, servers: endpoints, root: "/martlet")
        settings.patience = .milliseconds(endpoints.count == 2 ? 10_000 : 200)
        return ZooKeeperStore(settings, resolver: resolver, on: loop)
      }
      var (last, longest) = (MonotonicClock.now(), UInt64(0))
      var tick: Timer?
      tick = Timer(on: asker.loop) {
        let now = MonotonicClock.now()
        (longest, last) = (max(longest, now - last), now)
        tick?.schedule(after: .milliseconds(5))
      }
      tick?.schedule(after: .zero)
      #expect(endpoints.count == 2 ? isValue(asker.read(.head)) : asker.read(.head) == .unknown)
      if endpoints.count == 1 { #expect(asker.wait { self.why(asker).contains("zk.example isn't resolved") }) }
      #expect(longest < 900_000_000, "the loop stood still for \(longest) ns")
      tick = nil
    }
  }

  @Test("a name is dialled as soon as it's known, and each of its addresses is a server")
  func names() throws {
    let server = try FakeZooKeeper.agreeable()
    let names = try DNSServer { _, type in
      .later(.milliseconds(100), type == .a ? .addresses(["127.0.0.1"]) : .noData)
    }
    let asker = StoreAsker { loop in
      let resolver = Resolver(nameservers: [names.address], hosts: HostsFile(path: "/nonexistent"), on: loop)
      var settings = StoreSettings(
        .zooKeeper,
        servers: [.name("zk.example", port: server.address.port ?? 0)], root: "/martlet")
      settings.patience = .seconds(10)
      return ZooKeeperStore(settings, resolver: resolver, on: loop)
    }
    #expect(isValue(asker.read(.head)))
    guard case .reached(server.address, _, nil) = asker.store.state else {
      Issue.record("\(asker.store.state)")
      return
    }
  }

  @Test("who is called may drop the store, and nobody is called any more", arguments: ["state", "reply", "hint"])
  func dropped(_ by: String) throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      while let request = client.request() {
        if request.code == 9 { client.send(frame: answer(-1, int(3) + int(3) + counted("/r/log/head"))) }
        client.agree(to: request)
      }
    }
    var (store, calls, end) = (ZooKeeperStore?.none, 0, Timer?.none)
    weak var witness: ZooKeeperStore?
    runLoop { loop, done in
      let drop = { (what: String) in
        guard what == by else { return }
        calls += 1
        store = nil
        end = Timer(on: loop, action: done)
        end?.schedule(after: .milliseconds(100))
      }
      store = ZooKeeperStore(
        StoreSettings(.zooKeeper, servers: [.address(server.address)], root: "/r"), resolver: Resolver(on: loop),
        on: loop)
      witness = store
      store?.onState = { _ in drop("state") }
      store?.onHint = { _ in drop("hint") }
      store?.watch([.head])
      for _ in 0..<3 { store?.perform(.read(.head, .linearizable)) { _ in drop("reply") } }
      return end
    }
    #expect(calls == 1 && witness == nil && end != nil)
  }

  @Test("a pause is made after each round in vain, and doubles up to a bound")
  func pace() {
    var pace = RedialPace()
    let pauses = (0..<18).map { _ in pace.pause(servers: 3) / .milliseconds(1) }
    let rounds: [[Double]] = [100, 200, 400, 800, 800, 800].map { [0, 0, $0] }
    #expect(pauses == rounds.flatMap(\.self))
    pace.reset()
    #expect(pace.pause(servers: 3) == .zero && pace.pause(servers: 1) == .milliseconds(200))
  }

  @Test("a user is one line of a file")
  func user() throws {
    let file = try TemporaryFile("martlet:se:cret\n")
    #expect(try StoreUser(file: file.path) == StoreUser(Array("martlet:se:cret".utf8)))
    for text in ["", "\n", "martlet", ":secret", "martlet:", "a:b\nc:d\n", "a:b\r\n"] {
      try file.write(text)
      #expect(throws: StoreUser.Problem.notUserAndPassword(path: file.path), "\(text)") {
        try StoreUser(file: file.path)
      }
    }
    #expect(throws: StoreUser.Problem.unreadable(path: "/nonexistent", .system(.noSuchFileOrDirectory))) {
      try StoreUser(file: "/nonexistent")
    }
  }
}
