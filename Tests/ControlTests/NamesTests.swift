import Balancing
import Config
import FoundationEssentials
import Libevent
import Logging
import Names
import Sockets
import Support
import Synchronization
import Testing

@testable import Control
@testable import Model

private func ip(_ text: String) -> SocketAddress { SocketAddress(ip: text, port: 0) ?? .unix(path: text) }

private func known(_ addresses: String...) -> Resolution.Answer { .addresses(addresses.map(ip)) }

@Suite struct NameMemoryTests {
  @Test("addresses are told when they change, and only then")
  func change() {
    var memory = NameMemory()
    let first = Resolution(ipv4: known("10.0.0.1", "10.0.0.2"), ipv6: .none("no address"))
    #expect(memory.take(first) == .init(changed: [ip("10.0.0.1"), ip("10.0.0.2")]))
    #expect(memory.take(first) == .init())
    #expect(
      memory.take(Resolution(ipv4: known("10.0.0.2"), ipv6: known("::1"))).changed == [ip("10.0.0.2"), ip("::1")])
    #expect(memory.take(Resolution(ipv4: .none("no address"), ipv6: known("::1"))).changed == [ip("::1")])
  }

  @Test(
    "no failure and no empty answer takes addresses away",
    arguments: [
      Resolution(ipv4: .failed("x"), ipv6: .failed("x")), Resolution(ipv4: .none("x"), ipv6: .none("x")),
      Resolution(ipv4: .none("x"), ipv6: .failed("x")), Resolution(ipv4: .failed("x"), ipv6: .none("x")),
    ])
  func failure(_ failure: Resolution) {
    var memory = NameMemory()
    _ = memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: known("::1")))
    let news = memory.take(failure)
    #expect(news.changed == nil && news.failed?.contains("x") == true)
    #expect(memory.addresses == [ip("10.0.0.1"), ip("::1")])
  }

  @Test("a failure for one kind of address keeps that kind and takes the other's news in")
  func half() {
    var memory = NameMemory()
    _ = memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: known("::1")))
    let news = memory.take(Resolution(ipv4: known("10.0.0.2"), ipv6: .failed("x")))
    #expect(news == .init(changed: [ip("10.0.0.2"), ip("::1")], failed: "IPv6: x"))
  }

  @Test("each streak of failures is told once, and retried sooner, then ever more seldom up to the interval")
  func streaks() {
    var memory = NameMemory()
    var random = SplitMix64(seed: 1)
    let good = Resolution(ipv4: known("10.0.0.1"), ipv6: .none("no address"))
    let bad = Resolution(ipv4: .failed("x"), ipv6: .failed("x"))
    var told: [String?] = []
    var waits: [Double] = []
    for answer in [good, bad, bad, bad, bad, good, bad] {
      told.append(memory.take(answer).failed)
      waits.append(memory.nextLookup(interval: .seconds(5), using: &random) / .seconds(1))
    }
    #expect(told == [nil, "x", nil, nil, nil, nil, "x"])
    for (wait, expected) in zip(waits, [5.0, 1, 2, 4, 5, 5, 1]) {
      #expect(abs(wait - expected) <= expected * 0.1 && wait != expected)
    }
    for _ in 0..<100 { _ = memory.take(bad) }
    #expect(memory.nextLookup(interval: .seconds(5), using: &random) <= .seconds(5.5))
    #expect(memory.nextLookup(interval: .milliseconds(10), using: &random) <= .milliseconds(11))
  }
}

@Suite("What is known of names outlives who has found it", .timeLimit(.minutes(1)))
struct NameBookTests {
  private let both = NameAnswer([ip("10.0.0.1"), ip("fd00::1")], name: "db.b.example")

  /// A book on a loop with a server that answers for A and fails for AAAA; ends when the check is true.
  private func watch(
    _ first: (NameBook, ResolverConfiguration) -> Void, until isDone: @escaping (NameBook) -> Bool
  ) throws -> (addresses: [String], told: [String]) {
    let server = try DNSServer { _, type in type == .a ? .addresses(["10.0.0.1"]) : .later(.milliseconds(150), .refused)
    }
    let loop = EventLoop()
    var settings = ResolverConfiguration()
    settings.nameservers = [server.address]
    let book = NameBook(settings, on: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var told: [String] = []
    book.changed = { told.append($0) }
    first(book, settings)
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(20))
    loop.run {
      if isDone(book) { loop.stop() }
      return .wait
    }
    defer { book.stop() }
    return (book.addresses(of: "db.example").map(\.host), told)
  }

  @Test("addresses of a process before stay, while name servers tell only one kind of them")
  func inherited() throws {
    let end = try watch { book, settings in
      book.learn(["db.example": both].compactMapValues(\.self))
      book.watch(["db.example"], settings: settings)
      #expect(book.answer(of: "db.example") == both, "with the name that was found by")
    } until: {
      $0.trouble(of: "db.example") != nil
    }
    #expect(end.addresses == ["10.0.0.1", "fd00::1"] && end.told == [])
  }

  @Test("so do they when other settings hold for look-ups")
  func settings() throws {
    let end = try watch { book, settings in
      book.learn(["db.example": both].compactMapValues(\.self))
      book.watch(["db.example"], settings: settings)
      var other = settings
      other.interval = .seconds(7)
      book.watch(["db.example"], settings: other)
      #expect(book.answer(of: "db.example") == both)
    } until: {
      $0.trouble(of: "db.example") != nil
    }
    #expect(end.addresses == ["10.0.0.1", "fd00::1"] && end.told == [])
  }

  @Test("who isn't watched any more is forgotten, whatever else changes", arguments: [true, false])
  func forgotten(hasOtherSettings: Bool) throws {
    _ = try watch { book, settings in
      book.learn(["db.example": both].compactMapValues(\.self))
      book.watch(["db.example"], settings: settings)
      var other = settings
      if hasOtherSettings { other.interval = .seconds(7) }
      book.watch(["cache.example"], settings: other)
      #expect(!book.knows("db.example") && book.addresses(of: "db.example") == [])
    } until: { _ in
      true
    }
  }

  @Test("a process hands over what it knows, with the names that it was found by, and reads what an older one gives")
  func handedOver() throws {
    let configuration = try Configuration.parse(
      "{ listen: ':0', backends: ['db.example:80', 'gone.example:80'], health: { type: 'none' } }")
    let loop = EventLoop()
    func controller() -> Controller {
      Controller(
        configuration, book: OverrideBook(), workforce: Workforce(count: 1), on: loop, logger: Logger(label: "test"))
    }
    let first = controller()
    first.names.learn(["db.example": both].compactMapValues(\.self))
    let state = first.state
    let bytes = try JSONEncoder().encode(state)
    let second = controller()
    second.inherit(try JSONDecoder().decode(ControllerState.self, from: bytes))
    #expect(second.names.answer(of: "db.example") == both)
    #expect(!second.names.knows("gone.example"), "a name without an address isn't known")
    var older = state
    older.found = nil
    older.addresses["gone.example"] = []
    let third = controller()
    third.inherit(older)
    #expect(third.names.answer(of: "db.example") == NameAnswer(both?.addresses ?? [], name: nil))
    #expect(!third.names.knows("gone.example"))
  }
}

@Suite struct NameTimesTests {
  private func life(_ seconds: Int?, interval: Duration) -> Double {
    var memory = NameMemory()
    var random = SplitMix64(seed: 2)
    _ = memory.take(
      Resolution(
        ipv4: known("10.0.0.1"), ipv6: .none("no address"), timeToLive: seconds.map { .seconds($0) }))
    return memory.nextLookup(interval: interval, using: &random) / .seconds(1)
  }

  @Test(
    "an answer is remembered as long as it says, within a second and the interval",
    arguments: [(nil, 30.0), (5, 5), (0, 1), (1, 1), (3600, 30)] as [(Int?, Double)])
  func timeToLive(_ seconds: Int?, _ wait: Double) {
    #expect(abs(life(seconds, interval: .seconds(30)) - wait) <= wait * 0.1)
  }

  @Test("what has come is used, and what is late takes nothing away and is no failure")
  func partial() {
    var memory = NameMemory()
    #expect(memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: .awaited)) == .init(changed: [ip("10.0.0.1")]))
    #expect(memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: known("::1"))).changed?.count == 2)
    #expect(memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: .awaited)) == .init())
    #expect(memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: .failed("x"))) == .init(failed: "IPv6: x"))
    #expect(memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: .awaited)) == .init())
    #expect(memory.take(Resolution(ipv4: known("10.0.0.1"), ipv6: known("::1"))) == .init(hasRecovered: true))
  }
}

@Suite struct RosterTests {
  private func backend(_ name: String, _ endpoint: Endpoint, weight: Int = 1) -> BackendConfiguration {
    BackendConfiguration(
      name: name, endpoint: endpoint, weight: weight, tier: 0, maxSessions: .max, healthEndpoint: endpoint)
  }

  @Test("each address is one backend, whoever gives it, and names without one are told")
  func roster() {
    let literal = SocketAddress.ipv4(0x0A00_0002, port: 80)
    let roster = Roster([
      backend("a", .name("a.example", port: 80), weight: 3), backend("gone", .name("gone.example", port: 80)),
      backend("b", .name("b.example", port: 80)), backend("two", .address(literal), weight: 7),
      backend("other", .name("b.example", port: 81)),
    ]) { name in
      ["a.example": [ip("10.0.0.1")], "b.example": [ip("10.0.0.1"), ip("10.0.0.2")]][name] ?? []
    }
    #expect(roster.unresolved.map(\.name) == ["gone"])
    #expect(
      roster.places.map(\.name) == ["a,b@10.0.0.1:80", "two", "other@10.0.0.1:81", "other@10.0.0.2:81"])
    #expect(roster.places.map(\.configuration.weight) == [3, 7, 1, 1])
    #expect(roster.places[1].origins == [.name("b.example", port: 80), .address(literal)])
  }
}

@Suite struct NamesTests {
  /// What a server answers for A; it has no AAAA.
  private final class Answers: Sendable {
    private let reply = Mutex(DNSServer.Reply.silence)

    init(_ reply: DNSServer.Reply) { set(reply) }

    func set(_ new: DNSServer.Reply) { reply.withLock { $0 = new } }

    func server() throws -> DNSServer {
      try DNSServer { [self] _, type in type == .a ? reply.withLock { $0 } : .noData }
    }
  }

  @Test("a name is looked up at once and again, and its addresses are told as they change, through a failure too")
  func watch() throws {
    let answers = Answers(.addresses(["10.0.0.1"]))
    let server = try answers.server()
    var seen: [[String]] = []
    var failures: [String] = []
    var recoveries = 0
    runLoop { loop, done in
      let resolver = Resolver(
        nameservers: [server.address], timeout: .milliseconds(60), hosts: HostsFile(path: "/nonexistent"), on: loop)
      let later = Timer(on: loop) {
        #expect(seen.count == 1, "a failure takes nothing away")
        answers.set(.addresses(["10.0.0.1", "10.0.0.2"]))
      }
      let watcher = NameWatcher(
        "db.example", resolver: resolver, interval: .milliseconds(10), on: loop
      ) { event in
        switch event {
        case .failed(let reason):
          failures.append(reason)
          later.schedule(after: .milliseconds(200))
        case .recovered: recoveries += 1
        case .changed(let addresses):
          seen.append(addresses.map(\.host))
          if seen.count == 1 { answers.set(.silence) } else { done() }
        }
      }
      return (resolver, watcher, later)
    }
    #expect(seen == [["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]])
    #expect(recoveries == 1)
    #expect(failures.count == 1 && failures.first?.hasPrefix("IPv4: no") == true, "\(failures)")
  }

  @Test("a watcher that is dropped asks and says nothing more")
  func drop() throws {
    let server = try Answers(.addresses(["10.0.0.1"])).server()
    var asked = 0
    runLoop { loop, done in
      let resolver = Resolver(nameservers: [server.address], hosts: HostsFile(path: "/nonexistent"), on: loop)
      var watcher: NameWatcher?
      let end = Timer(on: loop) { done() }
      watcher = NameWatcher(
        "db.example", resolver: resolver, interval: .milliseconds(5), on: loop
      ) { _ in
        watcher = nil
        asked = server.questions.count
        end.schedule(after: .milliseconds(60))
      }
      _ = NameWatcher(
        "gone.example", resolver: resolver, interval: .milliseconds(5), on: loop
      ) { Issue.record("\($0)") }
      #expect(watcher != nil)
      return (resolver, end)
    }
    #expect(asked >= 2 && server.questions.count(where: { $0.hasSuffix("db.example") }) == 2)
  }
}
