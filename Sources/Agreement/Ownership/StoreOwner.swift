/// One node's part in who owns a name, by a record in an ordered store.
///
/// The owner rewrites the record now and then. Another node takes it over when it has seen the very same version for a whole term,
/// by compare-and-set on that version: the owner, which counts its lease from when it sent a renewal, has stopped by then. Nothing is assumed
/// of the store's own opinion about who is alive.
package struct StoreOwner {
  /// What it's called with.
  package enum Input {
    /// Something of its own has its time, or the start.
    case tick
    /// The record may have changed.
    case hint
    /// What came of a question.
    case reply(CallID, StoreReply)
    /// Whether this node may own the name now, and how long it lets others go first.
    case standing(Ownership.Standing)
    /// The name is to be given up, for somebody or for whoever comes.
    case release(heir: NodeName?)
    /// The process before this one, which has the same memory, owned it until then and has left it to this one.
    ///
    /// - Parameter roster: what the nodes come to that it knew; nil if nobody says.
    case inherited(generation: UInt64, until: Moment, roster: UInt64?)
    /// What stands for the name is gone from this node.
    case dropped
    /// Whether the name is neither taken nor renewed any more, as the engine changes.
    case sealed(Bool)
    /// Another node, which owns it, asks for leave to go on without the store.
    case asked(GrantRequest, by: NodeName)
    /// What another node says to that.
    case answered(GrantAnswer, by: NodeName)
  }

  /// What it wants.
  package enum Effect {
    /// Ask the store.
    case call(CallID, StoreRequest)
    /// This node owns the name until then, by this generation; later calls move the end.
    case own(generation: UInt64, until: Moment)
    /// It doesn't any more, or isn't to be: sessions end, then the address goes. Answered by `dropped`.
    case drop(Ownership.Cause)
    /// Ask another node for leave.
    case ask(NodeName, GrantRequest)
    /// Answer another node.
    case answer(NodeName, GrantAnswer)
  }

  enum Question: Equatable {
    case look
    case lookBeforeClaim
    case claim(OwnerRecord)
    case renew(OwnerRecord)
    case release(OwnerRecord)
  }

  /// What is owned.
  package let name: String
  let me: Participant
  let asker: Int
  /// All nodes of the fleet, this one too, as it knows them.
  let nodes: [NodeName]
  let lease: Lease
  /// What the era's generations are larger than: a record of another one is of an era before.
  private(set) var floor: UInt64 = 0
  let mutants: Mutants
  /// How things are.
  package internal(set) var stance = Ownership.Stance.watching
  /// What the record was when it was last looked at, and since when it has been that.
  var seen: (record: OwnerRecord?, version: StoreVersion?, since: Moment)?
  /// Whether this node may own it.
  package internal(set) var standing = Ownership.Standing.bystander
  var questions: UInt64 = 0
  var open: (call: CallID, question: Question, at: Moment)?
  /// The claim whose outcome nobody knows: it may still come to pass, as long as the version is the one it expects.
  var unresolved: (expecting: StoreVersion?, record: OwnerRecord)?
  /// Whether the version is to be looked up before anything is written over it.
  var isStale = false
  var looksAt = Moment.start
  var renewsAt = Moment.start
  /// When the renewal was sent that counts last.
  var countedAt = Moment.start
  /// The generation by which this node owns it, or did last.
  var claimedGeneration: UInt64 = 0
  /// Whether that generation is the one of the process before this one, until the first renewal.
  package internal(set) var isInherited = false
  /// Whether the record by which this node owns it names the nodes that it knows. Until then one that isn't asked for leave might take it.
  var isRecorded = false
  /// Whether this node neither takes nor renews it, as the engine changes.
  var isSealed = false
  /// Grants that this node has asked for, or given.
  var grants: Grants

  /// A node that knows nothing of the name yet.
  ///
  /// - Parameters:
  ///   - asker: by which questions are told apart from others' at the same store, 1 or more.
  ///   - run: counts the starts of the process; stored before anything is said.
  ///   - peers: all other nodes of the fleet; nodes that know of others grant each other nothing.
  package init(
    _ name: String, me: Participant, run: UInt32, asker: Int, lease: Lease, peers: [NodeName],
    era: UInt32 = 0, mutants: Mutants = Mutants()
  ) {
    self.name = name
    self.me = me
    self.asker = asker
    nodes = (peers + [me.node]).sorted()
    self.lease = lease
    self.mutants = mutants
    grants = Grants(peers: peers, roster: Self.roster(of: nodes), run: run)
    begin(era)
    // Questions of the era before may be answered still.
    questions = UInt64(era) << 40
  }

  /// Takes part in the owners of an era.
  mutating func begin(_ era: UInt32) {
    floor = mutants.have(.generationsBegunAnew) ? min(Era.floor(era), 1) : Era.floor(era)
    // For how long nobody has had it counts from here: until now somebody may have had it by the former engine.
    if stance == .watching { seen = nil }
    // Whoever goes by an era before has no leave to give in this one.
    grants.roster = Self.roster(of: nodes) ^ Era.floor(era)
  }

  /// What nodes' names come to: other nodes come to another number (FNV-1a over the names).
  package static func roster(of nodes: [NodeName]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for node in nodes {
      for byte in node.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ 0xFF) &* 0x100_0000_01B3
    }
    return hash
  }

  /// The generation of the last record that was seen.
  package var generation: UInt64 { seen?.record?.generation ?? 0 }

  /// Who owns it, as far as this node has seen; nobody where it's this node's own process before this one that did.
  package var owner: Participant? {
    let owner = seen?.record?.owner
    if owner == me, case .watching = stance { return nil }
    return owner
  }

  /// What the nodes come to that the record names by which this node owns it; nil if they aren't those that it knows.
  package var recordedRoster: UInt64? { isRecorded ? grants.roster : nil }

  /// Whether this node leaves it to those whom its owner knows: it isn't one of them, so it may have it when it's given up only.
  package var isLeftToOthers: Bool {
    guard let record = seen?.record, record.owner != nil, record.nodes.count > 1 else { return false }
    return !record.nodes.contains(me.node)
  }

  /// Whether this node knows what the record was.
  package var hasLooked: Bool { seen != nil }

  /// Whether this node owns it.
  package func owns(at now: Moment) -> Bool {
    if case .owning(let until) = stance { return now < until }
    return false
  }

  /// How soon it looks again after a question whose outcome is unknown.
  static let pause = Span.milliseconds(50)

  /// When it wants to be called with `tick` at the latest.
  package var wakesAt: Moment {
    var at = Moment.never
    if case .owning(let until) = stance { at = until > .start ? min(until, grants.asksAt) : grants.asksAt }
    guard open == nil else { return at }
    switch stance {
    case .watching: return min(at, looksAt)
    case .owning where isSealed:
      if case .owning(let until) = stance, until > .start { return until }
      return .never
    case .owning: return min(at, isStale ? looksAt : renewsAt)
    case .releasing(_, let isDropped):
      if mutants.have(.renewalAfterRelease), !isStale { return min(renewsAt, isDropped ? looksAt : .never) }
      return isDropped ? min(at, looksAt) : at
    }
  }

  /// Takes what happened, and says what is to be done.
  package mutating func step(_ input: Input, at now: Moment, into effects: inout [Effect]) {
    lapse(at: now, into: &effects)
    switch input {
    case .tick: break
    case .hint:
      if stance == .watching { looksAt = min(looksAt, now) }
    case .standing(let standing): self.standing = standing
    case .inherited(let generation, let until, let roster):
      inherit(generation, until: until, roster: roster, at: now, into: &effects)
    case .release(let heir): release(to: heir, into: &effects)
    case .sealed(let isSealed): self.isSealed = isSealed
    case .dropped:
      if case .releasing(let heir, _) = stance {
        stance = .releasing(heir: heir, isDropped: true)
        looksAt = now
      }
    case .reply(let call, let reply):
      guard let open, open.call == call else { return }
      self.open = nil
      take(reply, to: open.question, askedAt: open.at, at: now, into: &effects)
    case .asked(let request, let node):
      effects.append(.answer(node, grant(request, at: now)))
    case .answered(let answer, let node):
      take(answer, of: node, at: now, into: &effects)
    }
    goOn(at: now, into: &effects)
  }

  /// What couldn't be renewed in time is lost, whatever the record says.
  private mutating func lapse(at now: Moment, into effects: inout [Effect]) {
    guard case .owning(let until) = stance, until > .start, now >= until else { return }
    // The record may still be this node's; then it goes on from there, as soon as a renewal counts.
    stance = .owning(until: .start)
    effects.append(.drop(.lapsed))
  }

  /// Goes on from what the process before this one owned. The version is to be looked up before the first renewal, which
  /// begins a generation of this process: who hears both of them has to know them apart.
  private mutating func inherit(
    _ generation: UInt64, until: Moment, roster: UInt64?, at now: Moment, into effects: inout [Effect]
  ) {
    guard stance == .watching, seen == nil, until > now else { return }
    // It may have begun to look already, by itself or for another address.
    if open != nil, mutants.have(.inheritedBeforeLookOnly) { return }
    open = nil
    claimedGeneration = generation
    isInherited = true
    isRecorded = roster == grants.roster
    countedAt = until - lease.term + lease.margin
    stance = .owning(until: .start)
    isStale = true
    looksAt = now
    if mutants.have(.leaseInheritedAnew) { return count(from: now, at: now, into: &effects) }
    extend(to: until, at: now, into: &effects)
  }

  private mutating func release(to heir: NodeName?, into effects: inout [Effect]) {
    guard case .owning = stance else { return }
    stance = .releasing(heir: heir, isDropped: false)
    grants.stopAsking()
    effects.append(.drop(.released))
  }

  // MARK: Questions

  private mutating func goOn(at now: Moment, into effects: inout [Effect]) {
    if isSealed {
      grants.stopAsking()
      if case .owning = stance { return }
    } else {
      askPeers(at: now, into: &effects)
    }
    guard open == nil, now >= wakesAt else { return }
    switch stance {
    case .watching: look(at: now, into: &effects)
    case .owning:
      if isStale { look(at: now, into: &effects) } else { renew(at: now, into: &effects) }
    case .releasing(let heir, let isDropped):
      if mutants.have(.renewalAfterRelease), !isStale, now >= renewsAt { return renew(at: now, into: &effects) }
      guard isDropped else { return }
      if isStale { look(at: now, into: &effects) } else { giveUp(to: heir, at: now, into: &effects) }
    }
  }

  mutating func look(at now: Moment, into effects: inout [Effect]) {
    looksAt = now + lease.term / 12
    let freshness = mutants.have(.silenceFromUnsyncedRead) ? StoreRequest.Freshness.any : .linearizable
    ask(.look, .read(.owner(name), freshness), at: now, into: &effects)
  }

  private mutating func renew(at now: Moment, into effects: inout [Effect]) {
    guard let seen, var record = seen.record, let version = seen.version else { return }
    record.beat += 1
    record.nodes = nodes
    if isInherited, record.generation == claimedGeneration { record.generation += 1 }
    record.say(lease)
    renewsAt = now + lease.beat
    write(.renew(record), record, over: version, at: now, into: &effects)
  }

  private mutating func giveUp(to heir: NodeName?, at now: Moment, into effects: inout [Effect]) {
    guard let seen, var record = seen.record, let version = seen.version else { return }
    looksAt = now + lease.beat
    record.owner = nil
    record.heir = heir
    record.beat += 1
    write(.release(record), record, over: version, at: now, into: &effects)
  }

  func claimed(_ record: OwnerRecord?) -> OwnerRecord {
    let before = max(record?.generation ?? 0, floor)
    return OwnerRecord(
      owner: me, generation: before + (mutants.have(.generationReused) && before > 0 ? 0 : 1), term: lease.term,
      nodes: nodes)
  }

  mutating func write(
    _ question: Question, _ record: OwnerRecord, over version: StoreVersion?, at now: Moment,
    into effects: inout [Effect]
  ) {
    let write = StoreWrite(
      .owner(name), expecting: version.map { .version($0) } ?? .nothing, .put(record.encoded))
    ask(question, .write([write]), at: now, into: &effects)
  }

  mutating func ask(
    _ question: Question, _ request: StoreRequest, at now: Moment, into effects: inout [Effect]
  ) {
    questions += 1
    let call = CallID(asker: asker, number: questions)
    open = (call, question, now)
    effects.append(.call(call, request))
  }
}
