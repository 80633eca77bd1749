import Testing

@testable import Agreement

/// One node's part in the embedded log.
@Suite struct ZabTests {
  /// Node 1 of three, which follows node 2.
  private struct Follower {
    var zab = Zab(Sample.n1, of: Sample.members(3), memory: ZabMemory(), run: 1)
    var persisted: UInt64 = 0
    var said: [ZabMessage] = []

    init() {
      let vote = ElectionVote(epoch: 0, last: .zero, node: 2)
      hear(.notice(vote, round: 0, .following), of: 0)
      hear(.notice(vote, round: 0, .leading), of: 2)
    }

    /// Hears something, and stores at once what is to be stored.
    mutating func hear(_ message: ZabMessage, of node: NodeNumber = 2, after span: Span = .zero) {
      var inputs: [Zab.Input] = [.message(message, from: node)]
      while !inputs.isEmpty {
        var effects: [Zab.Effect] = []
        zab.step(inputs.removeFirst(), at: .start + .milliseconds(1) + span, into: &effects)
        for effect in effects {
          switch effect {
          case .send(let message, _): said.append(message)
          case .persist:
            persisted += 1
            inputs.append(.persisted(persisted))
          case .deliver, .restore, .changed: break
          }
        }
      }
    }

    /// By which number it tries to get into step.
    var attempt: UInt64? {
      said.reversed().lazy.compactMap { if case .acceptedEpoch(_, _, _, let attempt) = $0 { attempt } else { nil } }
        .first
    }
  }

  /// It has as much as the others, in memory alone, and the highest seat, so it won each time; and nothing comes of a leader that can't store its epoch.
  @Test(arguments: [nil, Mutant.stuckLeads]) func whoseDiskStoresNothingLeadsNobody(_ mutant: Mutant?) {
    var memory = ZabMemory()
    (memory.acceptedEpoch, memory.currentEpoch) = (3, 3)
    var zab = Zab(Sample.n2, of: Sample.members(3), memory: memory, run: 1, mutants: Mutants(mutant))
    var said: [ZabMessage] = []
    func step(_ input: Zab.Input, after span: Span) {
      var effects: [Zab.Effect] = []
      zab.step(input, at: .start + .seconds(1) + span, into: &effects)
      said += effects.compactMap { if case .send(let message, _) = $0 { message } else { nil } }
    }
    step(.tick, after: .zero)
    let vote = ElectionVote(epoch: 3, last: .zero, node: 2)
    step(.message(.notice(vote, round: zab.round, .looking), from: 0), after: .zero)
    step(.tick, after: .milliseconds(100))
    step(.message(.join(accepted: 3, leader: nil), from: 0), after: .milliseconds(110))
    step(.message(.join(accepted: 3, leader: nil), from: 0), after: .milliseconds(1_900))
    #expect(zab.leader?.node == 2)
    step(.tick, after: .milliseconds(2_700))
    #expect((zab.leader == nil) == (mutant == nil))
    guard mutant == nil else { return }
    #expect(said.last == .notice(ElectionVote(epoch: 0, last: .zero, node: 2), round: zab.round, .looking))
    // Whoever would have it nevertheless doesn't know.
    let before = zab.vote
    step(.message(.notice(vote, round: zab.round, .looking), from: 0), after: .milliseconds(2_750))
    #expect(zab.vote == before)
    // Once it has stored what there was it may lead again.
    step(.persisted(1), after: .milliseconds(2_800))
    #expect(zab.ownVote(at: .start + .milliseconds(3_800)).epoch == 3)
  }

  /// On a narrow link pieces came for longer than a leader waits for a word, and nothing else comes behind them until then.
  @Test func whoIsBroughtIntoStepSaysSoMeanwhile() throws {
    var follower = Follower()
    follower.hear(.newEpoch(4))
    let transfer = ZabMessage.Transfer(attempt: try #require(follower.attempt), run: 1)
    func piece(_ index: UInt32, after milliseconds: Int64) {
      let part = ZabMessage.Part.entry(Zxid(epoch: 3, counter: index + 1), .value([1]))
      follower.hear(.part(epoch: 4, transfer: transfer, index: index, part), after: .milliseconds(milliseconds))
    }
    for index in 0..<10 as Range<UInt32> { piece(index, after: 100 * Int64(index)) }
    // With the first piece after each 250 ms, as often as a leader says that it's there: 300, 600 and 900.
    #expect(follower.said.count { $0 == .pong(epoch: 4) } == 3)
  }

  /// Whoever wants something asks again and again, and a leader that can't commit proposed each copy.
  @Test func whatIsUnderWayIsNotProposedAgain() {
    var zab = Zab(Sample.n0, of: Members(founders: [Sample.n0]), memory: ZabMemory(), run: 1)
    var (now, persisted) = (Moment.start, UInt64(0))
    func step(_ input: Zab.Input, isStored: Bool = true) {
      var inputs = [input]
      while !inputs.isEmpty {
        var effects: [Zab.Effect] = []
        zab.step(inputs.removeFirst(), at: now, into: &effects)
        for case .persist in effects where isStored {
          persisted += 1
          inputs.append(.persisted(persisted))
        }
      }
    }
    for _ in 0..<3 {
      step(.tick)
      now = now + .milliseconds(200)
    }
    #expect(zab.leader?.isReady == true)
    for bytes in [[1], [2], [1], [2]] as [[UInt8]] { step(.append(bytes), isStored: false) }
    #expect(zab.memory.history.items.map(\.entry) == [.value([1]), .value([2])])
    // What has come to pass may be wanted once more.
    step(.persisted(persisted + 2))
    step(.append([1]), isStored: false)
    #expect(zab.memory.history.items.count == 3)
  }

  /// Pieces of a transfer were taken for those of a later one: the same leader's next epoch counts its transfers from one again.
  @Test func piecesOfAnEarlierEpochAreOfNoUse() throws {
    var follower = Follower()
    follower.hear(.newEpoch(4))
    let first = try #require(follower.attempt)
    let (old, new) = (Zxid(epoch: 3, counter: 1), Zxid(epoch: 4, counter: 1))
    follower.hear(.part(epoch: 4, transfer: .init(attempt: first, run: 2), index: 0, .entry(old, .value([1]))))
    follower.hear(.newEpoch(5))
    let second = try #require(follower.attempt)
    let transfer = ZabMessage.Transfer(attempt: second, run: 2)
    follower.hear(.part(epoch: 5, transfer: transfer, index: 0, .entry(new, .value([2]))))
    follower.hear(.newLeader(epoch: 5, transfer: transfer, parts: 1))
    #expect(follower.zab.memory.history.items == [.init(zxid: new, entry: .value([2]))])
    #expect(follower.said.contains(.acceptedLeader(epoch: 5, last: new)))
  }

  @Test func aHoleSendsAFollowerBackToItsLeader() throws {
    var follower = Follower()
    follower.hear(.newEpoch(1))
    let transfer = ZabMessage.Transfer(attempt: try #require(follower.attempt), run: 1)
    follower.hear(.newLeader(epoch: 1, transfer: transfer, parts: 0))
    follower.hear(.begin(epoch: 1, committed: .zero))
    follower.hear(.propose(epoch: 1, Zxid(epoch: 1, counter: 1), .value([1])))
    #expect(follower.said.last == .acknowledge(epoch: 1, Zxid(epoch: 1, counter: 1)))
    follower.hear(.propose(epoch: 1, Zxid(epoch: 1, counter: 3), .value([3])))
    #expect(follower.said.last == .join(accepted: 1, leader: 2))
    #expect(follower.zab.memory.history.items.count == 1)
  }

  /// A follower stayed with one that followed somebody else by then, for as long as getting into step may take (seed 2631).
  @Test func whoDoesNotLeadSaysSoAndIsLeft() throws {
    var follower = Follower()
    #expect(follower.zab.leader?.node == 2)
    follower.hear(.join(accepted: 0, leader: nil), of: 0)
    guard case .notice(let vote, _, .following) = follower.said.last else {
      Issue.record("\(follower.said)")
      return
    }
    #expect(vote.node == 2)
    follower.hear(.notice(ElectionVote(epoch: 0, last: .zero, node: 0), round: 7, .following))
    #expect(follower.zab.leader == nil)
  }

  /// A snapshot from before what a follower has acknowledged isn't stored at once with the entries after it: what was committed was lost by
  /// one that ended halfway (seed 26367).
  @Test func whoHasMoreIsTruncatedAndWhoLacksMuchGetsWhatIsBeyondAllThatHeHas() {
    var history = ZabHistory()
    for counter: UInt32 in 1...4 { history.append(Zxid(epoch: 1, counter: counter), .value([1])) }
    history.append(Zxid(epoch: 3, counter: 1), .value([3]))
    let none = Mutants()
    #expect(history.difference(to: Zxid(epoch: 1, counter: 4), none) == .entries(from: 4))
    #expect(
      history.difference(to: Zxid(epoch: 2, counter: 3), none) == .truncation(Zxid(epoch: 1, counter: 4), from: 4))
    #expect(
      history.difference(to: Zxid(epoch: 3, counter: 9), none) == .truncation(Zxid(epoch: 3, counter: 1), from: 5))
    history.compact(Zxid(epoch: 1, counter: 3), [9], keeping: 0)
    #expect(history.difference(to: Zxid(epoch: 1, counter: 2), none) == .snapshot(from: 0))
    #expect(history.difference(to: Zxid(epoch: 1, counter: 3), none) == .entries(from: 0))
  }
}
