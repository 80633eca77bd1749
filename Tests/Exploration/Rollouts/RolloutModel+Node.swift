import Agreement

/// How a node goes on.
extension RolloutModel {
  package typealias Result = Outcome<Message, Note>

  /// Who a node is, with its first memory or another.
  static func participant(_ number: Int, memory: UInt64 = 1) -> Participant {
    Participant(NodeName("n\(number)"), Incarnation(bits: UInt64(number) * 10 + memory))
  }

  /// What all have served for long.
  static let base: FleetState = {
    var state = FleetState()
    var sequences: [UInt64] = [0, 0, 0]
    func say(_ number: Int, _ event: Entry.Event) {
      sequences[number] += 1
      state.fold(Entry(EntryID(participant(number), run: 1, sequence: sequences[number]), event))
    }
    for number in 0..<3 { say(number, .join) }
    let first = proposal(0, on: state)
    say(0, .begin(first))
    let rollout = state.position
    for number in 0..<3 { say(number, .vote(rollout: rollout, .yes)) }
    for number in 0..<3 { say(number, .applied(generation: 1)) }
    return state
  }()

  /// A rollout of a text, of all who are there.
  private static func proposal(_ text: UInt8, on state: FleetState) -> Proposal {
    Proposal(
      base: state.committed.generation, text: [text], digest: Digest(UInt64(text), 0, 0, 0),
      participants: state.members.map(\.identity), patience: .seconds(10), author: "n\(text)")
  }

  package func begin(_ number: Int, into outcome: inout Result) -> Node {
    let me = Self.participant(number)
    let stored = Self.base.committed
    return Node(
      number: number, me: me, sequence: Self.base.member(me.node)?.sequence ?? 0,
      rollouts: Rollouts(me: me, stored: stored, mutants: mutants), state: Self.base, stored: stored)
  }

  package func deeds(of node: Node) -> [Deed] {
    var deeds: [Deed] = []
    if bounds.wishes > node.number, node.isInformed { deeds.append(.wish) }
    if !node.outbox.isEmpty {
      deeds.append(.append)
      if bounds.losses > 0 { deeds.append(.appendUnknowing) }
    }
    if node.preparing != nil {
      deeds.append(.prepared(.yes))
      if bounds.refusals > 0 { deeds.append(.prepared(.no("the port is taken"))) }
    }
    if node.activating != nil { deeds.append(.activated) }
    if bounds.deadlines > 0, node.isInformed, node.rollouts.wakesAt < .never { deeds.append(.deadline) }
    if bounds.crashes > 0 { deeds += [.crash, .wipe] }
    return deeds
  }

  package func step(
    _ node: inout Node, _ cause: Cause<Message, Deed>, with partner: Node?, into outcome: inout Result
  ) {
    switch cause {
    case .message(.entry(let entry), _): learn(entry, &node, into: &outcome)
    case .message(.end(let run), _):
      guard run == node.run else { return }
      node.isInformed = true
      say(.join, &node)
      step(&node, .look, into: &outcome)
    case .deed(let deed): perform(deed, on: &node, into: &outcome)
    case .loss, .double, .broken: break
    }
  }

  private func learn(_ entry: Entry, _ node: inout Node, into outcome: inout Result) {
    let decision: Decision? =
      switch node.state.fold(entry, mutants: mutants) {
      case .decided(.committed): .committed
      case .decided: .aborted
      case .taken, .began, .void: nil
      }
    outcome.notes.append(.learned(node.state.position, decision))
    if node.isInformed { step(&node, .look, into: &outcome) }
  }

  private func perform(_ deed: Deed, on node: inout Node, into outcome: inout Result) {
    switch deed {
    case .wish: say(.begin(Self.proposal(UInt8(node.number + 1), on: node.state)), &node)
    case .append, .appendUnknowing:
      let entry = node.outbox[0]
      if deed == .append { node.outbox.removeFirst() }
      outcome.said += (0..<3).map { ($0, .entry(entry)) }
      outcome.notes.append(.appended(entry, isTrue: isTrue(entry.event, of: node)))
    case .prepared(let vote):
      guard let origin = node.preparing else { return }
      node.preparing = nil
      if vote == .yes {
        node.reserved = origin
        if !node.everReserved.contains(origin) { node.everReserved.append(origin) }
      }
      step(&node, .prepared(origin: origin, vote), into: &outcome)
    case .activated:
      guard let activation = node.activating else { return }
      let target = activation.target
      node.activating = nil
      if activation.isInForce {
        node.stored = FleetState.Committed(
          generation: target.generation, origin: target.origin, text: target.text, digest: target.digest)
      }
      step(&node, .activated(origin: target.origin), into: &outcome)
    case .deadline:
      node.now = max(node.now, node.rollouts.wakesAt)
      step(&node, .look, into: &outcome)
    case .crash: restart(&node, as: node.me, run: node.run + 1, stored: node.stored, into: &outcome)
    case .wipe:
      let me = Self.participant(node.number, memory: node.me.incarnation.bits % 10 + 1)
      restart(&node, as: me, run: 1, stored: .none, into: &outcome)
    }
  }

  /// Whether a node may say something, by what it has.
  private func isTrue(_ event: Entry.Event, of node: Node) -> Bool {
    switch event {
    case .vote(let rollout, .yes): node.everReserved.contains(rollout)
    case .applied(let generation): node.stored.generation >= generation
    default: true
    }
  }

  /// What was heard of the log is heard again, and the rest of it, before the node does anything.
  private func restart(
    _ node: inout Node, as me: Participant, run: UInt32, stored: FleetState.Committed, into outcome: inout Result
  ) {
    let isSame = me == node.me
    node = Node(
      number: node.number, me: me, run: run, rollouts: Rollouts(me: me, stored: stored, mutants: mutants),
      state: node.state, isInformed: false, stored: stored, everReserved: isSame ? node.everReserved : [])
    outcome.said.append((node.number, .end(run: run)))
  }

  private func say(_ event: Entry.Event, _ node: inout Node) {
    node.sequence += 1
    node.outbox.append(Entry(EntryID(node.me, run: node.run, sequence: node.sequence), event))
  }

  private func step(_ node: inout Node, _ input: Rollouts.Input, into outcome: inout Result) {
    var effects: [Rollouts.Effect] = []
    node.rollouts.step(input, node.state, at: node.now, into: &effects)
    for effect in effects {
      switch effect {
      case .append(let event): say(event, &node)
      case .prepare(let target, let listeners):
        if listeners == .open { outcome.wrong = "a listener answers before the decision" }
        (node.preparing, node.reserved) = (target.origin, nil)
      case .giveBack(let origin):
        if node.reserved == origin { outcome.notes.append(.givesBack(origin, node.me)) }
        (node.preparing, node.reserved) = (nil, nil)
      case .activate(let target, let isInForce):
        outcome.notes.append(.activates(target.origin))
        node.reserved = nil
        node.activating = Activation(target: target, isInForce: isInForce)
      case .soak: preconditionFailure("nobody wants a canary")
      }
    }
  }

  package func likeness(of node: Node) -> [UInt8] {
    var abstraction = Likeness.Abstraction(memory: .zero)
    abstraction.deadlines = ["at", "again"]
    var likeness = Likeness(at: node.now, durable: 0, abstraction)
    likeness.take(node)
    return likeness.bytes
  }
}
