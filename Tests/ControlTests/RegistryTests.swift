import Balancing
import Config
import Libevent
import Logging
import Names
import Sockets
import Support
import Testing

@testable import Control
@testable import Stores

@Suite struct RegisteredBackendsTests {
  private func target(_ text: String) throws -> Config.Target { Config.Target(try Endpoint(text: text)) }

  private func say(_ text: String, made: Int64 = 1) -> Result<ZooKeeperChildren.Child, ZooKeeperError> {
    .success(.init(Array(text.utf8), made: made))
  }

  @Test("each place is there once, in the order of the children's names") func order() throws {
    var backends = RegisteredBackends()
    #expect(backends.finding == .trouble("it has no children: those before stay"))
    backends.take(say("10.0.0.2:80"), of: "b")
    backends.take(say("10.0.0.1:80"), of: "c")
    backends.take(say("10.0.0.2:80"), of: "a")
    #expect(try backends.finding == .targets([target("10.0.0.2:80"), target("10.0.0.1:80")]))
    backends.keep(only: ["b"])
    #expect(try backends.finding == .targets([target("10.0.0.2:80")]))
    backends.take(say("{\"address\":\"10.0.0.2\",\"port\":80,\"enabled\":false}"), of: "b")
    #expect(backends.finding == .trouble("none of its children is a backend that takes sessions: those before stay"))
    #expect(backends.complaint(at: .now) == nil)
  }

  @Test("a serverset's weights are those of all its vectors, and the largest is 100") func weights() throws {
    var backends = RegisteredBackends()
    for number in 0..<3 {
      backends.take(
        say(
          "{\"serviceEndpoint\":{\"host\":\"10.0.0.\(number + 1)\",\"port\":80},\"status\":\"ALIVE\",\"shard\":\(number)}"
        ),
        of: "member_\(number)")
    }
    func weights() -> [Int?]? { if case .targets(let all) = backends.finding { all.map(\.weight) } else { nil } }
    #expect(weights() == [nil, nil, nil])
    backends.take(
      say("{\"vector\":[{\"select\":\"shard=1\",\"weight\":0.5},{\"select\":\"shard=2\",\"weight\":0.0001}]}"),
      of: "vector_0")
    #expect(weights() == [100, 50, 1])
    backends.take(
      say("{\"vector\":[{\"select\":\"shard=0\",\"weight\":0},{\"select\":\"shard=1\",\"weight\":4}]}"), of: "vector_1")
    #expect(weights() == [0, 100, 1])
    backends.take(say("?"), of: "vector_1")
    #expect(weights() == [0, 100, 1] && backends.complaint(at: .now)?.contains("vector_1 is no JSON") == true)
    backends.keep(only: ["member_0", "member_1", "vector_0"])
    #expect(weights() == [100, 50])
    // All have the same part of it: each has what the entry says.
    backends.take(say("{\"vector\":[{\"select\":\"shard=0\",\"weight\":0.5}]}"), of: "vector_1")
    #expect(weights() == [nil, nil])
    for number in 2...16 { backends.take(say("{\"vector\":[]}"), of: "vector_\(number)") }
    #expect(backends.finding == .trouble("it has 17 vectors, and 16 at most may be: those before stay"))
    backends.keep(only: ["member_0", "member_1", "vector_0"])
    backends.take(
      say("{\"vector\":[{\"select\":\"shard=0\",\"weight\":0},{\"select\":\"shard=1\",\"weight\":0}]}"), of: "vector_2")
    #expect(backends.finding == .trouble("none of its children is a backend that takes sessions: those before stay"))
  }

  @Test("who is made anew isn't as the one before it") func madeAnew() throws {
    var backends = RegisteredBackends()
    backends.take(say("10.0.0.1:80"), of: "a")
    backends.take(say("10.0.0.2:80"), of: "b")
    backends.take(say("?", made: 2), of: "a")
    backends.take(say("?"), of: "b")
    backends.take(.failure(.noPermission), of: "b")
    #expect(try backends.finding == .targets([target("10.0.0.2:80")]))
    #expect(
      backends.complaint(at: .now)
        == "a is no backend: \"?\" has no port; b isn't shown: the server gives no permission, and stays as it was")
  }

  @Test("people are told once a minute of children that come and go wrong, and then of all of them") func told() {
    var backends = RegisteredBackends()
    let start = Instant.now
    var told: [String] = []
    for second in 0..<90 {
      for text in ["?", "10.0.0.1:80", "?"] { backends.take(say(text), of: "a") }
      if second == 5 { backends.take(say("!"), of: "b") }
      if let complaint = backends.complaint(at: start + .seconds(second)) { told.append("\(second): \(complaint)") }
    }
    #expect(
      told == [
        "0: a is no backend: \"?\" has no port, and stays as it was",
        "60: a is no backend: \"?\" has no port, and stays as it was; b is no backend: \"!\" has no port",
      ])
  }

  @Test("who can't be read any more is as it was, and it's told once") func unreadable() throws {
    var backends = RegisteredBackends()
    var now = Instant.now
    func complaint() -> String? {
      now = now + .seconds(60)
      return backends.complaint(at: now)
    }
    backends.take(say("10.0.0.1:80"), of: "a")
    backends.take(say("?"), of: "a")
    backends.take(say("?"), of: "b\u{202E}")
    backends.take(.failure(.noPermission), of: "c")
    #expect(try backends.finding == .targets([target("10.0.0.1:80")]))
    #expect(
      complaint()
        == "a is no backend: \"?\" has no port, and stays as it was; b\\u{202e} is no backend: \"?\" has no port; "
        + "c isn't shown: the server gives no permission")
    backends.take(say("?"), of: "a")
    backends.take(.failure(.noPermission), of: "c")
    #expect(complaint() == nil)
    backends.take(say("10.0.0.9:80"), of: "a")
    backends.take(say("?"), of: "a")
    #expect(complaint() == "a is no backend: \"?\" has no port, and stays as it was")
    #expect(try backends.finding == .targets([target("10.0.0.9:80")]))
    for number in 0..<9 { backends.take(say("?"), of: "x\(number)") }
    #expect(complaint()?.hasSuffix("x3 is no backend: \"?\" has no port; and 5 more") == true)
  }
}

/// What is found at a real server, by somebody who looks, and changed by another client.
@Suite(.serialized) struct RegistryTests {
  /// A loop with a registry, and a connection that writes.
  private final class Bench {
    let loop = EventLoop()
    let registry: Registry
    private let reader: BackgroundWorker
    private var writer: ZooKeeperConnection?
    private var look: RegistryLook?
    private(set) var news: [String] = []
    private(set) var changes = 0
    private var follower: TargetWatcher?

    var finder: TargetFinder {
      TargetFinder(loop: loop, resolver: Resolver(on: loop), reader: { [reader] in reader }, registry: registry)
    }

    /// Has somebody look again at each change.
    func follow(_ watcher: TargetWatcher) { follower = watcher }

    init(_ server: SocketAddress, auth: String? = nil, tls: TLSConfiguration? = nil, root: String = "") {
      let reader = BackgroundWorker(name: "reader", on: loop)
      self.reader = reader
      var tell: (Registry.News) -> Void = { _ in }
      registry = Registry(
        ZooKeeperConfiguration(servers: [.address(server)], root: root, auth: auth, tls: tls),
        resolver: Resolver(on: loop),
        reader: { reader }, on: loop
      ) { tell($0) }
      tell = { [unowned self] in note($0) }
    }

    private func note(_ news: Registry.News) {
      switch news {
      case .away: self.news.append("away")
      case .back: self.news.append("back")
      case .trouble(let what): self.news.append(what)
      case .unreadable(_, let what): self.news.append(what)
      case .changed:
        changes += 1
        follower?.lookAgain()
      }
    }

    func find(_ path: String = "/db") -> TargetFinding? {
      var finding: TargetFinding?
      look = registry.look(at: path) { finding = $0 }
      _ = loop.wait { finding != nil }
      return finding
    }

    /// Whether it's found before long, however often one has to look.
    func finds(_ path: String = "/db", _ isIt: (TargetFinding) -> Bool) -> Bool {
      eventually { find(path).map(isIt) ?? false }
    }

    /// Has all of it written by a connection of its own; false if something isn't.
    ///
    /// - Parameter user: whose nodes they become; nil for nobody's.
    func write(_ writes: [ZooKeeperWrite], to server: SocketAddress, by user: String? = nil) -> Bool {
      if writer?.isReady != true {
        writer = ZooKeeperConnection(
          to: StoreServer(server), ZooKeeperManners(patience: .seconds(10), user: user.map { Array($0.utf8) }),
          on: loop
        ) { _ in }
        guard loop.wait(until: { [unowned self] in writer?.isReady == true }) else { return false }
      }
      var (left, failed) = (writes.count, 0)
      for write in writes {
        writer?.send(.write(write)) { outcome in
          left -= 1
          if case .answered(.written) = outcome { return }
          failed += 1
        }
      }
      return loop.wait { left == 0 } && failed == 0
    }
  }

  private func targets(_ ports: some Sequence<Int>) throws -> TargetFinding {
    .targets(try ports.map { Config.Target(try Endpoint(text: "10.0.0.1:\($0)")) })
  }

  private func child(_ number: Int, at port: Int) -> ZooKeeperWrite {
    .create("/db/\(1000 + number)", Array("10.0.0.1:\(port)".utf8))
  }

  @Test(
    "a node that is missing is watched for; children come, change, can't be read and go; its server dies and comes back"
  )
  func story() throws {
    let ca = try TestCA()
    let servers = try ZooKeeperServers(
      tls: .init(ca.identity("zk", for: "IP:127.0.0.1"), ca: ca.file, clients: "none"))
    let server = servers.addresses[0]
    let bench = Bench(server)
    #expect(bench.find() == .trouble("ZooKeeper has no such node yet"))
    #expect(bench.write([.create("/db", [])], to: server))
    #expect(bench.finds { $0 == .trouble("it has no children: those before stay") })
    // Many at once, more than are asked for at once.
    #expect(bench.write((0..<500).map { child($0, at: 1 + $0) }, to: server))
    let many = try targets(1...500)
    #expect(bench.finds { $0 == many })
    // What a reload looks at is found, whoever says meanwhile what is watched.
    #expect(bench.write([.create("/other", []), .create("/other/a", Array("10.0.0.1:1".utf8))], to: server))
    let book = TargetBook(
      ResolverConfiguration(), on: bench.loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let zooKeeper = ZooKeeperConfiguration(servers: [.address(server)])
    book.watch([.zooKeeper("/other")], settings: ResolverConfiguration(), zooKeeper: zooKeeper)
    var found: [TargetSource: [Config.Target]]?
    let lookup = book.lookUp(
      [.zooKeeper("/db")], settings: ResolverConfiguration(), zooKeeper: zooKeeper
    ) { targets, _ in found = targets }
    #expect(bench.loop.wait { !book.targets(of: .zooKeeper("/other")).isEmpty })
    book.watch([.zooKeeper("/other")], settings: ResolverConfiguration(), zooKeeper: zooKeeper)
    #expect(bench.loop.wait { found?[.zooKeeper("/db")]?.count == 500 })
    withExtendedLifetime(lookup) { book.stop() }
    // Nothing has changed, so nobody is told, and nobody is asked.
    let before = bench.changes
    for _ in 0..<100 { #expect(bench.find() == many) }
    #expect(bench.changes == before)
    // One becomes another, one can't be read, one goes.
    #expect(
      bench.write(
        [
          .set("/db/1000", Array("10.0.0.1:9000".utf8), version: -1), .set("/db/1001", Array("?".utf8), version: -1),
          .delete("/db/1002", version: -1),
        ], to: server))
    let other = try targets([9000, 2] + Array(4...500))
    #expect(bench.finds { $0 == other })
    #expect(bench.news == ["1001 is no backend: \"?\" has no port, and stays as it was"])
    // A thousand changes between two looks: each child is read once.
    let quiet = bench.changes
    #expect(
      bench.write((0..<1000).map { .set("/db/1003", Array("10.0.0.1:\(1000 + $0)".utf8), version: -1) }, to: server))
    #expect(bench.loop.wait { bench.changes > quiet })
    #expect(bench.changes - quiet <= 2, "\(bench.changes - quiet) times told")
    let last = try targets([9000, 2, 1999] + Array(5...500))
    #expect(bench.finds { $0 == last })
    // All servers away: it's told once, whoever looks. What it was when it comes back is found, and what hasn't been watched since.
    servers.kill(0)
    #expect(bench.finds { if case .hindered(let why) = $0 { why.contains("\(server)") } else { false } })
    for _ in 0..<3 { guard case .hindered = bench.find() else { return #expect(Bool(false)) } }
    try servers.start(0)
    try servers.waitUntilReady(0)
    #expect(bench.write([.delete("/db/1003", version: -1)], to: server))
    let back = try targets([9000, 2] + Array(5...500))
    #expect(bench.finds { $0 == back })
    #expect(bench.news == ["1001 is no backend: \"?\" has no port, and stays as it was", "away", "back"])
    // Below a root of its own, by a user over TLS.
    let folder = try TemporaryFolder()
    let rooted = Bench(
      servers.secureAddresses[0], auth: try folder.write("auth", "martlet:secret\n", mode: 0o600),
      tls: TLSConfiguration(ca: ca.file), root: "/db")
    #expect(rooted.find("/1000") == .trouble("it has no children: those before stay"))
    // A password that was changed is read when somebody says so.
    #expect(rooted.write([.create("/db/secret", [])], to: server, by: "martlet:changed"))
    #expect(rooted.find("/secret") == .trouble("the server gives no permission"))
    _ = try folder.write("auth", "martlet:changed\n", mode: 0o600)
    rooted.registry.readAgain()
    #expect(rooted.finds("/secret") { $0 == .trouble("it has no children: those before stay") })
    // More than may be, and more than a connection takes at once: others are found on it still.
    let long = String(repeating: "x", count: 2050)
    #expect(bench.write([.create("/all", [])] + (0...1024).map { .create("/all/\(long)\($0)", []) }, to: server))
    #expect(bench.find("/all") == .trouble("it has 1025 children, and 1024 at most may be: those before stay"))
    #expect(bench.find() == back)
    #expect(bench.write((0...1000).map { .delete("/all/\(long)\($0)", version: -1) }, to: server))
    #expect(bench.find("/all") == .trouble("none of its children is a backend that takes sessions: those before stay"))
  }

  @Test("whoever watches takes a flood of changes once a second at most, and its end") func flood() throws {
    let server = try ZooKeeperServers()
    let bench = Bench(server.addresses[0])
    var applied: [TargetFinding] = []
    let watcher = TargetWatcher(
      .zooKeeper("/db"), known: [], by: bench.finder, interval: .seconds(30), on: bench.loop
    ) { news in if let targets = news.changed { applied.append(.targets(targets)) } }
    bench.follow(watcher)
    #expect(bench.write([.create("/db", []), child(0, at: 1)], to: server.addresses[0]))
    let began = Instant.now
    var port = 1
    while Instant.now - began < .milliseconds(2200) || port <= 1000 {
      let next = (port + 1)...(port + 10)
      let writes = next.map { ZooKeeperWrite.set("/db/1000", Array("10.0.0.1:\($0)".utf8), version: -1) }
      #expect(bench.write(writes, to: server.addresses[0]))
      port += 10
    }
    let last = try targets([port])
    #expect(bench.loop.wait { applied.last == last })
    let seconds = (Instant.now - began) / .seconds(1)
    #expect(Double(applied.count) <= seconds + 2, "\(applied.count) times in \(seconds) s")
    print("\(port) changes in \(seconds) s: \(applied.count) times")
  }

  @Test("files that can't be read are told, and asked for again") func auth() throws {
    let folder = try TemporaryFolder()
    let bench = Bench(.ipv4(0x7F00_0001, port: 1), auth: "\(folder.path)/auth")
    guard case .hindered(let why)? = bench.find() else { return #expect(Bool(false)) }
    #expect(why.contains("\(folder.path)/auth can't be read"))
    _ = try folder.write("auth", "a:b", mode: 0o600)
    #expect(
      bench.finds { if case .hindered(let why) = $0 { why.contains("127.0.0.1:1 isn't reached") } else { false } })
    #expect(bench.news == ["away"])
  }

  @Test("a look ends when no server can be asked, and not at all if it's dropped") func useless() throws {
    let closed = try TestServer(at: .ipv4(0x7F00_0001, port: 0))
    closed.close()
    let bench = Bench(closed.address)
    guard case .hindered(let why)? = bench.find() else { return #expect(Bool(false)) }
    #expect(why.contains("connection refused"))
    // A look that is dropped is told nothing, and a registry that is dropped asks nobody.
    var isTold = false
    do {
      let short = Bench(closed.address)
      _ = short.registry.look(at: "/db") { _ in isTold = true }
      #expect(short.find("/other") != nil)
    }
    #expect(!isTold)
  }
}

/// Who asks ZooKeeper, by which configuration.
@Suite struct TargetBookTests {
  private let loop = EventLoop()
  private let book: TargetBook
  private let settings = ResolverConfiguration()

  init() {
    book = TargetBook(settings, on: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Servers that say nothing, and where they are.
  private func silent(_ count: Int) throws -> (servers: [TestServer], ZooKeeperConfiguration) {
    let servers = try (0..<count).map { _ in try TestServer(at: .ipv4(0x7F00_0001, port: 0)) }
    return (servers, ZooKeeperConfiguration(servers: servers.map { .address($0.address) }))
  }

  @Test("nobody asks it any more when no source is there, whoever else is watched") func over() throws {
    let (servers, zooKeeper) = try silent(1)
    let folder = try TemporaryFolder()
    let file = TargetSource.file(try folder.write("targets.json", "[{ \"targets\": [\"10.0.0.1:80\"] }]"))
    book.watch([file, .zooKeeper("/db")], settings: settings, zooKeeper: zooKeeper)
    let address = servers[0].address
    #expect(loop.wait { OpenSockets.count(to: address) == 1 })
    book.watch([file], settings: settings, zooKeeper: zooKeeper)
    // Sooner than silence would end a connection.
    #expect(loop.wait(seconds: 2) { OpenSockets.count(to: address) == 0 })
    withExtendedLifetime(servers) { book.stop() }
  }

  @Test("the same path is another source in another ensemble, and for another user") func others() throws {
    let (_, zooKeeper) = try silent(1)
    let source = TargetSource.zooKeeper("/db")
    let (one, other) = try (
      Config.Target(Endpoint(text: "10.0.0.1:80")), Config.Target(Endpoint(text: "10.0.0.2:80"))
    )
    book.learn([source: [one]], in: zooKeeper)
    book.watch([source], settings: settings, zooKeeper: zooKeeper)
    #expect(book.minds(source, in: zooKeeper))
    book.learn([source: [other]], in: zooKeeper)
    #expect(book.targets(of: source) == [one])
    var another = zooKeeper
    another.auth = "/nowhere"
    #expect(!book.minds(source, in: another) && !book.minds(source, in: nil))
    book.learn([source: [other]], in: another)
    book.watch([source], settings: settings, zooKeeper: another)
    #expect(book.targets(of: source) == [other] && book.minds(source, in: another))
    book.stop()
  }

  @Test("a look at servers that are silent ends, whatever is watched meanwhile") func silence() throws {
    let (servers, zooKeeper) = try silent(9)
    book.watch([.zooKeeper("/db")], settings: settings, zooKeeper: zooKeeper)
    var failures: [TargetSource: String]?
    let look = book.lookUp(
      [.zooKeeper("/a"), .zooKeeper("/b")], settings: settings, zooKeeper: zooKeeper, limit: .milliseconds(200)
    ) { failures = $1 }
    book.watch([.zooKeeper("/c")], settings: settings, zooKeeper: zooKeeper)
    #expect(loop.wait { failures != nil })
    let why = "ZooKeeper isn't reached: none of its servers has answered in time"
    #expect(failures == [.zooKeeper("/a"): why, .zooKeeper("/b"): why])
    withExtendedLifetime((look, servers)) { book.stop() }
  }
}
