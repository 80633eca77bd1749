import Glibc
import Sockets
import Support
import Synchronization
import Testing

@testable import Libevent

private func ip(_ text: String) -> SocketAddress { SocketAddress(ip: text, port: 0) ?? .unix(path: text) }

private let noHosts = HostsFile(path: "/nonexistent")

/// Looks a name up; nil if that never ends.
private func resolve(
  _ name: String = "db.example", asking nameservers: [SocketAddress], timeout: Duration = .seconds(2),
  hosts: HostsFile = noHosts
) -> Resolution? {
  let loop = EventLoop()
  let limit = Timer(on: loop) { loop.stop() }
  limit.schedule(after: .seconds(5))
  var found: Resolution?
  let resolver = Resolver(nameservers: nameservers, timeout: timeout, hosts: hosts, on: loop)
  let lookup = resolver.resolve(name) {
    #expect(found == nil, "one answer only")
    found = $0
    loop.stop()
  }
  #expect(found == nil, "no answer while the question is being asked")
  loop.run()
  withExtendedLifetime(lookup) {}
  return found
}

@Suite struct ResolverTests {
  @Test("both kinds of address are found, sorted, each once")
  func both() throws {
    let server = try DNSServer { _, type in
      switch type {
      case .a: .addresses(["10.0.0.20", "9.0.0.1", "10.0.0.3", "9.0.0.1"])
      case .aaaa: .addresses(["2001:db8::2", "2001:db8::1"])
      }
    }
    let found = try #require(resolve(asking: [server.address]))
    #expect(found.ipv4 == .addresses([ip("9.0.0.1"), ip("10.0.0.3"), ip("10.0.0.20")]))
    #expect(found.ipv6 == .addresses([ip("2001:db8::1"), ip("2001:db8::2")]))
    #expect(found.trouble == nil)
    #expect(found.addresses.count == 5)
    #expect(Set(server.questions) == ["a db.example", "aaaa db.example"])
  }

  @Test("an address behind an alias is found")
  func alias() throws {
    let server = try DNSServer { _, type in type == .a ? .alias(["10.0.0.1"]) : .noData }
    let found = resolve(asking: [server.address])
    #expect(found == Resolution(ipv4: .addresses([ip("10.0.0.1")]), ipv6: .none("no address")))
    #expect(found?.trouble == nil)
  }

  private static let replies: [(DNSServer.Reply, Resolution.Answer)] = [
    (.noData, .none("no address")), (.noName, .none("no such name")), (.serverFailure, .failed("no name server knows")),
    (.refused, .failed("the name server refuses")), (.truncated, .failed("the answer is broken or too long")),
  ]

  @Test("what isn't there is told from what nobody knows", arguments: replies.indices)
  func failures(_ index: Int) throws {
    let (reply, answer) = Self.replies[index]
    let server = try DNSServer { _, _ in reply }
    let found = try #require(resolve(asking: [server.address], timeout: .milliseconds(600)))
    #expect(found == Resolution(ipv4: answer, ipv6: answer))
    #expect(found.addresses.isEmpty && found.trouble != nil)
  }

  @Test(
    "a server that is silent, or talks nonsense, ends a look-up in time, after more than one try",
    arguments: [true, false])
  func silence(_ isSilent: Bool) throws {
    let server = try DNSServer { _, _ in isSilent ? .silence : .garbage }
    let began = MonotonicClock.now()
    let found = try #require(resolve(asking: [server.address], timeout: .milliseconds(300)))
    let took = Duration.nanoseconds(Int64(MonotonicClock.now() - began))
    #expect(found.addresses.isEmpty)
    for answer in [found.ipv4, found.ipv6] {
      #expect({ if case .failed = answer { true } else { false } }(), "\(answer)")
    }
    #expect(took < .seconds(2))
    if isSilent {
      #expect(took > .milliseconds(250))
      #expect(server.questions.count > 2)
    }
  }

  @Test("a look-up that never gets as far as a name server ends in time too")
  func noServer() {
    let found = resolve(asking: [.unix(path: "/nonexistent")], timeout: .milliseconds(100))
    #expect(found?.trouble?.hasPrefix("no answer within ") == true)
  }

  @Test("one kind of address that nobody answers for doesn't hide the other")
  func half() throws {
    let server = try DNSServer { _, type in type == .a ? .addresses(["10.0.0.1"]) : .silence }
    let found = try #require(resolve(asking: [server.address], timeout: .milliseconds(200)))
    #expect(found.addresses == [ip("10.0.0.1")])
    #expect(found.trouble?.hasPrefix("IPv6: no ") == true)
  }

  @Test("a lost packet, or a dead first server, costs time and not the answer")
  func retries() throws {
    let count = Atomic(0)
    let lossy = try DNSServer { _, _ in
      count.add(1, ordering: .relaxed).oldValue < 2 ? .silence : .addresses(["10.0.0.1"])
    }
    #expect(resolve(asking: [lossy.address], timeout: .milliseconds(900))?.ipv4 == .addresses([ip("10.0.0.1")]))
    let dead = try DNSServer { _, _ in .silence }
    let good = try DNSServer { _, type in type == .a ? .addresses(["10.0.0.2"]) : .noData }
    let found = resolve(asking: [dead.address, good.address], timeout: .milliseconds(900))
    #expect(found == Resolution(ipv4: .addresses([ip("10.0.0.2")]), ipv6: .none("no address")))
  }

  @Test("names that can't be asked for fail", arguments: [String(repeating: "x", count: 64) + ".example", "a..b"])
  func badNames(_ name: String) throws {
    let server = try DNSServer { _, _ in .noName }
    #expect(resolve(name, asking: [server.address], timeout: .milliseconds(300))?.trouble != nil)
  }

  @Test("a look-up that was dropped says nothing, whenever it was dropped")
  func cancellation() throws {
    let server = try DNSServer { _, _ in
      usleep(1_000)
      return .addresses(["10.0.0.1"])
    }
    let loop = EventLoop()
    let resolver = Resolver(nameservers: [server.address], hosts: noHosts, on: loop)
    var lookups: [Lookup?] = []
    var answered = 0
    for _ in 0..<40 { lookups.append(resolver.resolve("db.example") { _ in answered += 1 }) }
    lookups[0] = nil
    var turns = 1
    var timer: Timer?
    timer = Timer(on: loop) {
      // One after the other, while answers come in.
      if turns < 40 {
        if answered < turns { lookups[turns] = nil }
        turns += 1
        timer?.schedule(after: .milliseconds(1))
      } else {
        loop.stop()
      }
    }
    timer?.schedule(after: .zero)
    loop.run()
    timer = nil
    #expect(answered < 40)
    #expect(server.questions.contains("a db.example"))
  }

  @Test("a resolver may be dropped with questions under way, and its loop too")
  func drop() throws {
    let server = try DNSServer { _, _ in .silence }
    let loop = EventLoop()
    var resolver: Resolver? = Resolver(
      nameservers: [server.address], timeout: .milliseconds(60), hosts: noHosts, on: loop)
    var found: Resolution?
    let lookup = resolver?.resolve("db.example") { found = $0 }
    _ = resolver?.resolve("b.example") { _ in Issue.record("answered, though it was dropped") }
    resolver = nil
    let end = Timer(on: loop) { loop.stop() }
    end.schedule(after: .milliseconds(150))
    loop.run()
    #expect(found?.trouble != nil)
    let late = Resolver(nameservers: [server.address], hosts: noHosts, on: loop).resolve("c.example") { _ in }
    withExtendedLifetime((lookup, late)) {}
  }

  @Test("the hosts file comes first, as it is at that moment, and no server is asked then")
  func hosts() throws {
    var template = Array("/tmp/martlet-hosts-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer {
      close(file)
      unlink(path)
    }
    let server = try DNSServer { _, type in type == .a ? .addresses(["10.0.0.9"]) : .noData }
    let hosts = HostsFile(path: path)
    #expect(resolve(asking: [server.address], hosts: hosts)?.addresses == [ip("10.0.0.9")])
    let text = "10.0.0.1 db.example\n"
    #expect(write(file, text, text.utf8.count) == text.utf8.count)
    let asked = server.questions.count
    let found = resolve(asking: [server.address], hosts: hosts)
    #expect(found?.ipv4 == .addresses([ip("10.0.0.1")]))
    #expect(found?.ipv6 == .none("no such address in \(path)"))
    #expect(server.questions.count == asked)
  }

  @Test("localhost is found in this machine's hosts file, without a name server")
  func localhost() {
    let found = resolve("localhost", asking: [.ipv4(0x7F00_0001, port: 1)], hosts: HostsFile())
    #expect(found?.addresses.contains(ip("127.0.0.1")) == true)
  }

  private static let file = """
    # comment 1.1.1.1 a
    127.0.0.1\tlocalhost  loopback # a
    ::1 localhost
    10.0.0.1 A.example a
    10.0.0.2 a
    nonsense a
    fe80::1%lo a b

    10.0.0.3
    """

  @Test(
    "a hosts file is read with its comments, aliases, capitals and nonsense",
    arguments: [
      ("localhost", ["127.0.0.1", "::1"]), ("LOOPBACK", ["127.0.0.1"]), ("a.EXAMPLE", ["10.0.0.1"]),
      ("a", ["10.0.0.1", "10.0.0.2", "fe80::1%lo"]), ("example", []), ("10.0.0.3", []), ("#", []), ("", []),
    ])
  func hostsFile(_ name: String, _ addresses: [String]) {
    #expect(HostsFile.addresses(of: name, in: Self.file) == addresses.map(ip))
  }
}
