/// A node's part in a change of the engine.
extension FleetNode {
  /// What a node says of its engine, where its file names another or it has had another.
  package struct EraWord: Equatable, Sendable {
    /// The era by whose log it goes.
    package var era: UInt32
    /// The engine that it wants, and could begin with now.
    package var wanted: String?
    /// What the names of the fleet's nodes come to, as it knows them.
    package var roster: UInt64

    /// With all its parts.
    package init(era: UInt32, wanted: String?, roster: UInt64) {
      (self.era, self.wanted, self.roster) = (era, wanted, roster)
    }
  }

  /// How a node sees a change that goes on.
  struct Change {
    /// Since when all want the same.
    var unanimousSince: Moment?
    /// When it was proposed last.
    var proposedAt: Moment?
    /// Which one is under way, and since when.
    var seen: (number: UInt64, at: Moment)?
    /// Of which one this process has said that it has sealed.
    var said: UInt64?
    /// Whether the next log was asked for.
    var hasSucceeded = false
    /// Whether this process has come over from another engine: it knew that log to its end, with which this one begins.
    var cameOver = false
    /// When others may be told again what the log came to that is over.
    var toldAt: [NodeName: Moment] = [:]
    /// Whether the process before this one had sealed.
    var isInherited = false
  }

  /// What all nodes' programs have to know for it.
  package static let form = Form(2)
  /// After which pause all are taken to want the same for good, and how far the nodes are apart as they say so.
  private static let settling = Span.milliseconds(100)
  private static let turn = Span.milliseconds(400)
  /// How long all have to seal. It's short beside a lease: nothing is renewed meanwhile.
  private static let patience = Span.milliseconds(800)
  /// After how long it's proposed again.
  private static let again = Span.seconds(2)

  /// Whether this node takes and renews nothing by this engine any more.
  @inline(__always)
  package var isSealed: Bool {
    // The process before may have said so, which this one doesn't know for sure before the log has its own word.
    if state.succession != nil { return true }
    return change.isInherited && !hasJoined && !mutants.have(.sealForgotten)
  }

  /// Whether the log has a word of this process: so what this node knows of it isn't from before the process began.
  @inline(__always)
  var hasJoined: Bool {
    state.members.contains { $0.identity == me && $0.run >= memory.run }
  }

  /// What the nodes come to that this one knows.
  private var roster: UInt64 { StoreOwner.roster(of: plan.nodes) }

  /// What it says of its engine; nil if there's nothing to say.
  var eraWord: EraWord? {
    plan.wanted != nil || state.era > 0 || state.succession != nil ? ownWord : nil
  }

  private var ownWord: EraWord { EraWord(era: state.era, wanted: plan.wanted, roster: roster) }

  /// The nodes that have come over to the engine that this one wants, and could begin with it now.
  package func volunteers(at now: Moment) -> [NodeName] {
    guard plan.wanted != nil else { return wanting(at: now) }
    return plan.nodes.filter { node in
      if node == plan.me { return true }
      return word(of: node, at: now) == ownWord
    }
  }

  /// What another node that is there has said of late.
  private func word(of node: NodeName, at now: Moment) -> EraWord? {
    guard let word = peers.all.first(where: { $0.node == node })?.word, peers.isThere(node, at: now) else { return nil }
    return now - word.at <= Peers.patience ? word.said : nil
  }

  /// The nodes that want another engine than the one in force, whichever.
  package func wanting(at now: Moment) -> [NodeName] {
    plan.nodes.filter { node in
      if node == plan.me { return plan.wanted != nil }
      guard let word = word(of: node, at: now) else { return false }
      return word.era == state.era && word.wanted != nil
    }
  }

  /// Another node says by which engine it goes.
  mutating func take(_ word: EraWord, of node: NodeName, at now: Moment, into effects: inout [Effect]) {
    peers.note(word, of: node, at: now)
    // Whoever was away may know nothing of an era that has begun meanwhile: so he asks.
    if word.era > state.era { effects.append(.send(.era(ownWord), to: node)) }
    // The log that he knows is over, and nobody may be left who keeps it.
    guard word.era < state.era, let origin = memory.era.origin, now >= change.toldAt[node] ?? now else { return }
    change.toldAt[node] = now + Self.again
    let end = origin.encoded
    // A larger one has no room in a frame; whoever needs it begins with nothing.
    if end.count <= EmbeddedLog.largestText { effects.append(.send(.ended(end), to: node)) }
  }

  /// Another node says what a log came to that is over.
  mutating func take(end bytes: [UInt8], into effects: inout [Effect]) {
    guard let end = try? FleetState(encoded: bytes), end.isOver, !state.isOver, end.era >= state.era,
      end.position > state.position, end.succession?.founders.contains(me) == true
    else { return }
    state = end
    rollouts.lookAgain()
    effects.append(.restored(position: end.position))
  }

  /// Does what is this node's in a change of the engine.
  mutating func mindSuccession(at now: Moment, into effects: inout [Effect]) {
    followEra()
    // It's looked for in each step, and as a rule there's none to be copied.
    guard state.succession != nil, let succession = state.succession else {
      change.seen = nil
      sealOwners(isSealed, at: now, into: &effects)
      // As a rule nobody wants another one.
      if plan.wanted == nil { return change.unanimousSince = nil }
      return propose(at: now, into: &effects)
    }
    if change.seen?.number != succession.number { change.seen = (succession.number, now) }
    change.unanimousSince = nil
    if !mutants.have(.sealedInWordOnly) { sealOwners(true, at: now, into: &effects) }
    if succession.isEnded {
      guard !change.hasSucceeded else { return }
      change.hasSucceeded = true
      return effects.append(.succeed(state))
    }
    guard isInformed else { return }
    if succession.founders.contains(me), !succession.sealed.contains(me), change.said != succession.number {
      change.said = succession.number
      append(.sealed(succession: succession.number), at: now, into: &effects)
    }
    let turn = plan.nodes.firstIndex(of: plan.me) ?? 0
    guard let seen = change.seen, now >= seen.at + Self.patience + .milliseconds(200) * Int64(turn) else { return }
    change.seen?.at = now + Self.again
    append(.stay(succession: succession.number, reason: "not all have sealed in time"), at: now, into: &effects)
  }

  /// A node that is new may find that its log is of a later era.
  @inline(__always)
  private mutating func followEra() {
    guard state.era != ownersEra else { return }
    ownersEra = state.era
    for index in owners.indices {
      guard case .store(var owner) = owners[index] else { continue }
      owners[index] = .stepped
      owner.value.begin(state.era)
      owners[index] = .store(owner)
    }
  }

  private mutating func propose(at now: Moment, into effects: inout [Effect]) {
    guard let wanted = plan.wanted, obstacle(at: now) == nil, let founders = founders(at: now) else {
      return change.unanimousSince = nil
    }
    let since = change.unanimousSince ?? now
    change.unanimousSince = since
    let turn = Self.turn * Int64(plan.nodes.firstIndex(of: plan.me) ?? 0)
    guard now >= since + Self.settling + turn, now >= change.proposedAt.map({ $0 + Self.again }) ?? now,
      let era = nextEra
    else { return }
    change.proposedAt = now
    append(.succeed(era: era, engine: wanted, founders: founders), at: now, into: &effects)
  }

  /// Why the engine can't be changed yet though all want the same, for people: a clause; nil if it can.
  package func obstacle(at now: Moment) -> String? {
    if plan.nodes.count > Members.most { return "more than \(Members.most) nodes can't change it" }
    guard isInformed, hasJoined, log.isLive(at: now) else { return "the log has to live for that" }
    if form < Self.form { return "not all nodes have a program that can change it" }
    if let rollout = state.rollout { return "rollout \(rollout.number) has to end first" }
    if volunteers(at: now).count == plan.nodes.count, founders(at: now) == nil {
      return "not all nodes have joined with the memories that they have"
    }
    return nil
  }

  /// All nodes with the memories that count, if all of them want the same.
  private func founders(at now: Moment) -> [Participant]? {
    guard plan.nodes.count <= Members.most, volunteers(at: now).count == plan.nodes.count else { return nil }
    let founders = plan.nodes.compactMap { node -> Participant? in
      guard let identity = state.member(node)?.identity else { return nil }
      let incarnation = node == plan.me ? me.incarnation : peers.all.first { $0.node == node }?.status?.incarnation
      return incarnation == identity.incarnation ? identity : nil
    }
    return founders.count == plan.nodes.count ? founders : nil
  }

  /// The number of an era that is later than all that nodes have counted so far.
  private var nextEra: UInt32? {
    var era = state.era
    if let members = log.embedded?.members { era = max(era, members.lineage.era, members.number >> 12) }
    // Who votes may be about to change.
    return era + 2 < Era.most ? era + 1 : nil
  }

  mutating func sealOwners(at now: Moment, into effects: inout [Effect]) {
    sealOwners(isSealed, at: now, into: &effects)
  }

  @inline(__always)
  private mutating func sealOwners(_ isSealed: Bool, at now: Moment, into effects: inout [Effect]) {
    guard isSealed != areOwnersSealed else { return }
    areOwnersSealed = isSealed
    for index in owners.indices { stepOwner(index, .sealed(isSealed), at: now, into: &effects) }
  }

  /// Goes on by the next log. What this node owns it carries over: as all have sealed, nobody else does, and nobody takes it from this node before
  /// its lease is over.
  ///
  /// - Parameters:
  ///   - plan: as before, but for the engine.
  ///   - memory: that with the era, durable, and with what the node begins with where they agree by themselves.
  package mutating func begin(
    _ plan: FleetPlan, memory: FleetMemory, at now: Moment, into effects: inout [Effect]
  ) {
    let held = owners.map { $0.held(at: now) }
    for index in owners.indices where held[index] == nil {
      if case .owning = owners[index].stance { effects.append(.drop(address: index, .released)) }
      stepTable(index, .resign, at: now, into: &effects)
    }
    var next = FleetNode(plan, memory: memory, mutants: mutants)
    (next.peers, next.isolation, next.pools, next.own, next.isAble) = (peers, isolation, pools, own, isAble)
    (next.tables, next.ownGeneration, next.sequence) = (tables, ownGeneration, sequence)
    next.keep(rollouts, applied)
    (next.requests, next.later) = (requests, later)
    self = next
    // Before anything is said by a later number.
    sayAgain(at: now, into: &effects)
    for case (let index, let held?) in zip(owners.indices, held) {
      step(
        .inherited(address: index, generation: held.generation, until: held.until, roster: nil), at: now,
        into: &effects)
    }
    step(.tick, at: now, into: &effects)
  }

  /// What was wanted and isn't in the log that is over is wanted of the next one.
  private mutating func sayAgain(at now: Moment, into effects: inout [Effect]) {
    let last = state.member(plan.me).map { ($0.run, $0.sequence) } ?? (0, 0)
    let pending = requests
    (requests, later) = ([], [])
    for request in pending {
      if (request.id.run, request.id.sequence) <= last {
        effects.append(.answer(number: request.number, .passed))
      } else if case (.voters, nil) = (request.event, log.embedded) {
        effects.append(.answer(number: request.number, .pointless("the fleet's log is kept by servers of its own")))
      } else {
        requests.append(request)
        say(Entry(request.id, request.event), at: now, into: &effects)
      }
    }
  }
}
