import Agreement
import Libevent
import Sockets
import Support
import Testing

@testable import Fleet
@testable import Stores

/// Real servers that die, freeze and come back. Time limits are generous: a busy machine is slow, and not wrong.
@Suite(.serialized) struct ZooKeeperFailoverTests {
  /// A store that has connected to the leader, or to another one.
  private func asker(_ servers: ZooKeeperServers, atLeader: Bool) throws -> (StoreAsker, index: Int) {
    let leader = try #require(servers.leader())
    for _ in 0..<100 {
      let asker = StoreAsker(servers.addresses)
      try #require(asker.waitUntilReached())
      guard case .reached(let server, _, _) = asker.store.state, let index = servers.addresses.firstIndex(of: server)
      else { continue }
      if (index == leader) == atLeader { return (asker, index) }
    }
    throw Failure("no connection to the server that was wanted")
  }

  /// How a server is lost.
  enum Loss: CaseIterable, Sendable { case killed, frozen }

  @Test("another server is asked when one is lost", arguments: Loss.allCases, [false, true])
  func failover(_ loss: Loss, _ isLeader: Bool) throws {
    let servers = try ZooKeeperServers(3)
    let (asker, index) = try asker(servers, atLeader: isLeader)
    #expect(asker.put(.head, [1]) != nil)
    asker.store.watch([.head])
    _ = asker.read(.head)
    asker.forgetHints()
    let began = MonotonicClock.now()
    switch loss {
    case .killed: servers.kill(index)
    case .frozen: servers.freeze(index)
    }
    var written = asker.put(.head, [2])
    // While a leader is elected nothing is written, though others can be reached.
    for _ in 0..<5 where written == nil { written = asker.put(.head, [2]) }
    let took = Double((MonotonicClock.now() - began) / 1_000_000) / 1000
    print("\(loss) \(isLeader ? "leader" : "follower"): written after \(took) s")
    #expect(written != nil && took < 20)
    guard case .reached(let now, _, _) = asker.store.state else { throw Failure("\(asker.store.state)") }
    #expect(now != servers.addresses[index])
    #expect(asker.hints.contains(.head), "it has perhaps changed while nobody was told")
    asker.forgetHints()
    #expect(asker.put(.head, [3]) != nil)
    #expect(asker.wait { asker.hints.contains(.head) }, "watched at the next server, too")
    // Whoever comes back finds its place again.
    switch loss {
    case .killed: try servers.start(index)
    case .frozen: servers.thaw(index)
    }
    try servers.waitUntilReady(index)
    let late = StoreAsker([servers.addresses[index]], patience: .seconds(5))
    #expect(eventually { if case .value([3], _) = late.read(.head) { true } else { false } })
  }

  @Test("a write whose server is frozen in its midst is unknown, and is then done wholly or never will be")
  func frozenInWrite() throws {
    let servers = try ZooKeeperServers(1)
    let asker = StoreAsker(servers.addresses)
    try #require(asker.waitUntilReached())
    for round: UInt8 in 0..<5 {
      let head = try #require(asker.put(.head, [round, 0]))
      servers.freeze(0)
      let entry = StoreKey.entry(UInt64(round))
      #expect(
        asker.write(
          StoreWrite(.head, expecting: .version(head), .put([round, 1])),
          StoreWrite(entry, expecting: .nothing, .put([1]))
        ) == .unknown)
      servers.thaw(0)
      // Who sets on the version that he knows learns which it is, and it stays so.
      var reply: StoreReply?
      #expect(
        eventually {
          reply = asker.write(StoreWrite(.head, expecting: .version(head), .put([round, 2])))
          return reply != .unknown
        })
      guard case .value(let bytes, _) = asker.read(.head) else { throw Failure("no value") }
      switch reply {
      case .written:
        #expect(bytes == [round, 2] && asker.read(entry) == .absent)
        #expect(!eventually(seconds: 0.3) { asker.read(entry) != .absent }, "too late")
      case .refused:
        // By the first write, or by this one if an answer of its own was lost before.
        #expect(bytes == [round, 1] || bytes == [round, 2])
        #expect((asker.read(entry) == .absent) == (bytes == [round, 2]))
      default: Issue.record("\(String(describing: reply))")
      }
    }
    withExtendedLifetime(servers) {}
  }

  @Test("when all servers are frozen it's away, and reached again when they go on")
  func allFrozen() throws {
    let servers = try ZooKeeperServers(3)
    let asker = StoreAsker(servers.addresses)
    try #require(asker.waitUntilReached())
    #expect(asker.put(.owner("web"), [1]) != nil)
    for index in 0..<3 { servers.freeze(index) }
    #expect(asker.wait { !asker.isReached }, "noticed though nobody asks")
    #expect(asker.read(.owner("web")) == .unknown)
    for index in 0..<3 { servers.thaw(index) }
    #expect(asker.waitUntilReached(seconds: 30))
    #expect(eventually(seconds: 30) { if case .value = asker.read(.owner("web")) { true } else { false } })
    #expect(asker.states.count >= 3)
  }

  @Test("a server that is started again is reached again, with what was written")
  func restarted() throws {
    let servers = try ZooKeeperServers(1)
    let asker = StoreAsker(servers.addresses)
    try #require(asker.waitUntilReached())
    let version = try #require(asker.put(.head, [7]))
    servers.kill(0)
    #expect(asker.wait { !asker.isReached })
    #expect(asker.read(.head) == .unknown)
    try servers.start(0)
    #expect(asker.waitUntilReached(seconds: 30))
    #expect(eventually { asker.read(.head) == .value([7], version) })
  }

  @Test("servers say how they're tuned, unless they mayn't", arguments: [true, false])
  func tuning(_ isAllowed: Bool) throws {
    let servers = try ZooKeeperServers(3, options: isAllowed ? "" : "4lw.commands.whitelist=srvr")
    let asker = StoreAsker(servers.addresses)
    var tuning: ZooKeeperTuning?
    (asker.store as? ZooKeeperStore)?.onTuning = { tuning = $0 }
    #expect(asker.waitUntilReached())
    if isAllowed {
      #expect(asker.wait { tuning != nil } && tuning?.silence == .seconds(1) && tuning?.shortestLease == .seconds(3))
    } else {
      #expect(!asker.wait(seconds: 0.5) { tuning != nil })
    }
  }

  @Test("the root is made with all above it, and again if somebody takes it away")
  func root() throws {
    let servers = try ZooKeeperServers(1)
    let asker = StoreAsker(servers.addresses, root: "/a/b/c", patience: .seconds(10))
    let version = try #require(asker.put(.head, [1]))
    // Somebody deletes all of it.
    var deleted = 0
    let paths = ["/a/b/c/log/head", "/a/b/c/log", "/a/b/c/owners", "/a/b/c", "/a/b", "/a"]
    var connection: ZooKeeperConnection?
    connection = ZooKeeperConnection(
      to: StoreServer(servers.addresses[0]), ZooKeeperManners(), on: asker.loop
    ) { event in
      guard case .ready = event else { return }
      for path in paths {
        connection?.send(.write(.delete(path, version: Int32(clamping: version.bits)))) { outcome in
          if outcome == .answered(.written([0])) { deleted += 1 }
        }
      }
    }
    #expect(asker.wait { deleted == paths.count })
    #expect(asker.write(StoreWrite(.entry(1), expecting: .nothing, .put([1]))) == .refused)
    #expect(
      eventually {
        if case .written = asker.write(StoreWrite(.entry(1), expecting: .nothing, .put([1]))) { true } else { false }
      })
    connection?.close()
    connection = nil
  }

  @Test("what a user makes is that user's, and who isn't is told so")
  func users() throws {
    let servers = try ZooKeeperServers(1)
    let owner = StoreAsker(servers.addresses, root: "/own/edge", user: "martlet:secret", patience: .seconds(10))
    let version = try #require(owner.put(.head, [1]))
    for user in [nil, "martlet:wrong", "other:secret"] {
      let stranger = StoreAsker(servers.addresses, root: "/own/edge", user: user, patience: .seconds(10))
      #expect(stranger.read(.head) == .unknown)
      #expect(stranger.write(StoreWrite(.head, expecting: .version(version), .put([2]))) == .unknown)
      guard case .reached(_, _, let trouble) = stranger.store.state else { throw Failure("\(stranger.store.state)") }
      #expect(trouble?.contains("gives no permission") == true)
      let above = StoreAsker(servers.addresses, root: "/own/other", user: user, patience: .milliseconds(400))
      #expect(above.read(.head) == .unknown)
      #expect(
        above.wait {
          if case .away(_, let why) = above.store.state { why.hasSuffix("no permission at /own/other") } else { false }
        }, "\(above.store.state)")
    }
    let same = StoreAsker(servers.addresses, root: "/own/edge", user: "martlet:secret", patience: .seconds(10))
    #expect(same.read(.head) == .value([1], version))
    withExtendedLifetime(servers) {}
  }
}
