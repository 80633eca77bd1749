/// What a leader is at.
struct Leading {
  enum Stage: Comparable {
    /// It waits for a majority that would have it.
    case discovery
    /// It has told its epoch, and waits for a majority's word.
    case words
    /// It stores that its history is the epoch's first one.
    case storage
    /// It brings a majority into step.
    case synchronization
    /// It proposes.
    case broadcast
  }

  var stage = Stage.discovery
  /// The epoch, once it's chosen.
  var epoch: UInt32?
  /// Whether that is durable here, and so may be told.
  var isTold = false
  /// Who would have this leader, this node too, and the largest epoch for which any of them has given its word.
  var joined = NodeSet()
  var largest: UInt32 = 0
  /// Who has given its word for this epoch.
  var words = NodeSet()
  /// The last entry that each had when it did, and the number of its try.
  var had = [(last: Zxid, attempt: UInt64)](
    repeating: (.zero, 0), count: Members.limit)
  /// Who has been sent this epoch's first history, and so gets what is proposed.
  var told = NodeSet()
  /// Who has it, and so gets what is committed.
  var inStep = NodeSet()
  /// The last entry that each has, durably, as one of this epoch's.
  var acknowledged = [Zxid](repeating: .zero, count: Members.limit)
  /// When each was heard last.
  var heardAt = [Moment](repeating: .start, count: Members.limit)
  var runs: UInt32 = 0
  /// The last entry of the first history.
  var first = Zxid.zero
  /// The last entry that is committed, as far as this leader knows; zero before it has a majority in step.
  var committed = Zxid.zero
  /// Since when it's known to be agreed that others vote beside the former ones.
  var joinedAt: Moment?
  var beatsAt = Moment.start
  var givesUpAt: Moment
}

extension Zab {
  mutating func beginToLead(at now: Moment, into effects: inout [Effect]) {
    promises = []
    wantedAt = .zero
    var leading = Leading(givesUpAt: now + timing.patience)
    leading.joined.insert(me)
    leading.largest = memory.acceptedEpoch
    role = .leading(leading)
    chooseEpoch(at: now, into: &effects)
    mindFollowers(at: now, into: &effects)
  }

  /// Says that it's there, and gives up without a majority.
  mutating func mindFollowers(at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role else { return }
    // Who isn't in step yet says something once in that time.
    let patience = leading.stage == .broadcast ? timing.patience : timing.patience + timing.patience
    var present = NodeSet()
    present.insert(me)
    for node in members.seated where now - leading.heardAt[Int(node)] < patience { present.insert(node) }
    let isAlone = leading.stage > .discovery && !isMajority(present)
    if leading.stage == .broadcast { leading.givesUpAt = now + timing.patience }
    // Nothing begins before this leader has stored that it does, and others would follow it all the while.
    let isStuck = leading.stage < .synchronization && isStuck(for: timing.start / 2, at: now)
    if isAlone || isStuck || now >= leading.givesUpAt { return look(at: now, into: &effects) }
    if now >= leading.beatsAt {
      leading.beatsAt = now.next(every: timing.beat)
      if let epoch = leading.epoch {
        let ping = ZabMessage.ping(epoch: epoch, last: memory.history.last, committed: leading.committed)
        send(ping, to: leading.told, into: &effects)
      }
    }
    role = .leading(leading)
    mindMembers(present, at: now, into: &effects)
  }

  func send(_ message: ZabMessage, to nodes: NodeSet, into effects: inout [Effect]) {
    for node in nodes where node != me { effects.append(.send(message, to: node)) }
  }

  mutating func lead(_ message: ZabMessage, of node: NodeNumber, at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, members.seated.contains(node), guests[Int(node)] == nil else { return }
    leading.heardAt[Int(node)] = now
    role = .leading(leading)
    switch message {
    case .join(let accepted, let other): joined(node, accepted, other, at: now, into: &effects)
    case .acceptedEpoch(let epoch, let current, let last, let attempt):
      guard epoch == leading.epoch, leading.isTold else { return }
      gaveWord(node, current, (last, attempt), at: now, into: &effects)
    // Nobody has what wasn't proposed.
    case .acceptedLeader(let epoch, let last):
      guard epoch == leading.epoch, leading.told.contains(node), last <= memory.history.last else { return }
      gotIntoStep(node, last, at: now, into: &effects)
    case .acknowledge(let epoch, let zxid):
      guard epoch == leading.epoch, zxid <= memory.history.last else { return }
      acknowledged(zxid, by: node, at: now, into: &effects)
    case .forward(let bytes): propose(bytes, at: now, into: &effects)
    default: break
    }
  }

  // MARK: Discovery

  private mutating func joined(
    _ node: NodeNumber, _ accepted: UInt32, _ leader: NodeNumber?, at now: Moment, into effects: inout [Effect]
  ) {
    guard case .leading(var leading) = role else { return }
    // Its word is somebody else's for as long as this epoch lasts: a later one is for all.
    let isOthers = accepted == leading.epoch && leader != me && !mutants.have(.wordGivenTwice)
    if let epoch = leading.epoch, accepted > epoch || isOthers {
      return look(at: now, into: &effects)
    }
    // It begins anew: what it misses in between it's given.
    leading.told.remove(node)
    leading.inStep.remove(node)
    leading.joined.insert(node)
    if leading.stage == .discovery { leading.largest = max(leading.largest, accepted) }
    role = .leading(leading)
    if leading.epoch == nil {
      chooseEpoch(at: now, into: &effects)
    } else if leading.isTold, let epoch = leading.epoch {
      effects.append(.send(.newEpoch(epoch), to: node))
    }
  }

  /// Chooses an epoch that is later than all for which a majority has given its word, and gives its own to itself.
  private mutating func chooseEpoch(at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, isMajority(leading.joined) else { return }
    let epoch = leading.largest + 1
    leading.epoch = epoch
    leading.stage = .words
    leading.givesUpAt = now + timing.start
    role = .leading(leading)
    persist(.accepted(epoch: epoch, leader: me), into: &effects)
    promise(.newEpoch(epoch), unless: .epochToldBeforeDurable, at: now, into: &effects)
  }

  mutating func tellEpoch(at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, let epoch = leading.epoch else { return }
    leading.isTold = true
    leading.words.insert(me)
    role = .leading(leading)
    send(.newEpoch(epoch), to: leading.joined, into: &effects)
    weighWords(at: now, into: &effects)
  }

  private mutating func gaveWord(
    _ node: NodeNumber, _ current: UInt32, _ had: (last: Zxid, attempt: UInt64), at now: Moment,
    into effects: inout [Effect]
  ) {
    guard case .leading(var leading) = role, !leading.inStep.contains(node) else { return }
    // What others know who only learn is nothing that anybody counts on.
    let isMoreRecent =
      members.voting.contains(node) && (current, had.last) > (memory.currentEpoch, memory.history.last)
    if leading.stage == .words, isMoreRecent, !mutants.have(.lessRecentLeads) { return look(at: now, into: &effects) }
    leading.words.insert(node)
    leading.had[Int(node)] = had
    role = .leading(leading)
    switch leading.stage {
    case .discovery, .storage: break
    case .words: weighWords(at: now, into: &effects)
    case .synchronization, .broadcast: bringIntoStep(node, into: &effects)
    }
  }

  /// With a majority's word nobody else can commit anything that isn't here: this history is the epoch's first one.
  private mutating func weighWords(at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, leading.stage == .words, let epoch = leading.epoch,
      isMajority(leading.words)
    else { return }
    leading.stage = .storage
    role = .leading(leading)
    if mutants.have(.oldEpochCommittedByCounting) {
      leading.had[Int(me)] = (memory.history.last, 0)
      deliver(upTo: majority(of: leading.had.map(\.last)), into: &effects)
    }
    persist(.current(epoch: epoch), into: &effects)
    promise(.synchronize(epoch), unless: .firstHistoryNotDurable, at: now, into: &effects)
  }

  // MARK: Synchronization

  mutating func synchronize(at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, leading.stage == .storage else { return }
    leading.stage = .synchronization
    leading.first = memory.history.last
    leading.inStep.insert(me)
    leading.acknowledged[Int(me)] = leading.first
    role = .leading(leading)
    for node in leading.words where node != me {
      bringIntoStep(node, into: &effects)
    }
    weighSteps(at: now, into: &effects)
  }

  /// Sends a follower all that it lacks; from then on it gets what is proposed.
  private mutating func bringIntoStep(_ node: NodeNumber, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, let epoch = leading.epoch else { return }
    leading.runs += 1
    // A node hears what is said to any of its seats. If one that it had with an earlier memory were still told, it would hear this leader, and
    // never notice that it isn't heard itself.
    for seat in members.seated where members[seat]?.node == members[node]?.node {
      leading.told.remove(seat)
      if seat != node { leading.inStep.remove(seat) }
    }
    leading.told.insert(node)
    let had = leading.had[Int(node)]
    role = .leading(leading)
    let transfer = ZabMessage.Transfer(attempt: had.attempt, run: leading.runs)
    var index: UInt32 = 0
    func send(_ part: ZabMessage.Part, _ effects: inout [Effect]) {
      effects.append(.send(.part(epoch: epoch, transfer: transfer, index: index, part), to: node))
      index += 1
    }
    let history = memory.history
    let from: Int
    switch history.difference(to: had.last, mutants) {
    case .entries(let start): from = start
    case .truncation(let last, let start):
      send(.truncate(last), &effects)
      from = start
    case .snapshot(let start):
      send(.members(history.members(at: history.snapshot) ?? members), &effects)
      var offset = 0
      repeat {
        let piece = history.state[offset..<min(offset + timing.piece, history.state.count)]
        send(.snapshot(history.snapshot, offset: offset, of: history.state.count, Array(piece)), &effects)
        offset += max(piece.count, 1)
      } while offset < history.state.count
      from = start
    }
    for item in history.items[from...] { send(.entry(item.zxid, item.entry), &effects) }
    effects.append(.send(.newLeader(epoch: epoch, transfer: transfer, parts: index), to: node))
  }

  private mutating func gotIntoStep(
    _ node: NodeNumber, _ last: Zxid, at now: Moment, into effects: inout [Effect]
  ) {
    guard case .leading(var leading) = role, let epoch = leading.epoch else { return }
    leading.inStep.insert(node)
    leading.acknowledged[Int(node)] = max(leading.acknowledged[Int(node)], last)
    role = .leading(leading)
    if leading.stage == .broadcast {
      let committed = mutants.have(.begunWithWhatItHas) ? last : leading.committed
      effects.append(.send(.begin(epoch: epoch, committed: committed), to: node))
      weighAcknowledgements(at: now, into: &effects)
    } else {
      weighSteps(at: now, into: &effects)
    }
  }

  /// With a majority in step the epoch's first history is committed.
  private mutating func weighSteps(at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, leading.stage == .synchronization, let epoch = leading.epoch,
      isMajority(leading.inStep)
    else { return }
    leading.stage = .broadcast
    leading.committed = leading.first
    leading.givesUpAt = now + timing.patience
    role = .leading(leading)
    deliver(upTo: leading.first, into: &effects)
    send(.begin(epoch: epoch, committed: leading.first), to: leading.inStep, into: &effects)
  }

  // MARK: Broadcast

  /// Proposes what somebody wants in the log. He asks again and again as long as it isn't there; what is under way comes to something, or all of it to
  /// nothing, and more of the same would only be more to bring others into step with.
  mutating func propose(_ bytes: [UInt8], at now: Moment, into effects: inout [Effect]) {
    guard case .leading(let leading) = role, leading.stage == .broadcast else { return }
    for item in memory.history.items.reversed() {
      guard item.zxid > leading.committed else { break }
      if case .value(bytes) = item.entry { return }
    }
    propose(.value(bytes), at: now, into: &effects)
  }

  mutating func propose(_ entry: ZabEntry, at now: Moment, into effects: inout [Effect]) {
    guard case .leading(let leading) = role, leading.stage == .broadcast, let epoch = leading.epoch else { return }
    let last = memory.history.last
    let next = last.epoch == epoch ? last.counter + 1 : 1
    let done = leading.committed.epoch == epoch ? leading.committed.counter : 0
    // Who wants more than that asks again.
    guard next - done <= timing.window else { return }
    // There's a next epoch, but no next number.
    guard next < .max else { return look(at: now, into: &effects) }
    let zxid = Zxid(epoch: epoch, counter: next)
    persist(.entry(zxid, entry), into: &effects)
    let audience = mutants.have(.proposedToThoseInStepOnly) ? leading.inStep : leading.told
    send(.propose(epoch: epoch, zxid, entry), to: audience, into: &effects)
    promise(.entry(epoch, zxid), unless: .ownEntryNotDurable, at: now, into: &effects)
  }

  /// A node has all up to an entry, durably.
  mutating func acknowledged(_ zxid: Zxid, by node: NodeNumber, at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role else { return }
    guard zxid > leading.acknowledged[Int(node)] else { return }
    leading.acknowledged[Int(node)] = zxid
    role = .leading(leading)
    weighAcknowledgements(at: now, into: &effects)
  }

  /// What a majority has is committed, if it's of this epoch: of earlier ones the first history is, as a whole.
  private mutating func weighAcknowledgements(at now: Moment, into effects: inout [Effect]) {
    guard case .leading(var leading) = role, leading.stage == .broadcast, let epoch = leading.epoch else { return }
    let zxid = majority(of: leading.acknowledged)
    guard zxid.epoch == epoch, zxid > leading.committed else { return }
    leading.committed = zxid
    role = .leading(leading)
    send(.commit(epoch: epoch, zxid), to: leading.inStep, into: &effects)
    deliver(upTo: zxid, into: &effects)
    letGo(at: now, into: &effects)
  }
}
