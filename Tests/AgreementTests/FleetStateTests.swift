import Agreement
import Testing

/// What entries come to: the rules by which every node decides the same.
@Suite struct FleetStateTests {
  let n0 = Sample.n0
  let n1 = Sample.n1
  let n2 = Sample.n2

  @Test func allHaveToSayYes() {
    var fold = Folding()
    for node in [n0, n1] { fold.say(node, .join) }
    #expect(fold.say(n0, .begin(Sample.proposal())) == .began)
    #expect(fold.say(n0, .vote(rollout: 3, .yes)) == .taken)
    #expect(fold.state.committed.generation == 0)
    #expect(fold.say(n1, .vote(rollout: 3, .yes)) == .decided(.committed(generation: 1)))
    #expect(fold.state.committed.origin == 3)
    #expect(fold.state.rollout == nil)
  }

  @Test func oneNoIsEnough() {
    var fold = Folding.fleet()
    fold.say(n0, .begin(Sample.proposal(base: 1, 2)))
    let number = fold.state.position
    #expect(
      fold.say(n1, .vote(rollout: number, .no("a port is taken")))
        == .decided(.aborted(reason: "a port is taken", by: NodeName("n1"))))
    #expect(fold.say(n0, .vote(rollout: number, .yes)) == .void("rollout \(number) is over"))
    #expect(fold.state.committed.generation == 1)
    #expect(fold.state.last?.votes.map(\.vote) == [nil, .no("a port is taken")])
  }

  /// What a process had reserved is gone with it; the next one may find that it can't have it.
  @Test func whoSaidYesMaySayNoUntilItIsDecided() {
    var fold = Folding.fleet()
    fold.say(n0, .begin(Sample.proposal(base: 1, 2)))
    let number = fold.state.position
    #expect(fold.say(n1, .vote(rollout: number, .yes)) == .taken)
    #expect(fold.say(n1, .vote(rollout: number, .yes)) == .void("n1 has voted"))
    #expect(
      fold.say(n1, .vote(rollout: number, .no("a port is taken")))
        == .decided(.aborted(reason: "a port is taken", by: NodeName("n1"))))
    #expect(fold.say(n0, .vote(rollout: number, .yes)) == .void("rollout \(number) is over"))
  }

  @Test func theFirstDecisionCounts() {
    var fold = Folding.fleet()
    fold.say(n0, .begin(Sample.proposal(base: 1, 2)))
    let number = fold.state.position
    fold.say(n0, .vote(rollout: number, .yes))
    fold.say(n1, .vote(rollout: number, .yes))
    #expect(fold.say(n0, .abort(rollout: number, reason: "late")) == .void("rollout \(number) is over"))
    #expect(fold.state.committed.generation == 2)
  }

  @Test func anotherMemoryHasNoVote() {
    var fold = Folding.fleet()
    fold.say(n0, .begin(Sample.proposal(base: 1, 2)))
    let number = fold.state.position
    let wiped = Participant(n1.node, Incarnation(bits: 99))
    #expect(fold.say(wiped, .vote(rollout: number, .yes)) == .void("is said by a memory of n1 that doesn't count"))
    fold.say(wiped, .join)
    #expect(fold.say(wiped, .vote(rollout: number, .yes)) == .void("n1 takes no part in rollout \(number)"))
    #expect(fold.say(n1, .vote(rollout: number, .yes)) == .void("is said by a memory of n1 that doesn't count"))
  }

  /// A message may be later than the whole of a replacement.
  @Test func whatAMemoryOfBeforeHasSaidComesTooLate() {
    var fold = Folding.fleet()
    let next = Participant(n1.node, Incarnation(bits: 99))
    fold.say(n0, .voters([n0, next], after: 0))
    #expect(fold.say(next, .join) == .taken)
    let late = Entry(EntryID(n1, run: 1, sequence: 1), .join)
    #expect(fold.state.fold(late) == .void("is said by a memory of n1 that doesn't count"))
    #expect(fold.state.member(n1.node)?.identity == next)
    #expect(fold.say(n2, .join) == .void("is said by a memory of n2 that doesn't count"))
  }

  @Test func whatDoesNotFitIsNoRollout() {
    var fold = Folding.fleet()
    #expect(
      fold.say(n0, .begin(Sample.proposal(base: 0, 2))) == .void("it's a change of generation 0, and 1 is in force"))
    #expect(fold.say(n0, .begin(Sample.proposal(base: 1, 1))) == .void("it's in force already"))
    #expect(fold.say(n0, .begin(Sample.proposal(base: 1, 2, []))) == .void("nobody takes part"))
    #expect(
      fold.say(n0, .begin(Sample.proposal(base: 1, 2, [n0, n2]))) == .void("n2 has another memory than was thought"))
    fold.say(n0, .begin(Sample.proposal(base: 1, 2)))
    #expect(
      fold.say(n0, .begin(Sample.proposal(base: 1, 3))) == .void("rollout \(fold.state.position - 1) is under way"))
  }

  @Test func theFirstOneHasNoWayBack() {
    var fold = Folding()
    for node in [n0, n1] { fold.say(node, .join) }
    let void = FleetState.Outcome.void("it's the first, so there's nothing to go back to")
    #expect(fold.say(n0, .begin(Sample.proposal(confirmation: .seconds(1)))) == void)
    #expect(fold.say(n0, .begin(Sample.proposal(canary: .init(NodeName("n0"), soak: .seconds(1))))) == void)
  }

  @Test func whatIsNotConfirmedIsTakenBack() {
    var fold = Folding.fleet()
    let before = fold.state.committed
    fold.say(n0, .begin(Sample.proposal(base: 1, 2, confirmation: .seconds(5))))
    let number = fold.state.position
    for node in [n0, n1] { fold.say(node, .vote(rollout: number, .yes)) }
    #expect(fold.state.committed.generation == 2)
    #expect(
      fold.say(n1, .revert(rollout: number, reason: "late")) == .decided(.reverted(reason: "late", generation: 3)))
    #expect(fold.state.committed.digest == before.digest)
    #expect(fold.state.committed.generation == 3)
    #expect(fold.say(n1, .confirm(rollout: number)) == .void("rollout \(number) doesn't wait to be confirmed"))
  }

  @Test func anEntryCountsOnce() {
    var fold = Folding.fleet()
    let entry = Sample.entry(n0, 50, .set(key: "k", value: [1]))
    #expect(fold.state.fold(entry) == .taken)
    #expect(fold.state.fold(entry) == .void("was taken up before"))
    // A later run begins to count anew; an earlier one is too late.
    #expect(fold.state.fold(Sample.entry(n0, 1, run: 2, .set(key: "k", value: [2]))) == .taken)
    #expect(fold.state.fold(Sample.entry(n0, 51, .set(key: "k", value: [3]))) == .void("was taken up before"))
    #expect(fold.state.overrides.map(\.value) == [[2]])
  }

  @Test func anEndMeetsOnlyWhatItWasMeantFor() {
    var fold = Folding.fleet()
    fold.say(n0, .set(key: "k", value: [1]))
    let first = fold.state.position
    fold.say(n0, .set(key: "k", value: [2]))
    #expect(fold.say(n1, .expire(key: "k", setAt: first)) == .void("that override holds no more"))
    #expect(fold.say(n1, .expire(key: "k", setAt: first + 1)) == .taken)
    #expect(fold.state.overrides.isEmpty)
  }

  @Test func overridesAreInTheOrderOfTheirKeys() {
    var fold = Folding.fleet()
    for key in ["m", "a", "z", "a"] { fold.say(n0, .set(key: key, value: Array(key.utf8))) }
    #expect(fold.state.overrides.map(\.key) == ["a", "m", "z"])
    #expect(fold.say(n0, .unset(keys: ["a", "q"], author: "ann")) == .taken)
    #expect(fold.say(n0, .unset(keys: ["q"], author: "ann")) == .void("no such override holds"))
    #expect(fold.state.overrides.map(\.key) == ["m", "z"])
  }
}
