import Agreement
import Testing

@testable import Fleet
@testable import Stores

/// What is told of a node, with this version (Stat in zookeeper.jute).
func stat(version: Int32) -> [UInt8] {
  var writer = JuteWriter()
  for number: Int64 in [6, 7, 7, 7] { writer.long(number) }
  for number in [version, 8, 9] { writer.int(number) }
  writer.long(0)
  for number: Int32 in [11, 12] { writer.int(number) }
  writer.long(10)
  return writer.bytes
}

/// What that says.
func told(version: Int32) -> ZooKeeperStat { ZooKeeperStat(made: 6, version: version, children: 12) }

/// An answer without its length.
func answer(_ xid: Int32, error: Int32 = 0, _ body: [UInt8] = []) -> [UInt8] {
  var writer = JuteWriter()
  writer.int(xid)
  writer.long(123)
  writer.int(error)
  return writer.bytes + body
}

/// A text or bytes behind their length.
func counted(_ text: String) -> [UInt8] {
  var writer = JuteWriter()
  writer.string(text)
  return writer.bytes
}

/// A part of what came of a multi.
func part(_ kind: Int32, isEnd: Bool = false, error: Int32 = 0, _ body: [UInt8] = []) -> [UInt8] {
  var writer = JuteWriter()
  writer.int(kind)
  writer.bool(isEnd)
  writer.int(error)
  return writer.bytes + body
}

func int(_ value: Int32) -> [UInt8] {
  var writer = JuteWriter()
  writer.int(value)
  return writer.bytes
}

@Suite struct ZooKeeperMessageTests {
  private let end = part(-1, isEnd: true, error: -1)
  private let writes: [ZooKeeperWrite] = [
    .create("/a", [1]), .set("/b", [2], version: 3), .delete("/c", version: 4),
  ]

  /// What an answer is read as.
  private func read(_ bytes: [UInt8], as request: ZooKeeperRequest) throws(JuteError) -> ZooKeeperReply? {
    guard case .answer(_, let error, let rest) = try ZooKeeperMessage(bytes) else { return nil }
    return try request.reply(error, rest)
  }

  @Test("a request's bytes are ZooKeeper's")
  func request() {
    let get = ZooKeeperRequest.get("/a").framed(xid: 5, access: .everybody)
    #expect(get == int(15) + int(5) + int(4) + counted("/a") + [0])
    let watch = ZooKeeperRequest.watch("/a").framed(xid: 6, access: .everybody)
    #expect(watch == int(15) + int(6) + int(3) + counted("/a") + [1])
    let watched = ZooKeeperRequest.get("/a", isWatched: true).framed(xid: 5, access: .everybody)
    #expect(watched == int(15) + int(5) + int(4) + counted("/a") + [1])
    let children = ZooKeeperRequest.children("/a", isWatched: true).framed(xid: 5, access: .everybody)
    #expect(children == int(15) + int(5) + int(12) + counted("/a") + [1])
    let set = ZooKeeperRequest.write(.set("/a", [9], version: 7)).framed(xid: 8, access: .everybody)
    #expect(set == int(23) + int(8) + int(5) + counted("/a") + int(1) + [9] + int(7))
    #expect(ZooKeeperRequest.ping.framed(xid: -2, access: .everybody) == int(8) + int(-2) + int(11))
  }

  @Test("a node that is made belongs to everybody, or to who has authenticated")
  func access() {
    let create = ZooKeeperRequest.write(.create("/a", []))
    let head = int(1) + int(1) + counted("/a") + int(0) + int(1) + int(31)
    let open = head + counted("world") + counted("anyone") + int(0)
    let own = head + counted("auth") + counted("") + int(0)
    #expect(create.framed(xid: 1, access: .everybody) == int(Int32(open.count)) + open)
    #expect(create.framed(xid: 1, access: .user) == int(Int32(own.count)) + own)
  }

  @Test("a multi has a head before each part, and an end")
  func multi() {
    let request = ZooKeeperRequest.multi([.set("/b", [2], version: 3), .delete("/c", version: 4)])
    let body =
      int(1) + int(14) + part(5, error: -1, counted("/b") + int(1) + [2] + int(3))
      + part(2, error: -1, counted("/c") + int(4)) + end
    #expect(request.framed(xid: 1, access: .everybody) == int(Int32(body.count)) + body)
  }

  @Test("answers of each kind")
  func answers() throws {
    #expect(try read(answer(1, counted("/a")), as: .sync("/a")) == .done)
    #expect(
      try read(answer(1, int(2) + [5, 6] + stat(version: 3)), as: .get("/a")) == .data([5, 6], told(version: 3)))
    #expect(try read(answer(1, int(-1) + stat(version: 3)), as: .get("/a")) == .data([], told(version: 3)))
    #expect(try read(answer(1, stat(version: 4)), as: .watch("/a")) == .exists(told(version: 4)))
    #expect(
      try read(answer(1, int(2) + counted("x") + counted("y") + stat(version: 0)), as: .children("/a"))
        == .children(["x", "y"]))
    #expect(try read(answer(1, counted("/a")), as: .write(writes[0])) == .written([0]))
    #expect(try read(answer(1, stat(version: 4)), as: .write(writes[1])) == .written([4]))
    #expect(try read(answer(1), as: .write(writes[2])) == .written([0]))
  }

  @Test("an error is an answer, whatever comes behind it")
  func errors() throws {
    #expect(try read(answer(1, error: -101), as: .get("/a")) == .failed(.noNode))
    #expect(try read(answer(1, error: -110, int(-1)), as: .write(writes[0])) == .failed(.nodeExists))
    #expect(try read(answer(1, error: -103), as: .write(writes[1])) == .failed(.badVersion))
    #expect(try read(answer(1, error: -4711), as: .ping) == .failed(.other(-4711)))
    #expect(try read(answer(1, error: -118), as: .multi(writes)) == .failed(.other(-118)))
  }

  @Test("a multi is done with a version for each part, or fails for the reason of the part that did")
  func multiAnswers() throws {
    let request = ZooKeeperRequest.multi(writes)
    let done = part(1, counted("/a")) + part(5, stat(version: 4)) + part(2) + end
    #expect(try read(answer(1, done), as: request) == .written([0, 4, 0]))
    let failed = part(-1, int(0)) + part(-1, error: -103, int(-103)) + part(-1, error: -2, int(-2)) + end
    #expect(try read(answer(1, failed), as: request) == .failed(.badVersion))
    // Some servers say it in front, too.
    #expect(try read(answer(1, error: -103, failed), as: request) == .failed(.badVersion))
  }

  @Test("what is malformed is found: each kind, cut at each byte, and with a byte more")
  func malformed() throws {
    let multi = part(1, counted("/a")) + part(5, stat(version: 4)) + part(2) + end
    let whole: [(ZooKeeperRequest, [UInt8])] = [
      (.sync("/a"), counted("/a")), (.get("/a"), int(2) + [5, 6] + stat(version: 3)),
      (.watch("/a"), stat(version: 3)), (.children("/a"), int(1) + counted("x") + stat(version: 0)),
      (.write(writes[0]), counted("/a")), (.write(writes[1]), stat(version: 1)), (.multi(writes), multi),
    ]
    for (request, body) in whole {
      let bytes = answer(1, body)
      for count in 0..<bytes.count {
        #expect(throws: JuteError.truncated, "\(request) cut at \(count)") {
          try read(Array(bytes[..<count]), as: request)
        }
      }
      #expect(throws: JuteError.leftOver(1), "\(request)") { try read(bytes + [0], as: request) }
    }
    // Parts in another order than they were asked for, too many and too few.
    let parts = [part(1, counted("/a")), part(5, stat(version: 4)), part(2)]
    for wrong in [parts[1] + parts[0] + parts[2], parts[0] + parts[1] + parts[2] + parts[2], parts[0] + parts[1]] {
      #expect(throws: JuteError.self) { try read(answer(1, wrong + end), as: .multi(writes)) }
    }
  }

  @Test("events of nodes are told, others are wrong")
  func events() throws {
    for kind: Int32 in 1...4 {
      let event = answer(-1, int(kind) + int(3) + counted("/a"))
      #expect(try ZooKeeperMessage(event) == .changed("/a"))
      #expect(throws: JuteError.truncated) { try ZooKeeperMessage(Array(event.dropLast())) }
      #expect(throws: JuteError.leftOver(1)) { try ZooKeeperMessage(event + [0]) }
    }
    #expect(throws: JuteError.unexpected(5)) { try ZooKeeperMessage(answer(-1, int(5) + int(3) + counted("/a"))) }
    #expect(throws: JuteError.truncated) {
      try ZooKeeperMessage(answer(-1, int(3) + int(3) + int(.max)))
    }
  }

  @Test("a session is opened, or not, by servers with and without the mark for those that are cut off")
  func session() throws {
    func bytes(_ timeout: Int32, id: Int64) -> [UInt8] {
      var writer = JuteWriter()
      writer.int(0)
      writer.int(timeout)
      writer.long(id)
      writer.buffer([UInt8](repeating: 1, count: 16))
      return writer.bytes
    }
    #expect(try ZooKeeperSession(bytes(4000, id: 7))?.timeout == 4000)
    #expect(try ZooKeeperSession(bytes(4000, id: 7) + [0])?.timeout == 4000)
    #expect(try ZooKeeperSession(bytes(0, id: 0)) == nil)
    #expect(throws: JuteError.truncated) { try ZooKeeperSession(Array(bytes(4000, id: 7).dropLast())) }
  }
}

@Suite struct ZooKeeperTuningTests {
  @Test("tick times limit is what a lease must outlast")
  func tuning() {
    let answer =
      "clientPort=2181\ndataDir=/a=b\ntickTime=2000\ninitLimit=10\nsyncLimit=5\nmembership: \nserver.1=a:1:2\n"
    #expect(ZooKeeperTuning(answer)?.silence == .seconds(10))
    #expect(ZooKeeperTuning(answer)?.shortestLease == .seconds(12))
  }

  @Test(
    "who is alone, mayn't say it or says nonsense says nothing",
    arguments: [
      "", "conf is not executed because it is not in the whitelist.\n", "tickTime=2000\n", "syncLimit=5\n",
      "tickTime=0\nsyncLimit=5\n", "tickTime=2000\nsyncLimit=-5\n", "tickTime=2000\nsyncLimit=x\n",
      "tickTime=9223372036854775807\nsyncLimit=2\n",
    ])
  func nothing(_ answer: String) {
    #expect(ZooKeeperTuning(answer) == nil)
  }
}

@Suite struct ZooKeeperNodesTests {
  private let nodes = ZooKeeperNodes(root: "/martlet/edge")

  @Test("keys are nodes below the root, whatever slashes it ends with")
  func paths() {
    #expect(nodes.path(.head) == "/martlet/edge/log/head")
    #expect(nodes.path(.owner("web")) == "/martlet/edge/owners/web")
    #expect(nodes.folders == ["/martlet", "/martlet/edge", "/martlet/edge/log", "/martlet/edge/owners"])
    #expect(ZooKeeperNodes(root: "/a//").path(.head) == "/a/log/head")
    #expect(ZooKeeperNodes(root: "/").folders == ["/log", "/owners"])
    #expect(ZooKeeperNodes(root: "/").path(.head) == "/log/head")
  }

  @Test("a read that has to be new is a sync and a get; one write is plain, several are a multi")
  func requests() {
    #expect(nodes.requests(for: .read(.head, .any)) == [.get("/martlet/edge/log/head")])
    #expect(
      nodes.requests(for: .read(.head, .linearizable))
        == [.sync("/martlet/edge/log/head"), .get("/martlet/edge/log/head")])
    let version = StoreVersion(number: 5)
    let set = StoreWrite(.head, expecting: .version(version), .put([1]))
    let create = StoreWrite(.owner("web"), expecting: .nothing, .put([2]))
    #expect(nodes.requests(for: .write([set])) == [.write(.set("/martlet/edge/log/head", [1], version: 5))])
    #expect(
      nodes.requests(for: .write([create, set])) == [
        .multi([.create("/martlet/edge/owners/web", [2]), .set("/martlet/edge/log/head", [1], version: 5)])
      ])
    #expect(
      nodes.requests(for: .write([StoreWrite(.head, expecting: .version(version), .delete)]))
        == [.write(.delete("/martlet/edge/log/head", version: 5))])
  }

  @Test("what ZooKeeper can't do isn't asked for, nor for any version")
  func impossible() {
    let put = StoreWrite(.head, expecting: .nothing, .put([UInt8](repeating: 0, count: 300_001)))
    #expect(nodes.requests(for: .write([])) == nil)
    #expect(nodes.requests(for: .write([put, put, put])) == nil)
    #expect(
      nodes.requests(for: .write(Array(repeating: StoreWrite(.head, expecting: .nothing, .put([])), count: 5))) == nil)
    #expect(nodes.requests(for: .write([StoreWrite(.head, expecting: .nothing, .delete)])) == nil)
    for bits: UInt64 in [UInt64(UInt32.max), 1 << 31, .max] {
      let any = StoreWrite(.head, expecting: .version(StoreVersion(bits: bits)), .put([]))
      #expect(nodes.requests(for: .write([any])) == nil)
    }
  }

  @Test("what a server says of itself leaves the outcome unknown")
  func replies() {
    let write = StoreRequest.write([])
    for error in [ZooKeeperError.noNode, .nodeExists, .badVersion, .notEmpty, .partOfFailure] {
      #expect(ZooKeeperNodes.reply(.failed(error), to: write) == .refused)
    }
    for error in [ZooKeeperError.noPermission, .badPassword, .other(-122), .other(-118)] {
      #expect(ZooKeeperNodes.reply(.failed(error), to: write) == .unknown)
    }
    #expect(ZooKeeperNodes.reply(.failed(.noNode), to: .read(.head, .any)) == .absent)
    #expect(
      ZooKeeperNodes.reply(.written([0, 7]), to: write)
        == .written([StoreVersion(number: 0), StoreVersion(number: 7)]))
  }
}
