import Model

@testable import Agreement
@testable import Fleet

extension FuzzTarget {
  /// What a fleet's nodes read of each other, of the store and of their disks. What is read is written as it was.
  static let fleet = [
    FuzzTarget(
      "fleet-override",
      seeds: [
        Model.Lease.Term.drain, .weight(3), .remove, .add(AddedBackend(name: "b", weight: 1, tier: 2, maxSessions: 3)),
      ].map {
        Model.Lease(
          pool: "web", endpoint: "10.0.0.1:80", term: $0, author: "ann", reason: "new disk",
          since: Timestamp(milliseconds: 1_800_000_000_000), until: Timestamp(milliseconds: 1_800_000_060_000)
        ).fleetValue(on: "lb1")
      }
    ) { bytes in
      // The key is what the value says; where it's another one nothing is read.
      for subject in ["service", "weight", "membership"] {
        let override = FleetState.Override(key: "\(subject) web 10.0.0.1:80", value: bytes, setAt: 7)
        guard let lease = try? Model.Lease(override), case .fleet(let node, 7) = lease.scope else { continue }
        precondition(lease.fleetKey == override.key && lease.fleetValue(on: node) == bytes, "it's another one")
      }
    },
    FuzzTarget(
      "fleet-overrides",
      seeds: [AgreedOverrides(position: 9, [FleetState.Override(key: "a", value: [1, 2], setAt: 7)]).encoded]
    ) { bytes in
      if let agreed = try? AgreedOverrides(encoded: bytes) { precondition(agreed.encoded == bytes, "it's another one") }
    },
    FuzzTarget("fleet-entry", seeds: entries.map(\.encoded)) { bytes in
      if let entry = try? Entry(encoded: bytes) { precondition(entry.encoded == bytes, "it's another one") }
    },
    FuzzTarget("fleet-message", seeds: messages.map(\.encoded)) { bytes in
      if let message = try? FleetMessage(encoded: bytes) { precondition(message.encoded == bytes, "it's another one") }
    },
    FuzzTarget("fleet-embedded", seeds: embedded) { bytes in
      if let message = try? EmbeddedMessage(encoded: bytes) {
        precondition(message.encoded == bytes, "it's another one")
      }
    },
    FuzzTarget("fleet-snapshot", seeds: [state, over, over.begun].map(\.encoded) + [state.committed.encoded]) { bytes in
      if let state = try? FleetState(encoded: bytes) { precondition(state.encoded == bytes, "it's another one") }
      if let committed = try? FleetState.Committed(encoded: bytes) {
        precondition(committed.encoded == bytes, "it's another one")
      }
    },
    FuzzTarget(
      "fleet-store",
      seeds: [
        head.encoded, StoreHead(beginning: over.begun, pieces: 2).encoded, StoredEntry.whole([1, 2]).encoded,
        StoredEntry.pieces(of: entries[0].id, 3).encoded,
        OwnerRecord(owner: node, generation: 3, beat: 4, heir: NodeName("lb2"), nodes: [node.node]).encoded,
      ]
    ) { bytes in
      if let head = try? StoreHead(encoded: bytes) { precondition(head.encoded == bytes, "it's another one") }
      if let entry = try? StoredEntry(encoded: bytes) { precondition(entry.encoded == bytes, "it's another one") }
      if let record = try? OwnerRecord(encoded: bytes) { precondition(record.encoded == bytes, "it's another one") }
    },
    FuzzTarget("fleet-era", seeds: [Era(), Era(after: over) ?? Era()].map(\.encoded)) { bytes in
      guard let era = try? Era(encoded: bytes) else { return }
      precondition(era.encoded == bytes, "it's another one")
      // Whatever a folder holds, the nodes can begin with it or can't.
      _ = EmbeddedMemory(beginning: era, names: ["web"])
    },
  ]

  private static let node = Participant(NodeName("lb1"), Incarnation(bits: 1))

  private static let entries: [Entry] = [
    .join, .vote(rollout: 4, .no("a port is taken")), .applied(generation: 3), .set(key: "k", value: [1, 2]),
    .unset(keys: ["k", "l"], author: "ann"), .expire(key: "k", setAt: 9),
    .begin(
      Proposal(
        base: 1, text: [1, 2], digest: Digest(1, 2, 3, 4), participants: [node], patience: .seconds(5),
        canary: .init(NodeName("lb1"), soak: .seconds(1)), confirmation: .seconds(1), author: "ann")),
    .soak(rollout: 7), .abort(rollout: 7, reason: "enough"), .outOfStep(generation: 2, reason: "a port is taken"),
    .confirm(rollout: 7), .revert(rollout: 7, reason: "enough"), .voters([node], after: 1), .trial(5),
    .succeed(era: 1, engine: "embedded", founders: [node]), .stay(succession: 3, reason: "not all have sealed in time"),
    .sealed(succession: 3),
  ].enumerated().map { Entry(EntryID(node, run: 1, sequence: Form.latest.base + UInt64($0 + 1)), $1) }

  /// Some of what nodes of the embedded engine say, as bytes: the leak checker doesn't follow pointers with an enum's tag
  /// in them.
  private static let embedded: [[UInt8]] = {
    let memory = Incarnation(bits: 1)
    let zxid = Zxid(epoch: 3, counter: 9)
    let transfer = ZabMessage.Transfer(attempt: 5, run: 2)
    let ballot = Ballot(number: 6, node: 2)
    var later = Members(founders: [node, node])
    later.begin(1)
    let messages: [EmbeddedMessage] = [
      .greeting(Founding.Greeting(memory: memory, roster: 5, standing: .founded([memory, Incarnation(bits: 2)]))),
      .log(.notice(ElectionVote(epoch: 2, last: zxid, node: 1), round: 9, .looking), by: memory, seat: 1),
      .log(.join(accepted: 2, leader: 1), by: memory, seat: 1),
      .log(
        .part(epoch: 3, transfer: transfer, index: 4, .snapshot(zxid, offset: 3, of: 5, [1, 2])), by: memory, seat: 1),
      .log(.propose(epoch: 3, zxid, .value([1, 2, 3])), by: memory, seat: 1),
      .log(.propose(epoch: 3, zxid, .members(Members(founders: [node, node]))), by: memory, seat: 1),
      .log(.forward([4]), by: memory, seat: 1),
      .ask(by: memory), .members(Members(founders: [node, node]), by: memory), .members(later, by: memory),
      .restoredLog(.propose(epoch: 3, zxid, .members(later)), by: memory, seat: 1, of: later.lineage),
      .owner("web", .promise(4, ballot, accepted: .init(ballot: ballot, owner: 1)), by: memory, among: 0),
      .owner("web", .state(round: 3, generation: 4, owner: 2, busy: .seconds(2), heir: nil), by: memory, among: 0),
    ]
    return messages.map(\.encoded)
  }()

  /// One message of each kind.
  private static let messages: [FleetMessage] =
    [
      .status(
        NodeStatus(
          incarnation: node.incarnation, generation: 2, position: 3, applied: 3, mayOwn: [true, false],
          stamps: [.none, Stamp(generation: 6, sequence: 7)], pools: [PoolView(up: 1, total: 3)],
          own: .init(hasConfiguration: true, overrides: 2))),
      .mayGoOn(GrantRequest(name: "web", generation: 2, roster: 3, round: 4, isLapsed: true)),
      .mayGoOn(GrantRequest(name: "web", generation: 2, roster: 3, round: 4, isLapsed: true, term: .seconds(4))),
      .leave(GrantAnswer(name: "web", round: 4, refusal: .claims)),
      .handOn(name: "web", generation: 2, heir: NodeName("lb2")), .down([1, 2]),
      .plan(number: 7, text: [1, 2]), .planned(number: 7, [3]), .ended(over.encoded),
      .era(FleetNode.EraWord(era: 1, wanted: "embedded", roster: 3)),
      .era(FleetNode.EraWord(era: 0, wanted: nil, roster: 3)),
    ] + tables.map { .table("web", $0) }

  private static let tables: [ReplicaMessage] = {
    let client = ClientKey(pool: 1, high: 2, low: 3)
    let entry = StuckEntry(client: client, backend: 4, idle: 5, stamp: Stamp(generation: 6, sequence: 7))
    return [
      .lead(generation: 1), .follow(generation: 1, highest: Stamp(generation: 2, sequence: 3)), .deposed(by: 4),
      .pull(generation: 1, after: .none, round: 2), .give(generation: 1, round: 2, index: 3, [entry], isLast: true),
      .updates(generation: 1, from: 2, [StuckUpdate(client, backend: 4), StuckUpdate(client, backend: nil, idle: 9)]),
      .part(generation: 1, transfer: 2, index: 3, asOf: 4, [entry, entry], isLast: false),
      .have(generation: 1, upTo: 2, transfer: 3, parts: 4), .lack(generation: 1, from: 9),
      .lack(generation: 1, from: nil),
    ]
  }()

  private static var head: StoreHead {
    var head = StoreHead().appending(entries[0].id)
    head.snapshot = StoreHead.Snapshot(position: 1, pieces: 2)
    return head
  }

  private static var state: FleetState {
    var state = FleetState()
    for entry in entries { state.fold(entry) }
    return state
  }

  /// What a log has come to that is over.
  private static var over: FleetState {
    var state = FleetState()
    let events: [Entry.Event] = [
      .join, .set(key: "k", value: [1, 2]), .succeed(era: 1, engine: "embedded", founders: [node]),
      .sealed(succession: 3),
    ]
    for (place, event) in events.enumerated() {
      state.fold(Entry(EntryID(node, run: 1, sequence: Form.latest.base + UInt64(place + 1)), event))
    }
    precondition(state.isOver)
    return state
  }
}
