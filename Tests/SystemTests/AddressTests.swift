import Foundation
import Glibc
import Sockets
import Support
import Testing

/// A floating address among three machines: whatever happens, one has it at a time, and soon one has it again.
@Suite(
  "System/Addresses", .serialized, .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"),
  .timeLimit(.minutes(3)))
struct AddressTests {
  @Test("an address goes to another node when it's to, and when its own dies, freezes or is cut off; and else it stays")
  func failovers() throws {
    let fleet = try AddressFleet()

    // It's moved.
    let moved = try fleet.failOver { owner in
      let heir = fleet.names.first { $0 != owner } ?? ""
      let move = try fleet.ask("lb3", "fleet", "move", "web", heir)
      #expect(move.exit == .code(0) && move.output.contains("web is \(heir)'s"), "\(move)")
    }
    #expect(moved < 1, "\(moved)")

    // Its owner's process is killed, and nobody tells.
    let killed = try fleet.failOver { fleet.kill($0) }
    #expect(killed < 5)
    for name in fleet.names where fleet.nodes[name] == nil { try fleet.start(name) }
    try fleet.waitUntilAllReady()

    // So is another one, and what is run after that tells.
    let withdrawn = try fleet.failOver { owner in
      fleet.kill(owner)
      let withdrawal = try fleet.withdraw(owner)
      #expect(withdrawal.output.contains("\(owner) has released web"), "\(withdrawal)")
    }
    #expect(withdrawn < 1.5, "\(withdrawn)")
    for name in fleet.names where fleet.nodes[name] == nil { try fleet.start(name) }
    try fleet.waitUntilAllReady()

    // Whoever may not take it from the interface releases it to nobody who would put it up beside that.
    let kept = try fleet.failOver { owner in
      fleet.kill(owner)
      let withdrawal = try fleet.withdraw(owner, by: ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"])
      #expect(withdrawal.exit == .code(1) && withdrawal.output.contains("no address to release"), "\(withdrawal)")
      #expect(withdrawal.errors.contains("CAP_NET_ADMIN"), "\(withdrawal)")
    }
    #expect(kept < 5, "\(kept)")
    for name in fleet.names where fleet.nodes[name] == nil { try fleet.start(name) }
    try fleet.waitUntilAllReady()

    // It's frozen, and goes on when another one has it.
    var frozen = ""
    let stopped = try fleet.failOver { owner in
      frozen = owner
      fleet.nodes[owner]?.send(SIGSTOP)
    }
    #expect(stopped < 5)
    fleet.nodes[frozen]?.send(SIGCONT)
    try fleet.waitUntilAllReady()
    #expect(fleet.holder != frozen)

    // Its link is cut, or lets only one side hear the other.
    var lost: [Double] = []
    for cut in TestNetwork.cuts {
      var node = 0
      lost.append(
        try fleet.failOver { owner in
          node = fleet.names.firstIndex(of: owner) ?? 0
          try fleet.network.cut(node, cut)
        })
      #expect(lost.allSatisfy { $0 < 5 }, "\(cut): \(lost)")
      try fleet.network.mend(node, cut)
      try fleet.waitUntilAllReady()
    }

    // It's stopped as one stops a service.
    let ended = try fleet.failOver { owner in
      fleet.nodes[owner]?.send(SIGTERM)
    }
    #expect(ended < 1, "\(ended)")

    #expect(fleet.sampler.seen.doubles.isEmpty, "\(fleet.sampler.seen.doubles)")
    #expect(fleet.sampler.seen.samples > 1_000)
    print(
      "without an answer: moved \(moved) s, killed \(killed), killed and withdrawn \(withdrawn), frozen \(stopped),",
      "cut off \(lost), stopped \(ended)")
  }

  @Test("a process that takes over goes on with the address: nobody notices")
  func upgrade() throws {
    let fleet = try AddressFleet()
    let owner = try #require(fleet.holder)
    let (before, start) = (fleet.status(owner)?.addresses.first, bootTime())
    let upgrade = try fleet.ask(owner, "upgrade")
    defer { fleet.endSuccessor(of: owner) }
    #expect(upgrade.exit == .code(0), "\(upgrade.errors)")
    // Longer than the lease that went over.
    usleep(3_500_000)
    #expect(fleet.client.longestGap(since: start) < 0.3)
    #expect(fleet.holder == owner && fleet.sampler.seen.holders.last.map { $0.at < start } == true)
    let after = try #require(fleet.status(owner)?.addresses.first)
    #expect(after.owner == owner && after.generation == before.map { $0.generation + 1 })
    // And it goes on from there.
    let moved = try fleet.failOver { owner in
      let heir = fleet.names.first { $0 != owner } ?? ""
      let move = try fleet.ask(owner, "fleet", "move", "web", heir)
      #expect(move.exit == .code(0), "\(move)")
    }
    #expect(moved < 1, "\(moved)")
    #expect(fleet.sampler.seen.doubles.isEmpty)
  }

  @Test("a node that is to end, and has sessions to go on for a while, takes no address any more")
  func draining() throws {
    let fleet = try AddressFleet(
      listeners: ", { \"name\": \"own\", \"bind\": \"0.0.0.0:81\", \"pool\": \"web\" }", drain: "60s")
    let owner = try #require(fleet.holder)
    let rest = fleet.names.filter { $0 != owner }
    // The first of the others would come first.
    let index = try #require(fleet.names.firstIndex(of: rest[0]))
    let target = try #require(SocketAddress("10.77.0.\(index + 1):81"))
    let hub = fleet.network.hub
    let client = try Peer.connect(to: target, with: hub.run { try? Socket(for: target) } ?? nil)
    #expect(client.receiveText(1) == "a")
    fleet.nodes[rest[0]]?.send(SIGTERM)
    try waitUntil("it's stopping") { fleet.log(of: rest[0]).contains("stopping: no new sessions") }
    try waitUntil("others know") { fleet.status(rest[1])?.addresses.first?.candidates.contains(rest[0]) == false }
    _ = try fleet.failOver { fleet.kill($0) }
    #expect(fleet.holder == rest[1])
    withExtendedLifetime(client) {}
  }

  private struct Stick: Decodable {
    struct Client: Decodable { let client, backend: String }
    struct Figures: Decodable { let hits, moves: Int }
    let figures: Figures
    let clients: [Client]
  }

  @Test(
    "clients get the backend they had from the node that has the address next, and it has known them before they come")
  func stuck() throws {
    let fleet = try AddressFleet(backends: 5, pool: ", \"stick\": {}")
    let clients = try Clients(of: fleet)
    try clients.come()
    let first = try #require(fleet.holder)
    let none = fleet.names.filter { $0 != first }.map { "\($0) 0" }.joined(separator: ", ")
    try waitUntil("it's told that the others have all") {
      try fleet.ask(first, "fleet", "status").output.contains(none)
    }
    var before: [String: String] = [:]
    for round in 0..<2 {
      let owner = try #require(fleet.holder)
      if round == 0 { before = try clients.known(owner).backends }
      #expect(before.count == clients.hosts.count && Set(before.values).count == 5)
      // What is at risk is the last moment.
      usleep(300_000)
      _ = try fleet.failOver { owner in
        if round == 0 { fleet.kill(owner) } else { fleet.nodes[owner]?.send(SIGSTOP) }
      }
      let heir = try #require(fleet.holder)
      try waitUntil("\(heir) knows them") { try clients.known(heir).backends.count == clients.hosts.count }
      #expect(try clients.known(heir).backends == before)
      let moves = try clients.known(heir).figures.moves
      try clients.come()
      let after = try clients.known(heir)
      #expect(after.backends == before && after.figures.moves == moves)
      if round == 0 { try fleet.start(owner) } else { fleet.nodes[owner]?.send(SIGCONT) }
      try fleet.waitUntilAllReady()
    }
    // Who was frozen knows better by now, and has changed nothing.
    let holder = try #require(fleet.holder)
    #expect(try clients.known(holder).backends == before)
  }

  @Test("who comes after an upgrade of the owner is known to the node that has the address next as well")
  func stuckAfterUpgrade() throws {
    let fleet = try AddressFleet(backends: 5, pool: ", \"stick\": {}")
    let clients = try Clients(of: fleet)
    let owner = try #require(fleet.holder)
    #expect(try fleet.ask(owner, "upgrade").exit == .code(0))
    defer { fleet.endSuccessor(of: owner) }
    try clients.come()
    let before = try clients.known(owner).backends
    #expect(before.count == clients.hosts.count)
    usleep(300_000)
    _ = try fleet.failOver { fleet.endSuccessor(of: $0) }
    let heir = try #require(fleet.holder)
    try waitUntil("\(heir) knows them, and not \((try? clients.known(heir).backends.count) ?? 0): \(fleet.logs)") {
      try clients.known(heir).backends == before
    }
  }

  /// Eighty clients, which come from the hub.
  private struct Clients {
    let fleet: AddressFleet
    let hosts = (10..<90).map { "10.77.0.\($0)" }

    init(of fleet: AddressFleet) throws {
      self.fleet = fleet
      for host in hosts { try fleet.network.hub.run("ip", "address", "add", "\(host)/32", "dev", "br0") }
    }

    /// What a node knows of them.
    func known(_ name: String) throws -> (backends: [String: String], figures: Stick.Figures) {
      let text = try fleet.ask(name, "stick", "--limit", "1000", "--json").output
      let stick = try JSONDecoder().decode(Stick.self, from: Data(text.utf8))
      let ours = stick.clients.filter { hosts.contains($0.client) }.map { ($0.client, $0.backend) }
      return (Dictionary(uniqueKeysWithValues: ours), stick.figures)
    }

    /// Each of them comes once.
    func come() throws {
      let greeted = fleet.network.hub.run { [hosts] in
        hosts.count { host in
          guard let socket = try? ClientSocket(.ip(AddressFleet.address, 80), from: host) else { return false }
          return (try? socket.receive(exactly: 1)) != nil
        }
      }
      #expect(greeted == hosts.count)
    }
  }

  @Test("who is to hold an address keeps it when nobody renews it, and gives it to whoever has it when that shows")
  func hold() throws {
    let fleet = try AddressFleet(more: ", \"onQuorumLoss\": \"hold\"")
    let owner = try #require(fleet.holder)
    // Without the log and without one of the other nodes nobody may say that it stays.
    let other = fleet.names.first { $0 != owner } ?? ""
    let start = bootTime()
    fleet.kill(other)
    for index in 0..<3 { fleet.servers.freeze(index) }
    usleep(4_500_000)
    #expect(fleet.client.longestGap(since: start) < 0.5)
    #expect(fleet.holder == owner)
    #expect(eventually { fleet.log(of: owner).contains("is kept all the same") })
    #expect(try fleet.ask(owner, "status").output.contains(/warning +address web +kept/))
    for index in 0..<3 { fleet.servers.thaw(index) }
    try waitUntil("it's renewed") { fleet.log(of: owner).contains("is renewed again") }
    #expect(fleet.client.longestGap(since: start) < 0.5 && fleet.sampler.seen.doubles.isEmpty)
  }

  @Test("a node that leaves owns nothing until it joins, and who lies in the way of an address is named")
  func leaving() throws {
    let fleet = try AddressFleet(health: "\"type\": \"tcp\", \"interval\": \"200ms\", \"timeout\": \"150ms\"")
    let leaver = try #require(fleet.holder)
    var isolated = ""
    let (target, hub) = (fleet.address, fleet.network.hub)
    let client = try Peer.connect(to: target, with: hub.run { try? Socket(for: target) } ?? nil)
    #expect(client.receiveText(1) == "a")
    let left = try fleet.failOver { owner in
      let leave = try fleet.ask(owner, "fleet", "leave")
      #expect(leave.output.contains("\(owner) owns no address until"), "\(leave)")
    }
    #expect(left < 1)
    // Whose session was there has seen it end, and so has the operator.
    #expect(client.receiveToEnd(seconds: 2).bytes.isEmpty)
    #expect(try fleet.ask(leaver, "recent", "--json").output.contains("addressMoved"))
    try waitUntil("others know") { fleet.status("lb3")?.addresses.first?.candidates.contains(leaver) == false }
    let refused = try fleet.ask("lb3", "fleet", "move", "web", leaver)
    #expect(refused.exit == .code(1) && refused.errors.contains("\(leaver) can't have web now"), "\(refused)")
    #expect(try fleet.ask(leaver, "fleet", "join").exit == .code(0))
    try fleet.waitUntilAllReady()
    // One that can't reach its backend, as others can, isn't the one whom clients are to come to.
    let alone = try fleet.failOver { owner in
      isolated = owner
      try fleet.network(of: owner).run("ip", "route", "add", "blackhole", "\(AddressFleet.backendHost)/32")
    }
    #expect(alone < 10)
    #expect(eventually { fleet.log(of: isolated).contains("backends are down as this node sees it") })
    try fleet.network(of: isolated).run("ip", "route", "del", "blackhole", "\(AddressFleet.backendHost)/32")
    try fleet.waitUntilAllReady()
    // Somebody has put it there for good.
    let owner = fleet.names.first { $0 != fleet.holder } ?? ""
    try fleet.network(of: owner).run("ip", "address", "add", "\(AddressFleet.address)/32", "dev", "eth0")
    try waitUntil("it's noticed") { fleet.status(owner)?.addresses.first?.problem?.contains("ip address del") == true }
    try waitUntil("others know") { fleet.status("lb3")?.addresses.first?.candidates.contains(owner) == false }
    #expect(eventually { fleet.log(of: owner).contains("nobody here has put it there") })
    let text = try fleet.ask(owner, "fleet", "status").output
    #expect(text.contains("ADDRESS  IP") && text.contains("nobody here has put it there"), "\(text)")
    #expect(try fleet.ask(owner, "status").output.contains(/warning +address web +hindered/))
  }

  @Test(
    "while the log is away nothing moves as long as all nodes are there; else the address goes, and comes back with the log"
  )
  func ensembleAway() throws {
    let fleet = try AddressFleet()
    let owner = try #require(fleet.holder)
    let start = bootTime()
    for index in 0..<3 { fleet.servers.freeze(index) }
    usleep(9_000_000)
    #expect(fleet.client.longestGap(since: start) < 1)
    #expect(fleet.holder == owner && fleet.sampler.seen.holders.last.map { $0.at < start } == true)

    fleet.kill(fleet.names.first { $0 != owner } ?? "")
    try waitUntil("nobody has it") { fleet.holder == nil }
    // The kernel ends it a little before the lease does.
    try waitUntil("that's told") { fleet.log(of: owner).contains("couldn't be renewed in time") }
    try waitUntil("it comes first") { try fleet.ask(owner, "status").output.contains(/critical +address web +lapsed/) }
    for index in 0..<3 { fleet.servers.thaw(index) }
    try fleet.waitUntilServed()
    #expect(fleet.sampler.seen.doubles.isEmpty)
  }
}
