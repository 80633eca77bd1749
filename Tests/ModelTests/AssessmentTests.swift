import Testing

@testable import Model

/// What is said to be wrong, by what a report says.
@Suite struct AssessmentTests {
  private static let noon = Timestamp(milliseconds: 1_800_000_000_000)

  private static func at(_ seconds: Int) -> Timestamp {
    Timestamp(milliseconds: noon.milliseconds + seconds * 1000)
  }

  private static func backend(
    _ name: String, _ state: Report.Backend.State, since: Int = 0, tier: Int = 0, override: Report.Override? = nil
  ) -> Report.Backend {
    let nothing = Report.Distribution(count: 0, sum: 0, p50: 0, p90: 0, p99: 0, max: 0)
    return Report.Backend(
      name: name, address: name, tier: tier, weight: 1, effectiveWeight: 1, health: .up, override: override,
      state: state, reason: "why \(name)", since: at(since), sessions: Report.Sessions(active: 0, total: 0),
      bytes: Report.Bytes(toBackend: 0, toClient: 0),
      connect: Report.Connect(attempts: 10, failures: ["refused": 1000], retries: 0), closes: [:], connectTime: nothing,
      sessionTime: nothing)
  }

  private static func report(
    _ state: Report.Pool.State = .up, _ backends: [Report.Backend] = [backend("b1", .up)],
    _ change: (inout Report) -> Void = { _ in }
  ) -> Report {
    let bytes = Report.Bytes(toBackend: 0, toClient: 0)
    let sessions = Report.Sessions(active: 0, total: 0)
    let pool = Report.Pool(
      name: "web", strategy: "random", state: state, sessions: sessions, bytes: bytes,
      queue: Report.Queue(waiting: 0, size: 0, timeouts: 5), refused: ["noBackend": 1000], retries: 3, idleRegrets: 1,
      tiersActive: [0], backends: backends)
    let limit = Report.Resource("sessions", used: 1, limit: 100)
    var report = Report(
      version: "1", generation: 2, time: at(100), uptime: 1,
      process: Report.Process(
        pid: 1, rssBytes: 1, openDescriptors: 1, descriptorLimit: 100, sessionLimit: 10, threads: 1, cpuSeconds: 1,
        features: []),
      workers: [],
      listeners: [
        Report.Listener(
          name: "in", bind: ":80", pool: "web", state: .listening, sessions: sessions, refused: ["noBackend": 1000],
          bytes: bytes)
      ], pools: [pool], transitions: [], configuration: Report.Configuration(since: noon), overrides: [], evictions: [],
      headroom: Report.Headroom(limiting: limit, resources: [limit]))
    change(&report)
    return report
  }

  private static func text(_ concern: Report.Concern) -> String {
    let since = concern.since.map { " since \(Int($0.seconds(since: noon)))" } ?? ""
    let until = concern.until.map { " until \(Int($0.seconds(since: noon)))" } ?? ""
    return "\(concern.severity.rawValue) \(concern.place) \(concern.state)\(since)\(until)"
  }

  @Test("what has been counted once isn't wrong now")
  func past() {
    #expect(Self.report().assessed() == [])
  }

  private static let drain = Report.Override(
    pool: "web", backend: "b1", address: "b1", action: .drain, author: "ann", since: at(5), until: at(900))

  @Test(
    "a pool and its backends, and since when",
    arguments: [
      (
        Report.Pool.State.degraded,
        [backend("b1", .down, since: 30), backend("b2", .ejected, since: 20), backend("b3", .up)],
        [
          "warning pool web degraded since 20", "warning web/b1 down since 30", "warning web/b2 ejected since 20",
        ]
      ),
      (
        .down, [backend("b1", .down, since: 30), backend("b2", .unresolved, since: 20)],
        ["critical pool web down since 30", "warning web/b1 down since 30", "warning web/b2 unresolved since 20"]
      ),
      (.down, [], ["critical pool web down since 0"]),
      (.up, [backend("b1", .draining, since: 5, override: drain)], ["notice web/b1 draining since 5 until 900"]),
      (.up, [backend("b1", .maintenance, since: 5)], ["notice web/b1 maintenance since 5"]),
      // A weight of 0 in the configuration.
      (.up, [backend("b1", .draining)], []),
      (
        .up,
        [backend("b1", .held, since: 7), backend("b2", .vanished), backend("b3", .ourselves), backend("b4", .warming)],
        ["warning web/b1 held since 7", "warning web/b2 vanished since 0", "warning web/b3 self since 0"]
      ),
    ])
  func pools(_ state: Report.Pool.State, _ backends: [Report.Backend], _ expected: [String]) {
    #expect(Self.report(state, backends).assessed().map(Self.text) == expected)
  }

  @Test("a pool that nobody comes to harms nobody, and a tier that stands in is named")
  func tiers() {
    var idle = Self.report(.down, [])
    idle.listeners = []
    #expect(idle.assessed().map(Self.text) == ["warning pool web down since 0"])
    var standIn = Self.report(.degraded, [Self.backend("b1", .down), Self.backend("b2", .up, tier: 1)])
    standIn.pools[0].tiersActive = [1]
    #expect(standIn.assessed().first?.reason == "1 down of 2 backends; tier 1 serves")
  }

  @Test("everything else that may be wrong or under way is told once, the worst first")
  func others() {
    let report = Self.report { report in
      report.listeners[0].state = .unreachable
      report.listeners[0].since = Self.at(1)
      report.pools[0].refusing = Report.Refusing(
        since: Self.at(2), last: Self.at(3), causes: ["noBackend": 2, "saturated": 7, "throttled": 2])
      report.headroom.resources = [
        Report.Resource("ports", used: 100, limit: 100, since: Self.at(4)),
        Report.Resource("memory", used: 8, limit: 10),
        Report.Resource("descriptors", used: 75, limit: 100, since: Self.at(5)),
        Report.Resource("sessions", used: 75, limit: 100),
      ]
      report.configuration.file = "/a"
      report.configuration.source = "/b"
      report.configuration.lastReload = "refused: no"
      report.configuration.reloads = Report.Reloads(committed: 1, refused: 1, last: Self.at(6), hasSucceeded: false)
      report.configuration.confirmUntil = Self.at(160)
      report.configuration.waiting = "SIGHUP"
      report.upgrade = Report.Upgrade(program: "/m", author: "ann", since: Self.at(7), deadline: Self.at(37))
      report.predecessor = Report.Predecessor(pid: 9, version: "0", sessions: 3, deadline: Self.at(200))
      report.evictions = [Report.Eviction(what: "backend web/b9 (removed)", cause: "drained", left: 4, deadline: nil)]
      var lost = Self.drain
      lost.missing = .backend
      report.overrides = [Self.drain, lost]
    }
    #expect(
      report.assessed().map(Self.text) == [
        "critical pool web refusing clients since 2", "critical listener in unreachable since 1",
        "warning ports at its limit since 4", "warning memory near its limit",
        "warning descriptors near its limit since 5",
        "warning configuration reload refused since 6", "notice generation 2 to be confirmed since 0 until 160",
        "notice configuration to be read", "notice configuration not what a restart reads since 0",
        "notice upgrade under way since 7 until 37", "notice process 9 draining until 200",
        "notice backend web/b9 (removed) sessions to be ended", "notice web/b1 without effect since 5 until 900",
      ])
    #expect(report.assessed()[0].reason == "saturated 7, noBackend 2, throttled 2")
    #expect(report.assessed()[1].listener == "in")
    let due = Self.report { report in
      report.configuration.revert = Report.Revert(reason: "late", problem: "taken", nextTry: Self.at(101))
      report.configuration.confirmUntil = Self.at(90)
      report.configuration.reloads = Report.Reloads(committed: 1, refused: 1, last: Self.at(6), hasSucceeded: true)
    }
    #expect(due.assessed().map(Self.text) == ["warning generation 2 being taken back since 0 until 101"])
  }

  @Test(
    "of a fleet it's told that its log or a node is away, or a node is out of step, and on how many nodes a backend is down"
  )
  func fleet() {
    var down = Self.backend("b1", .down)
    down.downOn = .init(nodes: ["lb2"], of: 3)
    let all = Self.report(.down, [down]) { report in
      report.fleet = AdminAnswer.Fleet(
        name: "edge", node: "lb1", generation: 2,
        log: .init(live: false, position: 1, end: 1, trouble: "nobody answers"),
        nodes: [
          .init(name: "lb1", present: true, generation: 1, position: 1, outOfStep: "a port is taken"),
          .init(name: "lb2", present: false, generation: nil, position: nil, outOfStep: nil),
          .init(
            name: "lb3", present: true, generation: 2, position: 1, outOfStep: nil,
            own: .init(configuration: true, overrides: 1)),
        ], rollout: nil, last: nil)
    }.assessed()
    #expect(
      all.filter { $0.kind == .fleet }.map { "\($0.severity.rawValue) \($0.place) \($0.state): \($0.reason)" } == [
        "warning the fleet's log away: nobody answers", "warning node lb1 out of step: a port is taken",
        "warning node lb2 away: it wasn't heard for a second",
        "notice node lb3 differs: it serves a configuration of its own, and 1 override holds there alone",
      ])
    #expect(all.first { $0.kind == .backend }?.reason == "why b1; down on 1 of 3 (lb2)")
    let full = Self.report(.up, []) { report in
      report.fleet = AdminAnswer.Fleet(
        name: "edge", node: "lb1", generation: 2,
        log: .init(live: true, position: 1, end: 1, trouble: "it takes no more writes"), nodes: [], rollout: nil,
        last: nil)
    }.assessed()
    #expect(
      full.map { "\($0.severity.rawValue) \($0.place) \($0.state): \($0.reason)" } == [
        "warning the fleet's log hindered: it takes no more writes"
      ])
  }

  @Test("of a fleet's addresses it's told that nobody has one, or that one can't be held or has no heir")
  func addresses() {
    typealias Address = AdminAnswer.Fleet.Address
    func address(
      _ name: String, _ state: Address.State, _ owner: String?, _ candidates: [String], since: Timestamp? = Self.noon,
      problem: String? = nil
    ) -> Address {
      Address(
        name: name, address: "10.0.0.1", state: state, owner: owner, generation: 1, since: since, until: nil,
        candidates: candidates, problem: problem)
    }
    let report = Self.report(.up, []) { report in
      report.fleet = AdminAnswer.Fleet(
        name: "edge", node: "lb1", generation: 2, log: .init(live: true, position: 1, end: 1),
        nodes: [
          .init(name: "lb1", present: true, generation: 2, position: 1, outOfStep: nil),
          .init(name: "lb2", present: false, generation: nil, position: nil, outOfStep: nil),
        ], rollout: nil, last: nil,
        addresses: [
          address("fine", .owned, "lb1", ["lb1", "lb2"]), address("unknown", .nobodys, nil, [], since: nil),
          address("free", .nobodys, nil, ["lb1"]), address("lost", .nobodys, nil, []),
          address("dead", .elsewhere, "lb2", ["lb1"]), address("lapsed", .lapsed, "lb1", ["lb1"]),
          address("kept", .kept, "lb1", []), address("alone", .owned, "lb1", ["lb1"]),
          address("cable", .elsewhere, "lb3", ["lb1", "lb3"], problem: "eth0 is switched off"),
        ], hasLeft: true, isIsolated: true)
    }
    #expect(
      report.assessed().map { "\($0.severity.rawValue) \($0.place) \($0.state): \($0.reason)" } == [
        "critical address free nobody's: lb1 may own it", "critical address lost nobody's: no node may own it",
        "critical address dead its owner is away: lb2 wasn't heard for a second; lb1 may own it",
        "critical address lapsed lapsed: it couldn't be renewed in time, and nobody has it until the log is back",
        "warning address kept kept: its lease is over, and another node may have it as well",
        "warning address alone without an heir: no other node may own it",
        "warning address cable hindered: eth0 is switched off",
        "warning node lb2 away: it wasn't heard for a second",
        "warning node lb1 isolated: it sees backends down that others see up, and owns no address that they may have",
        "notice node lb1 left: it owns no address until `martlet fleet join`",
      ])
    // A canary isn't to blame for any of it.
    #expect(report.troubles.isEmpty)
    #expect(Self.report(.down, [Self.backend("b1", .down)]).troubles == ["pool web is down"])
  }
}
