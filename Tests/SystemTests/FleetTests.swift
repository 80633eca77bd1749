import Foundation
import Support
import Testing

@Suite("System/Fleet", .serialized) struct FleetTests {
  /// What the nodes agree by.
  enum Engine: CaseIterable {
    case zookeeper, embedded

    func fleet() throws -> FleetOnMachine { try FleetOnMachine(on: self == .embedded ? NoServers() : nil) }
  }

  @Test("a fleet has one configuration: all nodes take it, or none does", arguments: Engine.allCases)
  func rollouts(_ engine: Engine) throws {
    let fleet = try engine.fleet()
    // The first start proposes the file.
    try fleet.waitUntilAllServe(1)

    try fleet.configure(backend: 10)
    let reload = try fleet.ask("lb2", "reload", fleet.file)
    #expect(reload.exit == .code(0), "\(reload.errors)")
    #expect(reload.output.contains("generation 2 runs"))
    try fleet.waitUntilAllServe(2)
    for name in fleet.names { #expect(try fleet.configuration(of: name).contains("127.0.0.1:10")) }

    // A port that is taken on one node is one too many. A plan tells it before, and changes nothing.
    try fleet.configure(
      backend: 11, more: ", { \"name\": \"two\", \"bind\": \"127.0.0.1:${TWO}\", \"pool\": \"web\" }")
    let plan = try fleet.ask("lb1", "plan", fleet.file)
    #expect(plan.exit == .code(2) && plan.output.contains("refused: another node"), "\(plan)")
    #expect(plan.output.contains("lb2: additive"), "\(plan.output)")
    #expect(plan.output.firstMatch(of: #/lb3: refused: .*address already in use/#) != nil, "\(plan.output)")
    let own = try fleet.ask("lb1", "plan", fleet.file, "--this-node")
    #expect(!own.output.contains("lb3"), "\(own.output)")
    let refused = try fleet.ask("lb1", "reload", fleet.file)
    #expect(refused.exit == .code(1))
    #expect(refused.errors.contains("no node has changed anything"), "\(refused.errors)")
    #expect(refused.errors.contains("lb3: listener two"), "\(refused.errors)")
    #expect(refused.errors.contains("address already in use"), "\(refused.errors)")
    try fleet.waitUntil("the rollout is off", on: "lb2") { $0.last?.outcome == "aborted" && $0.generation == 2 }
    for name in fleet.names { #expect(try fleet.configuration(of: name).contains("127.0.0.1:10")) }

    // A signal proposes the file of the node that gets it.
    try fleet.configure(backend: 12)
    fleet.signal("lb3", SIGHUP)
    try fleet.waitUntilAllServe(3)

    // Nor is anybody asked about what is too long for the links between nodes.
    try fleet.folder.write(
      "long.json",
      String(contentsOfFile: fleet.file, encoding: .utf8) + String(repeating: "// on and on\n", count: 200_000))
    let long = try fleet.ask("lb1", "plan", "\(fleet.folder.path)/long.json")
    #expect(long.output.contains("lb2: it isn't asked, as the configuration is too long"), "\(long)")
    #expect(fleet.status("lb1")?.nodes.allSatisfy(\.present) == true)

    // One that is there and doesn't answer doesn't hold up what the others say.
    fleet.signal("lb3", SIGSTOP)
    let silent = try fleet.ask("lb1", "plan", fleet.file)
    fleet.signal("lb3", SIGCONT)
    #expect(
      silent.output.contains("lb2: none") && silent.output.contains("lb3: it hasn't answered for 3s"), "\(silent)")
    #expect(fleet.status("lb1")?.last?.author == "SIGHUP")
  }

  @Test("who is away follows when it's back, and serves at once what was in force")
  func away() throws {
    let fleet = try FleetOnMachine()
    try fleet.waitUntilAllServe(1)
    fleet.kill("lb3")
    try fleet.waitUntil("lb3 is away", on: "lb1") { !$0.nodes[2].present }
    try fleet.configure(backend: 10)
    let plan = try fleet.ask("lb1", "plan", fleet.file).output
    #expect(plan.contains("lb3: it can't be reached, and would follow when it's back"), "\(plan)")
    let all = try fleet.ask("lb1", "reload", fleet.file, "--require-all")
    #expect(all.errors.contains("lb3 can't be reached"))
    let reload = try fleet.ask("lb1", "reload", fleet.file)
    #expect(reload.output.contains("generation 2 runs"), "\(reload.errors)")
    #expect((reload.output + reload.errors).contains("lb3 can't be reached, and will follow"))
    try fleet.start("lb3")
    try fleet.waitUntilAllServe(2)
    #expect(try fleet.configuration(of: "lb3").contains("127.0.0.1:10"))

    // All servers of the log are frozen: a node that is started serves what was in force, and nothing is proposed.
    for index in 0..<3 { fleet.servers.freeze(index) }
    fleet.kill("lb3")
    try fleet.configure(backend: 11)
    try fleet.start("lb3")
    try Support.waitUntil("lb3 serves", limit: .seconds(10)) {
      (try? fleet.configuration(of: "lb3").contains("127.0.0.1:10")) ?? false
    }
    #expect(eventually { fleet.log(of: "lb3").contains("the file differs from generation 2") })
    try fleet.waitUntil("the log is away", on: "lb1") { !$0.log.live }
    let refused = try fleet.ask("lb1", "reload", fleet.file)
    #expect(refused.errors.contains("the fleet's log can't be reached"), "\(refused.errors)")
    #expect(try fleet.ask("lb1", "reload", fleet.file, "--this-node").exit == .code(0))
    #expect(try fleet.configuration(of: "lb1").contains("127.0.0.1:11"))
    for index in 0..<3 { fleet.servers.thaw(index) }
    try fleet.waitUntilAllServe(2)
  }

  @Test("a canary has it first, and what isn't confirmed goes back everywhere", arguments: Engine.allCases)
  func careful(_ engine: Engine) throws {
    let fleet = try engine.fleet()
    try fleet.waitUntilAllServe(1)
    try fleet.configure(backend: 10)
    let canary = try fleet.ask("lb1", "reload", fleet.file, "--canary", "lb2", "--soak", "500ms")
    #expect(canary.output.contains("generation 2 runs"), "\(canary.errors)")
    try fleet.waitUntilAllServe(2)

    // It can be given up on any node as long as it isn't decided.
    try fleet.configure(backend: 12)
    let soaking = try Subprocess(
      MartletProgram.path,
      ["reload", fleet.file, "--canary", "lb2", "--soak", "60s", "--socket", "\(fleet.folder.path)/lb1.sock"])
    try waitUntil("the canary serves it") { try fleet.configuration(of: "lb2").contains("127.0.0.1:12") }
    let revert = try fleet.ask("lb3", "revert")
    #expect(revert.exit == .code(0), "\(revert)")
    #expect(try soaking.wait() == .code(1) && soaking.text(of: .errors).contains("asked for it"))
    try waitUntil("the canary goes back") { try fleet.configuration(of: "lb2").contains("127.0.0.1:10") }
    try fleet.waitUntilAllServe(2)

    try fleet.configure(backend: 11)
    #expect(try fleet.ask("lb1", "reload", fleet.file, "--confirm", "1s").exit == .code(0))
    try fleet.waitUntil("it's taken back", on: "lb3") { $0.last?.outcome == "reverted" && $0.generation == 4 }
    try fleet.waitUntilAllServe(4)
    for name in fleet.names { #expect(try fleet.configuration(of: name).contains("127.0.0.1:10")) }

    #expect(try fleet.ask("lb1", "reload", fleet.file, "--confirm", "60s").exit == .code(0))
    #expect(try fleet.ask("lb3", "confirm").exit == .code(0))
    try fleet.waitUntil("it stays", on: "lb2") { $0.last?.outcome == "committed" && $0.rollout == nil }
  }

  @Test(
    "a port that is given up for what may be taken back is nobody else's until it's confirmed",
    arguments: [true, false])
  func wayBack(isCanary: Bool) throws {
    let fleet = try FleetOnMachine()
    try fleet.waitUntilAllServe(1)
    let ports = isCanary ? [fleet.ports["lb2"] ?? 0] : Array(fleet.ports.values)
    let text = try String(contentsOfFile: fleet.file, encoding: .utf8)
    try fleet.folder.write("fleet.json", text.replacing("127.0.0.1:${WEB}", with: "127.0.0.1:0"))
    func strangers() -> [ListeningPort] { ports.compactMap { try? ListeningPort($0) } }

    let options = isCanary ? ["--canary", "lb2", "--soak", "600s"] : ["--confirm", "600s"]
    let reload = try Subprocess(
      MartletProgram.path, ["reload", fleet.file, "--socket", "\(fleet.folder.path)/lb1.sock"] + options)
    try waitUntil("it's served: \(fleet.logs)") { ports.allSatisfy(refuses) }
    if !isCanary { #expect(try reload.wait() == .code(0), "\(reload.text(of: .errors))") }
    let others = strangers()
    #expect(others.isEmpty)
    let revert = try fleet.ask("lb3", "revert")
    #expect(revert.exit == .code(0), "\(revert)")
    try fleet.waitUntilAllServe(isCanary ? 1 : 3)
    try waitUntil("clients are taken again: \(fleet.logs)", limit: .seconds(3)) { !ports.contains(where: refuses) }
    withExtendedLifetime(others) {}
    guard !isCanary else { return }

    // Once it's confirmed, the ports are anybody's.
    #expect(try fleet.ask("lb1", "reload", fleet.file, "--confirm", "600s").exit == .code(0))
    try waitUntil("it's served again") { ports.allSatisfy(refuses) }
    #expect(strangers().isEmpty)
    #expect(try fleet.ask("lb2", "confirm").exit == .code(0))
    try waitUntil("the ports are free") { strangers().count == 3 }
  }

  @Test("a process that takes over is the node from then on")
  func upgrade() throws {
    let fleet = try FleetOnMachine()
    try fleet.waitUntilAllServe(1)
    let upgrade = try fleet.ask("lb2", "upgrade")
    #expect(upgrade.exit == .code(0), "\(upgrade.errors)")
    try fleet.configure(backend: 10)
    try fleet.waitUntil("all are there", on: "lb1") { $0.nodes.allSatisfy(\.present) }
    #expect(try fleet.ask("lb2", "reload", fleet.file).exit == .code(0))
    try fleet.waitUntilAllServe(2)
    // The process that took over isn't a child of this test: it's ended by the one way that there is.
    let report = try fleet.ask("lb2", "status", "--json").output
    let pid = try #require(report.firstMatch(of: #/"pid" ?: ?([0-9]+)/#).flatMap { pid_t($0.1) })
    _ = kill(pid, SIGTERM)
  }

  @Test("a file that is read again at the process before, which has sessions left, is one for all nodes")
  func rereadAtTheOldProcess() throws {
    let fleet = try FleetOnMachine {
      // Somebody who takes a client, and says nothing first.
      try $0.configure(backend: try #require($0.servers.addresses.first?.port))
    }
    try fleet.waitUntilAllServe(1)
    let port = try #require(fleet.ports["lb2"])
    let client = try Peer.connect(to: .ipv4(0x7F00_0001, port: port))
    try Support.waitUntil("it's a session") { try fleet.ask("lb2", "sessions").output.contains("web") }
    #expect(try fleet.ask("lb2", "upgrade").exit == .code(0))
    let report = try fleet.ask("lb2", "status", "--json").output
    let pid = try #require(report.firstMatch(of: #/"pid" ?: ?([0-9]+)/#).flatMap { pid_t($0.1) })
    defer { _ = kill(pid, SIGTERM) }
    try fleet.configure(backend: 10)
    fleet.signal("lb2", SIGHUP)
    try fleet.waitUntilAllServe(2)
    #expect(fleet.status("lb1")?.nodes.allSatisfy { $0.own == nil } == true)
    withExtendedLifetime(client) {}
  }

  @Test(
    "what a node can't be started with is named",
    arguments: [
      ("--node", "lb9", "--node names \"lb9\", and the nodes are lb1, lb2, lb3"),
      ("key", "", "can't be read"),
      ("tls", #", "tls": { "ca": "/nonexistent/ca.pem" }"#, "/nonexistent/ca.pem can't be read: no such file"),
    ])
  func refusals(_ what: String, _ value: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("key", String(repeating: "0a", count: 32), mode: 0o600)
    let key = what == "key" ? "missing" : "key"
    let file = try folder.write(
      "fleet.json",
      """
      { "fleet": { "name": "edge", "nodes": [{ "name": "lb1", "address": "127.0.0.1:1" },
          { "name": "lb2", "address": "127.0.0.1:2" }, { "name": "lb3", "address": "127.0.0.1:3" }],
          "key": "\(folder.path)/\(key)", "engine": { "type": "zookeeper", "servers": ["127.0.0.1:4"]\(what == "tls" ? value : "") },
          "data": "\(folder.path)/data" },
        "admin": "off", "listen": "127.0.0.1:0", "backends": ["127.0.0.1:9"] }
      """)
    let result = try Subprocess.run(
      MartletProgram.path, ["run", file, "--node", what == "--node" ? value : "lb1"])
    #expect(result.exit != .code(0))
    #expect(result.errors.contains(words), "\(result.errors)")
  }
}
