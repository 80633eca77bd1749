@testable import Doors
@testable import Model

extension Report {
  /// A report that has something of everything: every state, every optional value both present and absent, and names that
  /// must not be taken for anything but names.
  static let sample: Report = {
    var report = unassessed
    report.concerns = report.assessed()
    return report
  }()

  private static let unassessed = Report(
    version: "1.2.3", generation: 4, time: Timestamp(milliseconds: 1_767_268_800_250), uptime: 93_784.5,
    process: Process(
      pid: 4711, host: "lb-1", program: "/usr/bin/martlet", rssBytes: 23_068_672, virtualBytes: 2_306_867_200,
      started: Timestamp(milliseconds: 1_767_268_000_000), openDescriptors: 412, descriptorLimit: 1024,
      sessionLimit: 480, threads: 3,
      cpuSeconds: 812.25, slowTurns: 3, features: ["splice", "reuseport"]),
    workers: [
      Worker(
        index: 0, sessions: Sessions(active: 101, total: 50_000, max: nil), accepted: 50_010, refused: 9,
        turns: 1_200_000, promotions: 12, spliced: 34_000_000),
      Worker(
        index: 1, sessions: Sessions(active: 99, total: 49_000, max: nil), accepted: 49_001, turns: nil),
    ],
    listeners: [
      Listener(
        name: "web", bind: "0.0.0.0:8080", pool: "web", state: .listening,
        sessions: Sessions(active: 180, total: 98_000, max: 5000), accepted: 98_011,
        refused: ["noBackend": 11, "saturated": 0],
        bytes: Bytes(toBackend: 123_456_789, toClient: 9_876_543_210)),
      Listener(
        name: "mail", bind: "[::1]:25", pool: nil,
        routes: [Route(name: "smtpTLS", takes: "sni *.mail.example; alpn h2", pool: "mail", sessions: 17)],
        state: .paused,
        since: Timestamp(milliseconds: 1_767_268_750_000),
        sessions: Sessions(active: 20, total: 1000, max: nil), refused: [:], bytes: Bytes(toBackend: 512, toClient: 0)),
      Listener(
        name: "tls", bind: "0.0.0.0:443", pool: "web",
        routes: [
          Route(name: "mail", takes: "protocol ssh", pool: "mail", sessions: 3),
          Route(name: "(others)", takes: nil, pool: "web", sessions: 5),
        ], state: .listening, sessions: Sessions(active: 1, total: 8, max: nil), refused: ["noRoute": 2],
        bytes: Bytes(toBackend: 1, toClient: 2)),
    ],
    pools: [
      Pool(
        name: "web", strategy: "round-robin", state: .degraded,
        sessions: Sessions(active: 180, total: 98_000, max: nil),
        bytes: Bytes(toBackend: 123_456_789, toClient: 9_876_543_210),
        queue: Queue(waiting: 3, size: 100, timeouts: 7),
        stick: Stick(
          entries: 1_200, size: 100_000, lifetime: 1_800, hits: 3_400, moves: 56, evictions: 7, unacknowledged: 3),
        refused: ["noBackend": 11],
        refusing: Refusing(
          since: Timestamp(milliseconds: 1_767_268_740_000), last: Timestamp(milliseconds: 1_767_268_795_000),
          causes: ["noBackend": 4]), retries: 42,
        idleRegrets: 5,
        times: Times(
          connect: Histogram(bounds: [0.0005, 0.001], counts: [4, 2, 0], sum: 0.003),
          firstByte: Histogram(bounds: [0.0005, 0.001], counts: [1, 2, 3], sum: 7.5),
          session: Histogram(bounds: [0.1, 10], counts: [1, 4, 1], sum: 93)), tiersActive: [0],
        backends: [
          backend("b1", state: .up, reason: "", total: 60_000),
          backend(
            "b2", address: "[2001:db8:1234:5678::20]:8080", state: .warming, reason: "back since 4 s", total: 20_000),
          backend(
            "<img src=x onerror=alert(1)>", state: .down, reason: "connection refused, 3 of 3 checks", total: 9000),
          backend("quote\"back\\slash\nline", state: .ejected, reason: "5 connects failed in a row", total: 8000),
          backend(
            "a-backend-with-a-name-that-is-much-longer-than-anyone-would-expect-it-to-be", state: .draining,
            reason: "taken out on purpose", total: 1000, tier: 1),
        ]),
      Pool(
        name: "mail", strategy: "least-connections", state: .down,
        sessions: Sessions(active: 20, total: 1000, max: nil),
        bytes: Bytes(toBackend: 512, toClient: 0), queue: Queue(waiting: 0, size: 0, timeouts: 0), refused: [:],
        retries: 0, idleRegrets: 0, tiersActive: [],
        backends: [
          backend("m1", state: .unknown, reason: "", total: 0), backend("m2", state: .held, reason: "held", total: 10),
        ]),
    ],
    transitions: [
      Transition(
        time: Timestamp(milliseconds: 1_767_268_790_000), pool: "web", backend: "<img src=x onerror=alert(1)>",
        from: .up,
        to: .down, cause: .active, reason: "connection refused, 3 of 3 checks", duration: 0.000_25),
      Transition(
        time: Timestamp(milliseconds: 1_767_268_780_000), pool: "web", backend: "b2", from: .down, to: .warming,
        cause: .active, reason: "2 of 2 checks passed", duration: nil),
    ],
    configuration: Configuration(
      file: "/etc/martlet/martlet.json", source: "/tmp/new.json", author: "ann",
      since: Timestamp(milliseconds: 1_767_268_000_000), confirmUntil: Timestamp(milliseconds: 1_767_268_860_000),
      lastReload: "generation 4", waiting: "SIGHUP",
      reloads: Reloads(
        committed: 3, refused: 1, last: Timestamp(milliseconds: 1_767_268_000_000), hasSucceeded: true)),
    overrides: [override],
    evictions: [
      Eviction(
        what: "backend web/b9 (removed)", cause: "drained", left: 3,
        deadline: Timestamp(milliseconds: 1_767_269_000_000))
    ],
    headroom: Headroom(
      limiting: Resource("sessions", used: 200, limit: 480),
      resources: [
        Resource("sessions", used: 200, limit: 480, since: Timestamp(milliseconds: 1_767_268_600_000)),
        Resource("descriptors", used: 412, limit: 1024),
      ]),
    predecessor: Predecessor(
      pid: 4242, version: "1.2.2", sessions: 12, deadline: Timestamp(milliseconds: 1_767_268_900_000)),
    upgrade: Upgrade(
      program: "/usr/bin/martlet", author: "ann", since: Timestamp(milliseconds: 1_767_268_790_000),
      deadline: Timestamp(milliseconds: 1_767_268_820_000)),
    accessLogs: [
      AccessLog(to: "/var/log/martlet/access.log", isUsed: true, lines: 98_000, lost: 12),
      AccessLog(
        to: "syslog:10.0.0.9:514", isUsed: false, lines: 5, lost: 0, problem: "no syslog server is there",
        since: Timestamp(milliseconds: 1_767_268_790_000)),
    ])

  private static let override = Override(
    pool: "web", backend: "b1", address: "10.0.0.1:80", action: .weight, weight: 2, author: "ann", reason: "new disk",
    since: Timestamp(milliseconds: 1_767_268_100_000), until: Timestamp(milliseconds: 1_767_270_000_000), missing: nil)

  private static func backend(
    _ name: String, address: String = "10.0.0.1:80", state: Backend.State, reason: String, total: Int, tier: Int = 0
  ) -> Backend {
    let isEligible = [.up, .warming, .unknown, .held].contains(state)
    return Backend(
      name: name, address: address, tier: tier, weight: 3,
      effectiveWeight: state == .warming ? 1.2 : isEligible ? 3 : 0,
      health: state == .unknown ? .off : state == .down ? .down : .up, override: name == "b1" ? override : nil,
      state: state, reason: reason,
      since: Timestamp(milliseconds: 1_767_268_700_000),
      sessions: Sessions(active: total / 1000, total: total, max: tier == 0 ? 70 : nil),
      bytes: Bytes(toBackend: total * 1234, toClient: total * 98_765),
      connect: Connect(attempts: total + 5, failures: ["refused": state == .down ? 5 : 0, "timeout": 0], retries: 2),
      closes: ["clientEnded": total / 2, "backendReset": total / 3],
      connectTime: total == 0
        ? Distribution(count: 0, sum: 0, p50: 0, p90: 0, p99: 0, max: 0)
        : Distribution(count: total, sum: 12.5, p50: 0.000_35, p90: 0.0012, p99: 0.004_5, max: 1.25),
      sessionTime: Distribution(count: total, sum: 98_765.4, p50: 0.75, p90: 12, p99: 250, max: 7200),
      check: state == .unknown
        ? nil
        : Check(
          type: "http", lastResult: "200", lastDuration: 0.002,
          lastTime: Timestamp(milliseconds: 1_767_268_799_750), nextIn: 1.5),
      tally: state == .unknown
        ? nil : Tally(checks: 4000, checkFailures: 7, transitions: 4, ejections: 1, secondsDown: 61.5))
  }

  /// The sample so many seconds later, with everything that counts having gone on.
  func later(_ seconds: Double) -> Report {
    var report = self
    let news = Int(seconds * 60)
    report.time = Timestamp(milliseconds: time.milliseconds + Int(seconds * 1000))
    report.uptime += seconds
    report.process.cpuSeconds += seconds / 4
    report.workers[0].sessions.total += news
    report.listeners[0].sessions.total += news
    report.listeners[0].bytes.toClient += news * 100_000
    report.pools[0].sessions.total += news
    report.pools[0].bytes.toClient += news * 100_000
    report.pools[0].backends[0].sessions.total += news
    report.pools[0].backends[0].bytes.toClient += news * 100_000
    return report
  }
}

extension Report {
  /// A report with one of each.
  static var small: Report {
    var report = sample
    report.workers.removeLast()
    report.listeners.removeLast(2)
    report.pools.removeLast()
    report.pools[0].backends.removeLast(4)
    report.transitions.removeLast()
    report.transitions[0].backend = "b1"
    report.concerns = report.assessed()
    return report
  }
}

extension Report {
  /// A report of listeners that don't let in everybody.
  static var admitting: Report {
    var report = sample
    let read = Timestamp(milliseconds: 1_767_268_750_000)
    report.listeners[0].admission = Admission(
      allowed: 3, denied: 100_000,
      files: [
        Admission.File(path: "/etc/blocked.txt", ranges: 100_000, since: read, problem: "/etc/blocked.txt:3: wrong"),
        Admission.File(path: "/etc/allowed.txt", ranges: 3, since: read),
      ])
    report.listeners[1].admission = Admission(
      overrides: 2,
      clients: Admission.Clients(
        known: 2, leftOut: 0,
        loudest: [Admission.Client(address: "203.0.113.9", sessions: 100, letIn: 5000, turnedAway: 7)]))
    report.concerns = report.assessed()
    return report
  }
}

extension HistoryJSON {
  /// An hour of which little is known: a gap, a pool that came later, and one of every kind of change.
  static let sample: HistoryJSON = {
    var past = Past()
    let figures = Figures(active: 3, sessions: 60, failures: 1, refused: 2, toBackend: 1000, toClient: 50_000)
    past.note(figures, of: [], at: 100)
    past.note(figures, of: [("web", figures)], at: 102)
    for kind in Past.Event.Kind.allCases {
      past.note(
        Past.Event(time: Timestamp(milliseconds: 1_767_268_790_000), kind: kind, text: "<b>\(kind.rawValue)</b>"))
    }
    return HistoryJSON(
      past: past, transitions: Report.sample.transitions.reversed(), time: Report.sample.time, clock: 516_250)
  }()
}
