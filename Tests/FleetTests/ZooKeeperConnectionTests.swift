import Glibc
import Libevent
import Sockets
import Support
import Testing

@testable import Fleet
@testable import Stores

/// One session with a server that says what it shouldn't: whatever that is, it costs the connection and nothing else, and
/// everybody who waits is told.
@Suite struct ZooKeeperConnectionTests {
  /// What came of a connection: its end, and what its requests came to.
  private struct Story: Equatable {
    var ending: ZooKeeperConnection.Ending?
    var outcomes: [ZooKeeperConnection.Outcome?] = []
    var changes: [String] = []
  }

  /// For servers that are waited for in vain.
  private static let short = Duration.milliseconds(300)

  /// Connects, asks for these when it's ready, and runs until the end, or until all is answered.
  private func story(
    of address: SocketAddress, asking requests: [ZooKeeperRequest] = [.get("/a"), .get("/b")], user: String? = nil,
    patience: Duration = .seconds(10), untilEnd: Bool = true
  ) -> Story {
    var story = Story(outcomes: requests.map { _ in nil })
    var connection: ZooKeeperConnection?
    runLoop(atMost: .seconds(20)) { loop, done in
      var manners = ZooKeeperManners(patience: patience)
      manners.user = user.map { Array($0.utf8) }
      connection = ZooKeeperConnection(to: StoreServer(address), manners, on: loop) { event in
        switch event {
        case .ready:
          for (index, request) in requests.enumerated() {
            connection?.send(request) { outcome in
              #expect(story.outcomes[index] == nil, "told twice")
              story.outcomes[index] = outcome
              if !untilEnd, story.outcomes.allSatisfy({ $0 != nil }) { done() }
            }
          }
        case .changed(let path): story.changes.append(path)
        case .ended(let ending):
          #expect(story.ending == nil, "ended twice")
          story.ending = ending
          done()
        }
      }
      return loop
    }
    connection = nil
    return story
  }

  @Test("requests are sent together and answered in order")
  func pipelining() throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      let requests = (0..<3).compactMap { _ in client.request() }
      // All have come before the first is answered.
      for request in requests { client.agree(to: request) }
      client.waitForEnd()
    }
    let story = story(of: server.address, asking: [.sync("/a"), .get("/a"), .watch("/a")], untilEnd: false)
    let data = ZooKeeperReply.data(Array("data".utf8), told(version: 3))
    #expect(story.outcomes == [.answered(.done), .answered(data), .answered(.exists(told(version: 3)))])
    #expect(story.ending == nil)
  }

  @Test("events come between answers")
  func events() throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      while let request = client.request() {
        client.send(frame: answer(-1, int(3) + int(3) + counted("/a")))
        client.agree(to: request)
      }
    }
    let story = story(of: server.address, untilEnd: false)
    #expect(story.changes == ["/a", "/a"] && story.outcomes.count == 2 && story.ending == nil)
  }

  @Test("an error is an answer, and the session goes on")
  func error() throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      if let request = client.request() { client.send(frame: answer(request.xid, error: -101)) }
      client.agree()
    }
    let story = story(of: server.address, untilEnd: false)
    #expect(story.outcomes.first == .answered(.failed(.noNode)))
    #expect(story.outcomes.last == .answered(.data(Array("data".utf8), told(version: 3))))
  }

  /// What a server does instead of answering the first of two requests, and how that ends.
  enum Misbehaviour: CaseIterable {
    case missingReply, lateReply, wrongNumber, oldNumber, malformedReply, leftOver, tinyFrame, hugeFrame, negativeFrame
    case closes, closesInFrame, unknownEvent, hugeEvent, unasked

    var ending: ZooKeeperConnection.Ending {
      switch self {
      case .missingReply, .lateReply: .silent
      case .closes, .closesInFrame: .lost(.closed)
      default: .malformed
      }
    }

    func act(_ client: FakeClient, _ first: FakeClient.Request) {
      switch self {
      case .missingReply: break
      case .lateReply:
        usleep(1_000_000)
        client.agree(to: first)
      case .wrongNumber: client.send(frame: answer(first.xid + 1, counted("data") + stat(version: 1)))
      case .oldNumber: client.send(frame: answer(first.xid - 1, counted("data") + stat(version: 1)))
      case .malformedReply: client.send(frame: answer(first.xid, int(4711) + stat(version: 1)))
      case .leftOver: client.send(frame: answer(first.xid, counted("data") + stat(version: 1) + [0]))
      case .tinyFrame: client.send(frame: [1])
      case .hugeFrame: try? client.peer.send(int(2 << 20 + 1))
      case .negativeFrame: try? client.peer.send(int(-1))
      case .closes: return
      case .closesInFrame:
        try? client.peer.send(int(100) + answer(first.xid))
        return
      case .unknownEvent: client.send(frame: answer(-1, int(5) + int(3) + counted("/a")))
      case .hugeEvent: client.send(frame: answer(-1, int(3) + int(3) + int(.max)))
      case .unasked: client.send(frame: answer(-4))
      }
      client.waitForEnd()
    }
  }

  @Test(
    "what isn't an answer ends the connection, and the outcome of all that was under way is unknown",
    arguments: Misbehaviour.allCases)
  func misbehaviour(_ kind: Misbehaviour) throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      guard let first = client.request(), client.request() != nil else { return }
      kind.act(client, first)
    }
    let patience = kind.ending == .silent ? Self.short : .seconds(10)
    #expect(
      story(of: server.address, patience: patience) == Story(ending: kind.ending, outcomes: [.unknown, .unknown]))
  }

  @Test("what was answered before it stays answered")
  func answeredBefore() throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      if let first = client.request() { client.agree(to: first) }
    }
    let outcomes = story(of: server.address).outcomes
    #expect(outcomes == [.answered(.data(Array("data".utf8), told(version: 3))), .unknown])
  }

  @Test("a server that opens no session, says nothing, or isn't there")
  func noSession() throws {
    let refusing = try FakeZooKeeper { client, _ in
      client.open(id: 0)
      client.waitForEnd()
    }
    let silent = try FakeZooKeeper { client, _ in client.waitForEnd() }
    let babbling = try FakeZooKeeper { client, _ in
      try? client.peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
      client.waitForEnd()
    }
    let closed = try TestServer(at: .ipv4(0x7F00_0001, port: 0))
    closed.close()
    let full = try FullServer()
    #expect(story(of: refusing.address, asking: []).ending == .refused)
    #expect(story(of: silent.address, asking: [], patience: Self.short).ending == .silent)
    #expect(story(of: babbling.address, asking: []).ending == .malformed)
    #expect(story(of: closed.address, asking: []).ending == .lost(.failed(.connectionRefused)))
    #expect(story(of: full.address, asking: [], patience: Self.short).ending == .silent)
    #expect(story(of: .unix(path: "/nonexistent"), asking: []).ending == .lost(.failed(.noSuchFileOrDirectory)))
  }

  @Test("a stuck server shows though nobody asks for anything")
  func ping() throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      // It answers two signs of life, and then no more.
      for _ in 0..<2 {
        guard let request = client.request() else { return }
        #expect(request.xid == -2 && request.code == 11)
        client.agree(to: request)
      }
      client.waitForEnd()
    }
    #expect(story(of: server.address, asking: [], patience: .seconds(1)) == Story(ending: .silent))
  }

  @Test("who asks is said before anything is asked", arguments: [true, false])
  func authentication(_ isRight: Bool) throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      guard let request = client.request() else { return }
      #expect(request.xid == -4 && request.code == 100)
      #expect(request.rest == int(0) + counted("digest") + counted("martlet:secret"))
      client.send(frame: answer(-4, error: isRight ? 0 : -115))
      client.agree()
    }
    let story = story(of: server.address, asking: [.get("/a")], user: "martlet:secret", untilEnd: !isRight)
    #expect(story.ending == (isRight ? nil : .badPassword))
    #expect((story.outcomes[0] != nil) == isRight)
  }

  @Test("a server that takes no bytes is given up, however much it's asked")
  func congestion() throws {
    let server = try FakeZooKeeper { client, _ in
      client.open()
      usleep(500_000)
      client.waitForEnd()
    }
    let big = ZooKeeperRequest.write(.create("/a", [UInt8](repeating: 1, count: 900_000)))
    let many = [ZooKeeperRequest](repeating: big, count: 40)
    let story = story(of: server.address, asking: many)
    #expect(story.ending == .congested)
    #expect(story.outcomes.allSatisfy { $0 == .unknown })
  }

  @Test("who is told of an answer may close the connection: nobody else is told anything")
  func closeInCallback() throws {
    let server = try FakeZooKeeper.agreeable()
    var (told, end) = (0, Timer?.none)
    runLoop { loop, done in
      var connection: ZooKeeperConnection?
      connection = ZooKeeperConnection(to: StoreServer(server.address), ZooKeeperManners(), on: loop) {
        event in
        guard case .ready = event else {
          Issue.record("told of \(event)")
          return
        }
        for _ in 0..<3 {
          connection?.send(.get("/a")) { _ in
            told += 1
            connection?.close()
            connection = nil
            end = Timer(on: loop, action: done)
            end?.schedule(after: .milliseconds(100))
          }
        }
      }
      return 0
    }
    #expect(told == 1 && end != nil)
  }
}
