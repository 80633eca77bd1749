import Foundation
import Sockets
import Support
import SystemPackage
import Testing

/// A pair and a node that votes only.
extension FleetTests {
  /// Whether anybody is accepted at a port; who is may be sent away at once, as there's no backend.
  private func isOpen(_ port: UInt16) throws -> Bool {
    do {
      _ = try Peer.connect(to: #require(SocketAddress("127.0.0.1:\(port)")))
      return true
    } catch let error as Errno {
      return error != .connectionRefused
    }
  }

  @Test("a pair with a witness goes on without either of the two; the witness serves nobody")
  func witness() throws {
    let address =
      ", \"addresses\": [{ \"name\": \"web\", \"address\": \"10.9.9.9\", \"action\": \"none\", \"lease\": \"3s\" }]"
    func configure(_ fleet: FleetOnMachine, _ backend: UInt16) throws {
      try fleet.configure(backend: backend, witness: "lb3", fleet: address)
    }
    let fleet = try FleetOnMachine(on: NoServers()) { try configure($0, 9) }
    let pair = ["lb1", "lb2"]
    func serve(_ generation: Int, _ names: [String]) throws {
      for name in names {
        try fleet.waitUntil("generation \(generation)", on: name) { status in
          status.generation == generation
            && status.nodes.filter { names.contains($0.name) }.allSatisfy { $0.generation == generation }
        }
      }
    }
    try serve(1, pair)
    try fleet.waitUntil("it knows what is agreed on", on: "lb3") { $0.generation == 1 && $0.log.live }
    for name in fleet.names {
      let nodes = try #require(fleet.status(name)?.nodes)
      #expect(nodes.map(\.role) == [nil, nil, "witness"] && nodes.map(\.voice) == ["votes", "votes", "votes"])
      #expect(nodes[2].generation == nil && nodes[2].clients == nil)
    }

    // It has its admin socket and its stats port, and nothing else.
    for name in fleet.names { #expect(try isOpen(fleet.ports[name] ?? 0) == (name != "lb3")) }
    #expect(try fleet.stats("lb3", "/readyz").status == 503)
    #expect(try fleet.stats("lb3", "/stats.json").body.contains("witness"))
    let metrics = try fleet.stats("lb3", "/metrics").body
    #expect(metrics.contains("martlet_fleet_node_witness{node=\"lb3\"} 1"), "\(metrics)")
    #expect(metrics.contains("martlet_fleet_node_votes{node=\"lb3\"} 1"))
    #expect(try fleet.ask("lb3", "fleet", "status").output.contains("witness"))
    for words in [["reload", fleet.file], ["drain", "web/127.0.0.1:9"], ["fleet", "leave"]] {
      let refused = try Subprocess.run(
        MartletProgram.path, words + ["--socket", "\(fleet.folder.path)/lb3.sock"])
      #expect(
        refused.exit != .code(0) && refused.errors.contains("lb3 is a witness")
          && refused.errors.contains("lb1 or lb2"),
        "\(refused)")
    }

    let drained = try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--force")
    #expect(drained.output.contains("applied on 2 of 2"), "\(drained)")
    try configure(fleet, 10)
    let reload = try fleet.ask("lb2", "reload", fleet.file, "--require-all")
    #expect(reload.output.contains("generation 2 runs"), "\(reload) \(fleet.logs)")
    try fleet.configure(backend: 10, fleet: address)
    let plan = try fleet.ask("lb1", "plan", fleet.file)
    #expect(plan.output.contains("fleet.nodes[2].role") && plan.output.contains("restart it"), "\(plan)")
    #expect(!plan.output.contains("lb3:"), "\(plan)")
    try configure(fleet, 10)

    // Either may be lost: the other one has what there is to have.
    for _ in pair {
      for name in fleet.names {
        try fleet.waitUntil("it's somebody's", on: name) { $0.log.live && $0.addresses?.first?.owner != nil }
      }
      let owner = try #require(fleet.status("lb3")?.addresses?.first?.owner)
      let other = try #require(pair.first { $0 != owner })
      fleet.kill(owner)
      try fleet.waitUntil("\(other) has it", on: other) { $0.log.live && $0.addresses?.first?.owner == other }
      let reason = try fleet.ask(other, "drain", "web/127.0.0.1:10", "--force")
      #expect(reason.output.contains("applied on 1 of 2"), "\(reason) \(fleet.logs)")
      #expect(try fleet.ask(other, "ready", "web/127.0.0.1:10").exit == .code(0))
      try fleet.start(owner)
      try serve(2, pair)
    }

    // It's the pair alone that has to be there, too; and who votes only has nothing to begin with again.
    fleet.kill("lb3")
    try fleet.waitUntil("lb3 is away", on: "lb1") { $0.nodes.contains { $0.name == "lb3" && !$0.present } }
    #expect(
      try eventually(seconds: 20) { try fleet.ask("lb1", "drain", "web/127.0.0.1:10", "--force").exit == .code(0) },
      "\(fleet.logs)")
    try fleet.start("lb3")
    try fleet.waitUntil("lb3 is back", on: "lb3") { $0.log.live && $0.generation == 2 }
    // The next process is what this one was.
    let upgrade = try fleet.ask("lb3", "upgrade")
    #expect(upgrade.exit == .code(0), "\(upgrade) \(fleet.log(of: "lb3"))")
    try fleet.waitUntil("it's a witness still", on: "lb3") { $0.log.live && $0.nodes[2].role == "witness" }
    let report = try fleet.ask("lb3", "status", "--json").output
    let pid = try #require(report.firstMatch(of: #/"pid" ?: ?([0-9]+)/#).flatMap { pid_t($0.1) })
    _ = Foundation.kill(pid, SIGKILL)
    #expect(!fleet.log(of: "lb3").contains("warning: fleet: overrides"), "\(fleet.log(of: "lb3"))")
  }
}
