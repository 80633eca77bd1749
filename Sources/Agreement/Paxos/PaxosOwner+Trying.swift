/// Tries to become the owner, and to stay it.
extension PaxosOwner {
  mutating func `try`(_ generation: UInt64, at now: Moment, into effects: inout [Effect]) {
    guard !isSealed else { return }
    lastTry = later(thanTry: lastTry)
    let ballot = Ballot(number: lastTry, node: me)
    attempt = Attempt(generation: generation, ballot: ballot, sentAt: now)
    say(.prepare(generation, ballot), at: now, into: &effects)
  }

  /// Tries again later; nodes that got into each other's way come at different times, and who looks then lets the later one come to something.
  mutating func fail(at now: Moment, into effects: inout [Effect]) {
    attempt = nil
    switch stance {
    case .watching: looksAt = now + .milliseconds(40 + 60 * Int64(me))
    case .owning: if isInherited { looksAt = now + .milliseconds(40) }
    case .releasing: break
    }
  }

  /// An answer that comes when its try was given up for the lack of it would come so to the next one.
  private mutating func noteLate(_ ballot: Ballot) {
    guard let last = timedOut, ballot.node == me, ballot.number <= last.number else { return }
    timedOut = nil
    if !mutants.have(.impatient) { patience = min(patience + patience, max(Self.shortestPatience, lease.term / 2)) }
  }

  mutating func promised(
    _ generation: UInt64, _ ballot: Ballot, _ accepted: PaxosSlot.Accepted?, by node: NodeNumber, at now: Moment,
    into effects: inout [Effect]
  ) {
    noteLate(ballot)
    guard var attempt, attempt.ballot == ballot, attempt.generation == generation, attempt.owner == nil else { return }
    attempt.answers.insert(node)
    if let accepted, attempt.highest.map({ $0.ballot < accepted.ballot }) ?? true { attempt.highest = accepted }
    self.attempt = attempt
    guard members.isMajority(attempt.answers) else { return }
    let owner = attempt.highest?.owner ?? me
    attempt.owner = owner
    attempt.answers = NodeSet()
    attempt.sentAt = now
    self.attempt = attempt
    say(.accept(generation, ballot, owner: owner, term: lease.term), at: now, into: &effects)
  }

  mutating func accepted(
    _ generation: UInt64, _ ballot: Ballot, by node: NodeNumber, at now: Moment, into effects: inout [Effect]
  ) {
    noteLate(ballot)
    guard var attempt, attempt.ballot == ballot, attempt.generation == generation, let owner = attempt.owner else {
      return
    }
    attempt.answers.insert(node)
    self.attempt = attempt
    guard members.isMajority(attempt.answers) else { return }
    self.attempt = nil
    guard owner == me else {
      if stance == .watching { looksAt = now + lease.term / 12 }
      return
    }
    isInherited = false
    timedOut = nil
    if now < attempt.sentAt + patience / 4 { patience = max(patience / 2, Self.shortestPatience) }
    freeSince = nil
    renewals = []
    renewsAt = attempt.sentAt + lease.beat
    var end = lease.end(sentAt: mutants.have(.leaseFromTheAnswer) ? now : attempt.sentAt)
    // What the process before this one was sure of holds on.
    if case .owning(_, let until) = stance { end = max(end, until) }
    stance = .owning(generation, until: end > now ? end : .start)
    guard end > now else { return }
    lapsed = nil
    effects.append(.own(generation: generation, until: end))
  }

  mutating func renewed(
    _ generation: UInt64, _ round: UInt64, by node: NodeNumber, at now: Moment, into effects: inout [Effect]
  ) {
    guard let index = renewals.firstIndex(where: { $0.round == round }) else { return }
    renewals[index].answers.insert(node)
    guard members.isMajority(renewals[index].answers) else { return }
    let sentAt = renewals[index].sentAt
    switch stance {
    case .owning(generation, _):
      extend(to: lease.end(sentAt: mutants.have(.leaseFromTheAnswer) ? now : sentAt), at: now, into: &effects)
    case .releasing(generation, _) where mutants.have(.renewalAfterRelease):
      effects.append(.own(generation: generation, until: lease.end(sentAt: sentAt)))
    default: break
    }
  }

  private mutating func extend(to end: Moment, at now: Moment, into effects: inout [Effect]) {
    guard case .owning(let generation, let until) = stance, end > now, end > until else { return }
    stance = .owning(generation, until: end)
    lapsed = nil
    effects.append(.own(generation: generation, until: end))
  }
}
