import Balancing
import Libevent
import Names
import Sockets
import Support
import Synchronization
import Testing

@testable import Control

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
