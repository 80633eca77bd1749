import Agreement
import Glibc
import Libevent
import Sockets
import Support
import Testing

@testable import Fleet
@testable import Stores

/// One connection to a member that says what it shouldn't: whatever that is, it costs the connection and nothing else, and who
/// waits is told.
@Suite struct EtcdConnectionTests {
  private static let write = EtcdRequest.write([EtcdWrite(key: "/a", expecting: .nothing, value: [1])])

  /// How a connection ends, and what a request on it comes to.
  private func story(
    of address: SocketAddress, asking request: EtcdRequest = write, user: String? = nil,
    patience: Duration = .seconds(10), untilEnd: Bool = true
  ) -> (ending: EtcdConnection.Ending?, outcome: EtcdConnection.Outcome?) {
    var (ending, outcome) = (EtcdConnection.Ending?.none, EtcdConnection.Outcome?.none)
    var connection: EtcdConnection?
    runLoop(atMost: .seconds(20)) { loop, done in
      var manners = EtcdManners(patience: patience, probe: "/head")
      manners.user = user.flatMap { StoreUser(Array($0.utf8)) }
      connection = EtcdConnection(to: StoreServer(address), manners, on: loop) { event in
        switch event {
        case .ready:
          connection?.send(request) {
            #expect(outcome == nil, "told twice")
            outcome = $0
            if !untilEnd { done() }
          }
        case .free: break
        case .ended(let what):
          #expect(ending == nil, "ended twice")
          ending = what
          done()
        }
      }
      return loop
    }
    connection = nil
    return (ending, outcome)
  }

  /// What a member does instead of answering a write, and how that ends.
  enum Misbehaviour: CaseIterable {
    case missing, late, half, halfChunk, noHTTP, noJSON, otherJSON, notWritten, badLength, twoLengths, badChunk,
      hugeHead
    case hugeLength, hugeChunks, tenMegabytes, deep, twice, closes, closesInHead, closesInContent

    var ending: EtcdConnection.Ending {
      switch self {
      case .missing, .late, .half, .halfChunk: .silent
      case .closes, .closesInHead, .closesInContent: .lost(.closed)
      case .hugeLength, .hugeChunks, .tenMegabytes: .tooLarge
      default: .malformed
      }
    }

    func act(_ client: FakeEtcdClient) {
      let send = { (text: String) in try? client.peer.send(text) }
      let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      let good = #"{\#(FakeEtcdClient.header),"succeeded":true}"#
      switch self {
      case .missing: break
      case .late:
        usleep(1_000_000)
        client.answer(good)
      case .half: send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\(good)")
      case .halfChunk: send("\(chunked)ff\r\n\(good)")
      case .noHTTP: send("SSH-2.0-OpenSSH_9.2\r\n")
      case .noJSON: client.answer("succeeded: true")
      case .otherJSON: client.answer("[1, 2]")
      case .notWritten: client.answer(#"{"header":{},"succeeded":true}"#)
      case .badLength: send("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n\(good)")
      case .twoLengths: send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n\(good)")
      case .badChunk: send("\(chunked)zz\r\n\(good)\r\n0\r\n\r\n")
      case .hugeHead: send("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 20_000))
      case .hugeLength: send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
      case .hugeChunks:
        send(chunked)
        let chunk = "100000\r\n" + String(repeating: " ", count: 1 << 20) + "\r\n"
        for _ in 0..<6 { send(chunk) }
      case .tenMegabytes: client.answer(String(repeating: " ", count: 10 << 20))
      case .deep: client.answer(String(repeating: "[", count: 100_000))
      case .twice: send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n")
      case .closes: return
      case .closesInHead: return send("HTTP/1.1 200 OK\r\nContent-") ?? ()
      case .closesInContent: return send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\(good)") ?? ()
      }
      client.waitForEnd()
    }
  }

  @Test(
    "what isn't an answer ends the connection, and the outcome of what was under way is unknown",
    arguments: Misbehaviour.allCases)
  func misbehaviour(_ kind: Misbehaviour) throws {
    let server = try FakeEtcd { client, _ in
      if client.agree(untilAsked: "/v3/kv/txn") != nil { kind.act(client) }
    }
    let patience = kind.ending == .silent ? Duration.milliseconds(300) : .seconds(10)
    let story = story(of: server.address, patience: patience)
    #expect(story.ending == kind.ending && story.outcome == .unknown)
  }

  @Test("an answer may come in chunks, byte by byte, behind an interim one, and with a trailer")
  func pieces() throws {
    let server = try FakeEtcd { client, _ in
      guard client.agree(untilAsked: "/v3/kv/txn") != nil else { return }
      let text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n"
        + "1e;x=y\r\n{\"header\":{\"revision\":\"9\"},\"su\r\n10\r\ncceeded\" : true}\r\n0\r\nA: b\r\n\r\n"
      for byte in text.utf8 {
        try? client.peer.send([byte])
        usleep(100)
      }
      client.agree()
    }
    #expect(story(of: server.address, untilEnd: false).outcome == .answered(.written(revision: 9)))
  }

  @Test("an answer counts though the member closes the connection behind it", arguments: ["Connection: close\r\n", ""])
  func lastAnswer(_ headers: String) throws {
    let server = try FakeEtcd { client, _ in
      guard client.agree(untilAsked: "/v3/kv/txn") != nil else { return }
      let content = #"{\#(FakeEtcdClient.header),"succeeded":true}"#
      if headers.isEmpty {
        try? client.peer.send("HTTP/1.0 200 OK\r\n\r\n\(content)")
      } else {
        client.answer(content, headers: headers)
      }
    }
    let story = story(of: server.address)
    #expect(story.outcome == .answered(.written(revision: 7)) && story.ending == .lost(.closed))
  }

  @Test("what a member says instead of an answer is for people, and the connection goes on")
  func errors() throws {
    let server = try FakeEtcd { client, _ in
      guard client.agree(untilAsked: "/v3/kv/txn") != nil else { return }
      client.answer(#"{"error":"etcdserver: request timed out","code":14}"#, status: "503 Service Unavailable")
      client.agree()
    }
    let story = story(of: server.address, untilEnd: false)
    guard case .answered(.failed(let error)) = story.outcome else { throw Failure("\(story)") }
    #expect("\(error)" == "answers: request timed out" && story.ending == nil)
  }

  @Test(
    "a member without the gateway is told by its version",
    arguments: [
      ("3.3.25", "is etcd 3.3.25, and 3.4 or newer is needed"), ("2.3.8", "is etcd 2.3.8, and 3.4 or newer is needed"),
      (
        "3.4.0",
        "is etcd 3.4.0 without the JSON gateway: set enable-grpc-gateway there, and name the port for clients"
      ),
      (
        "3.10.0-rc.1",
        "is etcd 3.10.0-rc.1 without the JSON gateway: set enable-grpc-gateway there, and name the port for clients"
      ), (nil, "has no JSON gateway: is it the clients' port of etcd?"),
      ("three", "sent something that isn't etcd's: is it the clients' port of etcd?"),
    ])
  func noGateway(_ version: String?, _ words: String) throws {
    let server = try FakeEtcd { client, _ in
      while let request = client.request() {
        if let version, request.path == "/version" {
          #expect(request.head.hasPrefix("GET "))
          client.answer(#"{"etcdserver":"\#(version)","etcdcluster":"3.3.0"}"#)
        } else {
          client.answer("404 page not found\n", status: "404 Not Found")
        }
      }
    }
    #expect(story(of: server.address).ending?.description == words)
  }

  @Test("one that is something else is told by its answer")
  func strangers() throws {
    let tls = try FakeEtcd { client, _ in
      guard client.request() != nil else { return }
      try? client.peer.send("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
    }
    let silent = try FakeEtcd { client, _ in client.waitForEnd() }
    let wordless = try FakeEtcd { client, _ in _ = client.request() }
    let closed = try TestServer(at: .ipv4(0x7F00_0001, port: 0))
    closed.close()
    #expect(
      story(of: tls.address).ending?.description == "answers: Client sent an HTTP request to an HTTPS server.")
    #expect(story(of: silent.address, patience: .milliseconds(300)).ending == .silent)
    #expect(story(of: wordless.address).ending == .wordless)
    #expect(story(of: closed.address).ending == .lost(.failed(.connectionRefused)))
  }

  @Test(
    "who asks is said first, and with each request; with a new token what was refused for the old one is asked again")
  func tokens() throws {
    let server = try FakeEtcd { client, _ in
      guard let first = client.request() else { return }
      #expect(first.path == "/v3/auth/authenticate" && first.content == #"{"name":"mar\"tlet","password":"se:cret"}"#)
      #expect(!first.head.contains("Authorization"))
      client.agree(to: first)
      guard let write = client.agree(untilAsked: "/v3/kv/txn") else { return }
      #expect(write.head.contains("Authorization: abc.1"))
      client.answer(#"{"error":"etcdserver: invalid auth token","code":16}"#, status: "401 Unauthorized")
      #expect(client.request()?.path == "/v3/auth/authenticate", "no new token is asked for")
      client.answer(#"{\#(FakeEtcdClient.header),"token":"def.2"}"#)
      guard let again = client.request() else { return }
      #expect(again.content == write.content && again.head.contains("Authorization: def.2"))
      client.agree(to: again)
      client.agree()
    }
    let story = story(of: server.address, user: "mar\"tlet:se:cret", untilEnd: false)
    #expect(story.outcome == .answered(.written(revision: 7)))
  }

  @Test("a token that would break the head isn't taken")
  func badToken() throws {
    let server = try FakeEtcd { client, _ in
      guard client.request() != nil else { return }
      client.answer(#"{\#(FakeEtcdClient.header),"token":"a b"}"#)
      client.waitForEnd()
    }
    #expect(story(of: server.address, user: "a:b").ending == .malformed)
  }

  @Test("a stuck member shows though nobody asks for anything")
  func ping() throws {
    let server = try FakeEtcd { client, _ in
      for _ in 0..<2 {
        guard let request = client.request() else { return }
        client.agree(to: request)
      }
      client.waitForEnd()
    }
    let story = story(of: server.address, asking: .read("/a", isLinearizable: true), patience: .seconds(1))
    #expect(story.ending == .silent)
  }
}

/// The store's connections: which member is asked, and what becomes of requests while there's none.
@Suite struct EtcdStoreTests {
  private func isValue(_ reply: StoreReply?) -> Bool {
    if case .value = reply { true } else { false }
  }

  @Test("what is asked before there's a connection is answered in its order, one after the other")
  func heldRequests() throws {
    let server = try FakeEtcd { client, _ in
      usleep(200_000)
      client.agree()
    }
    let asker = StoreAsker([server.address], of: .etcd, patience: .seconds(10))
    var order: [Int] = []
    for number in 0..<5 {
      asker.store.perform(.read(.head, .linearizable)) { reply in
        #expect(isValue(reply))
        order.append(number)
      }
    }
    #expect(asker.wait { order.count == 5 } && order == [0, 1, 2, 3, 4])
  }

  @Test("when a connection is lost, one request is unknown, and those behind it are made of the other member")
  func oneIsLost() throws {
    let servers = try (0..<2).map { _ in
      try FakeEtcd { client, number in
        if number == 0 { client.agree(untilAsked: "/v3/kv/txn") } else { client.agree() }
      }
    }
    let asker = StoreAsker(servers.map(\.address), of: .etcd, patience: .seconds(10))
    try #require(asker.waitUntilReached())
    #expect(asker.wait { servers.allSatisfy { $0.connections >= 1 } })
    _ = asker.read(.head)
    var replies: [StoreReply] = []
    asker.store.perform(.write([.set(.head, StoreVersion(bits: 5), [1])])) { replies.append($0) }
    for _ in 0..<2 { asker.store.perform(.read(.head, .any)) { replies.append($0) } }
    #expect(asker.wait { replies.count == 3 })
    #expect(replies.first == .unknown && replies.dropFirst().allSatisfy { isValue($0) })
  }

  @Test("what waits behind a request that isn't answered is unknown in time, too")
  func stuck() throws {
    let server = try FakeEtcd { client, _ in
      client.agree(untilAsked: "/v3/kv/txn")
      client.waitForEnd()
    }
    let asker = StoreAsker([server.address], of: .etcd, patience: .milliseconds(300))
    try #require(asker.waitUntilReached())
    let began = MonotonicClock.now()
    var replies: [StoreReply] = []
    for _ in 0..<3 { asker.store.perform(.write([.create(.head)])) { replies.append($0) } }
    #expect(asker.wait { replies.count == 3 } && replies.allSatisfy { $0 == .unknown })
    #expect(MonotonicClock.now() - began < 5_000_000_000)
  }

  @Test("who is called may drop the store, and nobody is called any more", arguments: ["state", "reply", "hint"])
  func dropped(_ by: String) throws {
    let server = try FakeEtcd { client, _ in
      while let request = client.request() {
        client.agree(to: request)
        guard request.path == "/v3/watch" else { continue }
        let event = #"{"kv":{"key":"L3IvbG9nL2hlYWQ=","mod_revision":"8"}}"#
        let line = #"{"result":{\#(FakeEtcdClient.header),"events":[\#(event),\#(event)]}}"# + "\n"
        let chunk = "\(String(line.utf8.count, radix: 16))\r\n\(line)\r\n"
        try? client.peer.send(chunk + chunk)
      }
    }
    var (store, calls, end) = (EtcdStore?.none, 0, Timer?.none)
    weak var witness: EtcdStore?
    runLoop { loop, done in
      let drop = { (what: String) in
        guard what == by else { return }
        calls += 1
        store = nil
        end = Timer(on: loop, action: done)
        end?.schedule(after: .milliseconds(100))
      }
      store = EtcdStore(
        StoreSettings(.etcd, servers: [.address(server.address)], root: "/r"), resolver: .init(on: loop), on: loop)
      witness = store
      store?.onState = { _ in drop("state") }
      store?.onHint = { _ in drop("hint") }
      store?.watch([.head])
      for _ in 0..<3 { store?.perform(.read(.head, .linearizable)) { _ in drop("reply") } }
      return end
    }
    #expect(calls == 1 && witness == nil && end != nil)
  }
}
