/// One node's part in rollouts: it brings what it has in hand in line with what the log says.
///
/// It doesn't follow single entries but looks at the state that they came to, so it needs no memory of its own: after a restart,
/// a snapshot or a long absence the same look says what to do next. The log is the coordinator, and the decision is a function of it.
package struct Rollouts {
  /// A configuration that is to be served.
  package struct Target: Equatable, Sendable {
    /// The position of the entry that it comes with.
    package var origin: UInt64
    /// The generation that it is, or will be if it's carried.
    package var generation: UInt64
    /// The configuration.
    package var text: [UInt8]
    /// What the text comes to.
    package var digest: Digest
  }

  /// What becomes of listeners that a prepared configuration has, before it's activated.
  package enum Listeners: Equatable, Sendable {
    /// They are bound, and answer nobody.
    case mute
    /// They answer.
    case open
  }

  /// What it's called with.
  package enum Input {
    /// The state is another, or some time went by.
    case look
    /// What came of preparing.
    case prepared(origin: UInt64, Vote)
    /// A target is served, and, if it's in force, stored so that it will be after a crash.
    case activated(origin: UInt64)
    /// What came of looking at a canary.
    case soaked(origin: UInt64, Vote)
  }

  /// What it wants.
  package enum Effect: Equatable {
    /// Parse, compare, reserve and probe; then hold it all. Answered by `prepared`.
    case prepare(Target, Listeners)
    /// Give back what is held for a target, or is being prepared.
    case giveBack(origin: UInt64)
    /// Serve what is held; store it if it's in force. Answered by `activated`.
    case activate(Target, inForce: Bool)
    /// Look at how it goes for so long. Answered by `soaked`.
    case soak(origin: UInt64, Span)
    /// Say this to all.
    case append(Entry.Event)
  }

  /// What the node has in hand beside what it serves.
  package enum Hand: Equatable, Sendable {
    case empty
    /// What a target needs is sought.
    case preparing(UInt64)
    /// What a target needs is there.
    case holding(UInt64)
    /// It can't be had, and why; asked again at that time if it's in force.
    case refused(UInt64, String, again: Moment)
    /// It's taking effect.
    case activating(UInt64)
    /// It's served to be looked at, before it's decided; whether the vote was said.
    case soaking(UInt64)
  }

  /// How long a node waits before it tries again what is in force and it can't have.
  package static let pause = Span.seconds(5)

  let me: Participant
  let mutants: Mutants
  /// What is served: the origin of it, 0 if it's none of the log's.
  package internal(set) var served: UInt64
  /// What will be served after a crash.
  package internal(set) var stored: FleetState.Committed
  /// What is in hand.
  package internal(set) var hand = Hand.empty
  /// The rollout to which a vote is on its way.
  var voted: UInt64?
  /// The generation of which it's on its way that it's served.
  var reported: UInt64 = 0
  /// The generation of which it's on its way that it can't be.
  var complained: UInt64 = 0
  /// The position of the state at which it has looked last; nil if it has to look whatever that is.
  private var lookedAt: UInt64?
  /// When the rollout under way has had its time, to vote or to be confirmed.
  var deadline: (rollout: UInt64, phase: Rollout.Phase, at: Moment)?

  /// A node that serves what is stored in its data folder.
  package init(me: Participant, stored: FleetState.Committed, mutants: Mutants = Mutants()) {
    self.me = me
    self.stored = stored
    self.mutants = mutants
    served = stored.origin
  }

  /// Says all that is to be said once more, as the log doesn't have it any more, or another log is to have it.
  mutating func beginAnew() {
    (voted, reported, complained, deadline, lookedAt) = (nil, 0, 0, nil, nil)
  }

  /// Looks at the next state, though its position may be that of the one before.
  mutating func lookAgain() { lookedAt = nil }

  /// Goes on with what another one serves, and has in hand.
  mutating func keep(_ other: Rollouts) {
    (served, hand, lookedAt) = (other.served, other.hand, nil)
  }

  /// Whether a look could come to anything: all that it goes by is what is in hand, the state, and the time.
  @inline(__always)
  func isDue(at position: UInt64, _ now: Moment) -> Bool { position != lookedAt || now >= wakesAt }

  /// When it wants to look again at the latest.
  @inline(__always)
  package var wakesAt: Moment {
    var at = deadline?.at ?? .never
    if case .refused(_, _, let again) = hand, again > .start { at = min(at, again) }
    return at
  }

  /// Takes what happened, with the state as far as it's known, which must have been known to its end once; says what is to be done.
  package mutating func step(_ input: Input, _ state: FleetState, at now: Moment, into effects: inout [Effect]) {
    switch input {
    case .look: break
    case .prepared(let origin, let vote):
      guard hand == .preparing(origin) else { break }
      switch vote {
      case .yes: hand = .holding(origin)
      case .no(let reason): hand = .refused(origin, reason, again: now + Self.pause)
      }
    case .activated(let origin):
      served = origin
      if hand == .activating(origin) { hand = .empty }
      if state.committed.origin == origin { stored = state.committed }
    case .soaked(let origin, let vote):
      guard hand == .soaking(origin), voted != origin else { break }
      voted = origin
      effects.append(.append(.vote(rollout: origin, vote)))
    }
    while reconcile(state, at: now, into: &effects) {}
    mindDeadline(state, at: now, into: &effects)
    report(state, into: &effects)
    lookedAt = state.position
  }

  // MARK: What is wanted

  /// What this node should have in hand, or serve: what is in force before what is only proposed.
  private func target(_ state: FleetState) -> Target? {
    let origin = state.committed.origin
    if state.committed.generation > 0, origin != served || origin != stored.origin {
      if hand != .soaking(served) || state.rollout?.number != served {
        let committed = state.committed
        return Target(
          origin: origin, generation: committed.generation, text: committed.text, digest: committed.digest)
      }
    }
    // It's looked for in each step, and as a rule there's none to be copied.
    guard state.rollout != nil, let rollout = state.rollout, rollout.phase == .voting,
      rollout.ballots.contains(where: { isMe($0.participant) })
    else { return nil }
    return Target(
      origin: rollout.number, generation: state.committed.generation + 1, text: rollout.proposal.text,
      digest: rollout.proposal.digest)
  }

  private func isMe(_ participant: Participant) -> Bool {
    mutants.have(.foreignIncarnationVotes) ? participant.node == me.node : participant == me
  }

  /// Takes one step towards what is wanted; whether there may be another at once.
  private mutating func reconcile(_ state: FleetState, at now: Moment, into effects: inout [Effect]) -> Bool {
    let target = target(state)
    switch hand {
    case .empty:
      guard let target else { return false }
      if target.origin == served, target.origin == state.committed.origin {
        // It was served before it was decided: there's nothing to swap.
        hand = .activating(target.origin)
        effects.append(.activate(target, inForce: true))
        return false
      }
      hand = .preparing(target.origin)
      effects.append(.prepare(target, mutants.have(.listenerOpenAtPrepare) ? .open : .mute))
      if mutants.have(.voteBeforeReservation), state.rollout?.number == target.origin {
        vote(.yes, in: target.origin, state, into: &effects)
      }
      return false
    case .preparing(let origin):
      guard target?.origin != origin else { return false }
      effects.append(.giveBack(origin: origin))
    case .holding(let origin):
      guard let target, target.origin == origin else {
        effects.append(.giveBack(origin: origin))
        break
      }
      return proceed(with: target, state, at: now, into: &effects)
    case .refused(let origin, let reason, let again):
      guard let target, target.origin == origin else { break }
      guard state.committed.origin == origin else {
        vote(.no(reason), in: origin, state, into: &effects)
        // There's nothing to look at before it's decided.
        if now >= again { hand = .refused(origin, reason, again: .start) }
        return false
      }
      complain(reason, state, into: &effects)
      guard now >= again else { return false }
    case .activating: return false
    case .soaking(let origin):
      guard state.committed.origin != origin, state.rollout?.number == origin else { break }
      return false
    }
    hand = .empty
    return true
  }

  /// Goes on with what is held: says so, looks at it alone, or serves it if it was decided.
  private mutating func proceed(
    with target: Target, _ state: FleetState, at now: Moment, into effects: inout [Effect]
  ) -> Bool {
    if state.committed.origin == target.origin {
      hand = .activating(target.origin)
      effects.append(.activate(target, inForce: true))
      if mutants.have(.appliedBeforeStored) {
        effects.append(.append(.applied(generation: target.generation)))
      }
      return false
    }
    guard let rollout = state.rollout else { return false }
    if let canary = rollout.proposal.canary, canary.node == me.node {
      guard rollout.isCarried(butFor: me.node) else { return false }
      hand = .soaking(target.origin)
      served = target.origin
      effects.append(.activate(target, inForce: false))
      effects.append(.append(.soak(rollout: target.origin)))
      effects.append(.soak(origin: target.origin, canary.soak))
      return false
    }
    vote(.yes, in: target.origin, state, into: &effects)
    if mutants.have(.activationAtOwnYes) {
      hand = .activating(target.origin)
      effects.append(.activate(target, inForce: true))
    }
    return false
  }

  private mutating func vote(_ vote: Vote, in origin: UInt64, _ state: FleetState, into effects: inout [Effect]) {
    guard voted != origin, let ballot = state.rollout?.ballots.first(where: { isMe($0.participant) }),
      // A process before this one may have said yes, to what this one can't have.
      ballot.vote == nil || ballot.vote == .yes && vote != .yes
    else { return }
    voted = origin
    effects.append(.append(.vote(rollout: origin, vote)))
  }

  // MARK: What is said

  private mutating func complain(_ reason: String, _ state: FleetState, into effects: inout [Effect]) {
    guard complained != state.committed.generation else { return }
    complained = state.committed.generation
    effects.append(.append(.outOfStep(generation: state.committed.generation, reason: reason)))
  }

  private mutating func report(_ state: FleetState, into effects: inout [Effect]) {
    guard reported != stored.generation, served == stored.origin, stored.origin == state.committed.origin,
      let generation = state.member(me.node).map(\.applied), generation != stored.generation
    else { return }
    reported = stored.generation
    effects.append(.append(.applied(generation: stored.generation)))
  }

  /// Ends a rollout whose time is over by this node's clock. All nodes do; the first entry counts, and they take turns a
  /// little.
  private mutating func mindDeadline(_ state: FleetState, at now: Moment, into effects: inout [Effect]) {
    guard state.rollout != nil, let rollout = state.rollout else { return deadline = nil }
    if deadline?.rollout != rollout.number || deadline?.phase != rollout.phase {
      let proposal = rollout.proposal
      // Each is as long as somebody says.
      let spans: [Span] =
        switch rollout.phase {
        case .voting: [proposal.patience, proposal.canary?.soak ?? .zero]
        case .unconfirmed: [proposal.confirmation ?? .zero]
        }
      let turn = state.members.firstIndex { $0.identity == me } ?? 0
      let end = spans.reduce(now) { $0 + $1 }
      deadline = (rollout.number, rollout.phase, end + .milliseconds(500) * Int64(turn))
    }
    guard let deadline, now >= deadline.at else { return }
    self.deadline?.at = .never
    switch rollout.phase {
    case .voting: effects.append(.append(.abort(rollout: rollout.number, reason: "not all have voted in time")))
    case .unconfirmed:
      effects.append(.append(.revert(rollout: rollout.number, reason: "it wasn't confirmed in time")))
    }
    if mutants.have(.givingUpAloneAfterYes), hand == .holding(rollout.number) {
      hand = .empty
      effects.append(.giveBack(origin: rollout.number))
    }
  }
}
