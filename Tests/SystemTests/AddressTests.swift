import Glibc
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

    // Its link is cut.
    var cut = 0
    let lost = try fleet.failOver { owner in
      cut = fleet.names.firstIndex(of: owner) ?? 0
      try fleet.network.setLink(of: cut, up: false)
    }
    #expect(lost < 5)
    try fleet.network.setLink(of: cut, up: true)
    try fleet.waitUntilAllReady()

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

  @Test("while the log is away and all nodes are there, nothing moves")
  func ensembleAway() throws {
    let fleet = try AddressFleet()
    let (owner, start) = (fleet.holder, bootTime())
    for index in 0..<3 { fleet.servers.freeze(index) }
    usleep(10_000_000)
    #expect(fleet.client.longestGap(since: start) < 1)
    #expect(fleet.holder == owner)
    for index in 0..<3 { fleet.servers.thaw(index) }
    usleep(2_000_000)
    #expect(fleet.client.longestGap(since: start) < 1)
    #expect(fleet.holder == owner && fleet.sampler.seen.doubles.isEmpty)
  }
}
