/// What becomes of a fleet whose nodes agree by themselves, when more than half of those who vote are lost for good: it goes on from what one node
/// has, if somebody says so who knows that the others are lost.
extension FleetNode {
  /// What a fleet would lose.
  package struct Loss: Equatable, Sendable {
    /// The voters that are taken for lost for good, in the order of their names.
    package var gone: [NodeName]
    /// Those of them that are there all the same: without what they knew, or too few.
    package var present: [NodeName]
    /// The last entry that this node has; later ones are lost, though they may have been agreed on.
    package var position: UInt64
  }

  /// How far apart the first entries are of a log and of the one that goes on from it: more than anybody can have had of the first.
  static let placesBetweenLogs: UInt64 = 1_000_000_000_000

  /// For how long too few have to be there: who has just begun hasn't heard anybody yet.
  static let loneliness = Span.seconds(2)

  /// Whether more than half of those who count are there, with the memories that count.
  private func isMajorityThere(of members: Members, at now: Moment) -> Bool {
    members.isMajority(voices(of: members, at: now))
  }

  /// The seats of those who are there, with the memories that count.
  private func voices(of members: Members, at now: Moment) -> NodeSet {
    var there = NodeSet()
    for seat in members.voting {
      guard let participant = members[seat] else { continue }
      if participant == me || isThere(participant, at: now) { there.insert(seat) }
    }
    return there
  }

  private func isThere(_ participant: Participant, at now: Moment) -> Bool {
    guard let place = peers.all.indices.first(where: { peers.all[$0].node == participant.node }) else { return false }
    return peers.isPresent(at: place, now) && peers.all[place].status?.incarnation == participant.incarnation
  }

  mutating func noteMajority(at now: Moment) {
    guard case .embedded(let log) = log, !log.value.isReached, let members = log.value.members,
      !isMajorityThere(of: members, at: now)
    else {
      return aloneSince = nil
    }
    aloneSince = aloneSince ?? now
  }

  /// What would be lost if the fleet went on from what this node has; or why it can't be asked for.
  func loss(at now: Moment) -> Result<Loss, Refusal> {
    func refusal(_ why: String) -> Result<Loss, Refusal> { .failure(Refusal(answer: .pointless(why))) }
    guard let log = log.embedded else { return refusal("the fleet's log is kept by servers of its own") }
    guard let zab = log.zab?.value, let members = log.members, !log.isOutlived else {
      return refusal("this node has no vote, so the fleet can't go on from what it has")
    }
    // Who only learns, or votes no more, has a log all the same: perhaps the last one that there is.
    guard log.last > 0 || isVoter else { return refusal("this node knows nothing of the log yet") }
    if let leader = log.leader, log.isReached {
      return refusal("\(leader.text) leads, and more than half of those who vote are there: nothing is lost")
    }
    if isMajorityThere(of: members, at: now) {
      return refusal("more than half of those who vote are there, and are about to find a leader: nothing is lost")
    }
    guard let aloneSince, now - aloneSince >= Self.loneliness else {
      return refusal("it isn't known yet who is there: try again in some seconds")
    }
    switch rollouts.hand {
    case .activating: return refusal("a configuration is about to be served: try again in some seconds")
    case .empty, .preparing, .holding, .refused, .soaking: break
    }
    // An election tells who has the most, unless he has lost it since.
    let own = (zab.memory.currentEpoch, zab.memory.history.last)
    if (zab.vote.epoch, zab.vote.last) > own, let other = zab.participant(at: zab.vote.node), isThere(other, at: now) {
      return refusal(
        "\(other.node.text) is there and knows more of the log: the fleet should go on from what that node has")
    }
    // Whoever has come over to the next log hears nothing of this one, so nobody would ever stop.
    let last = lastState ?? state
    if last.isOver, let engine = last.succession?.engine {
      return refusal("the log is over: the fleet goes by \(engine) from now on")
    }
    // As long as members change, those vote as well who did before. And who is to vote no more, by an entry that none of them has, has the most: they
    // refuse for its sake.
    let there = voices(of: members, at: now)
    let voices = there.compactMap { members[$0]?.node }
    if !voices.contains(plan.me), !zab.isWanted(by: there), let voter = voices.first {
      return refusal("\(voter.text) is there and votes: the fleet should go on from what that node has")
    }
    // Those who don't vote tell nobody by an election how much they have.
    let more = peers.all.first { peers.isPresent($0, at: now) && ($0.status?.position ?? 0) > log.last }
    if !voices.contains(plan.me), let other = more?.node {
      return refusal("\(other.text) is there and knows more of the log: the fleet should go on from what that node has")
    }
    let gone = Set(members.voting.compactMap { members[$0]?.node }).subtracting([plan.me]).sorted()
    return .success(Loss(gone: gone, present: gone.filter { peers.isPresent($0, at: now) }, position: log.last))
  }

  mutating func restore(
    without lost: [NodeName]?, as memory: Incarnation, _ mark: UInt64, _ number: UInt64, at now: Moment,
    into effects: inout [Effect]
  ) {
    switch loss(at: now) {
    case .failure(let refusal): effects.append(.answer(number: number, refusal.answer))
    case .success(let loss):
      // Who is named has to be who is lost, and nobody else: things may have changed since somebody looked.
      guard let lost, Set(lost) == Set(loss.gone) else { return effects.append(.answer(number: number, .loss(loss))) }
      guard let next = restored(as: memory, mark) else {
        let why = "what this node has of the log can't be read to its end, or was restored too often"
        return effects.append(.answer(number: number, .pointless(why)))
      }
      effects.append(.restore(next, loss, number: number))
    }
  }

  /// What this node stores in place of all that it has, so that it's the fleet from then on: what all entries came to that it has, agreed on or not,
  /// as the beginning of a log in which nobody else has a seat. It gets a new memory, so that to those with an old one it's a stranger as well.
  private func restored(as memory: Incarnation, _ mark: UInt64) -> FleetMemory? {
    guard let log = log.embedded, let zab = log.zab?.value, log.canBeRead else { return nil }
    let me = Participant(plan.me, memory)
    let before = zab.memory
    guard
      let members = zab.members.restored(
        to: me, mark: mark, after: max(before.acceptedEpoch, before.currentEpoch)),
      let seat = members.seat(of: me), var state = lastState
    else { return nil }
    // Nobody else's word counts before it has come again.
    (state.members, state.succession) = ([], nil)
    // Others may have more of the former log, or something else where this node's isn't agreed on, and know what they serve by its place there. So no place
    // of the next one is one of those; and what is in force, or under way, by what may be this node's alone gets another one.
    guard state.position < UInt64.max / 2 else { return nil }
    let first = (state.position / Self.placesBetweenLogs + 1) * Self.placesBetweenLogs
    if state.committed.origin > self.state.position { state.committed.origin = first + 1 }
    if let number = state.rollout?.number, number > self.state.position { state.rollout?.number = first + 2 }
    state.position = first + 2
    state.voters = FleetState.Voters(number: (state.voters?.number ?? 0) + 1, all: [me])
    var next = FleetMemory(incarnation: memory, run: self.memory.run, stored: rollouts.stored)
    next.era = self.memory.era
    for record: ZabRecord in [
      .accepted(epoch: members.epoch, leader: seat), .current(epoch: members.epoch),
      .snapshot(Zxid(epoch: members.epoch, counter: 1), members, state.encoded),
    ] {
      next.embedded.take(.log(record))
    }
    for name in Set(self.memory.embedded.slots.keys).union(plan.addresses.map(\.name)) {
      // By what was lost somebody may count on a lease as long as any of which this node has heard.
      next.embedded.slots[name] = PaxosSlot(
        restoredTo: members, term: max(longestTerm ?? .zero, log.longestTerm))
    }
    return next
  }

  /// The entries that are here and of which it isn't known whether all agree on them; nil if one can't be read.
  package var tail: [Entry]? {
    guard let zab = log.embedded?.zab?.value else { return [] }
    var tail: [Entry] = []
    for item in zab.memory.history.items where item.zxid > zab.delivered {
      guard case .value(let bytes) = item.entry else { continue }
      guard let entry = try? Entry(encoded: bytes, knowing: plan.known) else { return nil }
      tail.append(entry)
    }
    return tail
  }

  /// What all entries come to that are here; nil if one can't be read.
  private var lastState: FleetState? {
    guard let tail else { return nil }
    var state = state
    for entry in tail where !mutants.have(.restoredWithoutTail) { state.fold(entry) }
    // After a crash it may have less of the log than it served, as that was agreed on by others. Once it knew all that was agreed on, what it began
    // with says nothing any more: it may be what the fleet lost when it was restored before.
    guard !isInformed else { return state }
    // What was stored of a log before this one counts for nothing.
    if memory.stored.generation > state.committed.generation,
      memory.stored.origin / Self.placesBetweenLogs == state.position / Self.placesBetweenLogs
    {
      (state.committed, state.rollout) = (memory.stored, nil)
      state.position = max(state.position, memory.stored.origin)
    }
    if memory.overrides.position > state.position {
      (state.overrides, state.position) = (memory.overrides.overrides, memory.overrides.position)
    }
    return state
  }

  /// Goes on with another memory, which is stored. What it owned it owns no more; what it knows of clients and of others it knows still.
  package mutating func beginAnew(_ memory: FleetMemory, at now: Moment, into effects: inout [Effect]) {
    // What isn't agreed on is in what the fleet goes on from all the same, if it's here.
    let kept = tail?.map(\.id) ?? []
    for request in requests {
      effects.append(.answer(number: request.number, kept.contains(request.id) ? .passed : .logAway))
    }
    switch rollouts.hand {
    case .preparing(let origin), .holding(let origin): effects.append(.rollout(.giveBack(origin: origin)))
    case .empty, .refused, .activating, .soaking: break
    }
    for index in owners.indices {
      if owners[index].stance != .watching { effects.append(.drop(address: index, .released)) }
      stepTable(index, .resign, at: now, into: &effects)
    }
    var next = FleetNode(plan, memory: memory, mutants: mutants)
    (next.peers, next.isolation, next.pools, next.own, next.isAble) = (peers, isolation, pools, own, isAble)
    (next.tables, next.ownGeneration) = (tables, ownGeneration)
    // What it serves to be looked at, and nobody can decide on any more, makes room for what is in force.
    if case .soaking = rollouts.hand { next.rollouts.keep(rollouts) }
    self = next
    step(.tick, at: now, into: &effects)
  }
}

extension FleetNode.Effect {
  /// Whether it answers a request: all else that a node wants while another memory is being stored in place of its own comes to nothing.
  package var isAnswer: Bool { if case .answer = self { true } else { false } }
}
