import Testing

@testable import Agreement

/// A fleet whose nodes agree by themselves, when more than half of them are lost for good.
@Suite struct RestorationTests {
  private let n0 = Sample.n0.node
  private let n1 = Sample.n1.node
  private let n2 = Sample.n2.node

  @Test func itIsRefusedWhileMoreThanHalfAreThere() throws {
    var net = RestorationNet.running()
    let leader = try #require(net.nodes[n0]?.log.embedded?.leader)
    #expect(
      net.restore(n0, without: [n1, n2])
        == .pointless("\(leader.text) leads, and more than half of those who vote are there: nothing is lost"))
    net.end(n1)
    net.run(4_000)
    guard case .pointless? = net.restore(n0, without: [n1]) else {
      Issue.record("\(net.answers)")
      return
    }
    // Who has just become alone may be so for a moment only.
    net.end(n2)
    net.run(1_500)
    guard case .pointless? = net.restore(n0, without: [n1, n2]) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.memories[n0]?.incarnation == Sample.n0.incarnation)
  }

  @Test func theLossIsNamedAndHasToBe() throws {
    var net = RestorationNet.running()
    for name in [n1, n2] { net.end(name) }
    net.run(5_000)
    let position = try #require(net.nodes[n0]?.log.delivered)
    let loss = FleetNode.Loss(gone: [n1, n2], present: [], position: position)
    for named in [nil, [], [n1], [n0, n1, n2]] as [[NodeName]?] {
      #expect(net.restore(n0, without: named) == .loss(loss))
    }
    #expect(net.memories[n0]?.incarnation == Sample.n0.incarnation && !net.isLive(n0))
    // Whoever is there without what it knew is lost as well.
    net.lose(n2, then: 70)
    net.run(2_000)
    #expect(net.restore(n0, without: nil) == .loss(.init(gone: [n1, n2], present: [n2], position: position)))
    #expect(net.restore(n0, without: [n2, n1]) == .restored(.init(gone: [n1, n2], present: [n2], position: position)))
  }

  /// After a start it isn't known to be agreed on, but it's there, and isn't lost.
  @Test func whatIsKnownAfterAStartIsNamedAsWell() throws {
    var net = RestorationNet.running()
    _ = net.ask(n0, .set(key: "a", value: [1]))
    let position = try #require(net.nodes[n0]?.log.delivered)
    for name in net.names { net.end(name) }
    net.start(n0)
    net.run(5_000)
    let loss = FleetNode.Loss(gone: [n1, n2], present: [], position: position)
    #expect(net.restore(n0, without: nil) == .loss(loss))
    guard case .restored? = net.restore(n0, without: [n1, n2], for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.values(n0) == [1])
  }

  /// What a node that had more of the log serves has the number of its place in that; a node took the next one with that number for the same.
  @Test func whoComesWithMoreOfTheFormerLogServesWhatIsInForce() throws {
    var net = RestorationNet()
    net.run(3_000)
    net.end(n0)
    net.run(3_000)
    for number: UInt8 in 0..<20 { _ = net.ask(n1, .set(key: "k", value: [number]), for: 100) }
    _ = net.ask(n1, RestorationNet.wish(2), for: 2_000)
    let origin = try #require(net.memories[n2]?.stored.origin)
    try #require(net.memories[n2]?.stored.text == [2])
    for name in [n1, n2] { net.end(name) }
    net.start(n0)
    net.run(3_000)
    guard case .restored? = net.restore(n0, without: [n1, n2], for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    net.start(n2)
    net.run(1_000)
    _ = net.ask(n0, .seat(n2), for: 8_000)
    while let position = net.nodes[n0]?.state.position, position + 1 < origin {
      _ = net.ask(n0, .set(key: "k", value: [9]), for: 20)
    }
    _ = net.ask(n0, RestorationNet.wish(3), for: 3_000)
    #expect(net.nodes[n0]?.state.committed.text == [3])
    #expect(net.memories[n2]?.stored.text == [3])
  }

  /// Others may have something else in that place of the former log, and serve it.
  @Test func whatMayBeOneNodesAloneGetsAPlaceOfItsOwn() throws {
    var net = RestorationNet.running()
    let leader = try #require(net.nodes[n0]?.log.embedded?.leader)
    let others = net.names.filter { $0 != leader }
    let wish = FleetRequest.Wish(text: [2], digest: Digest(2, 0, 0, 0), confirmation: .seconds(60), author: "ann")
    _ = net.ask(leader, .rollout(wish), for: 2_000)
    try #require(net.memories[others[0]]?.stored.text == [2])
    for name in others { net.end(name) }
    #expect(net.ask(leader, .revert(reason: "enough"), for: 5_000) == nil)
    guard case .restored? = net.restore(leader, without: others, for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    let committed = try #require(net.nodes[leader]?.state.committed)
    #expect(committed.text == [1] && committed.origin > FleetNode.placesBetweenLogs)
    net.start(others[0])
    net.run(1_000)
    _ = net.ask(leader, .seat(others[0]), for: 8_000)
    #expect(net.memories[others[0]]?.stored == committed && net.memories[leader]?.stored == committed)
  }

  @Test func whatMayBeProposedByOneNodeAloneGetsAPlaceOfItsOwn() throws {
    var net = RestorationNet.running()
    let leader = try #require(net.nodes[n0]?.log.embedded?.leader)
    let others = net.names.filter { $0 != leader }
    for name in others { net.end(name) }
    #expect(net.ask(leader, RestorationNet.wish(2), for: 5_000) == nil)
    guard case .restored? = net.restore(leader, without: others) else {
      Issue.record("\(net.answers)")
      return
    }
    let rollout = try #require(net.nodes[leader]?.state.rollout)
    #expect(rollout.proposal.text == [2] && rollout.number > FleetNode.placesBetweenLogs)
  }

  /// What somebody has asked for isn't agreed on, and is in what the fleet goes on from.
  @Test func whatIsKeptWasNotInVain() throws {
    var net = RestorationNet.running()
    let leader = try #require(net.nodes[n0]?.log.embedded?.leader)
    let others = net.names.filter { $0 != leader }
    for name in others { net.end(name) }
    #expect(net.ask(leader, .set(key: "a", value: [1]), for: 5_000) == nil)
    guard case .restored? = net.restore(leader, without: others, for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.values(leader) == [1] && net.answers.contains(.passed), "\(net.answers)")
  }

  @Test func oneGoesOnAndOthersComeBackByAndBy() throws {
    var net = RestorationNet.running()
    _ = net.ask(n0, .set(key: "a", value: [1]))
    let before = try #require(net.owns.values.first)
    for name in [n1, n2] { net.end(name) }
    net.run(5_000)
    net.owns = [:]
    guard case .restored? = net.restore(n0, without: [n1, n2]) else {
      Issue.record("\(net.answers)")
      return
    }
    // What they may have promised an owner isn't over yet.
    let quiet = Lease.quiet(after: [RestorationNet.lease]).nanoseconds / 1_000_000
    net.run(quiet - 100)
    #expect(net.isLive(n0) && net.owns.isEmpty)
    net.run(2_000)
    let after = try #require(net.owns[n0])
    #expect(after > before && net.nodes[n0]?.state.committed.generation == 1)
    #expect(net.values(n0) == [1])
    guard case .said(_, .taken)? = net.ask(n0, .set(key: "b", value: [2])) else {
      Issue.record("\(net.answers)")
      return
    }

    // It's there after a start, and so is the wait as long as nobody has owned anything.
    net.end(n0)
    net.start(n0)
    net.run(3_000)
    #expect(net.isLive(n0) && net.values(n0) == [1, 2])

    for (name, memory) in [(n1, 71), (n2, 72)] as [(NodeName, UInt64)] {
      net.lose(name, then: memory)
      net.run(2_000)
      #expect(!net.isLive(name))
      guard case .said(_, .taken)? = net.ask(n0, .seat(name)) else {
        Issue.record("\(net.answers)")
        return
      }
      net.run(8_000)
      #expect(net.isLive(name) && net.nodes[name]?.isVoter == true && net.values(name) == [1, 2])
    }
    // Those are more than half.
    net.end(n0)
    net.run(5_000)
    guard case .said(_, .taken)? = net.ask(n1, .set(key: "c", value: [3])) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.values(n2) == [1, 2, 3])
  }

  /// The quiet time isn't forgotten by a node that ends before it's over.
  @Test func aStartBeginsTheQuietTimeAnew() {
    var net = RestorationNet.running()
    for name in [n1, n2] { net.end(name) }
    net.run(5_000)
    _ = net.restore(n0, without: [n1, n2])
    net.owns = [:]
    net.end(n0)
    net.start(n0)
    let quiet = Lease.quiet(after: [RestorationNet.lease]).nanoseconds / 1_000_000
    net.run(quiet - 100)
    #expect(net.isLive(n0) && net.owns.isEmpty)
    net.run(2_000)
    #expect(net.owns[n0] != nil)
  }

  /// It may have been agreed on by this node and one that is lost, and answered by that.
  @Test func whatIsInTheLogAndNotKnownToBeAgreedOnIsKept() throws {
    var net = RestorationNet.running()
    let leader = try #require(net.nodes[n0]?.log.embedded?.leader)
    net.island = [leader]
    net.step(leader, .request(.set(key: "k", value: [9]), number: 1))
    #expect(net.values(leader).isEmpty)
    let others = net.names.filter { $0 != leader }
    for name in others { net.end(name) }
    net.run(5_000)
    guard case .restored? = net.restore(leader, without: others, for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.values(leader) == [9])
  }

  @Test func thoseWhoWereTakenForLostStopWhenTheyHearOfIt() throws {
    var net = RestorationNet.running()
    net.island = [n0]
    net.run(5_000)
    guard case .restored? = net.restore(n0, without: [n1, n2], for: 6_000) else {
      Issue.record("\(net.answers)")
      return
    }
    // Nobody can keep them from it as long as they don't hear of it: that's what is said before.
    #expect(net.isLive(n1) && net.isLive(n2) && net.owns.count == 2)
    _ = net.ask(n1, .set(key: "lost", value: [8]))
    net.island = []
    net.run(3_000)
    for name in [n1, n2] {
      #expect(net.isOutlived(name) && !net.isLive(name) && net.nodes[name]?.isVoter == false)
    }
    #expect(net.isLive(n0) && Set(net.owns.keys) == [n0])
    // Nor are they waited for, though they are there.
    _ = net.ask(n0, RestorationNet.wish(2))
    #expect(net.nodes[n0]?.rollouts.stored.generation == 2)
    // They don't forget it, though nobody tells them again.
    net.island = [n0]
    for name in [n1, n2] {
      net.end(name)
      net.start(name)
    }
    net.run(10_000)
    for name in [n1, n2] { #expect(net.isOutlived(name) && !net.isLive(name) && net.owns[name] == nil) }
    #expect(
      net.restore(n1, without: [n0, n2])
        == .pointless("this node has no vote, so the fleet can't go on from what it has"))

    // Where they are let in they have what the fleet has, and nothing of what they had alone.
    net.island = []
    net.run(2_000)
    for name in [n1, n2] {
      guard case .said(_, .taken)? = net.ask(n0, .seat(name)) else {
        Issue.record("\(net.answers)")
        return
      }
      net.run(8_000)
      #expect(net.isLive(name) && net.nodes[name]?.isVoter == true && net.values(name).isEmpty)
    }
    net.end(n0)
    net.run(6_000)
    guard case .said(_, .taken)? = net.ask(n2, .set(key: "k", value: [4])) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.values(n1) == [4] && net.owns.count == 1)
  }

  @Test func twoThatWereRestoredApartBecomeOne() {
    var net = RestorationNet.running()
    net.end(n1)
    net.island = [n0]
    net.run(5_000)
    guard case .restored? = net.restore(n0, without: [n1, n2], as: 100, mark: 3),
      case .restored? = net.restore(n2, without: [n0, n1], as: 200, mark: 4, for: 6_000)
    else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.isLive(n0) && net.isLive(n2))
    net.island = []
    net.run(3_000)
    #expect(net.isOutlived(n0) && net.isLive(n2) && Set(net.owns.keys) == [n2])
    // Epochs and generations of both begin with the same numbers, so nothing that it has may be taken for what the other one has.
    _ = net.ask(n2, .seat(n0), for: 8_000)
    #expect(net.nodes[n0]?.log.embedded?.isApart == true && !net.isLive(n0) && net.isLive(n2))
    net.lose(n0, then: 300)
    net.run(2_000)
    guard case .said(_, .taken)? = net.ask(n2, .seat(n0), for: 8_000) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.isLive(n0) && net.nodes[n0]?.isVoter == true)
    #expect(net.nodes[n0]?.state == net.nodes[n2]?.state)
  }

  /// Of five there are two left: the second one was never lost, and comes in with what it has.
  @Test func anotherOneThatIsLeftComesInWithItsFolder() {
    var net = RestorationNet.running(5)
    let gone = net.names.dropFirst(2)
    for name in gone { net.end(name) }
    net.run(5_000)
    guard case .restored(let loss)? = net.restore(n0, without: [n1] + gone, for: 3_000) else {
      // It may be the other one who knows more.
      Issue.record("\(net.answers)")
      return
    }
    #expect(loss.present == [n1] && net.isOutlived(n1))
    guard case .said(_, .taken)? = net.ask(n0, .seat(n1)) else {
      Issue.record("\(net.answers)")
      return
    }
    net.run(8_000)
    #expect(net.isLive(n1) && net.nodes[n1]?.isVoter == true && net.nodes[n1]?.state.committed.generation == 1)
  }

  /// What it had served is lost, with all that was agreed on behind the node from which the fleet goes on.
  @Test func whoServedWhatIsLostServesWhatIsInForce() throws {
    var net = RestorationNet.running()
    net.island = [n0]
    net.run(4_000)
    let wish = FleetRequest.Wish(text: [2], digest: Digest(2, 0, 0, 0), absence: .isNamed, author: "ann")
    _ = net.ask(n1, .rollout(wish), for: 3_000)
    #expect(net.memories[n1]?.stored.generation == 2)
    for name in [n1, n2] { net.end(name) }
    guard case .restored? = net.restore(n0, without: [n1, n2], for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    net.island = []
    net.start(n1)
    net.run(2_000)
    guard case .said(_, .taken)? = net.ask(n0, .seat(n1)) else {
      Issue.record("\(net.answers)")
      return
    }
    net.run(8_000)
    #expect(net.memories[n1]?.stored == net.nodes[n0]?.state.committed)
    #expect(net.nodes[n0]?.state.member(n1)?.applied == 1)

    // Nor does it bring that back, should the fleet go on from what it has.
    net.end(n0)
    net.run(5_000)
    guard case .restored? = net.restore(n1, without: [n0], as: 101, mark: 6, for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.nodes[n1]?.state.committed.generation == 1)
  }

  /// Of two that are left it's the one that knows more from which the fleet goes on.
  @Test func whoKnowsLessThanAnotherOneThatIsLeftRefuses() throws {
    var net = RestorationNet.running(5)
    net.island = [n0]
    net.run(5_000)
    guard case .said(_, .taken)? = net.ask(n1, .set(key: "k", value: [3])) else {
      Issue.record("\(net.answers)")
      return
    }
    for name in net.names.dropFirst(2) { net.end(name) }
    net.island = []
    net.run(5_000)
    let others = { (me: NodeName) in net.names.filter { $0 != me } }
    #expect(
      net.restore(n0, without: others(n0))
        == .pointless("n1 is there and knows more of the log: the fleet should go on from what that node has"))
    guard case .restored? = net.restore(n1, without: others(n1), for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.values(n1) == [3] && net.isOutlived(n0))
  }

  /// Who is to vote no more, by an entry that nobody has taken up as far as it knows, may have more than those who vote, or less: one that says nothing of
  /// whom it would have may have more.
  @Test func whoIsLetGoIsRestoredFromOnlyIfAllThatAreThereWouldHaveIt() throws {
    let n3 = Participant(NodeName("n3"), Incarnation(bits: 13))
    let all = Members(founders: [Sample.n0, Sample.n1, Sample.n2, n3])
    let leaving = all.joining(NodeSet(bits: 0b0111))
    var memory = FleetMemory(incarnation: n3.incarnation, run: 1)
    memory.embedded.take(.log(.foundation(all)))
    memory.embedded.take(.log(.current(epoch: 1)))
    let entries: [ZabEntry] = [
      .value(Sample.entry(n3, 1, .join).encoded), .members(leaving), .members(leaving.settled()),
    ]
    for (index, entry) in entries.enumerated() {
      memory.embedded.take(.log(.entry(Zxid(epoch: 1, counter: UInt32(index) + 1), entry)))
    }
    let names = [n0, n1, n2, n3.node]
    var node = EmbeddedRequestTests.Node(
      FleetPlan(me: n3.node, nodes: names, addresses: [], engine: .embedded(EmbeddedLog.Timing())), memory)
    let status = NodeStatus(
      incarnation: Sample.n0.incarnation, generation: 0, position: 0, applied: 0, mayOwn: [], stamps: [])
    for _ in 0..<30 { node.step(.message(.status(status), from: n0)) }
    let request = FleetRequest.restore(without: nil, as: Incarnation(bits: 99), mark: 1)
    #expect(
      node.ask(request) == .pointless("n0 is there and votes: the fleet should go on from what that node has"))
    let zab = try #require(node.fleet.log.embedded?.zab?.value)
    let notice = ZabMessage.notice(zab.vote, round: zab.round, .looking)
    node.step(.message(.embedded(.log(notice, by: Sample.n0.incarnation, seat: 0)), from: n0))
    #expect(node.ask(request) == .loss(.init(gone: [n0, n1, n2], present: [n0], position: 1)))
  }

  /// It couldn't have what was in force since: that was agreed on all the same.
  @Test func whatWasServedBeforeIsNotBroughtBackByTheNextOne() throws {
    var net = RestorationNet.running()
    for name in [n1, n2] { net.end(name) }
    net.run(5_000)
    _ = net.restore(n0, without: [n1, n2], for: 2_000)
    net.start(n1)
    net.run(1_000)
    _ = net.ask(n0, .seat(n1), for: 8_000)
    try #require(net.nodes[n0]?.state.voters?.all.count == 2)
    for name in [n0, n1] { net.end(name) }
    net.memories[n0]?.stored = .init(generation: 9, origin: 30, text: [9], digest: Digest(9, 0, 0, 0))
    net.start(n0)
    net.run(5_000)
    guard case .restored? = net.restore(n0, without: [n1], as: 200, mark: 6, for: 2_000) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.nodes[n0]?.state.committed.text == [1])
  }

  /// Whatever may have been promised of an address, and to whomever, a voice of the new engine waits for the end of it.
  @Test func nobodyIsSparedTheQuietTime() throws {
    let members = try #require(Sample.members(3).restored(to: Sample.n1, mark: 1, after: 4))
    let acceptor = Acceptor(PaxosSlot(restoredTo: members), term: .seconds(2), at: .start, Mutants())
    for node in 0..<NodeNumber(Members.limit) {
      let state = acceptor.state(1, for: node, leaving: .zero, at: .start, Mutants())
      guard case .state(_, _, nil, let busy, nil) = state else {
        Issue.record("\(node)")
        return
      }
      #expect(busy == Lease.quiet(after: [RestorationNet.lease]))
    }
    let longer = PaxosSlot(restoredTo: members, term: .seconds(9))
    let other = Acceptor(longer, term: .seconds(2), at: .start, Mutants())
    #expect(other.lease.until == .start + Lease.quiet(after: [Lease(term: .seconds(9))]))
  }

  /// What is said of the log by those before isn't heard, however good it sounds; they are told who counts now.
  @Test func whatThoseBeforeSayIsNotHeard() throws {
    var net = RestorationNet.running()
    for name in [n1, n2] { net.end(name) }
    net.run(5_000)
    _ = net.restore(n0, without: [n1, n2], for: 1_000)
    net.end(n0)
    net.start(n0)
    var effects: [FleetNode.Effect] = []
    let vote = ElectionVote(epoch: 1 << 29, last: .zero, node: 1)
    net.nodes[n0]?.step(
      .message(
        .embedded(.log(.notice(vote, round: 1 << 60, .looking), by: Sample.n1.incarnation, seat: 1)), from: n1),
      at: net.now, into: &effects)
    let zab = try #require(net.nodes[n0]?.log.embedded?.zab?.value)
    #expect(zab.vote.node == zab.me)
    #expect(
      effects.contains { if case .send(.embedded(.members(zab.members, _)), to: n1) = $0 { true } else { false } })
  }

  /// One who is of an engine before is never followed, whatever he leads.
  @Test func whoBeginsAnewDoesNotFollowThoseBefore() {
    var net = RestorationNet.running()
    net.island = [n0]
    net.run(5_000)
    _ = net.restore(n0, without: [n1, n2], for: 3_000)
    net.end(n0)
    net.island = []
    net.start(n0)
    for _ in 0..<100 {
      net.run(20)
      let zab = net.nodes[n0]?.log.embedded?.zab?.value
      #expect(zab?.leader.map { $0.node == zab?.me } ?? true)
    }
    #expect(net.isLive(n0) && net.isOutlived(n1))
  }
}
