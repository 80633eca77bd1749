import Agreement
import Config
import Libevent
import Names
import Sockets
import Support
import Testing
@testable import Stores
@testable import TLS

@testable import Fleet

/// TLS to servers that tests play: what real ones don't do, and certificates that aren't right.
@Suite struct ZooKeeperRelayTests {
  private let ca: TestCA
  private let right: TestCA.Identity

  init() throws {
    ca = try TestCA()
    right = try ca.identity("zk", for: "DNS:zk.example,IP:127.0.0.1")
  }

  private func tls(ca: String? = nil, as identity: TestCA.Identity? = nil, serverName: String? = nil) throws
    -> ServerTLS
  {
    try ServerTLS(
      TLSConfiguration(
        ca: ca ?? self.ca.file, identity: identity.map { .init(certificate: $0.certificate, key: $0.key) },
        serverName: serverName))
  }

  /// How a connection ends, and what a request on it comes to.
  private func story(
    of address: SocketAddress, _ tls: ServerTLS, patience: Duration = .seconds(10)
  ) -> (ending: ZooKeeperConnection.Ending?, outcome: ZooKeeperConnection.Outcome?) {
    var (ending, outcome) = (ZooKeeperConnection.Ending?.none, ZooKeeperConnection.Outcome?.none)
    var connection: ZooKeeperConnection?
    runLoop(atMost: .seconds(20)) { loop, done in
      var manners = ZooKeeperManners(patience: patience)
      manners.tls = RenewedTLS(tls, on: loop)
      connection = ZooKeeperConnection(to: StoreServer(address), manners, on: loop) { event in
        switch event {
        case .ready: connection?.send(.get("/a")) { outcome = $0 }
        case .changed: break
        case .ended(let what):
          ending = what
          done()
        }
      }
      return loop
    }
    connection = nil
    return (ending, outcome)
  }

  private func refusal(_ address: SocketAddress, _ tls: ServerTLS) -> String {
    story(of: address, tls).ending.map { "\($0)" } ?? "none"
  }

  @Test("TLS 1.2 and 1.3 are good enough", arguments: ["TLSv1_2", "TLSv1_3"])
  func versions(_ version: String) throws {
    let server = try FakeZooKeeper.agreeable()
    let limits = "context.minimum_version = context.maximum_version = ssl.TLSVersion.\(version)"
    let relay = try TLSRelay(to: server.address, as: right, options: limits)
    let asker = StoreAsker([relay.address], tls: try tls(), patience: .seconds(10))
    #expect(asker.read(.head) == .value(Array("data".utf8), StoreVersion(bits: 3)))
  }

  @Test("what is wrong with a server's certificate is told so that one can do something about it")
  func certificates() throws {
    let server = try FakeZooKeeper.agreeable()
    let other = try TestCA("Other CA")
    let expired = try ca.identity("old", for: "IP:127.0.0.1", days: -1)
    for (identity, ca, words) in [
      (expired, ca.file, "has a certificate that has expired: CN=old, on "),
      (
        try ca.identity("host", for: "DNS:zk.example"), ca.file,
        "has a certificate for DNS:zk.example, not for 127.0.0.1: dial it"
      ),
      (
        try ca.identity("wide", for: "DNS:*.example,IP:127.0.0.2"), ca.file,
        "has a certificate for DNS:*.example, IP Address:127.0.0.2, not for 127.0.0.1"
      ),
      (right, other.file, "has a certificate of a CA that isn't known: CN=Test CA isn't in \(other.file)"),
      (try ca.identity("odd", for: "DNS:\\u{1B}[2J"), ca.file, "has a certificate for DNS:"),
    ] {
      let relay = try TLSRelay(to: server.address, as: identity)
      let why = refusal(relay.address, try tls(ca: ca))
      #expect(why.hasPrefix(words) && !why.contains("\u{1B}"), "\(why)")
    }
    #expect(server.connections == 0, "nothing is said to a server that isn't the one")
  }

  @Test("a server's own certificate may be believed instead of its CA")
  func pinned() throws {
    let server = try FakeZooKeeper.agreeable()
    let relay = try TLSRelay(to: server.address, as: right)
    let asker = StoreAsker([relay.address], tls: try tls(ca: right.certificate), patience: .seconds(10))
    #expect(asker.waitUntilReached(), "\(asker.why)")
    let another = try ca.identity("another", for: "IP:127.0.0.1")
    #expect(refusal(relay.address, try tls(ca: another.certificate)).contains("a CA that isn't known"))
  }

  @Test("a server that is dialled by name has a certificate for that name, and is told who is meant")
  func names() throws {
    let server = try FakeZooKeeper.agreeable()
    let names = try DNSServer { _, type in type == .a ? .addresses(["127.0.0.1"]) : .noData }
    let asker = { (relay: TLSRelay, tls: ServerTLS) in
      StoreAsker { loop in
        let resolver = Resolver(nameservers: [names.address], hosts: HostsFile(path: "/nonexistent"), on: loop)
        var settings = StoreSettings(
          .zooKeeper,
          servers: [.name("zk.example.", port: relay.address.port ?? 0)], root: "/martlet")
        settings.patience = .seconds(10)
        settings.tls = tls
        return ZooKeeperStore(settings, resolver: resolver, on: loop)
      }
    }
    let said = "context.sni_callback = lambda socket, name, context: print('name', name, flush=True)"
    let relay = try TLSRelay(to: server.address, as: try ca.identity("named", for: "DNS:zk.example"), options: said)
    #expect(asker(relay, try tls()).waitUntilReached())
    #expect(try relay.line(containing: "name") == "name zk.example")
    let other = try TLSRelay(to: server.address, as: try ca.identity("addressed", for: "IP:127.0.0.1"))
    let refused = asker(other, try tls())
    #expect(refused.wait { refused.why.contains("has a certificate for IP Address:127.0.0.1, not for zk.example:") })
    // Where a name stands in the file, that one counts.
    #expect(asker(other, try tls(serverName: "127.0.0.1")).waitUntilReached())
  }

  @Test("older ones aren't")
  func oldVersion() throws {
    let server = try TLSServer(as: right, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
    let why = refusal(server.address, try tls())
    #expect(why == "speaks no TLS 1.2 or newer", "\(why)")
  }

  // A cipher for keys of RSA, which it hasn't got.
  @Test("who has no cipher in common with us is told from who wants a certificate")
  func noCipher() throws {
    let server = try TLSServer(as: right, ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"])
    let why = refusal(server.address, try tls())
    #expect(why == "ends TLS: handshake failure", "\(why)")
  }

  @Test("who shows no certificate where one is wanted is told so, which TLS 1.3 says late", arguments: ["2", "3"])
  func withoutCertificate(_ version: String) throws {
    let server = try TLSServer(
      as: right, ["-tls1_\(version)", "-CAfile", ca.file, "-Verify", "1", "-verify_return_error"])
    let why = refusal(server.address, try tls())
    #expect(why == "wants a client certificate: name one by \"certificate\" and \"key\"", "\(why)")
    let other = try TestCA("Other CA")
    let stranger = try other.identity("stranger")
    let refused = refusal(server.address, try tls(as: stranger))
    #expect(refused.hasPrefix("refuses the certificate in \(stranger.certificate): "), "\(refused)")
    #expect(story(of: server.address, try tls(as: ca.identity("lb1")), patience: .seconds(1)).ending == .silent)
  }

  @Test("a server that is silent, babbles, or breaks off during the handshake is given up, and blocks nobody")
  func noHandshake() throws {
    let tls = try tls()
    let silent = try FakeZooKeeper { client, _ in client.waitForEnd() }
    let closing = try FakeZooKeeper { _, _ in }
    let babbling = try FakeZooKeeper { client, _ in
      try? client.peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
      client.waitForEnd()
    }
    let halfway = try FakeZooKeeper { client, _ in
      _ = client.peer.receive(exactly: 100)
      // The head of a record that doesn't come.
      try? client.peer.send([0x16, 3, 3, 0x40, 0, 2, 0])
      client.peer.shutdownWrite()
      client.waitForEnd()
    }
    #expect(story(of: silent.address, tls, patience: .milliseconds(300)).ending == .silent)
    #expect(story(of: closing.address, tls).ending == .withoutTLS)
    #expect(refusal(babbling.address, tls) == "answers with something that isn't TLS")
    #expect(story(of: halfway.address, tls).ending == .withoutTLS)
  }

  @Test("frames over TLS have the same bounds", arguments: ["huge", "negative", "large", "closes", "silent"])
  func frames(_ kind: String) throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      guard let first = client.request() else { return }
      switch kind {
      case "huge": try? client.peer.send(int(2 << 20 + 1))
      case "negative": try? client.peer.send(int(-1))
      case "large":
        // As large as may be, and then one that isn't wanted.
        let rest = stat(version: 1)
        let data = [UInt8](repeating: 7, count: 2 << 20 - 16 - 4 - rest.count)
        client.send(frame: answer(first.xid, int(Int32(data.count)) + data + rest))
        client.send(frame: [1])
      case "silent": break
      default: return
      }
      client.waitForEnd()
    }
    let relay = try TLSRelay(to: server.address, as: right)
    let story = story(of: relay.address, try tls(), patience: kind == "silent" ? .seconds(1) : .seconds(10))
    switch kind {
    case "closes": #expect(story.ending == .lost(.closed) && story.outcome == .unknown)
    case "silent": #expect(story.ending == .silent && story.outcome == .unknown)
    case "large":
      #expect(story.ending == .malformed)
      guard case .answered(.data(let bytes, _)) = story.outcome else { throw Failure("\(String(describing: story))") }
      #expect(bytes.count > 2_000_000)
    default: #expect(story.ending == .malformed && story.outcome == .unknown)
    }
  }

  @Test("more than anybody takes isn't kept")
  func flood() throws {
    let server = try FakeZooKeeper { client, _ in
      let block = [UInt8](repeating: 7, count: 1 << 20)
      while (try? client.peer.send(block)) != nil {}
    }
    let relay = try TLSRelay(to: server.address, as: right)
    var (ending, most) = (ByteStream.Ending?.none, 0)
    var stream: ByteStream?
    runLoop(atMost: .seconds(20)) { loop, done in
      let session = try? tls().session(to: TLSName("127.0.0.1"))
      stream = ByteStream(to: relay.address, over: session, on: loop, bounds: .init(input: 64 << 10, output: 100)) {
        event in
        most = max(most, stream?.available ?? 0)
        if case .ended(let what) = event {
          ending = what
          done()
        }
      }
      return loop
    }
    #expect(ending == .overrun && most <= 128 << 10)
    stream?.close()
  }

  @Test("files that are renewed count from the next dial on, and those that aren't right are told of")
  func renewal() throws {
    let server = try FakeZooKeeper.agreeable()
    let other = try TestCA("Other CA")
    let relay = try TLSRelay(to: server.address, as: right, clients: other.file)
    let own = try ca.identity("lb1")
    let asker = StoreAsker([relay.address], tls: try tls(as: own), patience: .seconds(5))
    var troubles: [String] = []
    (asker.store as? ZooKeeperStore)?.onTrouble = { troubles.append($0) }
    #expect(asker.wait { asker.why.contains("closed the connection") }, "\(asker.why)")
    let renewed = try other.identity("lb1")
    // The certificate comes first: for a moment its key is another one's.
    try Subprocess.replace(own.certificate, by: renewed.certificate)
    #expect(asker.wait { troubles.contains { $0.contains("the key in \(own.key) isn't that of") } }, "\(troubles)")
    try Subprocess.replace(own.key, by: renewed.key)
    #expect(asker.waitUntilReached(), "\(asker.why)")
  }
}

extension Subprocess {
  /// Puts a copy of one file in the place of another.
  fileprivate static func replace(_ path: String, by other: String) throws {
    for arguments in [["cp", "-p", other, "\(path).new"], ["mv", "\(path).new", path]] {
      let result = try run(arguments[0], Array(arguments.dropFirst()))
      guard result.exit == .code(0) else { throw Failure(result.errors) }
    }
  }
}
