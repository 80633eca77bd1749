import Testing

@testable import Agreement

/// Who owns a name among nodes that are there or not: what is said arrives at once, and is stored at once.
@Suite struct PaxosOwnerTests {
  private struct Cluster {
    var nodes: [PaxosOwner]
    var isThere: [Bool]
    /// The seat that each has.
    var seats: [NodeNumber]
    /// What it says gets nowhere.
    var isMute: [Bool]
    var owned: [(generation: UInt64, until: Moment)?]
    var dropped: [Ownership.Cause] = []
    var now = Moment.start + .seconds(100)
    var leases: [Lease]
    let mutant: Mutant?

    /// It begins anew with what it has stored, and with a file that names a lease of this term.
    mutating func begin(_ node: Int, _ term: Span) {
      leases[node] = Lease(term: term)
      let before = nodes[node]
      nodes[node] = PaxosOwner(
        before.me, of: before.members, lease: leases[node], slot: before.acceptor.slot, run: 2, at: now,
        mutants: Mutants(mutant))
      step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node))))
    }

    init(_ count: Int, _ mutant: Mutant? = nil, _ terms: [Span] = []) {
      self.mutant = mutant
      let terms = terms + (terms.count..<count).map { _ in .seconds(3) }
      leases = terms.map(Lease.init)
      let (now, leases) = (now, leases)
      nodes = (0..<count).map {
        PaxosOwner(
          NodeNumber($0),
          of: Members(founders: (0..<count).map { Participant(NodeName("n\($0)"), Incarnation(bits: 1)) }),
          lease: leases[$0], slot: PaxosSlot(), run: 1, at: now, mutants: Mutants(mutant))
      }
      isThere = Array(repeating: true, count: count)
      seats = (0..<count).map { NodeNumber($0) }
      isMute = Array(repeating: false, count: count)
      owned = Array(repeating: nil, count: count)
    }

    mutating func step(_ node: Int, _ input: PaxosOwner.Input) {
      guard isThere[node] else { return }
      var effects: [PaxosOwner.Effect] = []
      nodes[node].step(input, at: now, into: &effects)
      for effect in effects {
        switch effect {
        case .send(let message, let to):
          guard !isMute[node], let other = seats.firstIndex(of: to) else { break }
          step(other, .message(message, from: seats[node], among: nodes[node].members.id))
        case .persist: step(node, .persisted(nodes[node].written))
        case .own(let generation, let until): owned[node] = (generation, until)
        case .drop(let cause):
          dropped.append(cause)
          owned[node] = nil
          step(node, .dropped)
        }
      }
    }

    mutating func standDown(_ some: [Int]) {
      for node in some { step(node, .standing(.bystander)) }
    }

    /// Lets all know of members among whom they have other seats.
    mutating func seat(_ seats: [NodeNumber], voters: NodeSet) {
      var all = [Participant?](repeating: nil, count: Members.limit)
      for (node, seat) in seats.enumerated() {
        all[Int(seat)] = Participant(NodeName("n\(node)"), Incarnation(bits: 1))
      }
      let number = nodes[0].members.number + 1
      let members = Members(number: number, epoch: 1, seats: all, next: 0, voters: voters, former: nil)
      self.seats = seats
      for node in nodes.indices { step(node, .members(members, me: seats[node])) }
    }

    mutating func pass(_ span: Span) {
      let end = now + span
      while now < end {
        now = now + .milliseconds(20)
        for node in nodes.indices where isThere[node] && now >= nodes[node].wakesAt { step(node, .tick) }
      }
    }

    /// Who owns it at the moment.
    var owners: [Int] { owned.indices.filter { isThere[$0] && owned[$0].map { $0.until > now } ?? false } }
  }

  /// Each process learns of another node's try that has got in the way, and tries after that. What was said to the earlier one may come still.
  @Test(arguments: [nil, .triesNumberedAlike] as [Mutant?]) func noTwoTriesHaveOneNumber(_ mutant: Mutant?) {
    let members = Members(founders: (0..<3).map { Participant(NodeName("n\($0)"), Incarnation(bits: 1)) })
    let numbers = (1...2).map { run -> UInt64 in
      var owner = PaxosOwner(
        0, of: members, lease: Lease(term: .seconds(3)), slot: PaxosSlot(), run: UInt32(run), at: .start,
        mutants: Mutants(mutant))
      var effects: [PaxosOwner.Effect] = []
      let refusal = PaxosMessage.refused(1, .zero, promised: 50 << 32)
      owner.step(.message(refusal, from: 1, among: members.id), at: .start, into: &effects)
      owner.try(1, at: .start, into: &effects)
      return owner.lastTry
    }
    #expect((numbers[0] == numbers[1]) == (mutant != nil), "\(numbers)")
    #expect(numbers.allSatisfy { $0 > 50 << 32 })
  }

  /// After a start nobody would know whom it was renewed for.
  @Test(arguments: [nil, .renewedBeforeDurable] as [Mutant?])
  func nothingIsRenewedBeforeItIsStoredWhoseItIs(_ mutant: Mutant?) {
    var cluster = Cluster(3, mutant)
    var effects: [PaxosOwner.Effect] = []
    let ballot = Ballot(number: 1 << 32, node: 0)
    for message: PaxosMessage in [.prepare(1, ballot), .accept(1, ballot, owner: 0), .renew(1, round: 7)] {
      cluster.nodes[1].step(.message(message, from: 0, among: 0), at: cluster.now, into: &effects)
    }
    func said() -> [PaxosMessage] { effects.compactMap { if case .send(let message, 0) = $0 { message } else { nil } } }
    #expect(said() == (mutant == nil ? [] : [.renewed(1, round: 7)]))
    cluster.nodes[1].step(.persisted(1), at: cluster.now, into: &effects)
    #expect(!said().contains(.accepted(1, ballot)))
    cluster.nodes[1].step(.persisted(2), at: cluster.now, into: &effects)
    #expect(said().contains(.accepted(1, ballot)) && said().contains(.renewed(1, round: 7)))
  }

  /// The lease is made shorter, node by node, and the owner is cut off that hasn't begun anew yet.
  @Test(arguments: [(nil, false), (nil, true), (.termOfOnesOwn, false), (.termForgotten, true)] as [(Mutant?, Bool)])
  func whoCountsOnALongerLeaseIsWaitedFor(_ mutant: Mutant?, isForgotten: Bool) {
    var cluster = Cluster(3, mutant, [.seconds(10), .seconds(10), .seconds(10)])
    for node in 0..<3 { cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node)))) }
    cluster.pass(.seconds(2))
    #expect(cluster.owners == [0])
    cluster.begin(1, .seconds(3))
    cluster.begin(2, .seconds(3))
    // They hear nothing more of it and go by what they have stored, or go on for long by what it says.
    if !isForgotten { cluster.pass(.seconds(12)) }
    cluster.isMute[0] = true
    cluster.pass(.seconds(5))
    #expect(cluster.owners == (mutant == nil ? [0] : [0, 1]))
    cluster.pass(.seconds(8))
    #expect(mutant != nil || cluster.owners == [1])
    // From here on it's as short as their files say.
    #expect(mutant != nil || cluster.nodes[1...].allSatisfy { $0.acceptor.slot.term == .seconds(3) })
  }

  /// What it has promised as a program of before it hasn't stored the term of; that program went by the file that is there still.
  @Test func aTermIsStoredAtTheStart() {
    var slot = PaxosSlot()
    (slot.generation, slot.promised) = (1, Ballot(number: 1, node: 0))
    slot.accepted = PaxosSlot.Accepted(ballot: slot.promised, owner: 0)
    func begin(_ slot: PaxosSlot, _ term: Span) -> (PaxosOwner, [PaxosSlot]) {
      var owner = PaxosOwner(1, of: Sample.members(3), lease: Lease(term: term), slot: slot, run: 2, at: .start)
      var effects: [PaxosOwner.Effect] = []
      for _ in 0..<2 { owner.step(.tick, at: .start, into: &effects) }
      return (owner, effects.compactMap { if case .persist(let slot) = $0 { slot } else { nil } })
    }
    let stored = begin(slot, .seconds(10)).1
    #expect(stored.map(\.term) == [.seconds(10)])
    let (again, more) = begin(stored.first ?? slot, .seconds(3))
    #expect(again.acceptor.lease.until == .start + .seconds(10) && more.isEmpty)
    #expect(begin(PaxosSlot(), .seconds(10)).1.isEmpty)
  }

  /// Nobody waits for what is over.
  @Test func aTermThatWasLongerIsForgottenOnceItIsOver() {
    var cluster = Cluster(3, nil, [.seconds(10), .seconds(10), .seconds(10)])
    for node in 0..<3 { cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node)))) }
    cluster.pass(.seconds(2))
    for node in 0..<3 {
      cluster.begin(node, .seconds(3))
      cluster.pass(.milliseconds(500))
    }
    cluster.pass(.seconds(11))
    #expect(cluster.owners.count == 1)
    #expect(cluster.nodes.allSatisfy { $0.acceptor.slot.term == .seconds(3) })
    #expect(cluster.nodes.allSatisfy { $0.acceptor.lease.until <= cluster.now + .seconds(3) })
  }

  @Test func aTermIsStoredBeforeItIsCountedOn() {
    var cluster = Cluster(3)
    var effects: [PaxosOwner.Effect] = []
    let ballot = Ballot(number: 1 << 32, node: 0)
    func said() -> Set<PaxosMessage> {
      Set(effects.compactMap { if case .send(let message, 0) = $0 { message } else { nil } })
    }
    for message: PaxosMessage in [.prepare(1, ballot), .accept(1, ballot, owner: 0), .renew(1, round: 7)] {
      cluster.nodes[1].step(.message(message, from: 0, among: 0), at: cluster.now, into: &effects)
    }
    cluster.nodes[1].step(.persisted(2), at: cluster.now, into: &effects)
    #expect(said().contains(.renewed(1, round: 7)) && cluster.nodes[1].acceptor.slot.term == .seconds(3))
    // The owner has begun anew with a longer one.
    let longer = PaxosMessage.renew(1, round: 8, term: .seconds(5))
    cluster.nodes[1].step(.message(longer, from: 0, among: 0), at: cluster.now, into: &effects)
    #expect(!said().contains(.renewed(1, round: 8)) && cluster.nodes[1].acceptor.slot.term == .seconds(5))
    cluster.nodes[1].step(.persisted(3), at: cluster.now, into: &effects)
    #expect(said().contains(.renewed(1, round: 8)))
    #expect(cluster.nodes[1].acceptor.lease.until == cluster.now + .seconds(5))
  }

  @Test func whoWasAwayWhenItWasChosenIsWonLater() {
    var cluster = Cluster(3)
    for node in 0..<3 { cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node)))) }
    cluster.isThere[2] = false
    cluster.pass(.seconds(5))
    #expect(cluster.owners == [0])
    cluster.isThere[2] = true
    cluster.pass(.seconds(2))
    // One goes of those who chose it; the others are still more than half.
    cluster.isThere[1] = false
    cluster.pass(.seconds(10))
    #expect(cluster.owners == [0] && cluster.owned[0]?.generation == 1 && cluster.dropped.isEmpty)
    #expect(cluster.nodes[2].seen.owner == 0)
  }

  /// The last of them comes when the owner has lapsed already.
  @Test func whoHasLapsedGoesOnWithThoseWhoCome() {
    var cluster = Cluster(3)
    for node in 0..<3 { cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node)))) }
    cluster.isThere[2] = false
    cluster.pass(.seconds(5))
    cluster.isThere[1] = false
    cluster.pass(.seconds(5))
    #expect(cluster.owners.isEmpty && cluster.dropped == [.lapsed])
    cluster.isThere[2] = true
    cluster.pass(.seconds(10))
    #expect(cluster.owners.count == 1)
  }

  /// Nodes count their tries from how often they were started; one that was started often promises the others a lot.
  @Test func aTryComesAfterThoseOfWhoIsGone() {
    var cluster = Cluster(3)
    // Nobody has anything for a term after a start.
    cluster.pass(.seconds(4))
    for node in 1..<3 {
      cluster.step(node, .message(.prepare(1, Ballot(number: 99 << 32, node: 0)), from: 0, among: 0))
      cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node))))
    }
    cluster.isThere[0] = false
    cluster.pass(.seconds(10))
    #expect(cluster.owners.count == 1)
  }

  /// Something may stand for the name on a node that couldn't renew it: it's to know when that is another one's.
  @Test(arguments: [false, true]) func whoHasLapsedIsToldThatAnotherOneHasIt(_ isHeard: Bool) {
    var cluster = Cluster(3)
    for node in 0..<3 { cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node)))) }
    cluster.pass(.seconds(2))
    cluster.isThere[0] = false
    cluster.pass(.seconds(5))
    #expect(cluster.owners == [1] && cluster.dropped.isEmpty)
    cluster.isThere[0] = true
    // If nobody hears it, it hears how the other one goes on.
    cluster.isMute[0] = !isHeard
    cluster.pass(.seconds(2))
    #expect(cluster.owners == [1] && cluster.dropped == [.lapsed, .taken(by: NodeName("n1"))])
    #expect(cluster.nodes[0].stance == .watching)
  }

  /// It had none for a while and didn't hear of it: what was chosen for the one before can't be gone on with, nor be kept from all.
  @Test(arguments: [false, true]) func whoHasAnotherSeatComesToItAnew(_ isLapsed: Bool) {
    var cluster = Cluster(3)
    for node in 0..<3 { cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node)))) }
    cluster.pass(.seconds(2))
    #expect(cluster.owners == [0])
    if isLapsed {
      cluster.standDown([1, 2])
      cluster.isMute[0] = true
      cluster.pass(.seconds(4))
      #expect(cluster.owners.isEmpty && cluster.dropped == [.lapsed])
      cluster.isMute[0] = false
    }
    cluster.seat([3, 1, 2], voters: NodeSet(bits: 0b1110))
    cluster.pass(.seconds(5))
    #expect(cluster.owners.count == 1 && cluster.dropped.last == .released)
    #expect(cluster.owners.first.flatMap { cluster.owned[$0]?.generation } == 1 << 32 | 1)
  }

  /// Others have been told that it's free, and may be about to take it.
  @Test(arguments: [nil, .earlierLookKept] as [Mutant?])
  func whoHasReleasedItGoesByNoEarlierLook(_ mutant: Mutant?) {
    var cluster = Cluster(3, mutant)
    cluster.isThere[2] = false
    cluster.step(0, .standing(.candidate(after: .zero)))
    while cluster.owners.isEmpty, cluster.now < .start + .seconds(110) { cluster.pass(.milliseconds(20)) }
    #expect(cluster.owners == [0])
    let look = cluster.nodes[0].rounds
    cluster.step(0, .release(heir: 1))
    cluster.pass(.milliseconds(200))
    #expect(cluster.owners.isEmpty && cluster.nodes[0].stance == .watching)
    // The third one's answer is late.
    let late = PaxosMessage.state(round: look, generation: 0, owner: nil, busy: .zero, heir: nil)
    cluster.step(0, .message(late, from: 2, among: 0))
    #expect(cluster.owners == (mutant == nil ? [] : [0]))
  }

  /// What the process before this one had is another's by now, for all it knows.
  @Test func whoHasBegunAnewTakesNoNameForItsOwn() throws {
    var slot = PaxosSlot()
    (slot.generation, slot.promised) = (6, Ballot(number: 1, node: 0))
    slot.accepted = PaxosSlot.Accepted(ballot: slot.promised, owner: 0)
    let members = Sample.members(3)
    let start = Moment.start + .seconds(100)
    let lease = Lease(term: .seconds(3))
    var owner = EmbeddedOwner("web", lease: lease, slot: slot, run: 2)
    owner.begin(as: 0, of: members, at: start)
    #expect(!owner.hasLooked && owner.owner == nil)
    var said: [PaxosOwner.Effect] = []
    owner.step(.message(.renew(7, round: 1), from: 2, among: members.id), at: start, into: &said)
    #expect(owner.hasLooked && owner.owner == members[2])
  }

  @Test func theHeirHasItAtOnce() {
    var cluster = Cluster(3)
    for node in 0..<3 { cluster.step(node, .standing(.candidate(after: .milliseconds(150) * Int64(node)))) }
    cluster.pass(.seconds(5))
    cluster.step(0, .release(heir: 2))
    cluster.pass(.milliseconds(60))
    #expect(cluster.owners == [2] && cluster.owned[2]?.generation == 2)
    cluster.pass(.milliseconds(200))
    #expect(cluster.nodes.allSatisfy { $0.seen.generation == 2 && $0.seen.owner == 2 })
  }

  /// What the process before this one has asked may be heard when it's gone, and answered to this one.
  @Test func whatTheProcessBeforeHasAskedDoesNotCount() throws {
    var slot = PaxosSlot()
    (slot.generation, slot.promised) = (1, Ballot(number: 1, node: 0))
    slot.accepted = PaxosSlot.Accepted(ballot: slot.promised, owner: 0)
    let (lease, start) = (Lease(term: .seconds(3)), Moment.start + .seconds(100))
    var processes = [1, 2].map {
      PaxosOwner(0, of: Sample.members(3), lease: lease, slot: slot, run: $0, at: start)
    }
    var said: [PaxosOwner.Effect] = []
    for index in processes.indices {
      said = index == 0 ? [] : said
      processes[index].step(.inherited(generation: 1, until: start + .seconds(2)), at: start, into: &said)
      processes[index].step(.tick, at: start + lease.beat, into: &said)
    }
    let rounds = said.compactMap { effect -> UInt64? in
      if case .send(.renew(1, let round, _), to: 1) = effect { round } else { nil }
    }
    #expect(rounds.count == 4)
    var effects: [PaxosOwner.Effect] = []
    for node: NodeNumber in 1...2 {
      let answer = PaxosMessage.renewed(1, round: rounds[1])
      processes[1].step(.message(answer, from: node, among: 0), at: start + lease.beat, into: &effects)
    }
    #expect(!effects.contains { if case .own = $0 { true } else { false } })
  }

  /// Each of several who try at once takes the others' promise away, so whoever looks lets one that has begun come to something, for a while.
  @Test func whoTriesIsLeftTimeForBothPhases() {
    var acceptor = Acceptor(PaxosSlot(), term: .seconds(4), at: .start, Mutants())
    func busy(for node: NodeNumber, leaving span: Span = .milliseconds(600), at now: Moment) -> Span? {
      let state = acceptor.state(1, for: node, leaving: span, at: now, Mutants())
      guard case .state(_, _, _, let busy, _) = state else { return nil }
      return busy
    }
    let now = Moment.start + .seconds(1)
    #expect(busy(for: 1, at: now) == .zero)
    _ = acceptor.answer(.prepare(1, Ballot(number: 6, node: 2)), of: 2, at: now, Mutants())
    #expect(busy(for: 1, at: now) == .zero && busy(for: 2, at: now) == .zero)
    _ = acceptor.answer(.prepare(1, Ballot(number: 7, node: 0)), of: 0, at: now, Mutants())
    #expect(busy(for: 0, at: now) == .zero && busy(for: 1, at: now) == .milliseconds(600))
    #expect(busy(for: 1, at: now + .milliseconds(500)) == .milliseconds(100))
    #expect(busy(for: 1, at: now + .milliseconds(600)) == .zero)
    // Half a lease at most, however slow disks are.
    #expect(busy(for: 1, leaving: .seconds(3), at: now) == .seconds(2))
    // It's a favour: who tries all the same is promised what comes later.
    guard case (.promise, _)? = acceptor.answer(.prepare(1, Ballot(number: 8, node: 1)), of: 1, at: now, Mutants())
    else { return #expect(Bool(false)) }
    _ = acceptor.answer(
      .accept(1, Ballot(number: 8, node: 1), owner: 1, term: .seconds(4)), of: 1, at: now, Mutants())
    #expect(busy(for: 0, at: now) == .seconds(4) && busy(for: 1, at: now) == .zero)
  }
}
