import Glibc
import Libevent
import Sockets
import Support
import Synchronization
import Testing

@testable import Names

@Suite struct ResolverTests {
  @Test("both kinds of address are found, sorted, each once")
  func both() throws {
    let server = try DNSServer { _, type in
      switch type {
      case .a: .addresses(["10.0.0.20", "9.0.0.1", "10.0.0.3", "9.0.0.1"])
      case .aaaa: .addresses(["2001:db8::2", "2001:db8::1"])
      case .srv: .noData
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
    #expect(parts(found) == [.addresses([ip("10.0.0.1")]), .none("no address")])
    #expect(found?.trouble == nil)
  }

  private static let replies: [(DNSServer.Reply, Resolution.Answer)] = [
    (.noData, .none("no address")), (.noName, .none("no such name")), (.serverFailure, .failed("no name server knows")),
    (.refused, .failed("no name server knows")),
  ]

  @Test("what isn't there is told from what nobody knows", arguments: replies.indices)
  func failures(_ index: Int) throws {
    let (reply, answer) = Self.replies[index]
    let server = try DNSServer { _, _ in reply }
    let found = try #require(resolve(asking: [server.address], timeout: .milliseconds(600)))
    #expect(parts(found) == [answer, answer])
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

  @Test("a look-up that never gets as far as a name server ends too")
  func noServer() {
    let found = resolve(asking: [.unix(path: "/nonexistent")], timeout: .milliseconds(100))
    #expect(found?.trouble?.hasPrefix("no ") == true)
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
    #expect(parts(found) == [.addresses([ip("10.0.0.2")]), .none("no address")])
  }

  @Test("a long search list gets to its end though the first name server is dead")
  func longList() throws {
    let dead = try DNSServer(host: 0x7F4D_0301, port: 53) { _, _ in .silence }
    let good = try DNSServer(host: 0x7F4D_0302, port: 53) { name, type in
      name == "db.f.example" && type == .a ? .addresses(["10.0.0.2"]) : .noName
    }
    let servers = [dead, good].map { "nameserver \($0.address.host)\n" }.joined()
    let file = try TemporaryFile("search a.example b.example c.example d.example e.example f.example\n" + servers)
    let found = resolve("db", timeout: .milliseconds(900), resolvConf: file.path)
    #expect(found?.addresses == [ip("10.0.0.2")], "\(found?.trouble ?? "")")
  }

  @Test("names that can't be asked for fail", arguments: [String(repeating: "x", count: 64) + ".example", "a..b"])
  func badNames(_ name: String) throws {
    let server = try DNSServer { _, _ in .noName }
    #expect(resolve(name, asking: [server.address], timeout: .milliseconds(300))?.trouble != nil)
  }

  @Test("more addresses than fit into a packet come by TCP, all of them", arguments: [40, 700])
  func long(_ count: Int) throws {
    let addresses = (0..<count).map { "10.1.\($0 / 256).\($0 % 256)" }
    let server = try DNSServer { _, type in type == .a ? .byTCP(.addresses(addresses)) : .noData }
    let found = resolve(asking: [server.address])
    #expect(found?.ipv4 == .addresses(addresses.map(ip)))
    #expect(server.questions.contains("tcp a db.example"))
  }

  @Test("an answer that is too long for a packet, and cut off by TCP too, isn't taken for a whole one")
  func cutOff() throws {
    let server = try DNSServer { _, _ in .truncated }
    let found = try #require(resolve(asking: [server.address], timeout: .milliseconds(600)))
    #expect(found.addresses.isEmpty)
  }

  @Test("addresses are used at once though those of the other kind never come, and these are added when they come late")
  func late() throws {
    let slow = try DNSServer { _, type in
      type == .a ? .addresses(["10.0.0.1"]) : .later(.milliseconds(400), .addresses(["2001:db8::1"]))
    }
    #expect(
      answers(asking: [slow.address], timeout: .seconds(4)).map(parts) == [
        [.addresses([ip("10.0.0.1")]), .awaited],
        [.addresses([ip("10.0.0.1")]), .addresses([ip("2001:db8::1")])],
      ])
    let mute = try DNSServer { _, type in type == .a ? .silence : .addresses(["2001:db8::1"]) }
    let found = answers(asking: [mute.address], timeout: .milliseconds(400))
    #expect(found.count == 2 && found.first.map(parts) == [.awaited, .addresses([ip("2001:db8::1")])])
    #expect(found.last?.trouble?.hasPrefix("IPv4: no") == true)
  }

  @Test("a look-up asks for the kinds of address that are wanted, no others")
  func families() throws {
    let server = try DNSServer { _, type in .addresses([type == .a ? "10.0.0.1" : "2001:db8::1"]) }
    #expect(answers(asking: [server.address], families: [.ipv4]).last?.addresses == [ip("10.0.0.1")])
    #expect(answers(asking: [server.address], families: [.ipv6]).last?.addresses == [ip("2001:db8::1")])
    #expect(server.questions == ["a db.example", "aaaa db.example"])
  }

  @Test("addresses of a kind that can't be reached are left out, unless there are no others")
  func routes() throws {
    let server = try DNSServer { _, type in
      type == .a ? .later(.milliseconds(200), .addresses(["10.0.0.1"])) : .addresses(["2001:db8::1"])
    }
    let found = answers(asking: [server.address], hasRoute: { AddressFamily($0) == .ipv4 })
    #expect(found.map(parts) == [[.addresses([ip("10.0.0.1")]), .none("no route to its IPv6 addresses")]])
    #expect(answers(asking: [server.address], hasRoute: { _ in false }).last?.addresses.count == 2)
    #expect(ip("127.0.0.1").hasRoute)
  }

  @Test("an answer says how long it may be remembered: as long as the shortest of its records")
  func timeToLive() throws {
    let server = try DNSServer { _, type in
      type == .a ? .alias(["10.0.0.1"], timeToLive: 30) : .addresses(["2001:db8::1"], timeToLive: 7)
    }
    #expect(resolve(asking: [server.address])?.timeToLive == .seconds(7))
    let none = try DNSServer { _, _ in .noData }
    #expect(resolve(asking: [none.address])?.timeToLive == nil)
  }

  @Test("answers that are damaged in any way neither crash nor keep a look-up from ending")
  func damage() throws {
    let count = Atomic(UInt64(1))
    let server = try DNSServer { _, type in
      let seed = count.add(1, ordering: .relaxed).oldValue
      let reply = DNSServer.Reply.alias(type == .a ? ["10.0.0.1", "10.0.0.2"] : ["2001:db8::1"])
      return .damaged(reply) { bytes in
        var (bytes, state) = (bytes, seed &* 0x9E37_79B9_7F4A_7C15)
        func random(_ bound: Int) -> Int {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return Int(state >> 33) % max(bound, 1)
        }
        // What tells the answer from others stays, so that the rest of it is read.
        for _ in 0...random(6) {
          switch random(4) {
          case 0: bytes = Array(bytes.prefix(12 + random(bytes.count - 12)))
          case 1: bytes += (0..<random(600)).map { _ in UInt8(random(256)) }
          case _ where bytes.count > 30: bytes[6 + random(bytes.count - 6)] = UInt8(random(256))
          default: break
          }
        }
        return bytes
      }
    }
    for _ in 0..<300 {
      let found = answers(asking: [server.address], timeout: .milliseconds(20))
      #expect(found.last?.isPartial == false)
    }
  }

  @Test("a resolver gives its descriptors back, with questions under way too")
  func descriptors() throws {
    let silent = try DNSServer { _, _ in .silence }
    let answering = try DNSServer { _, _ in .byTCP(.addresses(["10.0.0.1"])) }
    let loop = EventLoop()
    let end = Timer(on: loop) { loop.stop() }
    for _ in 0..<300 {
      let resolver = Resolver(
        nameservers: [silent.address, answering.address], timeout: .seconds(60), hosts: noHosts, on: loop)
      let lookups = (0..<3).map { resolver.resolve("\($0).example") { _ in } }
      end.schedule(after: .zero)
      loop.run()
      withExtendedLifetime(lookups) {}
    }
    #expect(OpenSockets.count(to: silent.address) == 0 && OpenSockets.count(to: answering.address) == 0)
  }

  @Test("the name servers and the search list are those of the file as it is now, though it was empty or absent before")
  func fileChanges() throws {
    let good = try DNSServer(host: 0x7F4D_0101, port: 53) { name, type in
      name == "db.b.example" && type == .a ? .addresses(["10.0.0.2"]) : .noName
    }
    let file = try TemporaryFile("")
    let loop = EventLoop()
    let resolver = Resolver(
      timeout: .milliseconds(500), hosts: noHosts, resolvConf: file.path, on: loop, hasRoute: { _ in true })
    func ask() -> Resolution? {
      var found: Resolution?
      let limit = Timer(on: loop) { loop.stop() }
      limit.schedule(after: .seconds(5))
      let lookup = resolver.resolve("db") {
        found = $0
        if !$0.isPartial { loop.stop() }
      }
      loop.run()
      withExtendedLifetime(lookup) {}
      return found
    }
    #expect(ask()?.addresses.isEmpty == true)
    try file.write("search a.example b.example\nnameserver 127.77.1.1\n")
    #expect(ask()?.addresses == [ip("10.0.0.2")])
    try file.write("nameserver 127.77.1.1\nsearch b.example.\n")
    #expect(ask()?.name == "db.b.example")
    #expect(good.questions.suffix(2) == ["a db.b.example", "aaaa db.b.example"])
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

  @Test("nothing is answered after the end, though a name server answers then")
  func afterTheEnd() throws {
    let server = try DNSServer { _, type in
      type == .a ? .later(.milliseconds(500), .addresses(["10.0.0.1"])) : .silence
    }
    let loop = EventLoop()
    let resolver = Resolver(nameservers: [server.address], timeout: .milliseconds(300), hosts: noHosts, on: loop)
    var found: [Resolution] = []
    let lookup = resolver.resolve("db.example") { found.append($0) }
    let end = Timer(on: loop) { loop.stop() }
    end.schedule(after: .seconds(1))
    loop.run()
    #expect(found.map(\.addresses) == [[]])
    withExtendedLifetime((lookup, resolver)) {}
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
