package import Agreement

/// How a node goes on.
extension PaxosModel {
  package typealias Result = Outcome<PaxosMessage, Note>

  package func begin(_ number: Int, into outcome: inout Result) -> Node {
    let now = Moment.start + .seconds(1_000)
    let isCandidate = number < bounds.candidates
    let number = NodeNumber(number)
    var node = Node(
      number: number, isCandidate: isCandidate, owner: process(number, now, PaxosSlot(), run: 1), now: now)
    stand(&node, into: &outcome)
    return node
  }

  private static let members = Members(founders: (0..<3).map { Participant(NodeName("n\($0)"), Incarnation(bits: 1)) })

  /// What another node says, among the members that all know.
  private func word(_ message: PaxosMessage, from node: Int) -> PaxosOwner.Input {
    .message(message, from: NodeNumber(node), among: Self.members.id)
  }

  private func process(_ me: NodeNumber, _ now: Moment, _ slot: PaxosSlot, run: UInt32) -> PaxosOwner {
    PaxosOwner(me, of: Self.members, lease: Self.lease, slot: slot, run: run, at: now, mutants: mutants)
  }

  private func stand(_ node: inout Node, into outcome: inout Result) {
    step(&node, .standing(node.isCandidate ? .candidate(after: .zero) : .bystander), into: &outcome)
  }

  package func deeds(of node: Node) -> [Deed] {
    var deeds: [Deed] = []
    if node.isCandidate, node.owner.wakesAt <= node.now { deeds.append(.wake) }
    let others = [0, 1, 2].filter { $0 != Int(node.number) }
    if node.asked != nil { deeds += others.map { .look(at: $0) } }
    if bounds.lateLooks > 0, node.asked != nil, node.late == nil { deeds += others.map { .ask($0) } }
    if node.late != nil { deeds.append(.hearLate) }
    if !node.pending.isEmpty { deeds.append(.stored) }
    if node.isDropping { deeds.append(.dropped) }
    if bounds.crashes > 0 { deeds += (0...node.pending.count).map { .crash(kept: $0) } }
    if bounds.handOvers > 0, node.owned != nil { deeds.append(.handOver) }
    if bounds.releases > 0, node.owned != nil {
      deeds += [.release(heir: nil), .release(heir: 1 - node.number)]
    }
    return deeds
  }

  package func partner(in deed: Deed) -> Int? {
    switch deed {
    case .look(let other), .ask(let other): other
    default: nil
    }
  }

  package func step(
    _ node: inout Node, _ cause: Cause<PaxosMessage, Deed>, with partner: Node?, into outcome: inout Result
  ) {
    switch cause {
    case .message(.renewed(let generation, let run), let from):
      let round = run == node.run ? node.renewal?.round : nil
      let message = PaxosMessage.renewed(generation, round: round ?? 0)
      step(&node, word(message, from: from), into: &outcome)
    case .message(let message, let from): step(&node, word(message, from: from), into: &outcome)
    case .double: break
    case .loss: break
    case .deed(.look(let other)):
      guard let partner, let answer = answer(of: partner, to: node) else { break }
      hear(answer, from: other, &node, into: &outcome)
    case .deed(.ask(let other)):
      guard let partner, let answer = answer(of: partner, to: node) else { break }
      node.late = (answer, other)
    case .deed(.hearLate):
      guard let late = node.late else { break }
      node.late = nil
      hear(late.answer, from: late.from, &node, into: &outcome)
    case .deed(let deed): perform(deed, on: &node, into: &outcome)
    case .broken(let cause, let place):
      node.trap = place
      step(&node, cause, with: partner, into: &outcome)
      // It crashes only if it writes so much.
      guard node.pending.count >= max(place.kept, 1) else { return outcome.isOutside = true }
      if place.kept > 0 { node.durable = node.pending[place.kept - 1] }
      crash(&node, into: &outcome)
    }
  }

  private func perform(_ deed: Deed, on node: inout Node, into outcome: inout Result) {
    switch deed {
    case .wake: step(&node, .tick, into: &outcome)
    case .look, .ask, .hearLate: break
    case .stored: store(&node, into: &outcome)
    case .crash(let kept):
      if kept > 0 { node.durable = node.pending[kept - 1] }
      crash(&node, into: &outcome)
    case .handOver:
      node.durable = node.pending.last ?? node.durable
      restart(&node, inheriting: node.owned, into: &outcome)
    case .release(let heir): step(&node, .release(heir: heir), into: &outcome)
    case .dropped:
      node.isDropping = false
      step(&node, .dropped, into: &outcome)
    case .instant: node.now = node.now + Self.instant
    }
  }

  /// How it is with another node, as it says if it's asked, which changes nothing there.
  private func answer(of partner: Node, to node: Node) -> PaxosMessage? {
    guard let round = node.asked?.round else { return nil }
    var (theirs, effects) = (partner.owner, [PaxosOwner.Effect]())
    theirs.step(word(.probe(round: round), from: Int(node.number)), at: partner.now, into: &effects)
    for case .send(let message, let to) in effects where to == node.number {
      if case .state = message { return message }
    }
    return nil
  }

  private func hear(_ answer: PaxosMessage, from other: Int, _ node: inout Node, into outcome: inout Result) {
    step(&node, word(answer, from: other), into: &outcome)
    if !outcome.said.contains(where: { if case .prepare = $0.message { true } else { false } }) {
      outcome.isOutside = true
    }
  }

  // MARK: Starts and ends

  private func crash(_ node: inout Node, into outcome: inout Result) {
    outcome.notes.append(.forgets)
    restart(&node, inheriting: nil, into: &outcome)
  }

  private func restart(
    _ node: inout Node, inheriting left: (generation: UInt64, until: Moment)?, into outcome: inout Result
  ) {
    outcome.isDeaf = true
    let process = process(node.number, node.now, node.durable, run: node.run + 1)
    var next = Node(number: node.number, isCandidate: node.isCandidate, owner: process, now: node.now)
    (next.run, next.durable) = (node.run + 1, node.durable)
    node = next
    if let left { step(&node, .inherited(generation: left.generation, until: left.until), into: &outcome) }
    stand(&node, into: &outcome)
  }

  // MARK: The process

  private func store(_ node: inout Node, into outcome: inout Result) {
    node.durable = node.pending.removeFirst()
    node.synced += 1
    step(&node, .persisted(node.synced), into: &outcome)
  }

  private func step(_ node: inout Node, _ input: PaxosOwner.Input, into outcome: inout Result) {
    var effects: [PaxosOwner.Effect] = []
    node.owner.step(input, at: node.now, into: &effects)
    for effect in effects {
      switch effect {
      case .send(let message, let to): say(message, to: Int(to), &node, into: &outcome)
      case .persist(let slot):
        let last = node.pending.last ?? node.durable
        if (slot.generation, slot.promised) < (last.generation, last.promised) {
          outcome.wrong = "PromiseSurvivesRestart: \(slot) is stored after \(last)"
        }
        node.pending.append(slot)
      case .own(let generation, let until):
        (node.owned, node.asked) = ((generation, until), nil)
        outcome.notes.append(
          .owns(generation, left: until - node.now, run: node.run, isInherited: node.owner.isInherited))
      case .drop(let cause):
        node.owned = nil
        node.isDropping = cause == .released
        outcome.notes.append(cause == .released ? .gives : .forgets)
      }
    }
    if bounds.disk == .atOnce, node.trap == nil { while !node.pending.isEmpty { store(&node, into: &outcome) } }
  }

  private func say(_ message: PaxosMessage, to: Int, _ node: inout Node, into outcome: inout Result) {
    switch message {
    // It's answered by a look, or not at all.
    case .probe(let round): return node.asked = Look(round: round)
    case .prepare(let generation, let ballot):
      (node.asked, outcome.isOutside) = (nil, outcome.isOutside || generation > bounds.generations)
      if !outcome.notes.contains(.tries(ballot)) { outcome.notes.append(.tries(ballot)) }
    case .renew(let generation, let round, let term):
      if bounds.renewals == 0 || node.renewal.map({ $0.round != round }) == true { outcome.isOutside = true }
      node.renewal = Look(round: round)
      // It's the process's only one, so the process says all: its number counts looks as well.
      return outcome.said.append((to, .renew(generation, round: UInt64(node.run), term: term)))
    default: break
    }
    if let wrong = judge(message, having: node.durable) { outcome.wrong = "PromiseSurvivesRestart: \(wrong)" }
    outcome.said.append((to, message))
  }

  package func likeness(of node: Node) -> [UInt8] {
    var abstraction = Likeness.Abstraction(memory: Self.lease.term)
    abstraction.deadlines = ["looksAt", "isEagerUntil", "renewsAt", "until"]
    abstraction.counts = ["written", "durable", "synced", "after"]
    // What others have said of whose it is, is shown only; a look is made anew before it's read, unless something is answered late.
    abstraction.unread = ["told", "standing"]
    // However late answers were, the next try or its end is due within half a term, and so long others are
    // asked to wait at most: in the next instant.
    abstraction.unread.formUnion(["patience", "timedOut"])
    if bounds.lateLooks == 0 { abstraction.unread.formUnion(["look", "rounds", "round"]) }
    // Without a release nobody waits for anybody.
    if bounds.releases == 0 { abstraction.unread.insert("freeSince") }
    if !node.isCandidate { abstraction.unread.formUnion(["looksAt", "isEagerUntil", "asked"]) }
    var likeness = Likeness(at: node.now, durable: node.synced, abstraction)
    likeness.take(node)
    return likeness.bytes
  }
}
