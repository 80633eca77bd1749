import Foundation
import Glibc
import Sockets
import Support
import Testing

extension FleetOnMachine {
  /// What the stats port of a node answers.
  func stats(_ name: String, _ path: String) throws -> (status: Int, body: String) {
    let peer = try Peer.connect(to: #require(SocketAddress("127.0.0.1:\(statsPorts[name] ?? 0)")))
    try peer.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    let answer = try HTTPAnswer(String(decoding: peer.receiveToEnd(seconds: 10).bytes, as: UTF8.self))
    return (answer.status, answer.body)
  }
}

@Suite("System/Fleet/Views", .serialized) struct FleetViewTests {
  private struct Report: Decodable {
    struct Pool: Decodable { var backends: [Backend] }
    struct Backend: Decodable {
      struct DownOn: Decodable, Equatable { var nodes: [String], of: Int }
      var address: String, state: String
      var downOn: DownOn?
    }
    struct Fleet: Decodable { var node: String, generation: Int }
    var pools: [Pool]
    var fleet: Fleet?
  }

  @Test("each node tells on how many nodes a backend is down: on one of three a path is, on three of three a backend")
  func downOn() throws {
    let fleet = try FleetOnMachine {
      try $0.configure(
        backend: 9, pool: ", \"health\": { \"type\": \"tcp\", \"interval\": \"200ms\" }",
        moreBackends: ", { \"address\": \"127.0.0.1:10\", \"healthAddress\": \"127.0.0.1:${CHECKED}\" }")
    }
    try fleet.waitUntilAllServe(1)
    func backends(_ name: String) -> [Report.Backend] {
      guard let text = try? fleet.stats(name, "/stats.json").body else { return [] }
      return (try? JSONDecoder().decode(Report.self, from: Data(text.utf8)))?.pools.first?.backends ?? []
    }
    for name in fleet.names {
      try waitUntil("\(name) knows how all see it: \(backends(name))", limit: .seconds(15)) {
        let seen = backends(name)
        return seen.count == 2 && seen[0].downOn == .init(nodes: fleet.names, of: 3)
          && seen[1].downOn == .init(nodes: ["lb3"], of: 3)
      }
      // Each goes by what it sees itself.
      #expect((backends(name)[1].state == "down") == (name == "lb3"))
      let status = try fleet.ask(name, "status").output
      #expect(status.contains("3 of 3") && status.contains("1 of 3 (lb3)"), "\(status)")
    }
    // Who isn't there says nothing any more.
    fleet.kill("lb3")
    try waitUntil("lb3 is left out: \(backends("lb1"))", limit: .seconds(10)) {
      backends("lb1").first?.downOn == .init(nodes: ["lb1", "lb2"], of: 2) && backends("lb1")[1].downOn == nil
    }
    let metrics = try fleet.stats("lb1", "/metrics").body
    #expect(metrics.contains("martlet_fleet_node_present{node=\"lb3\"} 0"), "\(metrics)")
    #expect(metrics.contains("martlet_fleet_log_live 1"))
    #expect(metrics.contains("martlet_fleet_backend_down_nodes{pool=\"web\",backend=\"127.0.0.1:9\"} 2"))
  }

  @Test("what a node was given alone is told on all of them, and the next rollout comes over it")
  func thisNode() throws {
    let fleet = try FleetOnMachine { try $0.configure(backend: 9, backends: [10]) }
    try fleet.waitUntilAllServe(1)
    func waitForOwn(_ own: FleetOnMachine.Status.Node.Own?) throws {
      for name in fleet.names {
        try fleet.waitUntil("lb2 has \(own.map { "\($0)" } ?? "nothing of its own")", on: name) { status in
          status.nodes.map(\.own) == [nil, own, nil]
        }
      }
    }
    try fleet.configure(backend: 9, backends: [10, 11])
    let alone = try fleet.ask("lb2", "reload", fleet.file, "--this-node")
    #expect(alone.errors.contains("it runs on this node alone"), "\(alone)")
    // Who has just done it sees it at once.
    #expect(fleet.status("lb2")?.nodes[1].own == .init(configuration: true, overrides: 0))
    #expect(try fleet.ask("lb2", "drain", "web/127.0.0.1:9", "--this-node").exit == .code(0))
    try waitForOwn(.init(configuration: true, overrides: 1))
    let text = try fleet.ask("lb3", "fleet", "status").output
    let words = "it serves a configuration of its own, and 1 override holds there alone"
    #expect(text.contains(#/lb2 +differs +1 .*/#) && text.contains(words) && text.contains(", lb2 differs,"), "\(text)")
    #expect(try fleet.ask("lb1", "status").output.contains(words))
    #expect(eventually { fleet.log(of: "lb1").contains("fleet: lb2 differs: \(words)") }, "\(fleet.log(of: "lb1"))")
    // Somebody wanted it so, and clients are served.
    #expect(try fleet.stats("lb2", "/readyz").status == 200)
    for name in fleet.names {
      let metrics = try fleet.stats(name, "/metrics").body
      #expect(metrics.contains("martlet_fleet_node_own_configuration{node=\"lb2\"} 1"), "\(metrics)")
      #expect(metrics.contains("martlet_fleet_node_own_overrides{node=\"lb2\"} 1"))
      #expect(metrics.contains("martlet_fleet_node_own_configuration{node=\"lb1\"} 0"))
    }

    // A process that takes over goes on with it.
    #expect(try fleet.ask("lb2", "upgrade").exit == .code(0))
    try waitForOwn(.init(configuration: true, overrides: 1))
    // A rollout comes over the configuration; overrides stay.
    try fleet.configure(backend: 9, backends: [10, 12])
    #expect(try fleet.ask("lb1", "reload", fleet.file).exit == .code(0))
    try waitForOwn(.init(configuration: false, overrides: 1))
    #expect(try fleet.ask("lb2", "ready", "web/127.0.0.1:9", "--this-node").exit == .code(0))
    try waitForOwn(nil)
    try waitUntil("lb1 says so: \(fleet.log(of: "lb1"))") {
      fleet.log(of: "lb1").contains("fleet: lb2 has nothing of its own any more")
    }

    // What has to be confirmed there is decided there, and what is as all have it is nothing of one's own.
    try fleet.configure(backend: 9, backends: [10, 13])
    let tried = try fleet.ask("lb2", "reload", fleet.file, "--this-node", "--confirm", "60s")
    #expect(tried.output.contains("on probation"), "\(tried)")
    let confirmed = try fleet.ask("lb2", "confirm")
    #expect(confirmed.output.contains("stays, on this node alone"), "\(confirmed)")
    try waitForOwn(.init(configuration: true, overrides: 0))
    try fleet.configure(backend: 9, backends: [10, 12])
    #expect(try fleet.ask("lb2", "reload", fleet.file, "--this-node", "--confirm", "60s").exit == .code(0))
    try waitForOwn(nil)
    #expect(try fleet.ask("lb2", "revert").exit == .code(0))
    try waitForOwn(.init(configuration: true, overrides: 0))
    let report = try fleet.ask("lb2", "status", "--json").output
    let pid = try #require(report.firstMatch(of: #/"pid" ?: ?([0-9]+)/#).flatMap { pid_t($0.1) })
    _ = kill(pid, SIGTERM)
  }

  @Test("a node that can't serve what is in force isn't ready, and says why")
  func readiness() throws {
    let fleet = try FleetOnMachine()
    try fleet.waitUntilAllServe(1)
    #expect(try fleet.stats("lb3", "/readyz").status == 200)
    // The others take it while the last node is away, and it can't.
    fleet.kill("lb3")
    try fleet.waitUntil("lb3 is away", on: "lb1") { !$0.nodes[2].present }
    try fleet.configure(
      backend: 9, more: ", { \"name\": \"two\", \"bind\": \"127.0.0.1:${TWO}\", \"pool\": \"web\" }")
    #expect(try fleet.ask("lb1", "reload", fleet.file).exit == .code(0))
    try fleet.start("lb3")
    try waitUntil("lb3 says that it's out of step", limit: .seconds(20)) {
      let answer = try? fleet.stats("lb3", "/readyz")
      return answer?.status == 503 && answer?.body.contains("this node is out of step with its fleet: ") == true
    }
    #expect(try fleet.stats("lb1", "/readyz").status == 200)
    #expect(try fleet.stats("lb3", "/metrics").body.contains("martlet_fleet_in_step 0"))
  }
}
