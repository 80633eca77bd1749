extension FleetState {
  /// What an entry came to.
  package enum Outcome: Equatable, Sendable {
    /// It's taken up as it is.
    case taken
    /// A rollout began.
    case began
    /// A rollout is decided, or taken back: it's over, or waits to be confirmed.
    case decided(Rollout.Outcome)
    /// It says what was said already, or what doesn't hold any more: nothing changed. Why, for people.
    case void(String)
  }

  /// Takes up the next entry of the log.
  @discardableResult
  package mutating func fold(_ entry: Entry, mutants: Mutants = Mutants()) -> Outcome {
    if isOver { return .void("the log has ended") }
    position += 1
    switch admit(entry, mutants) {
    case .void(let reason): return .void(reason)
    default: break
    }
    let form = entry.event.form
    // What a change of the engine waits for counts to its end: whoever doesn't know it can't read on anyway.
    let isAwaited = succession != nil && entry.event.isOfSuccession
    guard form <= .first || isAwaited || form <= self.form(mutants) || mutants.have(.laterFormTakenUp) else {
      return .void("is of form \(form.number), which not all nodes' programs know")
    }
    let outcome = take(entry, mutants)
    if case .void = outcome { return outcome }
    needed = max(needed, form)
    return outcome
  }

  private mutating func take(_ entry: Entry, _ mutants: Mutants) -> Outcome {
    let author = entry.id.author
    switch entry.event {
    case .join: return .taken
    case .begin(let proposal): return begin(proposal)
    case .vote(let number, let vote): return count(vote, of: author, in: number, mutants)
    case .soak(let number): return soak(number, by: author)
    case .abort(let number, let reason): return abort(number, reason, by: nil, mutants)
    case .applied(let generation): return note(author, serves: generation, complaint: nil)
    case .outOfStep(let generation, let reason): return note(author, failed: generation, reason)
    case .confirm(let number): return confirm(number)
    case .revert(let number, let reason): return revert(number, reason)
    case .set(let key, let value): return set(key, value)
    case .unset(let keys, _): return unset(keys)
    case .expire(let key, let setAt): return expire(key, setAt)
    case .voters(let all, let number):
      guard number == voters?.number ?? 0 else { return .void("who shall vote has changed meanwhile") }
      guard 1...Members.most ~= all.count else { return .void("\(all.count) can't vote") }
      guard succession == nil else { return .void("the engine is being changed") }
      voters = Voters(number: number + 1, all: all)
      return .taken
    case .trial: return .taken
    case .succeed(let era, let engine, let founders): return succeed(era, engine, founders)
    case .sealed(let number): return seal(number, by: author)
    case .stay(let number, _): return stay(number)
    }
  }

  /// Whether the entry is its author's next, by the memory and the run that count.
  private mutating func admit(_ entry: Entry, _ mutants: Mutants) -> Outcome {
    let id = entry.id
    let place = members.firstIndex { $0.identity.node >= id.author.node } ?? members.endIndex
    let isKnown = place < members.endIndex && members[place].identity.node == id.author.node
    if isKnown, members[place].identity == id.author {
      let last = members[place]
      if mutants.have(.runNotCounted) {
        guard id.sequence > last.sequence else { return .void("was taken up before") }
      } else {
        guard (id.run, id.sequence) > (last.run, last.sequence) else { return .void("was taken up before") }
      }
      members[place].run = id.run
      members[place].sequence = id.sequence
      return .taken
    }
    let strange = Outcome.void("is said by a memory of \(id.author.node.text) that doesn't count")
    if case .join = entry.event {
      // Nobody has a seat who isn't to vote, so this was said before another memory took its place, and has come late.
      if let voters, !voters.all.contains(id.author) { return strange }
      let member = Member(identity: id.author, run: id.run, sequence: id.sequence, applied: 0)
      if isKnown { members[place] = member } else { members.insert(member, at: place) }
      return .taken
    }
    if mutants.have(.foreignIncarnationVotes), isKnown { return .taken }
    return strange
  }

  // MARK: Rollouts

  private mutating func begin(_ proposal: Proposal) -> Outcome {
    if let rollout { return .void("rollout \(rollout.number) is under way") }
    if succession != nil { return .void("the engine is being changed") }
    guard proposal.base == committed.generation else {
      return .void("it's a change of generation \(proposal.base), and \(committed.generation) is in force")
    }
    if proposal.digest == committed.digest, committed.generation > 0 { return .void("it's in force already") }
    guard committed.generation > 0 || proposal.canary == nil && proposal.confirmation == nil else {
      return .void("it's the first, so there's nothing to go back to")
    }
    guard !proposal.participants.isEmpty else { return .void("nobody takes part") }
    for participant in proposal.participants where member(participant.node)?.identity != participant {
      return .void("\(participant.node.text) has another memory than was thought")
    }
    rollout = Rollout(number: position, proposal)
    return .began
  }

  private mutating func count(_ vote: Vote, of author: Participant, in number: UInt64, _ mutants: Mutants) -> Outcome {
    guard let place = placeOfVoting(number) else {
      return .void("rollout \(number) is over")
    }
    let index = place.ballots.firstIndex {
      mutants.have(.foreignIncarnationVotes) ? $0.participant.node == author.node : $0.participant == author
    }
    guard let index else { return .void("\(author.node.text) takes no part in rollout \(number)") }
    // Who has said yes and begins anew has to reserve everything again, and may find that it can't.
    guard place.ballots[index].vote == nil || vote != .yes else { return .void("\(author.node.text) has voted") }
    rollout?.ballots[index].vote = vote
    switch vote {
    case .no(let reason): return end(.aborted(reason: reason, by: author.node))
    case .yes: return rollout?.isCarried() == true ? commit() : .taken
    }
  }

  private func placeOfVoting(_ number: UInt64) -> Rollout? {
    guard let rollout, rollout.number == number, rollout.phase == .voting else { return nil }
    return rollout
  }

  private mutating func soak(_ number: UInt64, by author: Participant) -> Outcome {
    guard let voting = placeOfVoting(number), voting.proposal.canary?.node == author.node else {
      return .void("rollout \(number) has no such canary")
    }
    rollout?.isSoaking = true
    return .taken
  }

  private mutating func commit() -> Outcome {
    guard let carried = rollout else { preconditionFailure("a rollout was carried that there isn't") }
    let before = committed
    committed = Committed(
      generation: before.generation + 1, origin: carried.number, text: carried.proposal.text,
      digest: carried.proposal.digest)
    for index in members.indices { members[index].complaint = nil }
    guard carried.proposal.confirmation != nil else { return end(.committed(generation: committed.generation)) }
    rollout?.phase = .unconfirmed(before: before)
    return .decided(.committed(generation: committed.generation))
  }

  private mutating func abort(_ number: UInt64, _ reason: String, by node: NodeName?, _ mutants: Mutants) -> Outcome {
    if mutants.have(.secondDecisionWins), let last, last.number == number, case .committed = last.outcome {
      committed.generation -= 1
      committed.origin = 0
      return .decided(.aborted(reason: reason, by: node))
    }
    guard placeOfVoting(number) != nil else { return .void("rollout \(number) is over") }
    return end(.aborted(reason: reason, by: node))
  }

  private mutating func confirm(_ number: UInt64) -> Outcome {
    guard let rollout, rollout.number == number, case .unconfirmed = rollout.phase else {
      return .void("rollout \(number) doesn't wait to be confirmed")
    }
    return end(.committed(generation: committed.generation))
  }

  private mutating func revert(_ number: UInt64, _ reason: String) -> Outcome {
    guard let rollout, rollout.number == number, case .unconfirmed(let before) = rollout.phase else {
      return .void("rollout \(number) doesn't wait to be confirmed")
    }
    committed = Committed(
      generation: committed.generation + 1, origin: position, text: before.text, digest: before.digest)
    for index in members.indices { members[index].complaint = nil }
    return end(.reverted(reason: reason, generation: committed.generation))
  }

  private mutating func end(_ outcome: Rollout.Outcome) -> Outcome {
    guard let over = rollout else { preconditionFailure("a rollout ended that there isn't") }
    last = Rollout.Ended(
      number: over.number, author: over.proposal.author, votes: over.ballots, outcome: outcome)
    rollout = nil
    return .decided(outcome)
  }

  // MARK: Nodes

  private mutating func note(_ author: Participant, serves generation: UInt64, complaint: String?) -> Outcome {
    guard let place = members.firstIndex(where: { $0.identity == author }) else { return .void("is of nobody known") }
    members[place].applied = generation
    if generation == committed.generation { members[place].complaint = nil }
    return .taken
  }

  private mutating func note(_ author: Participant, failed generation: UInt64, _ reason: String) -> Outcome {
    guard generation == committed.generation else { return .void("generation \(generation) isn't in force any more") }
    guard let place = members.firstIndex(where: { $0.identity == author }) else { return .void("is of nobody known") }
    members[place].complaint = reason
    return .taken
  }

  // MARK: Overrides

  private mutating func set(_ key: String, _ value: [UInt8]) -> Outcome {
    let override = Override(key: key, value: value, setAt: position)
    let place = overrides.firstIndex { $0.key >= key } ?? overrides.endIndex
    if place < overrides.endIndex, overrides[place].key == key {
      overrides[place] = override
    } else {
      overrides.insert(override, at: place)
    }
    return .taken
  }

  private mutating func unset(_ keys: [String]) -> Outcome {
    let before = overrides.count
    overrides.removeAll { keys.contains($0.key) }
    return overrides.count < before ? .taken : .void("no such override holds")
  }

  private mutating func expire(_ key: String, _ setAt: UInt64) -> Outcome {
    guard let place = overrides.firstIndex(where: { $0.key == key && $0.setAt == setAt }) else {
      return .void("that override holds no more")
    }
    overrides.remove(at: place)
    return .taken
  }
}
