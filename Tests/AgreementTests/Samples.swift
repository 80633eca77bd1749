import Agreement

/// Nodes, entries and proposals as tests need them.
enum Sample {
  static let n0 = Participant(NodeName("n0"), Incarnation(bits: 10))
  static let n1 = Participant(NodeName("n1"), Incarnation(bits: 11))
  static let n2 = Participant(NodeName("n2"), Incarnation(bits: 12))

  /// So many who begin an engine together.
  static func members(_ count: Int) -> Members { Members(founders: Array([n0, n1, n2].prefix(count))) }

  static func entry(_ author: Participant, _ sequence: UInt64, run: UInt32 = 1, _ event: Entry.Event) -> Entry {
    Entry(EntryID(author, run: run, sequence: sequence), event)
  }

  static func proposal(
    base: UInt64 = 0, _ token: UInt64 = 1, _ participants: [Participant] = [n0, n1],
    canary: Proposal.Canary? = nil, confirmation: Span? = nil
  ) -> Proposal {
    Proposal(
      base: base, text: [UInt8](repeating: 7, count: 3), digest: Digest(token, 0, 0, 0), participants: participants,
      patience: .seconds(5), canary: canary, confirmation: confirmation, author: "root")
  }

  /// One message of each kind.
  static let messages: [FleetMessage] = {
    let client = ClientKey(pool: 1, high: 2, low: 3)
    let entry = StuckEntry(client: client, backend: 4, idle: 5, stamp: Stamp(generation: 6, sequence: 7))
    let tables: [ReplicaMessage] = [
      .lead(generation: 1), .follow(generation: 1, highest: Stamp(generation: 2, sequence: 3)), .deposed(by: 4),
      .pull(generation: 1, after: .none, round: 2),
      .give(generation: 1, round: 2, index: 3, [entry], isLast: true),
      .updates(generation: 1, from: 2, [StuckUpdate(client, backend: 4), StuckUpdate(client, backend: nil, idle: 9)]),
      .part(generation: 1, transfer: 2, index: 3, asOf: 4, [entry, entry], isLast: false),
      .have(generation: 1, upTo: 2, transfer: 3, parts: 4), .lack(generation: 1, from: 9),
      .lack(generation: 1, from: nil),
    ]
    return [
      .status(
        NodeStatus(
          incarnation: n0.incarnation, generation: 2, position: 3, applied: 2, mayOwn: [true], stamps: [.none],
          pools: [PoolView(up: 1, total: 3)],
          own: .init(hasConfiguration: true, overrides: 2))),
      .handOn(name: "web", generation: 2, heir: NodeName("n2")),
      .mayGoOn(GrantRequest(name: "web", generation: 2, roster: 3, round: 4, isLapsed: true)),
      .leave(GrantAnswer(name: "web", round: 4)), .leave(GrantAnswer(name: "web", round: 4, refusal: .claims)),
      .down([]), .down([1, .max]),
      .plan(number: 7, text: [1, 2]), .planned(number: 7, []),
    ] + tables.map { .table("web", $0) }
  }()

  /// One entry of each kind.
  static let entries: [Entry] = [
    .join, .begin(proposal(canary: .init(NodeName("n1"), soak: .seconds(2)), confirmation: .seconds(9))),
    .vote(rollout: 4, .yes), .vote(rollout: 4, .no("a port is taken")), .soak(rollout: 4),
    .abort(rollout: 4, reason: "enough"), .applied(generation: 3), .outOfStep(generation: 3, reason: "no"),
    .confirm(rollout: 4), .revert(rollout: 4, reason: "no"), .set(key: "k", value: [1, 2]),
    .unset(keys: ["k", "l"], author: "ann"),
    .expire(key: "k", setAt: 9), .trial(7),
  ].map { entry(n0, 1, $0) }
}

/// Folds what nodes say, each with its next sequence number.
struct Folding {
  var state = FleetState()
  var sequences: [Participant: UInt64] = [:]

  @discardableResult
  mutating func say(_ author: Participant, _ event: Entry.Event) -> FleetState.Outcome {
    sequences[author, default: 0] += 1
    return state.fold(Sample.entry(author, sequences[author] ?? 0, event))
  }

  /// A fleet of these, with generation 1 in force.
  static func fleet(_ nodes: [Participant] = [Sample.n0, Sample.n1]) -> Folding {
    var fold = Folding()
    for node in nodes { fold.say(node, .join) }
    fold.say(nodes[0], .begin(Sample.proposal(base: 0, 1, nodes)))
    let number = fold.state.position
    for node in nodes { fold.say(node, .vote(rollout: number, .yes)) }
    return fold
  }
}
