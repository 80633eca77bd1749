import Agreement
import Config
import Libevent
import Names
import Sockets
import Support
import Testing
@testable import TLS

@testable import Fleet

/// TLS to real servers of ZooKeeper.
@Suite(.serialized) struct ZooKeeperTLSTests {
  private let ca: TestCA
  private let server: TestCA.Identity
  private let own: TestCA.Identity

  init() throws {
    ca = try TestCA()
    server = try ca.identity("zk", for: "DNS:zk.example,IP:127.0.0.1")
    own = try ca.identity("lb1")
  }

  private func tls(
    ca: String? = nil, as identity: TestCA.Identity? = nil, serverName: String? = nil
  ) throws -> ServerTLS {
    try ServerTLS(
      TLSConfiguration(
        ca: ca ?? self.ca.file, identity: identity.map { .init(certificate: $0.certificate, key: $0.key) },
        serverName: serverName))
  }

  private func servers(_ count: Int = 1, clients: String = "need", options: String = "") throws -> ZooKeeperServers {
    try ZooKeeperServers(count, options: options, tls: .init(server, ca: ca.file, clients: clients))
  }

  /// Why servers aren't reached by such means.
  private func refusal(_ addresses: [SocketAddress], _ tls: ServerTLS?) -> String {
    let asker = StoreAsker(addresses, tls: tls, patience: .seconds(5))
    return asker.wait { !asker.why.isEmpty && asker.why != "no server has answered yet" } ? asker.why : "nothing"
  }

  @Test("a server lets in who has a certificate, and others if it wants none", arguments: ["need", "want", "none"])
  func clients(_ kind: String) throws {
    let servers = try servers(clients: kind)
    let secure = servers.secureAddresses
    for identity in kind == "need" ? [own] : [own, nil] {
      let asker = StoreAsker(secure, user: "martlet:secret", tls: try tls(as: identity), patience: .seconds(10))
      try #require(asker.waitUntilReached(), "\(asker.why)")
      #expect(asker.put(.head, [7]) != nil)
    }
    if kind == "need" {
      #expect(
        refusal(secure, try tls())
          == "\(secure[0]) wants a client certificate: name one by \"certificate\" and \"key\"")
    }
    withExtendedLifetime(servers) {}
  }

  @Test("TLS 1.3, where a server has it")
  func newest() throws {
    let servers = try servers(options: "ssl.protocol=TLSv1.3\nssl.ciphersuites=TLS_AES_128_GCM_SHA256")
    let asker = StoreAsker(servers.secureAddresses, tls: try tls(as: own), patience: .seconds(10))
    try #require(asker.waitUntilReached(), "\(asker.why)")
    #expect(asker.put(.head, [7]) != nil)
    let why = refusal(servers.secureAddresses, try tls())
    #expect(why.hasSuffix("wants a client certificate: name one by \"certificate\" and \"key\""), "\(why)")
  }

  @Test("who isn't who should be there is refused, and people are told why")
  func refusals() throws {
    let servers = try servers()
    let (secure, plain) = (servers.secureAddresses, servers.addresses)
    let other = try TestCA("Other CA")
    let stranger = try other.identity("stranger")
    for (addresses, tls, words) in [
      (
        secure, try tls(ca: other.file, as: own),
        "has a certificate of a CA that isn't known: CN=Test CA isn't in \(other.file)"
      ),
      (
        secure, try tls(as: own, serverName: "zk1.example"),
        "has a certificate for DNS:zk.example, IP Address:127.0.0.1, not for zk1.example: dial it by such a name, or set \"serverName\""
      ),
      (secure, try tls(as: stranger), "refuses the certificate in \(stranger.certificate): certificate unknown"),
      (
        plain, try tls(as: own),
        "closed the connection before TLS began, as a port without TLS does, or a server that has no leader"
      ),
      (
        secure, nil,
        "opened no session before it closed the connection, as a port with TLS does, or a server that has no leader"
      ),
    ] {
      #expect(refusal(addresses, tls) == "\(addresses[0]) \(words)")
    }
    let named = StoreAsker(secure, tls: try tls(as: own, serverName: "zk.example"), patience: .seconds(10))
    #expect(named.waitUntilReached())
  }

  @Test("servers say how they're tuned over TLS as well, and another one is asked when one is lost")
  func failover() throws {
    let servers = try servers(3)
    let tls = try tls(as: own)
    let leader = try #require(servers.leader())
    var found: StoreAsker?
    for _ in 0..<100 {
      let asker = StoreAsker(servers.secureAddresses, tls: tls)
      try #require(asker.waitUntilReached(), "\(asker.why)")
      guard case .reached(servers.secureAddresses[leader], _, _) = asker.store.state else { continue }
      found = asker
      break
    }
    let asker = try #require(found)
    var tuning: ZooKeeperTuning?
    (asker.store as? ZooKeeperStore)?.onTuning = { tuning = $0 }
    #expect(asker.put(.head, [1]) != nil)
    asker.store.watch([.head])
    _ = asker.read(.head)
    servers.kill(leader)
    var written = asker.put(.head, [2])
    for _ in 0..<5 where written == nil { written = asker.put(.head, [2]) }
    #expect(written != nil)
    #expect(asker.wait { tuning != nil } && tuning?.silence == .seconds(1))
    asker.forgetHints()
    #expect(asker.put(.head, [3]) != nil)
    #expect(asker.wait { asker.hints.contains(.head) }, "watched at the next server, too")
    try servers.start(leader)
    try servers.waitUntilReady(leader)
    let late = StoreAsker([servers.secureAddresses[leader]], tls: tls, patience: .seconds(5))
    #expect(eventually { if case .value([3], _) = late.read(.head) { true } else { false } })
  }
}
