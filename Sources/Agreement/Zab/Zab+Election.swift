/// Phase 0: who might lead. It's for coming to an end soon; what is safe is up to the phases after it.
struct Looking {
  /// What others vote for in this round.
  var votes: [ElectionVote?] = Array(repeating: nil, count: Members.limit)
  /// Whom others have for a leader, and in which round that was.
  var leaders: [(node: NodeNumber, round: UInt64, standing: ZabMessage.Standing)?] = Array(
    repeating: nil, count: Members.limit)
  /// When the vote is told again, and after how long once more.
  var saysAt = Moment.start
  var pause = Span.zero
  /// When the majority's vote holds; never while there's none.
  var settlesAt = Moment.never
}

extension Zab {
  /// Looks for a leader.
  mutating func look(at now: Moment, into effects: inout [Effect]) {
    promises = []
    round += 1
    role = .looking(Looking())
    vote = ownVote(at: now)
    mindElection(at: now, into: &effects)
  }

  /// Whether this node may lead, and could.
  private func canLead(at now: Moment) -> Bool { mayLead && !isStuck(for: timing.patience, at: now) }

  /// Whether this node looks for a leader and would lead, and all of some seats have said in this round that they would have it.
  func isWanted(by others: NodeSet) -> Bool {
    guard case .looking(let looking) = role, mayLead, vote.node == me else { return false }
    return others.allSatisfy { $0 == me || looking.votes[Int($0)]?.node == me }
  }

  func ownVote(at now: Moment) -> ElectionVote {
    // Who doesn't vote would rather have anybody else; so would one who could store nothing of what a leader has to.
    guard canLead(at: now) else { return ElectionVote(epoch: 0, last: .zero, node: me) }
    return ElectionVote(epoch: memory.currentEpoch, last: memory.history.last, node: me)
  }

  /// Whether somebody would rather be the leader than another one: who has the later epoch, then who has more of it, then who comes later
  /// among the nodes.
  private func isBetter(_ vote: ElectionVote, than other: ElectionVote) -> Bool {
    // It takes a bad election to see what the phase after it is good for.
    if mutants.have(.lessRecentLeads) { return vote.node > other.node }
    if vote.epoch != other.epoch, !mutants.have(.voteByEntryOnly) { return vote.epoch > other.epoch }
    if vote.last != other.last { return vote.last > other.last }
    return vote.node > other.node
  }

  mutating func mindElection(at now: Moment, into effects: inout [Effect]) {
    guard case .looking(var looking) = role else { return }
    if now >= looking.settlesAt { return settle(at: now, into: &effects) }
    guard now >= looking.saysAt else { return }
    looking.pause = looking.pause == .zero ? timing.again : min(looking.pause + looking.pause, timing.slowest)
    looking.saysAt = now + looking.pause
    role = .looking(looking)
    tellVote(into: &effects)
    weigh(at: now)
  }

  private func tellVote(into effects: inout [Effect]) {
    for node in audience where node != me {
      effects.append(.send(.notice(vote, round: round, .looking), to: node))
    }
  }

  /// Whether a majority has this node's vote: then it holds in a while.
  private mutating func weigh(at now: Moment) {
    guard case .looking(var looking) = role else { return }
    var same = NodeSet()
    same.insert(me)
    for (node, other) in looking.votes.enumerated() where other == vote { same.insert(NodeNumber(node)) }
    // Those who follow it already needed fewer than it does, by the members that they know, and don't look any more when it hears of the last
    // of them.
    if vote.node == me {
      for (node, other) in looking.leaders.enumerated() where other?.node == me && other?.standing == .following {
        same.insert(NodeNumber(node))
      }
    }
    if !members.isMajority(same) {
      looking.settlesAt = .never
    } else if looking.settlesAt == .never {
      looking.settlesAt = now + timing.settling
    }
    role = .looking(looking)
  }

  private mutating func settle(at now: Moment, into effects: inout [Effect]) {
    if vote.node == me {
      // Each try would be one record more that waits.
      guard !isStuck(for: timing.patience, at: now) else { return putOffLeading(at: now) }
      beginToLead(at: now, into: &effects)
    } else {
      beginToFollow(vote.node, at: now, into: &effects)
    }
  }

  private mutating func putOffLeading(at now: Moment) {
    guard case .looking(var looking) = role else { return }
    looking.settlesAt = now + timing.patience
    role = .looking(looking)
  }

  mutating func notice(
    _ other: ElectionVote, _ theirs: UInt64, _ standing: ZabMessage.Standing, of node: NodeNumber, at now: Moment,
    into effects: inout [Effect]
  ) {
    guard node != me else { return }
    guard case .looking(var looking) = role else {
      // A leader that looks for one, or follows one, leads no longer.
      if case .following(let following) = role, following.leader == node, standing != .leading, theirs != round {
        look(at: now, into: &effects)
        return notice(other, theirs, standing, of: node, at: now, into: &effects)
      }
      // Who looks is told whom this node has.
      if standing == .looking { effects.append(.send(.notice(vote, round: round, ownStanding), to: node)) }
      return
    }
    // Who has a leader may have learned of members whom this node doesn't know of yet.
    guard standing == .looking else {
      looking.leaders[Int(node)] = (other.node, theirs, standing)
      role = .looking(looking)
      if other.node == me { return weigh(at: now) }
      join(other.node, at: now, into: &effects)
      return side(with: other, of: node, theirs, standing, at: now, into: &effects)
    }
    // Whoever would have this node, though it has no vote, doesn't know of that yet. It may be this node as well that doesn't know of others.
    guard other.node != me || canLead(at: now) else { return }
    var isNews = false
    if theirs > round {
      round = theirs
      looking.votes = Array(repeating: nil, count: Members.limit)
      let own = ownVote(at: now)
      vote = isBetter(other, than: own) ? other : own
      isNews = true
    } else if theirs < round {
      return effects.append(.send(.notice(vote, round: round, .looking), to: node))
    } else if isBetter(other, than: vote) {
      vote = other
      isNews = true
    }
    looking.votes[Int(node)] = other
    looking.leaders[Int(node)] = nil
    if isNews {
      looking.settlesAt = .never
      looking.pause = timing.again
      looking.saysAt = now + looking.pause
    }
    role = .looking(looking)
    if isNews { tellVote(into: &effects) }
    weigh(at: now)
  }

  /// Who says that it leads may have nobody yet who follows it. If this node would have it, or rather than whom it votes for, it follows it, however
  /// many others do: two of whom each needs the other's voice could lead by turns for ever, as neither looks for a leader while the other one does;
  /// and who was away while voters were let go knows of more than there are.
  private mutating func side(
    with other: ElectionVote, of node: NodeNumber, _ round: UInt64, _ standing: ZabMessage.Standing, at now: Moment,
    into effects: inout [Effect]
  ) {
    guard case .looking = role, standing == .leading, other.node == node else { return }
    guard other == vote || isBetter(other, than: vote) else { return }
    follow(node, of: round, at: now, into: &effects)
  }

  private mutating func follow(_ leader: NodeNumber, of round: UInt64, at now: Moment, into effects: inout [Effect]) {
    self.round = round
    vote = ElectionVote(epoch: memory.currentEpoch, last: memory.history.last, node: leader)
    beginToFollow(leader, at: now, into: &effects)
  }

  /// Tells somebody who takes this node for the leader that it isn't.
  func disclaim(to node: NodeNumber, into effects: inout [Effect]) {
    effects.append(.send(.notice(vote, round: round, ownStanding), to: node))
  }

  private var ownStanding: ZabMessage.Standing {
    switch role {
    case .looking: .looking
    case .following: .following
    case .leading: .leading
    }
  }

  /// Goes to a leader that a majority has, if it says itself that it leads. In which round that began is all the same: who has followed it
  /// from one of its epochs to the next knows an earlier one.
  private mutating func join(_ leader: NodeNumber, at now: Moment, into effects: inout [Effect]) {
    guard case .looking(let looking) = role, leader != me, let its = looking.leaders[Int(leader)],
      its.standing == .leading
    else { return }
    var followers = NodeSet()
    for (node, other) in looking.leaders.enumerated() where other?.node == leader { followers.insert(NodeNumber(node)) }
    // This node would rather make it a majority than stay alone.
    followers.insert(me)
    // Some of them may be none of those whom this node knows; who leads in truth is seen when its epoch is to begin.
    guard followers.count * 2 > knownVoters else { return }
    follow(leader, of: its.round, at: now, into: &effects)
  }
}
