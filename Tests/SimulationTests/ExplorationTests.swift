import Agreement
import Exploration
import Testing

/// Small models of what nodes agree on, explored step by step; `make explore` goes through larger ones.
@Suite struct ExplorationTests {
  /// A model that is explored from one end to the other.
  enum Whole: CaseIterable {
    case paxos, paxosCrash, rollouts

    func explore() -> Report {
      switch self {
      case .paxos: Explorer(PaxosModel(.small)).explore()
      case .paxosCrash: Explorer(PaxosModel(.smallCrash)).explore()
      case .rollouts: Explorer(RolloutModel(.small)).explore()
      }
    }
  }

  @Test(arguments: Whole.allCases) func allThatCanHappenIsFine(_ model: Whole) {
    let report = model.explore()
    #expect(report.finding == nil, "\(report.finding.map { "\($0)" } ?? "")")
    #expect(report.isComplete)
    #expect(report.states > 1_000)
  }

  @Test(arguments: [ZabModel.Bounds.fresh, .led]) func allThatCanHappenSoonIsFine(_ bounds: ZabModel.Bounds) {
    let report = Explorer(ZabModel(bounds)).explore(Explorer.Limits(depth: 6))
    #expect(report.finding == nil, "\(report.finding.map { "\($0)" } ?? "")")
    #expect(report.depth == 6)
    #expect(report.states > 1_000)
  }

  // MARK: Mistakes

  @Test(arguments: [
    (Mutant.answeredBeforeDurable, PaxosModel.Bounds.crash), (.ownValueOverAccepted, .crash),
    (.promiseForgotten, .crash), (.generationReused, .crash), (.leaseFromTheAnswer, .term),
    (.leaseInheritedAnew, .inheritance), (.renewalAfterRelease, .release), (.earlierLookKept, .lateLook),
  ]) func mutantOfPaxosIsFound(_ mutant: Mutant, within bounds: PaxosModel.Bounds) {
    expectFinding(PaxosModel(bounds, mutant: mutant))
  }

  @Test(arguments: [
    (Mutant.voteBeforeReservation, RolloutModel.Bounds.fault), (.activationAtOwnYes, .fault),
    (.givingUpAloneAfterYes, .fault), (.listenerOpenAtPrepare, .fault), (.appliedBeforeStored, .fault),
    (.runNotCounted, .fault), (.secondDecisionWins, .doubt),
  ]) func mutantOfRolloutsIsFound(_ mutant: Mutant, within bounds: RolloutModel.Bounds) {
    expectFinding(RolloutModel(bounds, mutant: mutant))
  }

  @Test(arguments: [
    Mutant.wordNotDurable, .epochToldBeforeDurable, .firstHistoryNotDurable, .historyNotDurable,
  ]) func mutantOfZabIsFound(_ mutant: Mutant) {
    expectFinding(ZabModel(.start, mutant: mutant))
  }

  @Test(arguments: [Mutant.entryNotDurable]) func mutantOfBroadcastIsFound(_ mutant: Mutant) {
    expectFinding(ZabModel(.led, mutant: mutant))
  }

  private func expectFinding(_ model: some Model) {
    let report = Explorer(model).explore(Explorer.Limits(states: 1_000_000))
    #expect(report.finding != nil)
  }

  /// The way to what is wrong is told, and none is shorter.
  @Test func whatIsWrongIsTold() throws {
    let report = Explorer(RolloutModel(.fault, mutant: .activationAtOwnYes)).explore()
    let finding = try #require(report.finding)
    #expect(
      finding.path == [
        "n0 is asked for a rollout", "n0 appends the first of what it has to say",
        "n0 hears of n0: n0 says: a rollout of text 1", "n0 has reserved all that it needs",
      ])
    #expect(finding.what == "11 is activated and wasn't decided")
  }
}
