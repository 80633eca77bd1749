import Agreement

/// Judges rollouts by the log alone, with rules of its own.
struct RolloutJudge {
  private struct Case {
    var proposal: Proposal
    var yes: [Participant] = []
    var isDecided = false
    var isCommitted = false
  }

  private var cases: [UInt64: Case] = [:]
  private var memories: [NodeName: Participant] = [:]
  private var seen: [Participant: (UInt32, UInt64)] = [:]
  private var reverts: Set<UInt64> = []
  /// What came to nothing, as its author's memory didn't count.
  private var refused: Set<EntryID> = []

  /// Takes the next entry, with what nodes say that it came to; what is wrong with it, if anything.
  mutating func judge(_ entry: Entry, _ position: UInt64, _ result: FleetState.Outcome, _ hosts: [Host]) -> String? {
    let author = entry.id.author
    if let last = seen[author], (entry.id.run, entry.id.sequence) <= last {
      if case .void = result { return nil }
      return "\(position) was taken up twice"
    }
    // What a process says first may be taken up later, when its memory counts; nothing else may that its author was told of.
    if case .join = entry.event, result == .taken { memories[author.node] = author }
    guard memories[author.node] == author else {
      refused.insert(entry.id)
      if case .void = result { return nil }
      return "\(position) is of a memory that doesn't count, and was taken up"
    }
    if refused.contains(entry.id), entry.event != .join { return "\(position) was refused, and was taken up later" }
    seen[author] = (entry.id.run, entry.id.sequence)
    switch entry.event {
    case .begin(let proposal): if result == .began { cases[position] = Case(proposal: proposal) }
    case .vote(let number, let vote): return count(vote, number, author, result, hosts)
    case .abort(let number, _):
      guard let open = cases[number] else { return nil }
      if open.isDecided, case .decided = result { return "rollout \(number) is decided twice" }
      cases[number]?.isDecided = true
    case .revert: if case .decided(.reverted) = result { reverts.insert(position) }
    case .applied(let generation):
      let host = hosts[Int(author.node.text.dropFirst()) ?? 0]
      if host.disk.incarnation == author.incarnation, host.disk.stored.generation < generation {
        return
          "\(author.node.text) says that \(generation) is served, and would serve \(host.disk.stored.generation) after a crash"
      }
    default: break
    }
    return nil
  }

  private mutating func count(
    _ vote: Vote, _ number: UInt64, _ author: Participant, _ result: FleetState.Outcome, _ hosts: [Host]
  ) -> String? {
    guard var open = cases[number], !open.isDecided, open.proposal.participants.contains(author) else {
      if case .void = result { return nil }
      return "a vote of \(author.node.text) to \(number) counts, and mustn't"
    }
    guard vote == .yes else {
      cases[number]?.isDecided = true
      return nil
    }
    let host = hosts[Int(author.node.text.dropFirst()) ?? 0]
    if host.disk.incarnation == author.incarnation, !host.everReserved.contains(number) {
      return "\(author.node.text) said yes to \(number) and had nothing reserved"
    }
    if !open.yes.contains(author) { open.yes.append(author) }
    if open.proposal.participants.allSatisfy({ open.yes.contains($0) }) {
      open.isDecided = true
      open.isCommitted = true
    }
    cases[number] = open
    if case .decided(.committed) = result {
      if !open.isCommitted { return "rollout \(number) is committed without everybody's yes" }
    } else if open.isCommitted {
      return "rollout \(number) isn't committed, with everybody's yes"
    }
    return nil
  }

  /// A log begins with a state in which nobody counts yet: nothing is under way but what the state says, and what it says is in force was committed.
  /// Both may have other numbers than they had before.
  mutating func begin(
    with state: FleetState, committed origin: UInt64, rollout: UInt64?, after former: RolloutJudge
  ) {
    (memories, seen) = ([:], [:])
    if let rollout, let number = state.rollout?.number { cases[number] = cases[rollout] }
    for number in cases.keys where number != state.rollout?.number { cases[number]?.isDecided = true }
    // After a crash a node may serve what it has no entry of.
    let inForce = cases[origin]?.isCommitted == true ? cases[origin] : former.cases[origin]
    cases[state.committed.origin] = inForce
    if reverts.contains(origin) || former.reverts.contains(origin) { reverts.insert(state.committed.origin) }
  }

  /// What is wrong with a node's activating something now.
  func judgeActivation(_ origin: UInt64, inForce: Bool, by node: NodeName) -> String? {
    if reverts.contains(origin) { return nil }
    guard let open = cases[origin] else { return "nobody proposed \(origin)" }
    if inForce { return open.isCommitted ? nil : "\(origin) isn't committed" }
    guard open.proposal.canary?.node == node else { return "it's no canary of \(origin)" }
    let others = open.proposal.participants.filter { $0.node != node }
    return others.allSatisfy { open.yes.contains($0) } ? nil : "not all others have said yes to \(origin)"
  }

  /// Whether a node has said yes to something that isn't decided.
  func isBound(_ incarnation: Incarnation, _ node: NodeName, to origin: UInt64) -> Bool {
    guard let open = cases[origin] else { return false }
    return !open.isDecided && open.yes.contains(Participant(node, incarnation))
  }
}

extension World {
  func learn(_ entry: Entry, _ position: UInt64, _ result: FleetState.Outcome, _ node: Int) {
    let branch = branch(of: node)
    switch branches[branch].log.judge(entry, position, result) {
    case .known: break
    case .wrong(let promise, let what): fail(promise, "n\(node): \(what)")
    case .first:
      outcome.counts.entries += 1
      switch result {
      case .decided(.committed): outcome.counts.commits += 1
      case .decided(.aborted): outcome.counts.aborts += 1
      case .decided(.reverted): outcome.counts.reverts += 1
      default: break
      }
      if let wrong = answers.judge(entry, position, result) { fail("who asks is told what became of it", wrong) }
      if let wrong = branches[branch].forms.judge(entry, position, result) { fail("what is new waits for all", wrong) }
      if case .trial = entry.event, result == .taken { outcome.counts.trials += 1 }
      if let wrong = branches[branch].rollouts.judge(entry, position, result, nodes) { fail("the log decides", wrong) }
    }
  }
}
