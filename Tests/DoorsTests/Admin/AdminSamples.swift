import FoundationEssentials

@testable import Doors
@testable import Model

// Answers and requests of the admin door that have something of everything. Of each kind of answer there's one with every
// optional value and one with none.

extension AdminAnswer {
  private static let moment = Timestamp(milliseconds: 1_767_268_800_250)
  private static let bytes = Report.Bytes(toBackend: 1830, toClient: 48_200)
  private static let transition = Report.sample.transitions[0]

  /// An override whose backend is gone.
  private static var orphan: Report.Override {
    var override = Report.sample.overrides[0]
    override.missing = .backend
    return override
  }

  /// Overrides of a fleet's node: one of all nodes, and one of its own.
  private static var ofFleet: [Report.Override] {
    var (agreed, own) = (Report.sample.overrides[0], Report.sample.overrides[0])
    agreed.fleet = .init(node: "lb1", position: 42)
    own.thisNode = true
    return [agreed, own]
  }

  /// A fleet in which there's something of everything.
  fileprivate static var fleet: Fleet {
    let votes = [
      Fleet.Rollout.Vote(node: "lb1", vote: "no", reason: "a port is taken"),
      Fleet.Rollout.Vote(node: "lb2", vote: nil, reason: nil),
    ]
    return Fleet(
      name: "edge", node: "lb1", generation: 7,
      log: .init(
        live: false, position: 118, end: 118, trouble: "nobody is there", leader: "lb2",
        appends: .init(bounds: [0.001, 0.002], counts: [1, 4, 2], sum: 0.25)),
      nodes: [
        .init(
          name: "lb1", present: true, generation: 7, position: 118, applied: 118, outOfStep: "a port is taken",
          own: .init(configuration: true, overrides: 2), voice: .votes),
        .init(name: "lb2", role: .witness, present: false, generation: nil, position: nil, outOfStep: nil),
      ],
      rollout: .init(number: 119, author: "ann", outcome: .voting, generation: nil, reason: nil, votes: votes),
      last: .init(number: 112, author: "ann", outcome: .reverted, generation: 7, reason: "it was late", votes: votes),
      addresses: [
        .init(
          name: "web", address: "10.0.0.100", state: .owned, owner: "lb1", generation: 12,
          since: Timestamp(milliseconds: 1_767_268_740_000),
          until: Timestamp(milliseconds: 1_767_268_803_000), moves: 4, candidates: ["lb1", "lb2"],
          problem: "eth0 is switched off", clients: 1_200,
          followers: [.init(node: "lb2", behind: 17), .init(node: "lb3", behind: nil)]),
        .init(
          name: "mail", address: "2001:db8::25", state: .nobodys, owner: nil, generation: 3,
          since: Timestamp(milliseconds: 1_767_268_790_000), until: nil, candidates: [], problem: nil),
        .init(
          name: "voice", address: "10.0.0.102", state: .elsewhere, owner: "lb2", generation: 1, since: nil, until: nil,
          candidates: ["lb1"], problem: nil),
      ], hasLeft: true, isIsolated: true)
  }

  /// The answers by the names of their schemas.
  static var samples: [String: [any Encodable]] {
    [
      "Report": [
        Report.sample, Report.bare, Report.ofFleet, Report.ofPlainFleet, Report.ofMixedFleet, Report.admitting,
      ] + Report.goingBack,
      "Problem": [
        Problem("the configuration is wrong", hint: "correct it", details: ["martlet.json:3: …"], kind: .configuration),
        Problem("no"),
      ],
      "Fleet": [
        fleet,
        Fleet(
          name: "edge", node: "lb1", generation: 0, log: .init(live: false, position: 0, end: 0), nodes: [],
          rollout: nil, last: nil),
      ],
      "Overrides": [
        Overrides(overrides: Report.sample.overrides + Report.bare.overrides + [orphan] + ofFleet),
        Overrides(
          overrides: [],
          admission: [
            AdmissionLease(
              range: "203.0.113.0/24", verdict: .deny, listener: "web", author: "ann", reason: "a scanner",
              since: moment,
              until: moment),
            AdmissionLease(range: "::/0", verdict: .allow, author: "ann", since: moment),
          ]),
      ],
      "Done": [
        Done(message: "web/10.0.0.1:80 drained by ann", warnings: ["nobody is left"]),
        Done(
          message: "web/10.0.0.1:80 drained by ann on lb1: position 42, applied on 1 of 2",
          warnings: ["lb2 will follow"],
          fleet: Agreed(position: 42, applied: ["lb1"], waiting: ["lb2"])),
      ],
      "SessionList": [
        Sessions(
          total: 2,
          sessions: [
            Session(
              id: "281474976710657", client: "10.1.2.3:51234", listener: "web", pool: "web", backend: "web-1",
              sni: "db.example", alpn: ["h2"], phase: "relaying", age: 61.5, idle: 0.25, bytes: bytes, worker: 0),
            Session(
              id: "281474976710658", client: "[::1]:51234", listener: "web", pool: nil, backend: nil, phase: "queued",
              age: 1.5, idle: 1.5, bytes: bytes, worker: 1),
          ])
      ],
      "Closing": [Closing(matching: 12, perSecond: 100), Closing(matching: 0, perSecond: nil)],
      "Rebalance": [
        Rebalance(pool: "web", shares: [Rebalance.Share(backend: "web-1", active: 30, excess: 10)], perSecond: 100)
      ],
      "Why": [why(client: "10.1.2.3", pick: "web-1", chance: 0.25), why(client: nil, pick: nil, chance: nil), nowhere],
      "Stick": [
        Stick(
          pool: "web",
          figures: Report.Stick(
            entries: 2, size: 100_000, lifetime: 1_800, hits: 12, moves: 3, evictions: 4, unacknowledged: 0),
          backends: ["web-1": 1, "web-2": 1], clients: [Stick.Client(client: "10.0.0.7", backend: "web-2", idle: 3)])
      ],
      "History": [
        History(transitions: [transition, Report.sample.transitions[1]])
      ],
      "Hour": [HistoryJSON.sample].compactMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0.text().utf8)) },
      "Recent": [
        Recent(sessions: [
          ended(backend: "web-1", connectTime: 0.0004, cause: "clientEnded"),
          ended(backend: nil, connectTime: nil, cause: "noBackend"),
        ])
      ],
      "Plan": [
        Plan(
          severity: .disruptive, changes: ["+ backend web/10.0.0.3:80 (tier 0, weight 1)"], binds: ["0.0.0.0:81"],
          unbinds: ["0.0.0.0:80"], added: ["web/10.0.0.3:80"], removed: ["web/web-2"], changed: ["web/web-1"],
          draining: 3, closing: 1, unknownHealth: ["web/10.0.0.3:80"], unresolved: ["web/db.example:80"],
          limits: ["sessions"], obstacles: ["no"],
          warnings: ["no listener uses the pool"],
          nodes: [
            NodePlan(
              node: "lb2",
              plan: Plan(
                severity: .none, changes: [], binds: [], unbinds: [], added: [], removed: [], changed: [], draining: 0,
                closing: 0, unknownHealth: [], unresolved: [], limits: [], obstacles: [], warnings: [])),
            NodePlan(node: "lb3", problem: Problem("it can't be reached")),
          ])
      ],
      "Reloaded": [reloaded(confirmUntil: moment), reloaded(confirmUntil: nil)],
      "Upgraded": [Upgraded(pid: 4712, version: "1.0.1", draining: 1, deadline: moment)],
      "Log": [Log(level: "info")],
    ]
  }

  private static func why(client: String?, pick: String?, chance: Double?) -> Why {
    Why(
      pool: "web", strategy: "round-robin", client: client,
      backends: [
        Why.Backend(
          name: "web-1", address: "10.0.0.1:80", tier: 0, isEligible: true, reason: "up", weight: 1.5, active: 3,
          chance: chance)
      ],
      position: "turn 12", next: ["web-1"], pick: pick, sentence: "web-1 is next",
      admission: client == nil
        ? nil : [Why.Admission(listener: "web", isLetIn: true, reason: "nothing in \"deny\" has it")],
      hints: ["the idle limit is short"])
  }

  private static let nowhere = Why(
    backends: [], position: "", next: [], sentence: "turned away",
    routes: [
      Why.Route(
        listener: "web", name: "db", takes: "sni db.example", pool: "db", isTaken: false, reason: "it names none"),
      Why.Route(listener: "web", name: "(others)", pool: nil, isTaken: true, reason: "no route takes it"),
    ], hints: [])

  private static func ended(backend: String?, connectTime: Double?, cause: String) -> EndedSession {
    EndedSession(
      id: "281474976710656", client: "10.1.2.3:51230", listener: "web", pool: backend.map { _ in "web" },
      backend: backend,
      sni: backend.map { _ in "db.example" }, alpn: backend.map { _ in ["h2"] }, began: moment, duration: 0.75,
      connectTime: connectTime, attempts: 1, bytes: bytes, cause: cause, text: "the client ended it")
  }

  private static func reloaded(confirmUntil: Timestamp?) -> Reloaded {
    Reloaded(
      generation: 2, changes: ["+ backend web/10.0.0.3:80 (tier 0, weight 1)"], draining: 3, closing: 1,
      warnings: ["slow"], confirmUntil: confirmUntil, seconds: 0.0125,
      message: confirmUntil == nil ? "all nodes do so" : nil)
  }
}

extension Report {
  /// The sample as a node of a fleet tells it.
  static var ofFleet: Report {
    var report = sample
    report.fleet = AdminAnswer.fleet
    report.pools[0].backends[0].downOn = DownOn(nodes: ["lb2"], of: 3)
    report.concerns = report.assessed()
    return report
  }

  /// The sample on a node of a fleet without addresses, of whose clients each node tells the others.
  static var ofPlainFleet: Report {
    var report = ofFleet
    report.fleet?.addresses = nil
    report.fleet?.hasLeft = nil
    report.fleet?.isIsolated = nil
    report.fleet?.nodes[0].clients = 30
    report.fleet?.nodes[0].followers = [.init(node: "lb2", behind: 17), .init(node: "lb3", behind: nil)]
    report.fleet?.nodes[1].clients = 12
    report.concerns = report.assessed()
    return report
  }

  /// The sample on a node of a fleet whose programs differ.
  static var ofMixedFleet: Report {
    var report = ofFleet
    report.fleet?.forms = .init(inUse: 1, heldBackBy: ["lb2"])
    report.fleet?.nodes[0].form = 2
    report.fleet?.nodes[1].form = 1
    report.concerns = report.assessed()
    return report
  }

  /// The sample with a way back that is due, and with one that is tried again as a file is.
  static var goingBack: [Report] {
    var (due, tried) = (sample, sample)
    due.configuration.revert = Revert(reason: "late")
    tried.configuration.revert = Revert(reason: "late", problem: "taken", nextTry: sample.time)
    tried.configuration.nextTry = sample.time
    tried.configuration.reloads = Reloads(committed: 0, refused: 0, last: nil, hasSucceeded: nil)
    due.pools[0].backends[0].agent = Agent(
      says: "50% drain fail", percent: 50, isUp: false, reason: "no disk", lastTime: sample.time, trouble: "no answer")
    due.pools[0].backends[0].check?.certificate = Certificate(
      subject: "CN=b1", names: "DNS:b1.example", issuer: "CN=CA", until: sample.time)
    tried.pools[0].backends[0].agent = Agent()
    return [due, tried]
  }

  /// The sample without anything that may be missing.
  static var bare: Report {
    var report = sample
    report.process.slowTurns = nil
    (report.process.virtualBytes, report.process.started) = (nil, nil)
    report.process.host = nil
    report.process.program = nil
    report.concerns = nil
    report.accessLogs = nil
    report.pools[0].refusing = nil
    report.headroom.resources[0].since = nil
    report.configuration = .init(since: report.configuration.since)
    report.predecessor = nil
    report.upgrade = nil
    for index in report.overrides.indices {
      report.overrides[index].weight = nil
      report.overrides[index].reason = nil
      report.overrides[index].until = nil
      report.overrides[index].missing = nil
    }
    for index in report.evictions.indices { report.evictions[index].deadline = nil }
    for pool in report.pools.indices {
      for backend in report.pools[pool].backends.indices {
        report.pools[pool].backends[backend].check?.lastResult = nil
        report.pools[pool].backends[backend].check?.lastDuration = nil
        report.pools[pool].backends[backend].check?.lastTime = nil
        report.pools[pool].backends[backend].check?.nextIn = nil
      }
    }
    return report
  }
}

extension AdminRequest {
  /// The requests, each with all its keys, by the names of their schemas.
  static var samples: [String: any Encodable] {
    [
      "OverrideRequest": Override(
        pool: "web", backend: "web-1", action: .weight, weight: "+50%", seconds: 600, reason: "new disk",
        force: true, thisNode: false),
      "AdmissionRequest": Admission(
        range: "203.0.113.0/24", action: .deny, listener: "web", seconds: 600, reason: "a scanner", close: false,
        thisNode: false),
      "AddBackendRequest": AddBackend(
        pool: "web", address: "10.0.0.3:80", name: "spare", weight: 2, tier: 1, maxSessions: 100, seconds: 600,
        reason: "more load", thisNode: false),
      "CloseSessionsRequest": CloseSessions(
        pool: "web", backend: "web-1", listener: "web", client: "10.0.0.1", olderThan: 60, ids: ["281474976710657"],
        all: false, now: false),
      "RebalanceRequest": Rebalance(pool: "web"),
      // What isn't a configuration changes nothing.
      "PlanRequest": Reload(content: "{", name: "martlet.json", thisNode: true),
      "ReloadRequest": Reload(
        content: "{", name: "martlet.json", confirm: 60, force: true, thisNode: false, requireAll: true, canary: "lb1",
        soak: 30),
      "UpgradeRequest": Upgrade(program: "/usr/bin/martlet", force: true),
      "MoveAddressRequest": MoveAddress(address: "web", node: "lb2"),
      "VotingNodeRequest": VotingNode(node: "lb3"),
      "RestoreRequest": Restore(acceptLoss: ["lb2", "lb3"]),
      "LogRequest": Log(level: "info"),
    ]
  }
}
