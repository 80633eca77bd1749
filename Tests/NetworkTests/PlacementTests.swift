import Glibc
import Sockets
import Support
import Testing

@testable import Network

/// Addresses on the interfaces of real network namespaces.
@Suite(
  .serialized, .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"), .timeLimit(.minutes(1)))
struct PlacementTests {
  let ipv4 = FloatingAddress.at("10.77.0.100")
  let second = FloatingAddress.at("10.77.0.101")
  let ipv6 = FloatingAddress.at("fd77::100")
  private let network: TestNetwork
  private var node: NetworkNamespace { network.nodes[0] }

  /// The company of IPv4 addresses in a namespace without others.
  private let alone: LifetimeCompany = Surroundings.keepsNamespacesApart ? .alone : .shared

  init() throws {
    network = try TestNetwork(nodes: 1)
  }

  /// How long an address stays from now on, in seconds.
  private func life(of address: String, in node: NetworkNamespace) throws -> Double {
    let start = bootTime()
    try waitUntil("\(address) is gone", limit: .seconds(8)) { try !node.has(address) }
    return Double(bootTime() - start) / 1e9
  }

  @Test("addresses are put together, each for itself alone and with its lifetime, and go when nobody renews them")
  func putAndExpire() throws {
    let holder = Holder([ipv4, second, ipv6], in: node)
    #expect(holder.news.isEmpty)
    let news = holder.hold([ipv4: 1, second: 2, ipv6: 1])
    #expect(news.count == 3 && [ipv4, second, ipv6].allSatisfy { news.contains(.held($0)) })
    let seen = try node.seen()
    for (text, prefix, seconds) in [("10.77.0.100", 32, 1), ("10.77.0.101", 32, 2), ("fd77::100", 128, 1)] {
      let address = try #require(seen[text])
      #expect(address.prefixlen == prefix && address.valid_life_time == seconds)
      #expect(address.preferred_life_time == (prefix == 32 ? seconds : 0))
    }
    #expect(seen["fd77::100"]?.nodad == true)
    #expect(holder.companies == [ipv4: alone, second: alone, ipv6: .alone])
    let first = try (life(of: "10.77.0.100", in: node), life(of: "fd77::100", in: node))
    #expect(first.0 > 0.8 && first.0 < 2 && first.1 < 2)
    #expect(try node.has("10.77.0.101"), "its end comes a second later")
    #expect(try life(of: "10.77.0.101", in: node) < 2)
  }

  @Test("who renews an address keeps it, and an end that would come earlier leaves it as it is")
  func renew() throws {
    let holder = Holder([ipv4], in: node)
    holder.hold([ipv4: 2])
    let start = bootTime()
    while bootTime() - start < 3_000_000_000 {
      holder.hold([ipv4: 2])
      #expect(try node.has("10.77.0.100"))
      usleep(100_000)
    }
    holder.hold([ipv4: 9])
    holder.hold([ipv4: 1])
    #expect(try #require(node.seen()["10.77.0.100"]).valid_life_time >= 8)
    #expect(holder.news == [.held(ipv4)], "nothing but the beginning is told")
  }

  @Test("who is stopped between the reckoning and the order holds nothing for longer than that allows")
  func heldUp() throws {
    let holder = Holder([ipv4, ipv6], in: node)
    // By the time of the order two seconds have gone by, after which one address has some time left and the other has none.
    let start = bootTime()
    let ends = [ipv4: start + 9_000_000_000, ipv6: start + 2_500_000_000]
    for pause: Int64 in [0, 2_000_000_000] {
      var times = [start]
      let news = holder.floating.hold([ipv4, ipv6]) {
        times.popLast() ?? start + pause
      } seconds: { address, _, now in
        ends[address].map { ($0 - now) / 1_000_000_000 }
      }
      let seen = try node.seen()
      #expect(seen["10.77.0.100"]?.valid_life_time == (pause == 0 ? 9 : 7))
      #expect((seen["fd77::100"] != nil) == (pause == 0))
      #expect(news.count == (pause == 0 ? 2 : 1))
      holder.drop(ipv4)
      holder.drop(ipv6)
    }
  }

  @Test("an address that may go isn't chosen for this machine's own connections")
  func source() throws {
    Holder([ipv4, ipv6], in: node).hold([ipv4: 30, ipv6: 30])
    for (target, own) in [("10.77.0.102", "10.77.0.1"), ("fd77::102", "fd77::1")] {
      try waitUntil("it's \(own)") { try node.run("ip", "route", "get", target).contains("src \(own) ") }
    }
  }

  @Test("what stands there for good, for a network or on another interface isn't touched")
  func occupied() throws {
    try node.run("ip", "address", "add", "10.77.0.100/24", "dev", "eth0")
    try node.run("ip", "address", "add", "10.77.0.101/32", "dev", "lo")
    let holder = Holder([ipv4, second, ipv6], in: node)
    let problems = holder.floating.problems
    #expect(problems[ipv4] == .occupied(address: "10.77.0.100/24", interface: "eth0"))
    #expect(problems[second] == .occupied(address: "10.77.0.101/32", interface: "lo"))
    #expect(problems[ipv6] == nil && problems[ipv4]?.isFatal == true)
    #expect(problems[second]?.description.contains("`ip address del 10.77.0.101/32 dev lo`") == true)
    holder.hold([ipv4: 5, second: 5])
    holder.drop(ipv4)
    holder.drop(second)
    #expect(try node.seen()["10.77.0.100"]?.valid_life_time == .max)
    #expect(try node.seen()["10.77.0.101"] == nil && node.has("10.77.0.101"))
    #expect(holder.news.count == 2, "each is told once")
    // In the moment between a look and an order, too.
    holder.hold([:])
    try node.run("ip", "address", "add", "fd77::100/128", "dev", "eth0")
    #expect(holder.hold([ipv6: 5]) == [.hindered(ipv6, .occupied(address: "fd77::100/128", interface: "eth0"))])
    #expect(try node.seen()["fd77::100"]?.valid_life_time == .max)
    try node.run("ip", "address", "del", "10.77.0.100/24", "dev", "eth0")
    try waitUntil("it's noticed") {
      holder.hold([ipv4: 5])
      return holder.floating.problems[ipv4] == nil
    }
    #expect(holder.news.suffix(2).contains(.held(ipv4)) && holder.news.suffix(2).contains(.unhindered(ipv4)))
  }

  @Test("an address that is dropped is gone at once")
  func drop() throws {
    let holder = Holder([ipv4, ipv6], in: node)
    holder.hold([ipv4: 30, ipv6: 30])
    holder.drop(ipv4)
    #expect(try !node.has("10.77.0.100") && node.has("fd77::100"))
    holder.drop(ipv6)
    holder.drop(ipv6)
    #expect(try !node.has("fd77::100"))
    #expect(holder.news.suffix(2) == [.dropped(ipv4), .dropped(ipv6)])
  }

  @Test("what an earlier process has left goes at the start, but for what it has handed over")
  func leftovers() throws {
    Holder([ipv4, second, ipv6], in: node).hold([ipv4: 60, second: 60, ipv6: 60])
    // As it was put where the configuration said otherwise.
    try node.run("ip", "address", "add", "10.77.0.100/32", "dev", "lo", "valid_lft", "60", "preferred_lft", "60")
    let holder = Holder([ipv4, second, ipv6], in: node, keeping: [second])
    #expect(holder.news.isEmpty)
    #expect(try !node.has("10.77.0.100") && !node.has("fd77::100") && node.has("10.77.0.101"))
    #expect(holder.floating.placed(at: bootTime()) == [second])
    holder.hold([second: 30])
    #expect(try #require(node.seen()["10.77.0.101"]).valid_life_time > 30, "it has more left")
    holder.hold([second: 90])
    #expect(try #require(node.seen()["10.77.0.101"]).valid_life_time > 60)
    #expect(holder.news.isEmpty && holder.companies[second] == alone)
    // What nobody took away is taken over as well.
    try node.run("ip", "address", "add", "10.77.0.100/32", "dev", "eth0", "valid_lft", "9", "preferred_lft", "9")
    #expect(holder.hold([second: 90, ipv4: 60]).contains(.held(ipv4)))
    #expect(try #require(node.seen()["10.77.0.100"]).valid_life_time > 30)
  }

  @Test("others with a lifetime are noticed, in each family for itself")
  func company() throws {
    let holder = Holder([ipv4, second, ipv6], in: node)
    holder.hold([ipv4: 30, ipv6: 30])
    try node.run("ip", "address", "add", "fd77::9/64", "dev", "eth0", "valid_lft", "99", "preferred_lft", "99")
    try waitUntil("it's noticed") {
      holder.hold([ipv4: 30, ipv6: 30])
      return holder.companies[ipv6] == .shared
    }
    #expect(holder.companies[ipv4] == alone)
    try node.run("ip", "address", "del", "fd77::9/64", "dev", "eth0")
    try waitUntil("it's gone") {
      holder.hold([ipv4: 30, ipv6: 30])
      return holder.companies[ipv6] == .alone
    }
  }

  @Test("an address that somebody takes away comes back")
  func restored() throws {
    let holder = Holder([ipv4], in: node)
    holder.hold([ipv4: 30])
    try node.run("ip", "address", "flush", "dev", "eth0")
    // It wouldn't be put for less than it had before.
    try waitUntil("it's back") {
      holder.hold([ipv4: 20])
      return try node.has("10.77.0.100")
    }
    #expect(holder.news == [.held(ipv4), .held(ipv4)])
  }

  @Test("what is missing is told once, with what helps")
  func missing() throws {
    let elsewhere = FloatingAddress.at("10.77.0.102", .address(interface: "eth9"))
    let long = FloatingAddress.at("10.77.0.103", .address(interface: "a-name-that-no-interface-has"))
    let holder = Holder([elsewhere, long, ipv6], in: node)
    holder.hold([elsewhere: 5, long: 5])
    #expect(holder.floating.problems[elsewhere] == .noInterface("eth9"))
    #expect(holder.floating.problems[long] == .noInterface("a-name-that-no-interface-has"))
    #expect(holder.news.count == 2)
    try node.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1")
    #expect(holder.hold([ipv6: 5]) == [.hindered(ipv6, .noIPv6(interface: "eth0"))])
    try node.run("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=0")
    #expect(holder.hold([ipv6: 5]).contains(.unhindered(ipv6)))
    try node.run("ip", "link", "set", "eth0", "down")
    try waitUntil("it's noticed") {
      holder.hold([ipv6: 5])
      return holder.floating.problems[ipv6] == .isDown(interface: "eth0")
    }
    #expect(holder.floating.problems[ipv6]?.isFatal == false)
  }

  @Test("without capabilities the one that is missing is named, before any address is to be held")
  func noCapabilities() throws {
    // CAP_NET_ADMIN is 12, CAP_NET_RAW 13: capabilities(7).
    let powerless = Holder([ipv4, ipv6], in: node) { Capabilities.keep(0) }
    #expect(powerless.news == [.hindered(ipv4, .missing(.netAdmin)), .hindered(ipv6, .missing(.netAdmin))])
    #expect(powerless.floating.problems[ipv4]?.description.contains("CAP_NET_ADMIN is missing") == true)
    let mute = Holder([ipv4], in: node) { Capabilities.keep(1 << 12) }
    #expect(mute.news == [.hindered(ipv4, .missing(.netRaw))])
    #expect(mute.floating.problems[ipv4]?.isFatal == false)
    mute.hold([ipv4: 5])
    #expect(try node.has("10.77.0.100"))
    #expect(mute.news == [.hindered(ipv4, .missing(.netRaw)), .held(ipv4)])
  }

  @Test(
    "a macvlan whose parent answers in its place is told, unless the parent doesn't",
    .enabled(if: hasMacvlan, "this kernel has no macvlan"))
  func macvlan() throws {
    try node.run("ip", "link", "add", "mv0", "link", "eth0", "type", "macvlan", "mode", "bridge")
    try node.run("ip", "link", "set", "mv0", "up")
    let address = FloatingAddress.at("10.77.0.100", .address(interface: "mv0"))
    let holder = Holder([address], in: node)
    #expect(holder.floating.problems[address] == .answeredBelow(interface: "mv0", parent: "eth0"))
    try node.run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=1")
    #expect(Holder([address], in: node).news.isEmpty)
  }
}

/// Whether an interface can be put on top of another one.
private let hasMacvlan: Bool = {
  guard let network = try? TestNetwork(nodes: 1) else { return false }
  return (try? network.nodes[0].run("ip", "link", "add", "mv0", "link", "eth0", "type", "macvlan")) != nil
}()
