/// What others say, and ask.
extension PaxosOwner {
  mutating func take(
    _ message: PaxosMessage, of node: NodeNumber, at now: Moment, into effects: inout [Effect]
  ) {
    switch message {
    case .probe(let round):
      let state = acceptor.state(round, for: node, leaving: patience * 2, at: now, mutants)
      answer(state, to: node, at: now, into: &effects)
    case .prepare, .accept, .renew:
      if case .renew(let generation, _, _) = message {
        if generation > told.generation { told = (generation, node) }
        lose(to: node, by: generation, at: now, into: &effects)
      }
      guard let (reply, footing) = acceptor.answer(message, of: node, at: now, mutants) else { return }
      let isAtOnce: Bool
      switch footing {
      case .nothing: isAtOnce = true
      case .slot: isAtOnce = mutants.have(.renewedBeforeDurable)
      case .changedSlot:
        isAtOnce = mutants.have(.answeredBeforeDurable)
        if !mutants.have(.promiseForgotten) { storeSlot(into: &effects) }
      }
      if isAtOnce || durable >= written {
        answer(reply, to: node, at: now, into: &effects)
      } else {
        answers.append((written, reply, node))
      }
    case .release(let generation, let heir):
      acceptor.release(generation, heir, of: node, at: now)
      guard stance == .watching, node != me, heir == nil || heir == me else { break }
      // Others may hear of it a moment later.
      isEagerUntil = now + Self.shortestPatience
      looksAt = min(looksAt, now)
    case .state(let round, let generation, let owner, let busy, let heir):
      guard round == rounds, stance == .watching, attempt == nil else { return }
      see(node, generation, owner, busy, heir, at: now, into: &effects)
    case .promise(let generation, let ballot, let accepted):
      promised(generation, ballot, accepted, by: node, at: now, into: &effects)
    case .accepted(let generation, let ballot): accepted(generation, ballot, by: node, at: now, into: &effects)
    case .refused(let generation, let ballot, let promised):
      // Whoever was promised to may be gone for good: the next try has to come after that one.
      lastTry = max(lastTry, promised)
      guard attempt?.ballot == ballot, attempt?.generation == generation else { return }
      attempt?.refusals.insert(node)
      // A majority has to be possible still.
      if let attempt, !members.isMajority(without: attempt.refusals) { fail(at: now, into: &effects) }
    case .renewed(let generation, let round): renewed(generation, round, by: node, at: now, into: &effects)
    case .passed(let generation, let later) where later <= generation:
      // It was away when this node came to own it. Without its voice another one that goes would be one too many.
      guard case .owning(generation, _) = stance, attempt == nil, !isInherited else { return }
      `try`(generation, at: now, into: &effects)
    case .passed(let generation, let later):
      // A single one may have gone on with somebody who didn't get through; it counts once this lease is over.
      guard case .owning(generation, .start) = stance, later > generation, attempt == nil else { return }
      watch(from: now)
    }
  }

  private mutating func see(
    _ node: NodeNumber, _ generation: UInt64, _ owner: NodeNumber?, _ busy: Span, _ heir: NodeNumber?, at now: Moment,
    into effects: inout [Effect]
  ) {
    if generation > told.generation || generation == told.generation && owner != nil { told = (generation, owner) }
    look.answers.insert(node)
    if busy == .zero { look.free.insert(node) }
    if generation > look.generation { (look.generation, look.hasOwner, look.heir) = (generation, false, nil) }
    if generation == look.generation {
      look.hasOwner = look.hasOwner || owner != nil
      look.heir = look.heir ?? heir
    }
    guard members.isMajority(look.answers) else { return }
    guard members.isMajority(look.free) else {
      if look.answers.count == members.voting.count { freeSince = nil }
      return
    }
    let since = freeSince ?? now
    freeSince = since
    guard case .candidate(let delay) = standing else { return }
    let due: Moment
    switch look.heir {
    case me: due = since
    case nil: due = since + delay
    default: due = since + lease.term / 2 + delay
    }
    guard now >= due else {
      looksAt = min(looksAt, due)
      return
    }
    let next = later(than: look.generation, isTaken: look.hasOwner || look.generation == 0)
    `try`(mutants.have(.generationReused) && look.generation > 0 ? look.generation : next, at: now, into: &effects)
  }
}
