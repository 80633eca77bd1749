@testable import Model
@testable import Text

extension Timestamp {
  /// The moment of all samples: noon.
  static let noon = Timestamp(milliseconds: 1_767_268_800_000)

  /// So many seconds after noon.
  static func noon(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: noon.milliseconds + seconds * 1000) }
}

extension Report {
  /// A process with one of everything.
  static let sample = Report(
    version: "1.2.3", generation: 4, time: .noon, uptime: 93_784,
    process: Process(
      pid: 4711, rssBytes: 23_068_672, openDescriptors: 412, descriptorLimit: 1024, sessionLimit: 480, threads: 3,
      cpuSeconds: 812.25, features: ["splice"]),
    workers: [
      Worker(
        index: 0, sessions: Sessions(active: 101, total: 50_000, max: nil), accepted: 50_010, refused: 9, turns: nil),
      Worker(
        index: 1, sessions: Sessions(active: 99, total: 49_000, max: nil), accepted: 49_001, refused: 1, turns: nil),
    ],
    listeners: [
      Listener(
        name: "web", bind: "0.0.0.0:8080", pool: "web", state: .listening,
        sessions: Sessions(active: 200, total: 99_000, max: 5000), accepted: 99_011,
        refused: ["noBackend": 11],
        bytes: Bytes(toBackend: 123_456_789, toClient: 9_876_543_210))
    ],
    pools: [
      Pool(
        name: "web", strategy: "round-robin", state: .degraded,
        sessions: Sessions(active: 180, total: 98_000, max: nil),
        bytes: Bytes(toBackend: 123_456_789, toClient: 9_876_543_210),
        queue: Queue(waiting: 3, size: 100, timeouts: 7),
        stick: Stick(
          entries: 1_200, size: 100_000, lifetime: 1_800, hits: 3_400, moves: 56, evictions: 7, unacknowledged: 3),
        refused: ["noBackend": 11], retries: 42, idleRegrets: 5,
        tiersActive: [0],
        backends: [
          backend("b1", .up, active: 60, override: override), backend("b2", .warming, active: 12, weight: 1.2),
          backend("b3", .down, active: 0, reason: "connection refused, 3 of 3 checks", failed: 5),
          backend("b4", .maintenance, active: 9, reason: "taken out by ann"),
        ]),
      Pool(
        name: "mail", strategy: "least-connections", state: .up, sessions: Sessions(active: 20, total: 1000, max: nil),
        bytes: Bytes(toBackend: 512, toClient: 0), queue: Queue(waiting: 0, size: 0, timeouts: 0), refused: [:],
        retries: 0, idleRegrets: 0, tiersActive: [0],
        backends: [backend("10.0.1.1:25", address: "10.0.1.1:25", .unknown, active: 20)]),
    ],
    transitions: [],
    configuration: Configuration(
      file: "/etc/martlet/martlet.json", source: "/tmp/new.json", author: "ann", since: .noon(-800),
      confirmUntil: .noon(60), lastReload: "generation 4 runs"),
    overrides: [override],
    evictions: [Eviction(what: "backend web/b9 (removed)", cause: "drained", left: 3, deadline: .noon(200))],
    headroom: Headroom(
      limiting: Resource("sessions", used: 200, limit: 480),
      resources: [Resource("sessions", used: 200, limit: 480)]),
    predecessor: Predecessor(pid: 4242, version: "1.2.2", sessions: 12, deadline: .noon(100)))

  /// Somebody's change, with a reason and an end.
  static let override = Override(
    pool: "web", backend: "b1", address: "10.0.0.1:80", action: .weight, weight: 2, author: "ann", reason: "new disk",
    since: .noon(-660), until: .noon(1200))

  private static func backend(
    _ name: String, address: String = "10.0.0.1:80", _ state: Backend.State, active: Int, reason: String = "",
    failed: Int = 0, weight: Double = 3, override: Override? = nil
  ) -> Backend {
    let none = Distribution(count: 0, sum: 0, p50: 0, p90: 0, p99: 0, max: 0)
    let isOut = [.down, .maintenance].contains(state)
    return Backend(
      name: name, address: address, tier: 0, weight: 3, effectiveWeight: isOut ? 0 : weight,
      health: state == .down ? .down : state == .maintenance ? .off : state == .unknown ? .unknown : .up,
      override: override, state: state, reason: reason, since: .noon(-100),
      sessions: Sessions(active: active, total: active * 100, max: 70),
      bytes: Bytes(toBackend: active * 1234, toClient: active * 98_765),
      connect: Connect(attempts: active * 100, failures: ["refused": failed], retries: failed), closes: [:],
      connectTime: none, sessionTime: none, check: nil,
      tally: Tally(checks: 40, checkFailures: 7, transitions: 5, ejections: 1, secondsDown: 12.5))
  }

  /// The sample so many seconds later: each backend has had so many new sessions a second, the first one 100 KB each,
  /// the third one failures too.
  func later(_ seconds: Int, rate: Int = 60) -> Report {
    var report = self
    report.time = Timestamp(milliseconds: time.milliseconds + seconds * 1000)
    report.uptime += Double(seconds)
    report.workers[0].sessions.total += seconds * rate
    for pool in pools.indices {
      for backend in pools[pool].backends.indices {
        report.pools[pool].backends[backend].sessions.total += seconds * rate / (backend + 1)
      }
    }
    report.pools[0].backends[0].bytes.toClient += seconds * rate * 100_000
    report.pools[0].backends[2].connect.failures["refused", default: 0] += seconds
    return report
  }
}

/// Answers with one of everything.
enum Samples {
  static let overrides = AdminAnswer.Overrides(overrides: [
    Report.override,
    Report.Override(
      pool: "web", backend: "unix:/run/b", address: "unix:/run/b", action: .drain, weight: nil, author: "uid 1000",
      reason: nil, since: .noon(-5), until: nil),
  ])

  static let sessions = AdminAnswer.Sessions(
    total: 42,
    sessions: [
      AdminAnswer.Session(
        id: "1a2b", client: "10.0.0.7:51234", listener: "web", pool: "web", backend: "b1", phase: "relaying",
        age: 3725.4, idle: 0.25, bytes: .init(toBackend: 1536, toClient: 23_068_672), worker: 1),
      AdminAnswer.Session(
        id: "ff", client: "[::1]:40000", listener: "web", pool: "web", backend: nil, phase: "queued", age: 0.5,
        idle: 0.5, bytes: .init(toBackend: 0, toClient: 0), worker: 0),
    ])

  static let rebalance = AdminAnswer.Rebalance(
    pool: "web",
    shares: [
      .init(backend: "b1", active: 60, excess: 24), .init(backend: "b2", active: 12, excess: 0),
    ], perSecond: 100)

  static let why = AdminAnswer.Why(
    pool: "web", strategy: "round-robin", client: "10.0.0.7",
    backends: [
      .init(
        name: "b1", address: "10.0.0.1:80", tier: 0, isEligible: true, reason: "up", weight: 3, active: 60,
        chance: 0.714_28),
      .init(
        name: "b2", address: "10.0.0.2:80", tier: 0, isEligible: true, reason: "warming, 4 s of 10 s", weight: 1.2,
        active: 12, chance: 0.285_72),
      .init(
        name: "b3", address: "10.0.0.3:80", tier: 0, isEligible: false, reason: "down: connection refused", weight: 0,
        active: 0, chance: nil),
    ], position: "3 of 7 in the schedule", next: ["b1", "b2", "b1"], pick: "b1",
    sentence: "The next session goes to b1: it's its turn in the schedule.",
    hints: ["5 clients came back right after an idle end: timeouts.idle is short for them"])

  static let history = AdminAnswer.History(transitions: [
    Report.Transition(
      time: .noon(-10), pool: "web", backend: "b3", from: .up, to: .down, cause: .active,
      reason: "connection refused, 3 of 3 checks", duration: 0.000_25),
    Report.Transition(
      time: .noon(-90_000), pool: "web", backend: "b2", from: .down, to: .warming, cause: .active,
      reason: "2 of 2 checks passed", duration: nil),
  ])

  static let recent = AdminAnswer.Recent(sessions: [
    AdminAnswer.EndedSession(
      id: "1a2b", client: "10.0.0.7:51234", listener: "web", pool: "web", backend: "b1", began: .noon(-70),
      duration: 65.5, connectTime: 0.000_35, attempts: 2, bytes: .init(toBackend: 1536, toClient: 23_068_672),
      cause: "clientEnded", text: "the client ended it"),
    AdminAnswer.EndedSession(
      id: "1a2c", client: "10.0.0.8:51234", listener: "web", pool: "web", backend: nil, began: .noon(-3), duration: 0,
      connectTime: nil, attempts: 0, bytes: .init(toBackend: 0, toClient: 0), cause: "noBackend",
      text: "no backend was eligible"),
  ])

  static let plan = AdminAnswer.Plan(
    severity: .disruptive, changes: ["+ backend web/10.0.0.3:80 (tier 0, weight 1)", "- backend web/b9"],
    binds: ["0.0.0.0:81"], unbinds: ["0.0.0.0:82"], added: ["web/10.0.0.3:80"], removed: ["web/b9"],
    changed: ["web/b1", "web/b2"], draining: 12, closing: 3, unknownHealth: ["web/10.0.0.3:80"],
    unresolved: ["web/db.example:80"],
    limits: ["descriptors: 900 of 1024 at most"], obstacles: [], warnings: ["pool mail has one backend"])

  static let noPlan = AdminAnswer.Plan(
    severity: .none, changes: [], binds: [], unbinds: [], added: [], removed: [], changed: [], draining: 0, closing: 0,
    unknownHealth: [], unresolved: [], limits: [], obstacles: [], warnings: [])

  static let reloaded = AdminAnswer.Reloaded(
    generation: 5, changes: ["+ backend web/10.0.0.3:80 (tier 0, weight 1)"], draining: 12, closing: 1,
    warnings: ["pool mail has one backend"], confirmUntil: .noon(60), seconds: 0.012)

  static let upgraded = AdminAnswer.Upgraded(pid: 4712, version: "1.3.0", draining: 12, deadline: .noon(3600))
}
