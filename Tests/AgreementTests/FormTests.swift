import Testing

@testable import Agreement

/// Programs that know more than others: what is new waits for all, and who can't read it takes no part.
@Suite struct FormTests {
  private let n0 = Sample.n0
  private let n1 = Sample.n1

  /// An entry of a program that knows so much, the first ones of which are counted from 1.
  private func entry(
    _ author: Participant, _ number: UInt64, run: UInt32 = 1, knowing known: Form = .latest, _ event: Entry.Event
  ) -> Entry {
    Sample.entry(author, known.base + number, run: run, event)
  }

  // MARK: What is in use

  @Test func eachEntrySaysWhatItsAuthorsProgramKnows() {
    #expect(Form(sequence: entry(n0, 1, .join).id.sequence) == .latest)
    #expect(Form(sequence: 1) == .first && Form(sequence: 1 << 40) == .first)
    #expect(Form(sequence: .max) == Form(255) && Form(sequence: Form(255).base + 9) == Form(255))
  }

  @Test func whatIsNewIsVoidUntilAllKnowIt() {
    var state = FleetState()
    let void = FleetState.Outcome.void("is of form 2, which not all nodes' programs know")
    state.fold(entry(n0, 1, .join))
    state.fold(entry(n1, 1, knowing: .first, .join))
    #expect(state.form == .first && state.form(of: n0.node) == .latest && state.form(of: n1.node) == .first)
    #expect(state.fold(entry(n0, 2, .trial(1))) == void && state.needed == .first)
    // It's upgraded.
    state.fold(entry(n1, 1, run: 2, .join))
    #expect(state.form == .latest)
    #expect(state.fold(entry(n0, 3, .trial(2))) == .taken && state.needed == Form(2))
    // It goes back; what its process before that has still to say changes nothing.
    state.fold(entry(n1, 1, run: 3, knowing: .first, .join))
    state.fold(entry(n1, 2, run: 2, .set(key: "k", value: [1])))
    #expect(state.form == .first && state.fold(entry(n0, 4, .trial(3))) == void)
    // What it needed it needs still.
    #expect(state.needed == Form(2))
  }

  @Test func aNodeWithAnotherMemoryHasSaidNothing() {
    var state = FleetState()
    for node in [n0, n1] { state.fold(entry(node, 1, .join)) }
    let wiped = Participant(n1.node, Incarnation(bits: 99))
    state.fold(entry(wiped, 1, knowing: .first, .join))
    #expect(state.form == .first)
    state.fold(entry(wiped, 1, run: 2, .join))
    #expect(state.form == .latest)
  }

  @Test func itIsAboutThoseWhoShallVote() {
    var state = FleetState()
    state.fold(entry(n0, 1, .join))
    state.fold(entry(n1, 1, knowing: .first, .join))
    state.fold(entry(n0, 2, .voters([n0], after: 0)))
    #expect(state.form == .latest && state.counted == [n0.node])
    // One that hasn't said anything yet, or with another memory only, knows the first form.
    state.fold(entry(n0, 3, .voters([n0, Sample.n2], after: 1)))
    #expect(state.form == .first)
    state.fold(entry(Sample.n2, 1, .join))
    #expect(state.form == .latest)
    state.fold(entry(n0, 4, .voters([n0, Participant(Sample.n2.node, Incarnation(bits: 99))], after: 2)))
    #expect(state.form == .first && state.form(of: Sample.n2.node) == .first)
  }

  // MARK: What is written

  @Test func whatIsOldIsWrittenAsEver() throws {
    for entry in Sample.entries where entry.event != .trial(7) {
      #expect(entry.encoded.first == 1)
      #expect(try Entry(encoded: entry.encoded, knowing: .first) == entry)
    }
    var state = FleetState()
    for node in [n0, n1] { state.fold(entry(node, 1, .join)) }
    #expect(state.form == .latest && state.encoded.first == 1)
    #expect(try FleetState(encoded: state.encoded, knowing: .first) == state)
    state.fold(entry(n0, 2, .voters([n0, n1], after: 0)))
    #expect(state.encoded.first == 2)
    #expect(try FleetState(encoded: state.encoded, knowing: .first) == state)
  }

  @Test func whatIsNewIsReadByWhoKnowsItOnly() throws {
    let trial = entry(n0, 2, .trial(7))
    #expect(try Entry(encoded: trial.encoded) == trial)
    #expect(throws: DecodingFault.later(Form(2))) { try Entry(encoded: trial.encoded, knowing: .first) }
    #expect(Entry.author(of: trial.encoded, knowing: .first) == n0 && Entry.author(of: [2, 0], knowing: .first) == nil)
    #expect(throws: DecodingFault.unknown("entry of form 1")) { try Entry(encoded: [1] + trial.encoded.dropFirst()) }
    #expect(throws: DecodingFault.unknown("entry of form 3")) { try Entry(encoded: [3] + trial.encoded.dropFirst()) }
    #expect(throws: DecodingFault.later(Form(4))) { try Entry(encoded: [4] + trial.encoded.dropFirst()) }

    var state = FleetState()
    state.fold(entry(n0, 1, .join))
    state.fold(trial)
    for voters in [nil, FleetState.Voters(number: 1, all: [n0])] {
      state.voters = voters
      #expect(try FleetState(encoded: state.encoded) == state)
      #expect(throws: DecodingFault.later(Form(2))) { try FleetState(encoded: state.encoded, knowing: .first) }
    }
    #expect(throws: DecodingFault.unknown("form 1 of a snapshot")) {
      try FleetState(encoded: [3, 1] + state.encoded.dropFirst(2))
    }
  }

  /// Whoever knows it hears for how long others count on something, and whoever doesn't hears all but that.
  @Test func aTermIsSaidToThoseWhoKnowIt() throws {
    let term = Span.seconds(4)
    let own = NodeStatus(
      incarnation: n0.incarnation, generation: 2, position: 3, applied: 2, mayOwn: [true], stamps: [], term: term)
    let words: [PaxosMessage] = [
      .accept(4, Ballot(number: 1, node: 2), owner: 2, term: term), .renew(4, round: 6, term: term),
    ]
    let messages =
      [
        .status(own),
        .mayGoOn(GrantRequest(name: "web", generation: 2, roster: 3, round: 4, isLapsed: true, term: term)),
      ] + words.map { FleetMessage.embedded(.owner("web", $0, by: n0.incarnation, among: 0)) }
    for message in messages {
      #expect(message.form == Form(3) && message.said(in: Form(3)) == message)
      #expect(try FleetMessage(encoded: message.encoded) == message)
      for form in [Form.first, Form(2)] {
        let said = try #require(message.said(in: form))
        #expect(said != message && said.form == .first && said.encoded.count == message.encoded.count - 8)
      }
    }
    #expect(FleetMessage.ended([1]).said(in: .first) == nil)
    for message in Sample.messages { #expect(message.said(in: .first) == message) }
  }

  // MARK: Who can't read on

  @Test func onAStoreItStopsThereAndGoesOnWithALaterProgram() {
    let shelf = StoreLogTests.Shelf()
    var later = StoreLogTests.Reader()
    later.step(.tick, on: shelf)
    for (number, event) in ([.join, .trial(1), .set(key: "k", value: [1])] as [Entry.Event]).enumerated() {
      later.step(.append(entry(n0, UInt64(number) + 1, event)), on: shelf)
    }
    #expect(later.state.position == 3 && later.state.needed == Form(2))

    var former = StoreLogTests.Reader(knowing: .first)
    former.step(.append(Sample.entry(n1, 1, .join)), on: shelf)
    for _ in 0..<10 { former.wait(.seconds(1), on: shelf) }
    #expect(former.log.needed == Form(2) && former.state.position == 1)
    #expect(!former.log.isReached(at: former.now) && !former.log.isLive(at: former.now) && former.log.waiting == 1)

    var upgraded = StoreLogTests.Reader()
    upgraded.step(.append(Sample.entry(n1, Form.latest.base + 1, run: 2, .join)), on: shelf)
    #expect(upgraded.state.position == 4 && upgraded.log.needed == nil && upgraded.log.isLive(at: upgraded.now))
  }

  @Test func onAStoreASnapshotStopsItAsWell() {
    let shelf = StoreLogTests.Shelf()
    var later = StoreLogTests.Reader(keeping: 2)
    later.step(.tick, on: shelf)
    later.step(.append(entry(n0, 1, .join)), on: shelf)
    later.step(.append(entry(n0, 2, .trial(1))), on: shelf)
    for number in 3...9 as ClosedRange<UInt64> {
      later.step(.append(entry(n0, number, .set(key: "k", value: [UInt8(number)]))), on: shelf)
    }
    var former = StoreLogTests.Reader(knowing: .first)
    for _ in 0..<5 { former.wait(.seconds(1), on: shelf) }
    #expect(former.log.needed == Form(2) && former.state.position == 0)
    var upgraded = StoreLogTests.Reader()
    upgraded.step(.tick, on: shelf)
    #expect(upgraded.state == later.state && upgraded.log.needed == nil)
  }

  @Test(arguments: [1_000, 3]) func amongTheNodesItStopsThereAndGoesOnWithALaterProgram(entries: Int) {
    var node = EmbeddedLogTests.Node(EmbeddedLogTests.new, entries: entries)
    for _ in 0..<10 { node.step() }
    for (number, event) in ([.join, .trial(1), .set(key: "k", value: [1])] as [Entry.Event]).enumerated() {
      node.step(.append(entry(n0, UInt64(number) + 1, run: node.memory.run, event)))
    }
    node.step()
    #expect(node.state.position == 3 && node.state.needed == Form(2))

    var former = EmbeddedLogTests.Node(node.memory, entries: entries, knowing: .first)
    for _ in 0..<10 { former.step() }
    former.append(1)
    #expect(former.log.needed == Form(2) && former.damages.isEmpty && !former.log.isLive && !former.log.isReached)
    #expect(former.log.waiting == 1 && former.state.position <= 1)

    var upgraded = EmbeddedLogTests.Node(former.memory, entries: entries)
    for _ in 0..<10 { upgraded.step() }
    #expect(upgraded.log.isLive && upgraded.log.needed == nil && upgraded.state == node.state)
  }

  // MARK: What is proposed

  @Test func whatNotAllKnowIsNotProposed() {
    var node = EmbeddedRequestTests.Node()
    #expect(node.ask(.trial(1)) == .said(position: 2, .taken))
    var former = EmbeddedRequestTests.Node(knowing: .first)
    #expect(former.ask(.trial(1)) == .pointless("it's of form 2, which not all nodes' programs know: n0"))
  }

  /// It may be in the log all the same, and be taken up; nobody said anything of it, and whoever had asked waited.
  @Test func whoseWishIsTakenBackOnItsWayIsToldSo() throws {
    var net = RestorationNet.running()
    let leader = try #require(net.nodes[net.names[0]]?.log.embedded?.leader)
    let others = net.names.filter { $0 != leader }
    (net.answers, net.withheld) = ([], others[0])
    net.step(others[0], .request(.trial(1), number: 7))
    net.step(others[0], .request(.trial(2), number: 8))
    net.end(others[1])
    net.programs[others[1]] = .first
    net.start(others[1])
    net.run(2_000)
    #expect(net.answers == [.takenBack, .pointless("a program is there now that doesn't know it")])
  }

  @Test func aNodeThatHasNotBeenThereYetIsWaitedForAsWell() {
    var node = FleetNode(
      FleetPlan(me: n0.node, nodes: [n0.node, n1.node], addresses: []),
      memory: FleetMemory(incarnation: n0.incarnation, run: 1))
    node.state.fold(entry(n0, 1, .join))
    #expect(node.state.form == .latest && node.form == .first)
    node.state.fold(entry(n1, 1, .join))
    #expect(node.form == .latest)
  }
}
