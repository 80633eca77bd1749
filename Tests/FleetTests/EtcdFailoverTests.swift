import Agreement
import Libevent
import Sockets
import Support
import Testing

@testable import Fleet

/// Real members of a cluster that die, freeze and come back. Time limits are generous: a busy machine is slow, and not wrong.
@Suite(.serialized) struct EtcdFailoverTests {
  /// A store that has connected to the leader, or to another one.
  private func asker(_ servers: EtcdServers, atLeader: Bool) throws -> (StoreAsker, index: Int) {
    for _ in 0..<100 {
      let asker = StoreAsker(servers.addresses, of: .etcd)
      try #require(asker.waitUntilReached(), "\(asker.why)")
      guard case .reached(let server, _, _) = asker.store.state, let index = servers.addresses.firstIndex(of: server)
      else { continue }
      if (index == servers.leader()) == atLeader { return (asker, index) }
    }
    throw Failure("no connection to the member that was wanted")
  }

  @Test("another member is asked when one is lost", arguments: ZooKeeperFailoverTests.Loss.allCases, [false, true])
  func failover(_ loss: ZooKeeperFailoverTests.Loss, _ isLeader: Bool) throws {
    let servers = try EtcdServers(3)
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
    #expect(asker.wait { asker.hints.contains(.head) })
    asker.forgetHints()
    #expect(asker.put(.head, [3]) != nil)
    #expect(asker.wait { asker.hints.contains(.head) }, "watched at the next member, too")
    // Whoever comes back finds its place again.
    switch loss {
    case .killed: try servers.start(index)
    case .frozen: servers.thaw(index)
    }
    try servers.waitUntilReady(index)
    let late = StoreAsker([servers.addresses[index]], of: .etcd, patience: .seconds(5))
    #expect(eventually { if case .value([3], _) = late.read(.head) { true } else { false } })
  }

  @Test("a write whose member is frozen in its midst is unknown, and is then done wholly or never will be")
  func frozenInWrite() throws {
    let servers = try EtcdServers(1)
    let asker = StoreAsker(servers.addresses, of: .etcd)
    try #require(asker.waitUntilReached())
    for round: UInt8 in 0..<5 {
      let head = try #require(asker.put(.head, [round, 0]))
      servers.freeze(0)
      let entry = StoreKey.entry(UInt64(round))
      let first = asker.write(
        StoreWrite(.head, expecting: .version(head), .put([round, 1])),
        StoreWrite(entry, expecting: .nothing, .put([1])))
      #expect(first == .unknown)
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

  @Test("without a majority it's away, and reached again when there's one")
  func withoutMajority() throws {
    let servers = try EtcdServers(3)
    let asker = StoreAsker(servers.addresses, of: .etcd)
    try #require(asker.waitUntilReached())
    let version = try #require(asker.put(.owner("web"), [1]))
    for index in 0..<2 { servers.freeze(index) }
    #expect(asker.wait { !asker.isReached }, "noticed though nobody asks")
    #expect(asker.read(.owner("web")) == .unknown)
    for index in 0..<2 { servers.thaw(index) }
    #expect(asker.waitUntilReached(seconds: 30))
    #expect(eventually(seconds: 30) { asker.read(.owner("web")) == .value([1], version) })
  }

  @Test("a token that a server has forgotten is replaced, and nothing fails for it")
  func tokens() throws {
    let servers = try EtcdServers(options: ["--auth-token-ttl", "1"])
    try servers.enableUsers("martlet", password: "secret", below: "/own/")
    let asker = StoreAsker(
      servers.addresses, of: .etcd, root: "/own/edge", user: "martlet:secret", patience: .seconds(5))
    try #require(asker.waitUntilReached(), "\(asker.why)")
    #expect(asker.put(.head, [0]) != nil)
    // Users that change make what tokens say outdated, and some servers forget them.
    for round: UInt8 in 1...3 {
      let root = servers.ask(0, "/v3/auth/authenticate", #"{"name":"root","password":"root"}"#)
      let token = root.components(after: "\"token\":\"")
      #expect(
        servers.ask(0, "/v3/auth/user/add", #"{"name":"u\#(round)","password":"p"}"#, token: token).contains("200 OK"))
      guard case .value(_, let version) = asker.read(.head) else {
        throw Failure("round \(round): \(asker.store.state)")
      }
      guard case .written = asker.write(StoreWrite(.head, expecting: .version(version), .put([round]))) else {
        throw Failure("round \(round): \(asker.store.state)")
      }
    }
    #expect(asker.states.count == 1, "it was reached all the time: \(asker.states)")
  }

  @Test("a round trip, for people to look at")
  func roundTrip() throws {
    let servers = try EtcdServers(3)
    let asker = StoreAsker(servers.addresses, of: .etcd, patience: .seconds(5))
    var version = try #require(asker.put(.head, [0]))
    func measure(_ what: String, _ ask: () throws -> Void) rethrows {
      var times: [UInt64] = []
      for _ in 0..<50 {
        let began = MonotonicClock.now()
        try ask()
        times.append((MonotonicClock.now() - began) / 1000)
      }
      times.sort()
      print("\(what): median \(times[25]) µs, most \(times[49]) µs")
    }
    try measure("write") { version = try asker.write(.set(.head, version, [1])).versions[0] }
    measure("linearizable read") { _ = asker.read(.head) }
    measure("any read") { _ = asker.read(.head, .any) }
  }
}

extension String {
  /// What follows a mark, up to the next quote.
  fileprivate func components(after mark: String) -> String {
    firstRange(of: mark).map { String(self[$0.upperBound...].prefix { $0 != "\"" }) } ?? ""
  }
}
