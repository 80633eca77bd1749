/// One node's part in the embedded log, by Zab (Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup
/// systems", DSN 2011; protocol-spec/Zab.tla in Apache ZooKeeper's sources).
///
/// What a leader proposes is delivered by all in one order, once a majority has it durably. A new leader begins an epoch: it's one with the
/// most recent history of a majority (discovery), which brings the others into step with itself (synchronization) before it proposes
/// anything (broadcast). Each promise goes out when what it rests on is durable, and not before.
package struct Zab {
  /// What it's called with.
  package enum Input {
    /// Something has its time, or the start.
    case tick
    /// Another node says something.
    case message(ZabMessage, from: NodeNumber)
    /// So many of the records, counted from the start of the process, are durable.
    case persisted(UInt64)
    /// Somebody at this node wants an entry in the log. It's lost if there's no leader: who wants it asks again.
    case append([UInt8])
    /// Who shall vote, as far as this node knows; a leader sees to it.
    case wanted([Participant])
    /// These count, somebody says for whom they do; this node may be behind that.
    case heard(Members)
    /// By these, which it doesn't have yet, it has another seat: it was none of them for a while.
    case seated(NodeNumber, of: Members)
    /// What all entries up to one that was delivered came to.
    case compacted(Zxid, [UInt8])
  }

  /// What it wants.
  package enum Effect {
    /// Tell another node.
    case send(ZabMessage, to: NodeNumber)
    /// Store this after all before. Answered by `persisted`.
    case persist(ZabRecord)
    /// An entry has its place in the log for good.
    case deliver(Zxid, [UInt8])
    /// So have these members.
    case changed(Members)
    /// The state after an entry, in place of the entries up to there.
    case restore(Zxid, [UInt8])
  }

  /// How the time is minded.
  package struct Timing: Equatable, Sendable {
    /// How often the leader says that it's there: as often as each node says how it is, so that it goes with that.
    package var beat = Span.milliseconds(250)
    /// After how long what isn't answered is said again, at first.
    package var again = Span.milliseconds(100)
    /// After how much silence a follower looks for another leader, and a leader without a majority steps down.
    package var patience = Span.seconds(1)
    /// How long it may take until a leader and its followers are in step, once they have met.
    package var start = Span.seconds(5)
    /// How long a majority's vote waits for a better one.
    package var settling = Span.milliseconds(100)
    /// The longest time after which a vote is told again.
    package var slowest = Span.seconds(2)
    /// The most bytes of a piece of a snapshot.
    package var piece = 256 << 10
    /// How many entries before a snapshot are kept, for who lacks only some; and of how many bytes at most.
    package var kept = 500
    package var keptBytes = 4 << 20
    /// How many entries a leader has under way at most.
    package var window = 64
    /// For how long former voters count after it's agreed that others do as well: what they have said of anything else may hold so long.
    package var quiet = Span.zero

    /// As it's meant.
    package init() {}
  }

  /// What a node does.
  enum Role {
    case looking(Looking)
    case following(Following)
    case leading(Leading)
  }

  /// A promise that waits until so many records are durable.
  struct Promise {
    enum Kind: Equatable {
      /// A leader tells its epoch.
      case newEpoch(UInt32)
      /// A follower gives its word.
      case acceptedEpoch(UInt32, NodeNumber)
      /// A leader has its epoch's first history, and brings others into step.
      case synchronize(UInt32)
      /// A follower has it.
      case acceptedLeader(UInt32, NodeNumber, Zxid)
      /// Either has an entry of an epoch.
      case entry(UInt32, Zxid)
    }
    var after: UInt64
    var kind: Kind
  }

  /// Who this is, and the seat that it has.
  let identity: Participant
  package internal(set) var me: NodeNumber
  /// With whom it begins, if there's nothing in its memory.
  let foundation: Members
  /// Who shall vote, if anybody has said so.
  package private(set) var wanted: [Participant]?
  /// Since when.
  private(set) var wantedSince = Moment.start
  /// The last entry that it had proposed by then as a leader; zero if it came to lead later, as all that it hears of an epoch is from after that.
  var wantedAt = Zxid.zero
  /// Later members than those that it has, as others say; and those who said something themselves without being any that it knows.
  var later: Members?
  var guests: [Participant?] = Array(repeating: nil, count: Members.limit)
  var timing: Timing
  let mutants: Mutants
  /// What is in the journal, or on its way there.
  package internal(set) var memory: ZabMemory
  /// How many records there were, and how many of them are durable.
  var written: UInt64 = 0
  var durable: UInt64 = 0
  /// Since when the disk has made nothing durable of what it was given; never if it has all.
  private var storesSince = Moment.never
  var promises: [Promise] = []
  /// The last entry that was delivered, or is in the state that was restored.
  package internal(set) var delivered: Zxid
  /// The last entry that is committed, as far as this node was told.
  var told = Zxid.zero
  /// How often it has tried to get into step with somebody, over all its runs.
  var attempts: UInt64
  /// The round of elections.
  var round: UInt64 = 0
  /// Whom this node would have lead; the leader, once it has one.
  var vote: ElectionVote
  var role: Role

  /// A node that starts with what its journal holds; its state is what the history's snapshot says.
  ///
  /// - Parameters:
  ///   - identity: who has a seat among the members.
  ///   - members: who counts for sure, where the memory doesn't say so or knows less.
  ///   - run: counts the starts of the process; stored before anything is said.
  package init(
    _ identity: Participant, of members: Members, memory: ZabMemory, run: UInt32, timing: Timing = Timing(),
    mutants: Mutants = Mutants()
  ) {
    self.identity = identity
    let own = memory.history.members ?? members
    let (later, earlier) = members.isLater(than: own) ? (members, own) : (own, members)
    me = later.seat(of: identity) ?? memory.history.seat(of: identity) ?? earlier.seat(of: identity) ?? 0
    foundation = members
    self.memory = memory
    self.timing = timing
    self.mutants = mutants
    delivered = memory.history.snapshot
    vote = ElectionVote(epoch: 0, last: .zero, node: me)
    role = .looking(Looking())
    // Others tell by both that this node has begun anew.
    round = UInt64(run) << 32 | UInt64(me) << 24
    attempts = UInt64(run) << 32
    hear(of: members)
    vote = ownVote(at: .start)
  }

  /// Takes what happened, and says what is to be done.
  package mutating func step(_ input: Input, at now: Moment, into effects: inout [Effect]) {
    switch input {
    case .tick: break
    case .message(let message, let node): take(message, of: node, at: now, into: &effects)
    case .persisted(let count):
      storesSince = .never
      keepPromises(upTo: count, at: now, into: &effects)
    case .append(let bytes): append(bytes, at: now, into: &effects)
    case .wanted(let participants):
      (wanted, wantedSince) = (participants, now)
      if case .leading = role { wantedAt = memory.history.last }
    case .heard(let members): hear(of: members)
    case .seated(let seat, let members):
      me = seat
      hear(of: members)
      look(at: now, into: &effects)
    case .compacted(let zxid, let state):
      guard zxid > memory.history.snapshot, zxid <= delivered else { break }
      let kept = memory.history.count(upTo: zxid, atMost: timing.kept, bytes: timing.keptBytes)
      persist(.compaction(zxid, state, keeping: kept), into: &effects)
    }
    if durable >= written {
      storesSince = .never
    } else if storesSince == .never {
      storesSince = now
    }
    guard now >= wakesAt else { return }
    switch role {
    case .looking: mindElection(at: now, into: &effects)
    case .following: mindLeader(at: now, into: &effects)
    case .leading: mindFollowers(at: now, into: &effects)
    }
  }

  /// Who counts, as far as this node has it; it may not be agreed on yet.
  package var members: Members { memory.history.members ?? foundation }

  /// Which members these are.
  @inline(__always)
  var membersID: UInt64 { memory.history.members?.id ?? foundation.id }

  /// Who counts for sure, as far as this node was told.
  package var agreedMembers: Members { memory.history.members(at: delivered) ?? foundation }

  /// When it wants to be called with `tick` at the latest.
  @inline(__always)
  package var wakesAt: Moment {
    switch role {
    case .looking(let looking): min(looking.saysAt, looking.settlesAt)
    case .following(let following): min(following.saysAt, following.givesUpAt)
    case .leading(let leading): min(leading.beatsAt, leading.givesUpAt)
    }
  }

  /// The node that leads, as far as this one knows, and whether entries can be proposed.
  @inline(__always)
  package var leader: (node: NodeNumber, isReady: Bool)? {
    switch role {
    case .looking: nil
    case .following(let following): (following.leader, following.stage == .broadcast)
    case .leading(let leading): (me, leading.stage == .broadcast)
    }
  }

  /// Whether this node is one of those that a leader counts on, or is that leader.
  @inline(__always)
  package var isCounted: Bool {
    switch role {
    case .looking: false
    case .following(let following): following.stage == .broadcast && following.isCounted
    case .leading(let leading): leading.stage == .broadcast
    }
  }

  /// Whether everything was delivered that is committed, as far as this node was told.
  @inline(__always)
  package var isCaughtUp: Bool { delivered >= told }

  // MARK: What is durable

  /// Whether the disk has stored nothing for so long, though there's something: it's full, or hangs.
  func isStuck(for span: Span, at now: Moment) -> Bool {
    storesSince != .never && now >= storesSince + span && !mutants.have(.stuckLeads)
  }

  mutating func persist(_ record: ZabRecord, into effects: inout [Effect]) {
    written += 1
    let before = members
    memory.take(record)
    effects.append(.persist(record))
    if membersID != before.id { follow(from: before) }
  }

  /// Lets something be said once all that was written so far is durable.
  mutating func promise(
    _ kind: Promise.Kind, unless mutant: Mutant, at now: Moment, into effects: inout [Effect]
  ) {
    let promise = Promise(after: written, kind: kind)
    if durable >= written || mutants.have(mutant) {
      keep(promise, at: now, into: &effects)
    } else {
      promises.append(promise)
    }
  }

  private mutating func keepPromises(upTo count: UInt64, at now: Moment, into effects: inout [Effect]) {
    durable = max(durable, count)
    while let first = promises.first, first.after <= durable {
      promises.removeFirst()
      // Of a row of entries the last says all.
      if case .entry(let epoch, _) = first.kind, let next = promises.first, next.after <= durable,
        case .entry(epoch, _) = next.kind
      {
        continue
      }
      keep(first, at: now, into: &effects)
    }
  }

  /// Keeps a promise, unless this node has gone elsewhere meanwhile.
  private mutating func keep(_ promise: Promise, at now: Moment, into effects: inout [Effect]) {
    switch (promise.kind, role) {
    case (.newEpoch(let epoch), .leading(let leading)) where leading.epoch == epoch:
      tellEpoch(at: now, into: &effects)
    case (.synchronize(let epoch), .leading(let leading)) where leading.epoch == epoch:
      synchronize(at: now, into: &effects)
    case (.entry(let epoch, let zxid), .leading(let leading)) where leading.epoch == epoch:
      acknowledged(zxid, by: me, at: now, into: &effects)
    case (.acceptedEpoch(let epoch, let leader), .following(let following))
    where following.leader == leader && memory.acceptedEpoch == epoch:
      effects.append(
        .send(
          .acceptedEpoch(
            epoch, current: memory.currentEpoch, last: memory.history.last, attempt: following.transfer.attempt),
          to: leader))
    case (.acceptedLeader(let epoch, let leader, let last), .following(var following))
    where following.leader == leader && following.epoch == epoch:
      following.isInStep = true
      role = .following(following)
      effects.append(.send(.acceptedLeader(epoch: epoch, last: last), to: leader))
    case (.entry(let epoch, let zxid), .following(let following)) where following.epoch == epoch:
      effects.append(.send(.acknowledge(epoch: epoch, zxid), to: following.leader))
    default: break
    }
  }

  // MARK: What others say

  private mutating func take(
    _ message: ZabMessage, of node: NodeNumber, at now: Moment, into effects: inout [Effect]
  ) {
    if case .notice(let vote, let round, let standing) = message {
      return notice(vote, round, standing, of: node, at: now, into: &effects)
    }
    if case .join = message, leader?.node != me { return disclaim(to: node, into: &effects) }
    switch role {
    case .looking: break
    case .following(let following):
      guard node == following.leader else { return }
      follow(message, at: now, into: &effects)
    case .leading: lead(message, of: node, at: now, into: &effects)
    }
  }

  private mutating func append(_ bytes: [UInt8], at now: Moment, into effects: inout [Effect]) {
    switch role {
    case .looking: break
    case .following(let following):
      if following.stage == .broadcast { effects.append(.send(.forward(bytes), to: following.leader)) }
    case .leading: propose(bytes, at: now, into: &effects)
    }
  }

  /// Delivers what is committed, as far as it's here.
  mutating func deliver(upTo committed: Zxid, into effects: inout [Effect]) {
    told = max(told, committed)
    let committed = min(committed, memory.history.last)
    guard committed > delivered else { return }
    let history = memory.history
    if delivered < history.base {
      delivered = history.snapshot
      effects.append(.restore(history.snapshot, history.state))
    }
    let place = history.index(of: delivered)
    var index = place.isThere ? place.index + 1 : place.index
    while index < history.items.count, history.items[index].zxid <= committed {
      let item = history.items[index]
      switch item.entry {
      case .value(let bytes): effects.append(.deliver(item.zxid, bytes))
      case .members(let members): effects.append(.changed(members))
      }
      delivered = item.zxid
      index += 1
    }
  }
}
