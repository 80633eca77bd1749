import Agreement
import Sockets
import Support
import Testing
@testable import TLS

@testable import Fleet

/// What people are told when real members don't do what they're asked: which one, what it is, and what helps.
@Suite(.serialized) struct EtcdTroubleTests {
  /// What the last write came to, for people; nothing if it was done.
  private func trouble(_ asker: StoreAsker) -> String {
    if case .reached(_, _, let trouble) = asker.store.state { trouble ?? "" } else { "away: \(asker.why)" }
  }

  @Test("who isn't a user that may is told so, and who needs none as well")
  func users() throws {
    let servers = try EtcdServers(1)
    let early = StoreAsker(servers.addresses, of: .etcd, user: "martlet:secret", patience: .seconds(5))
    #expect(early.wait { early.why.contains("knows no users") }, "\(early.why)")
    try servers.enableUsers("martlet", password: "secret", below: "/own/")
    for (user, root, words) in [
      (nil, "/own/edge", "wants a user: name one by \"auth\""),
      ("martlet:wrong", "/own/edge", "knows no such user and password: see to the file that \"auth\" names"),
      ("other:secret", "/own/edge", "knows no such user and password: see to the file that \"auth\" names"),
      (
        "martlet:secret", "/else",
        "gives no permission: grant its role readwrite on all that begins with \"root\""
      ),
    ] {
      let asker = StoreAsker(servers.addresses, of: .etcd, root: root, user: user, patience: .seconds(5))
      #expect(asker.wait { asker.why == "\(servers.addresses[0]) \(words)" }, "\(asker.why)")
    }
    let right = StoreAsker(
      servers.addresses, of: .etcd, root: "/own/edge", user: "martlet:secret", patience: .seconds(5))
    #expect(right.put(.head, [1]) != nil)
  }

  @Test("a certificate lets a node in, and with users only one without a common name does")
  func certificates() throws {
    let ca = try TestCA()
    let servers = try EtcdServers(tls: .init(ca.identity("etcd", for: "IP:127.0.0.1"), ca: ca.file))
    let own = try ca.identity("lb1")
    let named = try ServerTLS(.init(ca: ca.file, identity: .init(certificate: own.certificate, key: own.key)))
    let right = StoreAsker(servers.secureAddresses, of: .etcd, tls: named, patience: .seconds(5))
    #expect(right.put(.head, [1]) != nil, "\(right.why)")
    let none = StoreAsker(
      servers.secureAddresses, of: .etcd, tls: try ServerTLS(.init(ca: ca.file)), patience: .seconds(5))
    #expect(none.wait { none.why.contains("wants a client certificate") }, "\(none.why)")
    // One that another CA has signed, at a member that believes no such one.
    let other = try TestCA()
    let foreign = try other.identity("lb1")
    let refused = StoreAsker(
      servers.secureAddresses, of: .etcd,
      tls: try ServerTLS(
        .init(ca: ca.file, identity: .init(certificate: foreign.certificate, key: foreign.key))), patience: .seconds(5))
    #expect(
      refused.wait { refused.why.contains("refuses the certificate in \(foreign.certificate)") }, "\(refused.why)")
    // And a member that another CA has signed, for who believes no such one.
    let stranger = StoreAsker(
      servers.secureAddresses, of: .etcd, tls: try ServerTLS(.init(ca: other.file)), patience: .seconds(5))
    #expect(stranger.wait { stranger.why.contains("has a certificate of a CA that isn't known") }, "\(stranger.why)")
    try servers.enableUsers("martlet", password: "secret", below: "/own/")
    let user = StoreAsker(
      servers.secureAddresses, of: .etcd, root: "/own/edge", user: "martlet:secret", tls: named, patience: .seconds(5))
    #expect(user.wait { user.why.contains("takes no certificate with a common name") }, "\(user.why)")
  }

  @Test("TLS to a port without it, and none to one with it, are told apart")
  func wrongPorts() throws {
    let ca = try TestCA()
    let servers = try EtcdServers(tls: .init(ca.identity("etcd", for: "IP:127.0.0.1")))
    let tls = try ServerTLS(.init(ca: ca.file))
    let right = StoreAsker(servers.secureAddresses, of: .etcd, tls: tls, patience: .seconds(5))
    #expect(right.put(.head, [1]) != nil, "\(right.why)")
    let plain = StoreAsker(servers.secureAddresses, of: .etcd, patience: .seconds(5))
    #expect(
      plain.wait { plain.why.contains("before it said anything, as a port with TLS does: set \"tls\" then") },
      "\(plain.why)")
    let secure = StoreAsker(servers.addresses, of: .etcd, tls: tls, patience: .seconds(5))
    #expect(secure.wait { secure.why.contains("closed the connection before TLS began") }, "\(secure.why)")
  }

  @Test("a member without the gateway is told by its version")
  func noGateway() throws {
    let servers = try EtcdServers(options: ["--enable-grpc-gateway=false"])
    let asker = StoreAsker(servers.addresses, of: .etcd, patience: .seconds(5))
    let words = "without the JSON gateway: set enable-grpc-gateway there, and name the port for clients"
    #expect(asker.wait { asker.why.contains(words) && asker.why.contains("is etcd 3.") }, "\(asker.why)")
  }

  @Test(
    "a request that a member finds too large is a trouble, and smaller ones are done", arguments: [100_000, 800_000])
  func largeRequest(_ bytes: Int) throws {
    let servers = try EtcdServers(options: ["--max-request-bytes", "50000"])
    let asker = StoreAsker(servers.addresses, of: .etcd, patience: .seconds(5))
    #expect(asker.write(.create(.head, [UInt8](repeating: 1, count: bytes))) == .unknown)
    #expect(
      trouble(asker)
        == "\(servers.addresses[0]) takes no request as large as one that is needed: let its max-request-bytes be 1572864, as it is by itself"
    )
    #expect(asker.put(.head, [1]) != nil && trouble(asker).isEmpty)
  }

  @Test("a quota that is used up is a trouble until there's space again; what is known can be read all the while")
  func quota() throws {
    let servers = try EtcdServers(options: ["--quota-backend-bytes", "2000000"])
    let asker = StoreAsker(servers.addresses, of: .etcd, patience: .seconds(5))
    let version = try #require(asker.put(.head, [1]))
    let part = [UInt8](repeating: 1, count: 100_000)
    for number: UInt64 in 0..<50 where trouble(asker).isEmpty { _ = asker.write(.create(.entry(number), part)) }
    #expect(
      trouble(asker)
        == "\(servers.addresses[0]) takes no more writes, as its quota is used up: compact it, defragment it and disarm its alarm by etcdctl"
    )
    #expect(asker.read(.head) == .value([1], version) && asker.write(.set(.head, version, [2])) == .unknown)
    for number: UInt64 in 0..<50 {
      if case .value(_, let version) = asker.read(.entry(number)) { _ = asker.write(.delete(.entry(number), version)) }
    }
    let alarms = servers.ask(0, "/v3/maintenance/alarm", "{}")
    let member = try #require(alarms.firstMatch(of: #/"memberID":"([0-9]+)"/#)?.1, "\(alarms)")
    // How many writes fit within the quota is the member's affair: it grows its file by steps.
    let known = servers.ask(0, "/v3/kv/range", #"{"key":"AA=="}"#)
    let revision = try #require(known.firstMatch(of: #/"revision":"([0-9]+)"/#)?.1, "\(known)")
    for (path, content) in [
      ("kv/compaction", #"{"revision":"\#(revision)","physical":true}"#), ("maintenance/defragment", "{}"),
      ("maintenance/alarm", #"{"action":"DEACTIVATE","memberID":"\#(member)","alarm":"NOSPACE"}"#),
    ] {
      let answer = servers.ask(0, "/v3/\(path)", content)
      #expect(answer.contains("200 OK"), "\(path): \(answer)")
    }
    #expect(asker.put(.head, [3]) != nil && trouble(asker).isEmpty)
  }

  @Test("what somebody else has put where the fleet's is, and is too large for one, is told")
  func largeAnswer() throws {
    let servers = try EtcdServers(options: ["--max-request-bytes", "20000000"])
    let zeros = String(repeating: "AAAA", count: 10_000_000 / 3)
    // /martlet/test/log/head
    #expect(
      servers.ask(0, "/v3/kv/put", #"{"key":"L21hcnRsZXQvdGVzdC9sb2cvaGVhZA==","value":"\#(zeros)"}"#).contains(
        "200 OK"))
    let asker = StoreAsker(servers.addresses, of: .etcd, patience: .seconds(10))
    // Whether it's there is asked for without its value.
    try #require(asker.waitUntilReached(), "\(asker.why)")
    #expect(asker.read(.head) == .unknown)
    #expect(
      asker.why
        == "\(servers.addresses[0]) sent an answer of more than 4 MiB, which no fleet has written: give the fleet a \"root\" of its own"
    )
  }
}
