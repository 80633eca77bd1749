import Testing

@testable import Agreement

/// A change of the engine, as the log has it, and what is stored and said of it.
@Suite struct SuccessionTests {
  private static let all = [Sample.n0, Sample.n1, Sample.n2]

  /// The state of a log in which three nodes are, with an override.
  private static func joined() -> FleetState {
    var state = FleetState()
    for node in all.indices { state.fold(say(.join, node, 1)) }
    state.fold(say(.set(key: "a", value: [1]), 0, 2))
    return state
  }

  /// The name of an entry of a program that knows all forms.
  private static func id(_ node: Int, _ count: UInt64) -> EntryID {
    EntryID(all[node], run: 1, sequence: Form.latest.base + count)
  }

  private static func say(_ event: Entry.Event, _ node: Int, _ count: UInt64) -> Entry { Entry(id(node, count), event) }

  private static let change = Entry.Event.succeed(era: 1, engine: "embedded", founders: all)

  @Test func aLogEndsWhenAllHaveSealed() throws {
    var state = Self.joined()
    #expect(state.fold(Self.say(Self.change, 0, 3)) == .taken)
    let number = state.position
    #expect(state.fold(Self.say(Self.change, 1, 2)) == .void("the engine is being changed already"))
    for node in 0..<3 {
      #expect(!state.isOver && state.begun == state)
      #expect(state.fold(Self.say(.sealed(succession: number), node, 10)) == .taken)
    }
    let end = state.position
    #expect(state.isOver)
    #expect(state.fold(Self.say(.stay(succession: number, reason: ""), 0, 11)) == .void("the log has ended"))
    #expect(state.fold(Self.say(.set(key: "b", value: [2]), 0, 12)) == .void("the log has ended"))
    let next = state.begun
    #expect(next.era == 1 && next.succession == nil && next.position == end && next.overrides == state.overrides)
    #expect(next.member(Self.all[0].node)?.sequence == Self.id(0, 10).sequence)
    #expect(Era(after: state) == Era(number: 1, engine: "embedded", origin: state))
  }

  /// What was said of one that was given up counts for no other one.
  @Test func whoHasSealedForOneHasNotForTheNext() {
    var state = Self.joined()
    state.fold(Self.say(Self.change, 0, 3))
    let first = state.position
    state.fold(Self.say(.sealed(succession: first), 0, 4))
    #expect(state.fold(Self.say(.stay(succession: first, reason: "late"), 1, 2)) == .taken)
    #expect(state.succession == nil)
    state.fold(Self.say(Self.change, 0, 5))
    for node in 0..<3 {
      guard case .void = state.fold(Self.say(.sealed(succession: first), node, 10)) else {
        Issue.record("counted")
        return
      }
    }
    #expect(state.succession?.sealed == [] && !state.isOver)
  }

  @Test func onlyWhoCountsIsAFounder() {
    var state = Self.joined()
    let other = Participant(Self.all[2].node, Incarnation(bits: 99))
    guard
      case .void = state.fold(
        Self.say(.succeed(era: 1, engine: "embedded", founders: [Self.all[0], Self.all[1], other]), 0, 3))
    else {
      Issue.record("taken")
      return
    }
    guard case .void = state.fold(Self.say(.succeed(era: 0, engine: "embedded", founders: Self.all), 0, 4)) else {
      Issue.record("taken")
      return
    }
  }

  /// Whoever has sealed renews nothing, and nobody takes anything, until the next log begins: what is owned ends with its lease.
  @Test(arguments: [nil, Mutant.sealedInWordOnly]) func whoHasSealedRenewsNothing(_ mutant: Mutant?) throws {
    var net = RestorationNet.running(3, mutant)
    #expect(net.owns.count == 1)
    for name in net.names { net.step(name, .wants("store")) }
    net.run(1_000)
    for name in net.names { #expect(net.nodes[name]?.state.isOver == true && net.nodes[name]?.isSealed == true) }
    net.run(RestorationNet.lease.term.nanoseconds / 1_000_000)
    #expect(net.owns.isEmpty == (mutant == nil))
    net.run(6_000)
    #expect(net.owns.isEmpty == (mutant == nil))
  }

  /// Those who have come over hear nothing of it any more, so nobody would stop where there are two.
  @Test func aLogThatIsOverIsNotGoneOnWith() {
    var net = RestorationNet.running(3)
    for name in net.names { net.step(name, .wants("store")) }
    net.run(1_000)
    for name in net.names.dropFirst() { net.end(name) }
    net.run(5_000)
    #expect(
      net.restore(net.names[0], without: Array(net.names.dropFirst()))
        == .pointless("the log is over: the fleet goes by store from now on"))
  }

  /// Nor does the process after it, before the log has a word of its own.
  @Test(arguments: [nil, Mutant.sealForgotten]) func whoComesAfterItRenewsNothing(_ mutant: Mutant?) {
    let plan = FleetPlan(
      me: Self.all[0].node, nodes: Self.all.map(\.node),
      addresses: [.init(name: "web", lease: Lease(term: .seconds(3)))])
    var node = FleetNode(
      plan, memory: FleetMemory(incarnation: Self.all[0].incarnation, run: 2), mutants: Mutants(mutant))
    let now = Moment.start + .seconds(1)
    var effects: [FleetNode.Effect] = []
    node.step(.sealed, at: now, into: &effects)
    effects = []
    node.step(
      .inherited(address: 0, generation: 4, until: now + .seconds(2), roster: nil), at: now, into: &effects)
    node.step(.tick, at: now + .milliseconds(500), into: &effects)
    #expect(node.owners[0].owns(at: now + .milliseconds(500)))
    let asks = effects.contains { if case .call(let call, _) = $0 { call.asker == 1 } else { false } }
    #expect(asks == (mutant != nil))
  }

  @Test func allOfItIsReadAgain() throws {
    var state = Self.joined()
    state.fold(Self.say(Self.change, 0, 3))
    let number = state.position
    for node in 0..<3 { state.fold(Self.say(.sealed(succession: number), node, 10)) }
    #expect(try FleetState(encoded: state.encoded) == state)
    #expect(try FleetState(encoded: state.begun.encoded) == state.begun)
    let era = try #require(Era(after: state))
    #expect(try Era(encoded: era.encoded) == era)
    for event in [Self.change, .sealed(succession: 7), .stay(succession: 7, reason: "late")] {
      let entry = Self.say(event, 1, 4)
      #expect(try Entry(encoded: entry.encoded) == entry)
    }
    let messages: [FleetMessage] = [
      .era(.init(era: 3, wanted: "embedded", roster: 5)), .era(.init(era: 0, wanted: nil, roster: 5)),
      .ended(state.encoded),
    ]
    for message in messages { #expect(try FleetMessage(encoded: message.encoded) == message) }
    var head = StoreHead(beginning: state.begun, pieces: 2)
    #expect(
      try StoreHead(encoded: head.encoded) == head && head.era == 1
        && head.has(Self.id(0, 10)))
    head = StoreHead()
    #expect(try StoreHead(encoded: head.encoded) == head)
    // What is read is written as it was: the first era has a form of its own.
    let bytes: [UInt8] = [2, 0, 0, 0, 0] + head.encoded.dropFirst()
    #expect(throws: DecodingFault.self) { try StoreHead(encoded: bytes) }
    let embedded = try #require(EmbeddedMemory(beginning: era, names: ["web"]))
    #expect(embedded.era == 1 && embedded.slots["web"]?.generation == Era.floor(1))
    // A later era isn't a fleet that was restored: what a node has stored holds it back as before.
    var memory = FleetMemory(incarnation: Self.all[0].incarnation, run: 2)
    (memory.era, memory.embedded) = (era, embedded)
    #expect(!EmbeddedLog(Self.all[0].node, of: Self.all.map(\.node), memory: memory, era: 1).isRestored)
    var again = EmbeddedMemory()
    for record in embedded.records { again.take(try EmbeddedRecord(kind: record.kind, encoded: record.encoded)) }
    #expect(again.log == embedded.log)
  }
}
