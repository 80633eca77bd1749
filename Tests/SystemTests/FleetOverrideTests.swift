import Foundation
import Support
import Testing

extension FleetOnMachine {
  struct Override: Decodable {
    struct Agreed: Decodable { var node: String, position: Int }
    var address: String, action: String, author: String
    var weight: Double?
    var fleet: Agreed?
    var thisNode: Bool?
  }

  /// What was changed at run time, as a node sees it.
  func overrides(of name: String) -> [Override] {
    struct Answer: Decodable { var overrides: [Override] }
    guard let text = try? ask(name, "overrides", "--json").output else { return [] }
    return (try? JSONDecoder().decode(Answer.self, from: Data(text.utf8)).overrides) ?? []
  }

  /// Waits until all of some nodes have these overrides: `drain 127.0.0.1:9`.
  func waitForOverrides(_ texts: [String], on names: [String]? = nil, limit: Duration = .seconds(15)) throws {
    for name in names ?? self.names {
      try Support.waitUntil("\(name) has \(texts): \(overrides(of: name))", limit: limit) {
        overrides(of: name).map { "\($0.action) \($0.address)" }.sorted() == texts.sorted()
      }
    }
  }
}

@Suite("System/Fleet/Overrides", .serialized) struct FleetOverrideTests {
  private func start() throws -> FleetOnMachine {
    let fleet = try FleetOnMachine { try $0.configure(backend: 9, backends: [10, 11]) }
    try fleet.waitUntilAllServe(1)
    return fleet
  }

  @Test("what is changed on one node holds on all, whatever they go through, and ends on all")
  func everywhere() throws {
    let fleet = try start()
    let drained = try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--reason", "new disk")
    #expect(drained.exit == .code(0), "\(drained.errors)")
    #expect(
      drained.output.contains(#/drained by .* on lb1: new disk: position [0-9]+, applied on 3 of 3/#),
      "\(drained.output)")
    // It held on all of them when the answer came.
    for name in fleet.names {
      let one = try #require(fleet.overrides(of: name).first)
      #expect(one.action == "drain" && one.fleet?.node == "lb1" && one.thisNode == nil)
    }
    let weight = try fleet.ask("lb2", "weight", "web/127.0.0.1:10", "5")
    #expect(weight.output.contains("applied on 3 of 3"), "\(weight.output) \(weight.errors)")

    // Who was killed has it at once, and what came meanwhile soon.
    fleet.kill("lb3")
    try fleet.waitUntil("lb3 is away", on: "lb1") { !$0.nodes[2].present }
    let added = try fleet.ask("lb1", "backend", "add", "web", "127.0.0.1:12")
    #expect(added.output.contains("applied on 2 of 3"), "\(added.output) \(added.errors)")
    #expect(added.errors.contains("lb3 will follow"), "\(added.errors)")
    try fleet.start("lb3")
    try fleet.waitForOverrides(["drain 127.0.0.1:9", "weight 127.0.0.1:10", "add 127.0.0.1:12"])

    // A rollout and an upgrade leave it as it is.
    try fleet.configure(backend: 9, backends: [10, 11, 13])
    #expect(try fleet.ask("lb2", "reload", fleet.file).exit == .code(0))
    try fleet.waitUntilAllServe(2)
    #expect(try fleet.ask("lb2", "upgrade").exit == .code(0))
    try fleet.waitForOverrides(["drain 127.0.0.1:9", "weight 127.0.0.1:10", "add 127.0.0.1:12"])
    try fleet.waitUntil("all are there", on: "lb1") { $0.nodes.allSatisfy(\.present) }

    // Each node takes back what another has set.
    #expect(try fleet.ask("lb3", "backend", "remove", "web/127.0.0.1:12").output.contains("applied on 3 of 3"))
    #expect(try fleet.ask("lb3", "backend", "remove", "web/127.0.0.1:11").output.contains("applied on 3 of 3"))
    let ready = try fleet.ask("lb3", "ready", "web/127.0.0.1:9")
    #expect(
      ready.output.contains(#/no longer drained by .* on lb1: new disk: position [0-9]+, applied on 3 of 3/#),
      "\(ready.output)")
    try fleet.waitForOverrides(["weight 127.0.0.1:10", "remove 127.0.0.1:11"])
    #expect(try fleet.ask("lb1", "ready", "web/127.0.0.1:9").output.contains("nothing was set"))
    // The process that took over isn't a child of this test.
    let report = try fleet.ask("lb2", "status", "--json").output
    let pid = try #require(report.firstMatch(of: #/"pid" ?: ?([0-9]+)/#).flatMap { pid_t($0.1) })
    _ = kill(pid, SIGTERM)
  }

  @Test("a lease ends once and on all nodes, also if the node on which it was made is gone")
  func ends() throws {
    let fleet = try start()
    #expect(try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--for", "3s").output.contains("applied on 3 of 3"))
    fleet.kill("lb1")
    try fleet.waitForOverrides(["drain 127.0.0.1:9"], on: ["lb2", "lb3"])
    try fleet.waitForOverrides([], on: ["lb2", "lb3"])
    for name in ["lb2", "lb3"] {
      try Support.waitUntil("\(name) tells of the end", limit: .seconds(5)) {
        fleet.log(of: name).contains("lease is over")
      }
      #expect(fleet.log(of: name).split(separator: "lease is over").count == 2, "\(fleet.log(of: name))")
    }
  }

  @Test("without the log nothing is changed on all nodes and it's said why; one node alone can be")
  func logAway() throws {
    let fleet = try start()
    #expect(try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--for", "4s").output.contains("applied on 3 of 3"))
    for index in 0..<3 { fleet.servers.freeze(index) }
    // Nobody knows yet that it's away: what is asked now may still come to pass, and is said so.
    let unknown = try fleet.ask("lb2", "weight", "web/127.0.0.1:11", "3")
    #expect(unknown.exit == .code(1))
    let isOnItsWay = unknown.errors.contains("hasn't answered for 8s")
    #expect(isOnItsWay || unknown.errors.contains("can't be reached"), "\(unknown.errors)")
    try fleet.waitUntil("the log is away", on: "lb1") { !$0.log.live }
    let refused = try fleet.ask("lb1", "drain", "web/127.0.0.1:10")
    #expect(refused.exit == .code(1))
    #expect(refused.errors.contains("the fleet's log can't be reached"), "\(refused.errors)")
    try Support.waitUntil("all that is away is named: \(fleet.log(of: "lb1"))", limit: .seconds(20)) {
      let errors = (try? fleet.ask("lb1", "drain", "web/127.0.0.1:10").errors) ?? ""
      return fleet.servers.addresses.allSatisfy { errors.contains("\($0)") }
    }
    let own = try fleet.ask("lb1", "maintain", "web/127.0.0.1:10", "--this-node")
    #expect(own.exit == .code(0), "\(own.errors)")
    #expect(own.output.contains("for this node alone"), "\(own.output)")
    #expect(fleet.overrides(of: "lb1").contains { $0.action == "maintain" && $0.thisNode == true })
    // What the fleet has drained can serve on one node.
    #expect(try fleet.ask("lb2", "ready", "web/127.0.0.1:9", "--this-node").output.contains("ready by"))
    let seen = try fleet.ask("lb2", "status").output
    #expect(seen.contains(#/127\.0\.0\.1:9 +up/#), "\(seen)")
    #expect(try fleet.ask("lb2", "overrides", "--remove", "web/127.0.0.1:9", "--this-node").exit == .code(0))
    #expect(try fleet.ask("lb2", "status").output.contains(#/127\.0\.0\.1:9 +draining/#))
    // Nobody ends for himself what all have agreed on; a node that starts now has it.
    fleet.kill("lb3")
    try fleet.start("lb3")
    try fleet.waitForOverrides(["drain 127.0.0.1:9"], on: ["lb3", "lb2"])
    let lists = try fleet.ask("lb1", "overrides").output
    #expect(lists.contains("on lb1 (entry") && lists.contains("on this node alone"), "\(lists)")
    for index in 0..<3 { fleet.servers.thaw(index) }
    let late = isOnItsWay ? ["weight 127.0.0.1:11"] : []
    try fleet.waitForOverrides(late, on: ["lb2", "lb3"], limit: .seconds(30))
    try fleet.waitForOverrides(late + ["maintain 127.0.0.1:10"], on: ["lb1"])
    #expect(try fleet.ask("lb1", "ready", "web/127.0.0.1:10").errors.contains("on this node it's in maintenance"))
    #expect(
      try fleet.ask("lb1", "ready", "web/127.0.0.1:10", "--this-node").output.contains("no longer in maintenance"))
    try fleet.waitForOverrides(late)
  }
}
