/// What a follower is at.
struct Following {
  enum Stage: Equatable {
    /// It has told the leader that it's there.
    case discovery
    /// It has given its word for an epoch, or is about to, and waits for what it lacks.
    case synchronization
    /// It has the epoch's first history, and takes what is proposed.
    case broadcast
  }

  let leader: NodeNumber
  var stage = Stage.discovery
  /// The leader's epoch, once it's known.
  var epoch: UInt32?
  /// Whether the epoch's first history is durable here.
  var isInStep = false
  /// Whether the leader has said that it counts on this node.
  var isCounted = false
  /// The transfer that is under way, of this node's present try, and its pieces so far.
  var transfer: ZabMessage.Transfer
  var parts: [ZabMessage.Part] = []
  /// When it has told the leader last that it's there while pieces come.
  var answeredAt = Moment.start
  /// When it says again where it is.
  var saysAt = Moment.start
  /// When it looks for another leader.
  var givesUpAt: Moment
}

extension Zab {
  mutating func beginToFollow(_ leader: NodeNumber, at now: Moment, into effects: inout [Effect]) {
    promises = []
    attempts += 1
    role = .following(
      Following(
        leader: leader, transfer: ZabMessage.Transfer(attempt: attempts, run: 0), givesUpAt: now + timing.patience))
    mindLeader(at: now, into: &effects)
  }

  /// Says where it is, and gives up a leader that is silent.
  mutating func mindLeader(at now: Moment, into effects: inout [Effect]) {
    guard case .following(var following) = role else { return }
    if now >= following.givesUpAt { return look(at: now, into: &effects) }
    guard now >= following.saysAt else { return }
    following.saysAt = now + timing.again
    let leader = following.leader
    switch following.stage {
    case .discovery: sayJoining(leader, into: &effects)
    // A transfer takes its time.
    case .synchronization:
      // What is sent takes its time; after so long without any of it, it's lost.
      following.saysAt = now + timing.patience
      sayJoining(leader, into: &effects)
    case .broadcast: following.saysAt = .never
    }
    role = .following(following)
  }

  private func sayJoining(_ leader: NodeNumber, into effects: inout [Effect]) {
    effects.append(.send(.join(accepted: memory.acceptedEpoch, leader: memory.acceptedLeader), to: leader))
  }

  mutating func follow(_ message: ZabMessage, at now: Moment, into effects: inout [Effect]) {
    guard case .following(var following) = role else { return }
    switch message {
    case .newEpoch(let epoch): giveWord(for: epoch, at: now, into: &effects)
    case .part(let epoch, let transfer, let index, let part):
      guard following.stage == .synchronization, epoch == following.epoch else { return }
      guard follows(&following, transfer) else { return }
      if Int(index) == following.parts.count { following.parts.append(part) }
      following.givesUpAt = now + timing.start
      following.saysAt = now + timing.patience
      // On a narrow link they may come for longer than a leader waits for a word.
      let isDue = now >= following.answeredAt + timing.beat
      if isDue { following.answeredAt = now }
      role = .following(following)
      if isDue { effects.append(.send(.pong(epoch: epoch), to: following.leader)) }
    case .newLeader(let epoch, let transfer, let parts):
      guard following.stage == .synchronization, epoch == following.epoch else { return }
      guard follows(&following, transfer), Int(parts) == following.parts.count else { return }
      takeHistory(of: epoch, following.parts, at: now, into: &effects)
    case .begin(let epoch, let committed):
      guard following.stage == .broadcast, epoch == following.epoch else { return }
      following.isCounted = true
      heard(following, at: now)
      deliver(upTo: committed, into: &effects)
    case .propose(let epoch, let zxid, let entry):
      guard following.stage == .broadcast, epoch == following.epoch else { return }
      heard(following, at: now)
      take(zxid, entry, epoch, at: now, into: &effects)
    case .commit(let epoch, let zxid):
      guard following.stage == .broadcast, following.isCounted, epoch == following.epoch else { return }
      heard(following, at: now)
      deliver(upTo: zxid, into: &effects)
    case .ping(let epoch, let last, let committed):
      guard following.stage == .broadcast, epoch == following.epoch else { return }
      heard(following, at: now)
      answerPing(last, committed, at: now, into: &effects)
    default: break
    }
  }

  /// Whether a transfer is the one that is under way, or a later one of the same try, which takes its place.
  private func follows(_ following: inout Following, _ transfer: ZabMessage.Transfer) -> Bool {
    guard transfer.attempt == following.transfer.attempt, transfer >= following.transfer else { return false }
    if transfer > following.transfer { (following.transfer, following.parts) = (transfer, []) }
    return true
  }

  private mutating func heard(_ following: Following, at now: Moment) {
    var following = following
    following.givesUpAt = now + timing.patience
    role = .following(following)
  }

  /// Gives its word for an epoch that is later than all it has given it for; or for the same again, to the same leader.
  private mutating func giveWord(for epoch: UInt32, at now: Moment, into effects: inout [Effect]) {
    guard case .following(var following) = role else { return }
    let isSame =
      epoch == memory.acceptedEpoch
      && (memory.acceptedLeader == following.leader || mutants.have(.wordGivenTwice))
    guard epoch > memory.acceptedEpoch || isSame else { return look(at: now, into: &effects) }
    guard following.stage != .broadcast else { return }
    let isFirst = following.epoch == nil
    if !isFirst, following.epoch != epoch {
      // Pieces of an earlier epoch of the same leader are of no use.
      attempts += 1
      following.transfer = ZabMessage.Transfer(attempt: attempts, run: 0)
      following.parts = []
    }
    following.stage = .synchronization
    following.epoch = epoch
    following.saysAt = now + timing.patience
    if isFirst { following.givesUpAt = now + timing.start }
    role = .following(following)
    if !isSame { persist(.accepted(epoch: epoch, leader: following.leader), into: &effects) }
    promise(.acceptedEpoch(epoch, following.leader), unless: .wordNotDurable, at: now, into: &effects)
  }

  /// Takes the leader's history for its own: first what is stored of it, then the epoch, then the word that goes out.
  private mutating func takeHistory(
    of epoch: UInt32, _ parts: [ZabMessage.Part], at now: Moment, into effects: inout [Effect]
  ) {
    guard case .following(var following) = role else { return }
    if mutants.have(.epochBeforeHistory) { persist(.current(epoch: epoch), into: &effects) }
    var state: [UInt8] = []
    var members = self.members
    for part in parts {
      switch part {
      case .members(let those): members = those
      case .truncate(let zxid): persist(.truncate(zxid), into: &effects)
      case .snapshot(let zxid, let offset, let total, let bytes):
        if offset == 0 { state.removeAll() }
        state += bytes
        guard offset + bytes.count == total else { break }
        let isHoleLeft = mutants.have(.holeServed)
        persist(
          isHoleLeft ? .compaction(zxid, state, keeping: 100) : .snapshot(zxid, members, state), into: &effects)
      case .entry(let zxid, let entry): persist(.entry(zxid, entry), into: &effects)
      }
    }
    if !mutants.have(.epochBeforeHistory) { persist(.current(epoch: epoch), into: &effects) }
    following.stage = .broadcast
    following.parts = []
    following.saysAt = .never
    // From here on the leader makes itself heard.
    following.givesUpAt = now + timing.patience
    role = .following(following)
    promise(
      .acceptedLeader(epoch, following.leader, memory.history.last), unless: .historyNotDurable, at: now, into: &effects
    )
  }

  /// Takes the next entry. One that is missing before it may be on its way to nobody any more: the leader is asked for all that is missing.
  private mutating func take(
    _ zxid: Zxid, _ entry: ZabEntry, _ epoch: UInt32, at now: Moment, into effects: inout [Effect]
  ) {
    guard case .following(let following) = role, zxid > memory.history.last else { return }
    guard zxid.follows(memory.history.last), zxid.epoch == epoch else {
      return beginToFollow(following.leader, at: now, into: &effects)
    }
    persist(.entry(zxid, entry), into: &effects)
    promise(.entry(epoch, zxid), unless: .entryNotDurable, at: now, into: &effects)
  }

  private mutating func answerPing(
    _ last: Zxid, _ committed: Zxid, at now: Moment, into effects: inout [Effect]
  ) {
    guard case .following(let following) = role, let epoch = following.epoch else { return }
    // What the leader has said before that is here by now, or lost.
    guard last <= memory.history.last else { return beginToFollow(following.leader, at: now, into: &effects) }
    if following.isCounted { deliver(upTo: committed, into: &effects) }
    if following.isInStep, durable >= written {
      effects.append(
        .send(
          following.isCounted
            ? .acknowledge(epoch: epoch, memory.history.last)
            : .acceptedLeader(epoch: epoch, last: memory.history.last), to: following.leader))
    } else {
      effects.append(.send(.pong(epoch: epoch), to: following.leader))
    }
  }
}
