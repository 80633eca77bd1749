import Support
import Testing

/// A fleet whose log is kept by etcd.
@Suite("System/EtcdFleet", .serialized) struct EtcdFleetTests {
  /// How a member is lost.
  enum Loss: CaseIterable { case killed, frozen }

  @Test(
    "a fleet on etcd has one configuration, and what is changed on one node holds on all, though the leader is lost")
  func etcd() throws {
    let servers = try EtcdServers(3)
    let fleet = try FleetOnMachine(on: servers)
    try fleet.waitUntilAllServe(1)
    let plan = try fleet.ask("lb1", "fleet", "status")
    #expect(plan.exit == .code(0) && !plan.output.contains("ZooKeeper"), "\(plan)")

    try fleet.configure(backend: 10)
    let reload = try fleet.ask("lb2", "reload", fleet.file)
    #expect(reload.exit == .code(0) && reload.output.contains("generation 2 runs"), "\(reload)")
    try fleet.waitUntilAllServe(2)
    for name in fleet.names { #expect(try fleet.configuration(of: name).contains("127.0.0.1:10")) }

    let leader = try #require(servers.leader())
    servers.kill(leader)
    let drain = { try fleet.ask("lb3", "drain", "web/127.0.0.1:10", "--force", "--reason", "new disk") }
    #expect(try eventually(seconds: 30) { try drain().exit == .code(0) }, "\(fleet.logs)")
    try fleet.waitForOverrides(["drain 127.0.0.1:10"])
    #expect(try fleet.ask("lb1", "ready", "web/127.0.0.1:10").exit == .code(0), "\(fleet.logs)")
    try fleet.waitForOverrides([])

    // Without a majority nothing is agreed on, and all go on.
    for index in 0..<3 where index != leader { servers.freeze(index) }
    let away = try fleet.ask("lb1", "drain", "web/127.0.0.1:10", "--force")
    #expect(away.exit != .code(0), "\(away)")
    for index in 0..<3 where index != leader { servers.thaw(index) }
    try servers.start(leader)
    try fleet.configure(backend: 11)
    #expect(
      try eventually(seconds: 60) { try fleet.ask("lb1", "reload", fleet.file).output.contains("generation 3 runs") },
      "\(fleet.logs)")
    try fleet.waitUntilAllServe(3)
  }

  @Test("a rollout in whose midst the log's leader is lost is taken by all nodes", arguments: Loss.allCases)
  func leaderLost(_ loss: Loss) throws {
    let servers = try EtcdServers(3)
    let fleet = try FleetOnMachine(on: servers)
    try fleet.waitUntilAllServe(1)
    try fleet.configure(backend: 10)
    let reload = try Subprocess(
      MartletProgram.path,
      ["reload", fleet.file, "--canary", "lb2", "--soak", "1s", "--socket", "\(fleet.folder.path)/lb1.sock"])
    // All have said yes, and nothing is decided.
    try waitUntil("the canary serves it: \(fleet.logs)") {
      try fleet.configuration(of: "lb2").contains("127.0.0.1:10")
    }
    let leader = try #require(servers.leader())
    switch loss {
    case .killed: servers.kill(leader)
    case .frozen: servers.freeze(leader)
    }
    for name in ["lb1", "lb3"] { #expect(try fleet.configuration(of: name).contains("127.0.0.1:9\"")) }
    #expect(try reload.wait(limit: .seconds(60)) == .code(0), "\(reload.text(of: .errors)), \(fleet.logs)")
    #expect(servers.leader() != leader)
    try fleet.waitUntilAllServe(2)
    for name in fleet.names { #expect(try fleet.configuration(of: name).contains("127.0.0.1:10")) }
    // It goes on with the one that was lost.
    switch loss {
    case .killed: try servers.start(leader)
    case .frozen: servers.thaw(leader)
    }
    try servers.waitUntilReady(leader)
    try fleet.configure(backend: 11)
    #expect(try fleet.ask("lb3", "reload", fleet.file).exit == .code(0), "\(fleet.logs)")
    try fleet.waitUntilAllServe(3)
  }

  @Test("a log that takes no more writes is told by what is wrong and what helps, everywhere")
  func full() throws {
    let servers = try EtcdServers(3, options: ["--quota-backend-bytes", "2000000"])
    let fleet = try FleetOnMachine(on: servers)
    try fleet.waitUntilAllServe(1)
    // Somebody else fills it.
    let zeros = String(repeating: "AAAA", count: 30_000)
    try waitUntil("it's full") {
      !servers.ask(0, "/v3/kv/put", #"{"key":"YQ==","value":"\#(zeros)"}"#).contains("200 OK")
    }
    let words =
      "takes no more writes, as its quota is used up: compact it, defragment it and disarm its alarm by etcdctl"
    let drain = try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--force")
    #expect(drain.exit != .code(0) && drain.errors.contains(words), "\(drain)")
    #expect(try fleet.ask("lb1", "fleet", "status").output.contains(words))
    let status = try fleet.ask("lb1", "status").output
    #expect(status.contains("the fleet's log") && status.contains("hindered"), "\(status)")
    #expect(eventually { fleet.log(of: "lb1").contains(words) })
    #expect(fleet.log(of: "lb1").split(separator: words).count == 2, "\(fleet.log(of: "lb1"))")
  }
}
