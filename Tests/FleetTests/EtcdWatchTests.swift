import Agreement
import Sockets
import Support
import Testing

@testable import Fleet

/// What real members tell of keys that are watched.
@Suite(.serialized) struct EtcdWatchTests {
  @Test("what was compacted away while a member was lost is hinted at")
  func compacted() throws {
    let servers = try EtcdServers(1)
    let asker = StoreAsker(servers.addresses, of: .etcd)
    let other = StoreAsker(sharing: asker.loop, servers.addresses, of: .etcd)
    try #require(asker.waitUntilReached() && other.waitUntilReached())
    asker.store.watch([.owner("web")])
    _ = asker.read(.owner("web"))
    servers.kill(0)
    #expect(asker.wait { !asker.isReached && !other.isReached })
    asker.forgetHints()
    try servers.start(0)
    try servers.waitUntilReady(0)
    for _ in 0..<5 { _ = servers.ask(0, "/v3/kv/put", #"{"key":"YQ=="}"#) }
    #expect(servers.ask(0, "/v3/kv/compaction", #"{"revision":"6"}"#).contains("200 OK"))
    #expect(asker.wait { asker.hints.contains(.owner("web")) })
    // It's watched from there on.
    #expect(!asker.wait(seconds: 1.5) { false })
    asker.forgetHints()
    #expect(other.put(.owner("web"), [2]) != nil)
    #expect(asker.wait { asker.hints.contains(.owner("web")) })
  }

  @Test("each of 300 keys is watched from the first moment on")
  func many() throws {
    let servers = try EtcdServers()
    let asker = StoreAsker(servers.addresses, of: .etcd, patience: .seconds(10))
    let other = StoreAsker(sharing: asker.loop, servers.addresses, of: .etcd, patience: .seconds(10))
    try #require(asker.waitUntilReached() && other.waitUntilReached())
    for round in 0..<5 {
      let keys = (0..<300).map { StoreKey.owner("name\(round).\($0)") }
      asker.forgetHints()
      asker.store.watch(Set(keys))
      for first in stride(from: 0, to: keys.count, by: 4) {
        other.store.perform(.write(keys[first..<(first + 4)].map { .create($0) })) { _ in }
      }
      #expect(asker.wait { Set(asker.hints) == Set(keys) }, "\(asker.hints.count)")
    }
  }

  @Test(
    "more than a line may hold is told in several, or hinted at, and is over then",
    arguments: [[], ["--max-request-bytes", "8000000"]])
  func much(_ options: [String]) throws {
    let servers = try EtcdServers(options: options)
    let asker = StoreAsker(servers.addresses, of: .etcd, patience: .seconds(10))
    let other = StoreAsker(sharing: asker.loop, servers.addresses, of: .etcd, patience: .seconds(10))
    try #require(asker.waitUntilReached() && other.waitUntilReached())
    _ = asker.read(.head)
    for round: UInt8 in 0..<15 { #expect(other.put(.head, [UInt8](repeating: round, count: 800_000)) != nil) }
    asker.store.watch([.head])
    #expect(asker.wait { asker.hints.contains(.head) })
    // It isn't told again and again, nor is it what comes after it that is lost.
    #expect(!asker.wait(seconds: 2.5) { false })
    asker.forgetHints()
    #expect(!asker.wait(seconds: 2.5) { !asker.hints.isEmpty })
    #expect(other.put(.head, [1]) != nil)
    #expect(asker.wait { asker.hints == [.head] })
  }
}
