import Testing

@testable import Agreement

/// One node's part in who owns a name, on a store that answers at once.
@Suite struct OwnershipTests {
  /// A node's part, with what it said it owns.
  private struct Part {
    var owner: StoreOwner
    var owned: [(generation: UInt64, until: Moment)] = []
    var drops: [Ownership.Cause] = []
    /// Whom it has asked for leave.
    var asked: [NodeName] = []

    init(
      _ node: Participant, run: UInt32 = 1, knowing others: [Participant] = [Sample.n1], term: Span = .seconds(4),
      mutant: Mutant? = nil
    ) {
      let peers = others.map(\.node).map { $0 == node.node ? Sample.n0.node : $0 }
      owner = StoreOwner(
        "web", me: node, run: run, asker: 1, lease: Lease(term: term), peers: peers, mutants: Mutants(mutant))
    }

    /// What it leaves to the next process.
    var legacy: StoreOwner.Input? {
      owned.last.map { .inherited(generation: $0.generation, until: $0.until, roster: owner.recordedRoster) }
    }

    mutating func step(_ input: StoreOwner.Input, on shelf: StoreLogTests.Shelf, at now: Moment) {
      var inputs = [input]
      while !inputs.isEmpty {
        var effects: [StoreOwner.Effect] = []
        owner.step(inputs.removeFirst(), at: now, into: &effects)
        for effect in effects {
          switch effect {
          case .call(let call, let request): inputs.append(.reply(call, shelf.answer(request)))
          case .own(let generation, let until): owned.append((generation, until))
          case .drop(let cause): drops.append(cause)
          case .ask(let node, _): asked.append(node)
          case .answer: break
          }
        }
      }
    }
  }

  private let shelf = StoreLogTests.Shelf()

  /// One that owns the name by generation 1, from 1 s on.
  private func settled(_ node: Participant) throws -> Part {
    var part = Part(node)
    let now = Moment.start + .seconds(1)
    part.step(.standing(.candidate(after: .zero)), on: shelf, at: now)
    part.step(.tick, on: shelf, at: now + .seconds(4))
    let owned = try #require(part.owned.last)
    #expect(owned.generation == 1 && part.owner.owns(at: now + .seconds(4)))
    return part
  }

  /// The record names the node, and only the process before this one had it.
  @Test func whoHasBegunAnewTakesNoRecordForItsOwn() throws {
    _ = try settled(Sample.n0)
    var (again, other) = (Part(Sample.n0, run: 2), Part(Sample.n1, knowing: [Sample.n0]))
    for moment in [Moment.start + .seconds(6), .start + .seconds(8)] {
      again.step(.tick, on: shelf, at: moment)
      other.step(.tick, on: shelf, at: moment)
    }
    #expect(again.owner.hasLooked && again.owner.owner == nil)
    #expect(other.owner.owner == Sample.n0)
  }

  /// What one says when it's asked or answered.
  private func say(_ part: inout Part, _ input: StoreOwner.Input, at now: Moment) -> [StoreOwner.Effect] {
    var effects: [StoreOwner.Effect] = []
    part.owner.step(input, at: now, into: &effects)
    return effects
  }

  @Test("who has begun to look before it's told what was left to it goes on from that all the same")
  func inheritedAfterLook() throws {
    let first = try settled(Sample.n0)
    let (legacy, until) = (try #require(first.legacy), try #require(first.owned.last).until)
    var second = Part(Sample.n0, run: 2)
    let now = until - .seconds(2)
    let asked = say(&second, .tick, at: now)
    guard case .call(let call, let request) = asked.first else { return #expect(Bool(false), "it looks") }
    second.step(legacy, on: shelf, at: now)
    #expect(second.owner.owns(at: now) && second.owned.first?.until == until)
    // What it has looked for before that is no answer to anything any more.
    second.step(.reply(call, shelf.answer(request)), on: shelf, at: now)
    #expect(second.owner.owns(at: now) && second.drops.isEmpty)
  }

  @Test("who owns a name isn't told by an old answer that somebody else does, nor lets that one go on")
  func oldRead() throws {
    let first = try settled(Sample.n0)
    var second = Part(Sample.n0, run: 2)
    let until = try #require(first.owned.last).until
    let now = until - .seconds(2)
    let effects = say(
      &second, .inherited(generation: 7, until: until, roster: first.owner.recordedRoster), at: now)
    guard case .call(let call, _) = effects.last else { return #expect(Bool(false), "it looks") }
    let old = OwnerRecord(owner: Sample.n1, generation: 6, nodes: [Sample.n0.node, Sample.n1.node])
    let said = say(&second, .reply(call, .value(old.encoded, StoreVersion(bits: 9))), at: now)
    #expect(second.owner.owns(at: now) && said.isEmpty)
    // Once its time is over it may be so; but that it had a later generation itself it knows.
    let looked = say(&second, .tick, at: until)
    guard case .call(let again, _) = looked.last else { return #expect(Bool(false), "it looks again") }
    _ = say(&second, .reply(again, .value(old.encoded, StoreVersion(bits: 9))), at: until)
    #expect(second.owner.stance == .watching && second.owner.generation == 6)
    let question = GrantRequest(
      name: "web", generation: 6, roster: StoreOwner.roster(of: [Sample.n0.node, Sample.n1.node]), round: 1,
      isLapsed: true)
    guard case .answer(_, let answer) = say(&second, .asked(question, by: Sample.n1.node), at: until).first else {
      return #expect(Bool(false), "it answers")
    }
    #expect(answer.refusal == .knowsLater)
  }

  @Test("leave that was given to the process before this one isn't this one's")
  func roundsOfRuns() {
    let until = Moment.start + .seconds(100)
    var rounds: Set<UInt64> = []
    for run in UInt32(1)...3 {
      var part = Part(Sample.n0, run: run)
      let roster = StoreOwner.roster(of: [Sample.n0.node, Sample.n1.node])
      _ = say(&part, .inherited(generation: 1, until: until, roster: roster), at: until - .seconds(3))
      for at in [until - .seconds(1), until] {
        for effect in say(&part, .tick, at: at) {
          guard case .ask(_, let request) = effect else { continue }
          #expect(rounds.insert(request.round).inserted && request.term == .seconds(4))
        }
      }
    }
    #expect(rounds.count == 6)
  }

  @Test func whoInheritsGoesOnByAGenerationOfItsOwn() throws {
    let first = try settled(Sample.n0)
    let until = try #require(first.owned.last).until
    var second = Part(Sample.n0)
    let now = until - .seconds(2)
    second.step(try #require(first.legacy), on: shelf, at: now)
    #expect(second.owned.first.map { $0.generation == 1 && $0.until == until } == true)
    #expect(second.owned.last.map { $0.generation == 2 && $0.until > until } == true, "it's renewed at once")
    #expect(second.drops.isEmpty && second.owner.generation == 2 && !second.owner.isInherited)
    second.step(.tick, on: shelf, at: now + .seconds(1))
    #expect(second.owner.generation == 2, "that is one renewal's to do")
  }

  @Test(arguments: [StoreLogTests.Shelf.Loss.answer, .whole])
  func whoInheritsIsTheOwnerThoughNobodyKnowsWhatCameOfTheFirstRenewal(_ loss: StoreLogTests.Shelf.Loss) throws {
    let until = try #require(settled(Sample.n0).owned.last).until
    var second = Part(Sample.n0)
    let now = until - .seconds(2)
    shelf.loss = loss
    second.step(.inherited(generation: 1, until: until, roster: nil), on: shelf, at: now)
    #expect(second.owned.last?.until == until && second.owner.isInherited)
    shelf.loss = .none
    second.step(.tick, on: shelf, at: now + .milliseconds(100))
    #expect(second.owned.last.map { $0.generation == 2 && $0.until > until } == true)
    #expect(second.drops.isEmpty && !second.owner.isInherited)
  }

  @Test func whatSomebodyElseHasByNowIsNotInherited() throws {
    let until = try #require(settled(Sample.n0).owned.last).until
    // What is left to it is too old.
    var late = Part(Sample.n0)
    late.step(.inherited(generation: 1, until: until, roster: nil), on: shelf, at: until + .milliseconds(1))
    #expect(late.owned.isEmpty && late.owner.stance == .watching)
    // Another node has it.
    _ = shelf.answer(
      .write([
        StoreWrite(.owner("web"), expecting: .anything, .put(OwnerRecord(owner: Sample.n1, generation: 2).encoded))
      ]))
    var second = Part(Sample.n0)
    second.step(.inherited(generation: 1, until: until, roster: nil), on: shelf, at: until - .seconds(1))
    #expect(second.drops == [.taken(by: Sample.n1.node)] && second.owner.stance == .watching)
  }
}

/// Owners and others that know other nodes: while a fleet gets or loses one, there are two files.
extension OwnershipTests {
  @Test func whomTheOwnerDoesNotAskTakesNothingFromIt() throws {
    _ = try settled(Sample.n0)
    // The owner, which says nothing any more, knows n0 and n1 only.
    var (stranger, known) = (
      Part(Sample.n2, knowing: [Sample.n0, Sample.n1]), Part(Sample.n1, knowing: [Sample.n0, Sample.n2])
    )
    for second in stride(from: Int64(6), through: 30, by: 1) {
      stranger.step(.standing(.candidate(after: .zero)), on: shelf, at: .start + .seconds(second))
    }
    #expect(stranger.owned.isEmpty && stranger.owner.isLeftToOthers)
    for second in stride(from: Int64(31), through: 40, by: 1) {
      known.step(.standing(.candidate(after: .zero)), on: shelf, at: .start + .seconds(second))
    }
    #expect(known.owned.first?.generation == 2, "who is asked for leave may take it")
    stranger.step(.tick, on: shelf, at: .start + .seconds(41))
    #expect(!stranger.owner.isLeftToOthers, "this owner does know it")
  }

  @Test func whatIsGivenUpIsForAll() throws {
    var first = try settled(Sample.n0)
    first.step(.release(heir: Sample.n2.node), on: shelf, at: .start + .seconds(6))
    first.step(.dropped, on: shelf, at: .start + .seconds(6))
    var stranger = Part(Sample.n2, knowing: [Sample.n0, Sample.n1])
    stranger.step(.standing(.candidate(after: .zero)), on: shelf, at: .start + .seconds(7))
    stranger.step(.tick, on: shelf, at: .start + .seconds(8))
    #expect(stranger.owned.first?.generation == 2)
  }

  /// An owner that was frozen for a moment asks others for leave at once; what it gives up after that isn't kept from them by it.
  @Test func whatIsGivenUpIsFreeThoughItsOwnerHadLeave() throws {
    var first = try settled(Sample.n0)
    var second = Part(Sample.n1, knowing: [Sample.n0])
    let now = Moment.start + .seconds(6)
    second.step(.standing(.candidate(after: .zero)), on: shelf, at: now)
    let request = GrantRequest(
      name: "web", generation: 1, roster: try #require(first.owner.recordedRoster), round: 1, isLapsed: false)
    second.step(.asked(request, by: Sample.n0.node), on: shelf, at: now)
    first.step(.release(heir: Sample.n1.node), on: shelf, at: now + .milliseconds(100))
    first.step(.dropped, on: shelf, at: now + .milliseconds(100))
    second.step(.hint, on: shelf, at: now + .milliseconds(110))
    #expect(second.owned.first?.generation == 2)
    // The word holds against who only seems silent: for a term from when it was given.
    var third = Part(Sample.n0)
    third.step(.standing(.candidate(after: .zero)), on: shelf, at: now + .milliseconds(200))
    third.step(
      .asked(
        GrantRequest(name: "web", generation: 2, roster: request.roster, round: 2, isLapsed: false), by: Sample.n1.node),
      on: shelf, at: now + .seconds(3))
    third.step(.tick, on: shelf, at: now + .milliseconds(4_300))
    #expect(third.owned.isEmpty)
    third.step(.tick, on: shelf, at: now + .seconds(7))
    #expect(third.owned.first?.generation == 3)
  }

  @Test(arguments: [false, true]) func leaveIsAskedForOnceTheLogSaysWhoIsAsked(_ isRegrouped: Bool) throws {
    let first = try settled(Sample.n0)
    let until = try #require(first.owned.last).until
    // The store goes away before the next process has written anything.
    shelf.loss = .whole
    var second = Part(Sample.n0, knowing: isRegrouped ? [Sample.n1, Sample.n2] : [Sample.n1])
    second.step(try #require(first.legacy), on: shelf, at: until - .seconds(2))
    for step: Int64 in 0..<25 { second.step(.tick, on: shelf, at: until - .seconds(2) + .milliseconds(step * 75)) }
    #expect(second.asked.isEmpty == isRegrouped, "\(second.asked)")
    // What a third one is left with is no more than what the log says.
    guard case .inherited(_, _, let roster) = second.legacy else { return }
    #expect((roster == nil) == isRegrouped)
    shelf.loss = .none
    second.step(.tick, on: shelf, at: until - .milliseconds(50))
    #expect(second.owner.recordedRoster != nil)
  }
}

/// Who is the broken one.
@Suite struct IsolationTests {
  private let good = [PoolView(up: 3, total: 3)]
  private let bad = [PoolView(up: 1, total: 2)]

  private func isIsolated(_ own: [PoolView], _ others: [[PoolView]], after seconds: [Int64] = [0, 2]) -> Bool {
    var isolation = Isolation()
    for second in seconds { isolation.judge(own, others, at: .start + .seconds(second)) }
    return isolation.isIsolated
  }

  @Test func whoSeesLessThanMostOthersIs() {
    #expect(isIsolated(bad, [good, good]))
    #expect(isIsolated(bad, [good]))
    #expect(!isIsolated(bad, [good, bad]), "as many see the same")
    #expect(!isIsolated(good, [bad, bad]))
    #expect(!isIsolated(bad, []), "nobody is there to compare with")
    #expect(!isIsolated([PoolView(up: 2, total: 3)], [good, good]), "most are up")
    #expect(!isIsolated([PoolView(up: 0, total: 0)], [good, good]), "nobody looks")
    #expect(!isIsolated(bad, [good + good, good + good]), "others know other pools")
  }

  @Test func itTakesAWhileAndLongerToGetOver() {
    #expect(!isIsolated(bad, [good, good], after: [0, 1]))
    var isolation = Isolation()
    for second: Int64 in [0, 2] { isolation.judge(bad, [good, good], at: .start + .seconds(second)) }
    for second: Int64 in [3, 7] { isolation.judge(good, [good, good], at: .start + .seconds(second)) }
    #expect(isolation.isIsolated)
    isolation.judge(good, [good, good], at: .start + .seconds(8))
    #expect(!isolation.isIsolated)
  }
}

/// Files that name other leases: while one is changed node by node, there are two.
extension OwnershipTests {
  /// It has only just taken the name, or renewed it.
  @Test(arguments: [nil, .silenceForOnesOwnTerm] as [Mutant?], [0, 5] as [Int64])
  func whoCountsOnALongerLeaseIsSilentForLonger(_ mutant: Mutant?, last: Int64) throws {
    var owner = Part(Sample.n0, term: .seconds(10))
    for second in stride(from: Int64(0), through: last, by: 1) {
      owner.step(.standing(.candidate(after: .zero)), on: shelf, at: .start + .seconds(second))
    }
    let until = try #require(owner.owned.last).until
    #expect(until > .start + .seconds(last + 8))
    // It says nothing any more.
    var other = Part(Sample.n1, mutant: mutant)
    for second in stride(from: last + 1, through: last + 8, by: 1) {
      other.step(.standing(.candidate(after: .zero)), on: shelf, at: .start + .seconds(second))
    }
    #expect(other.owned.isEmpty == (mutant == nil))
    for second in stride(from: last + 9, through: last + 15, by: 1) {
      other.step(.tick, on: shelf, at: .start + .seconds(second))
    }
    #expect(other.owned.first?.generation == 2)
  }

  @Test(arguments: [nil, .leaveForOnesOwnTerm] as [Mutant?])
  func leaveIsForAsLongAsTheAskerCountsOnIt(_ mutant: Mutant?) throws {
    var other = Part(Sample.n1, mutant: mutant)
    other.step(.tick, on: shelf, at: .start)
    let roster = StoreOwner.roster(of: [Sample.n0.node, Sample.n1.node])
    let question = GrantRequest(
      name: "web", generation: 1, roster: roster, round: 1, isLapsed: false, term: .seconds(10))
    guard case .answer(_, let answer) = say(&other, .asked(question, by: Sample.n0.node), at: .start).first else {
      return #expect(Bool(false), "it answers")
    }
    #expect(answer.refusal == nil)
    for second in stride(from: Int64(0), through: 9, by: 1) {
      other.step(.standing(.candidate(after: .zero)), on: shelf, at: .start + .seconds(second))
    }
    #expect(other.owned.isEmpty == (mutant == nil))
    other.step(.tick, on: shelf, at: .start + .seconds(11))
    #expect(!other.owned.isEmpty)
  }

  /// Programs of before take the term for a part of the beat.
  @Test func aRecordSaysItsTerm() throws {
    for (term, read) in [
      (Span.zero, Span.zero), (.seconds(4), .seconds(4)), (Span(nanoseconds: 1), .milliseconds(1)),
      (.seconds(700), .seconds(600)),
    ] {
      let record = OwnerRecord(owner: Sample.n0, generation: 3, beat: 9, term: term, nodes: [Sample.n0.node])
      let again = try OwnerRecord(encoded: record.encoded)
      #expect(again.term == read && again.beat == 9 && again.nodes == record.nodes)
      let zero = OwnerRecord(owner: Sample.n0, generation: 3, beat: 9, nodes: [Sample.n0.node])
      #expect(record.encoded.count == zero.encoded.count && (record.encoded == zero.encoded) == (term == .zero))
    }
  }
}
