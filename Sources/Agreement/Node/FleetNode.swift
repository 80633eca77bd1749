/// One node of a fleet: all its protocols on one engine, as a value that is stepped.
///
/// The same code runs in the program and in the simulator. It has no clock, no socket, no file and no chance: what it's called with is all
/// that it knows, and the same calls lead to the same effects.
///
/// What each step asks of itself is inlined, here and in its parts: a call that changes nothing is given a copy, of 2 KB.
package struct FleetNode {
  /// What it's called with.
  package enum Input {
    /// Something has its time, or the start.
    case tick
    /// Something in the store may have changed.
    case hint(StoreKey)
    /// What came of a question to the store.
    case reply(CallID, StoreReply)
    /// Another node says something.
    case message(FleetMessage, from: NodeName)
    /// Another node says nothing more until it begins anew: its process has ended, or its link has broken.
    case ended(NodeName)
    /// What came of a part of a rollout.
    case rollout(Rollouts.Input)
    /// What stands for an address is gone from this node.
    case dropped(address: Int)
    /// Somebody wants something of the whole fleet; the number comes back with what came of it.
    case request(FleetRequest, number: UInt64)
    /// A table that is this node's has changed.
    ///
    /// - Parameter isAwaited: whether somebody waits until another node has it; else it's told with what comes within 20 ms.
    case stuck(table: Int, [StuckUpdate], isAwaited: Bool)
    /// Whether this node may own one address, as far as it goes itself: it's not leaving, and could put it where it belongs.
    case ability(address: Int, isAble: Bool)
    /// What this node sees of each pool's backends, in the order of the configuration.
    case view([PoolView])
    /// What holds on this node alone.
    case own(NodeStatus.Own)
    /// An address is to go from whoever owns it to another node.
    case move(address: Int, to: NodeName)
    /// The process before this one owned an address until then, by this generation, and has left it to this one.
    ///
    /// - Parameter roster: what the nodes come to that it knew; nil if nobody says.
    case inherited(address: Int, generation: UInt64, until: Moment, roster: UInt64?)
    /// The overrides that hold on this node, and will after a crash, are the fleet's up to this position.
    case applied(position: UInt64)
    /// The node's file names another engine, as all nodes call it, and it could be begun with now; or that is so no more.
    case wants(String?)
    /// The process before this one had said that it takes and renews nothing any more by this engine; said before what it has left.
    case sealed
    /// So many records of the log, counted from the start of the process, are durable.
    case persisted(UInt64)
    /// So many of an address's slots, counted from the start of the process, are.
    case persistedSlot(address: Int, UInt64)
  }

  /// What it wants. What is large and rare is indirect, as those that are usual would be as large.
  package enum Effect {
    /// Ask the store.
    case call(CallID, StoreRequest)
    /// Tell another node.
    case send(FleetMessage, to: NodeName)
    /// Do a part of a rollout.
    case rollout(Rollouts.Effect)
    /// This node owns an address until then.
    case own(address: Int, generation: UInt64, until: Moment)
    /// It doesn't any more: sessions end, then the address goes. Answered by `dropped`.
    case drop(address: Int, Ownership.Cause)
    /// This node has what others had in a table that is its own now.
    case tableReady(Int)
    /// Another node has all updates of a table up to this one.
    case replicated(table: Int, upTo: UInt64)
    /// Another node's table has changed; not told of tables of addresses, where nobody needs it before the address comes.
    case heard(table: Int, [StuckUpdate])
    /// An entry was taken up, and what it came to.
    indirect case learned(Entry, position: UInt64, FleetState.Outcome)
    /// The state is that of a snapshot.
    case restored(position: UInt64)
    /// What came of a request.
    case answer(number: UInt64, FleetAnswer)
    /// The log is over. Store that the node goes by the next one, which begins with that; then go on by `begin`.
    indirect case succeed(FleetState)
    /// Something is wrong with what the log holds. What, for people.
    case damaged(String)
    /// Store this after all records before. Answered by `persisted`.
    case persist(EmbeddedRecord)
    /// Store what was promised and accepted of an address, in place of what was before. Answered by `persistedSlot`.
    case persistSlot(address: Int, PaxosSlot)
    /// Store this in place of all that was stored; then go on with it by `beginAnew`, and answer the request. Nothing else is to be stepped
    /// before.
    indirect case restore(FleetMemory, Loss, number: UInt64)
  }

  /// What it was told about its fleet.
  package private(set) var plan: FleetPlan
  let me: Participant
  // Large, and needed once for the most part: what is made of it isn't to carry it along.
  private let storedMemory: Boxed<FleetMemory>
  let mutants: Mutants
  /// What all agree about, as far as this node knows.
  package internal(set) var state = FleetState()
  /// The log.
  package internal(set) var log: FleetLog
  /// This node's part in rollouts.
  package internal(set) var rollouts: Rollouts
  /// This node's part in who owns each address.
  package internal(set) var owners: [AddressOwner]
  /// This node's part in each table: one for each address, or for each node where there's no address.
  package internal(set) var tables: [Replication]
  let tableNames: [String]
  /// What is known of the others.
  package internal(set) var peers: Peers
  /// Whether the log was known to its end once since the start, and to no less than this node has stored.
  package internal(set) var isInformed = false
  /// What became of what this process says first.
  var joining = Joining.unsaid
  /// What it wants to say after that, while it's on its way.
  var held: [Entry] = []
  /// Whether this node is cut off from its backends, as far as others show.
  package internal(set) var isolation = Isolation()
  /// What this node sees of each pool.
  var pools: [PoolView] = []
  /// Among which members this node takes part in who owns addresses, in the embedded engine.
  var seatedAmong: UInt64?
  /// Since when fewer than half of the voters are there, in the embedded engine.
  var aloneSince: Moment?
  /// Which wish for voters the log was told last.
  var toldVoters: UInt64?
  /// What holds on this node alone.
  package internal(set) var own = NodeStatus.Own()
  /// Whether each address could be this node's, as far as that one goes.
  var isAble: [Bool]
  /// The last entry up to which the fleet's overrides hold on this node.
  package internal(set) var applied: UInt64 = 0
  /// The generation by which this node leads its own table.
  var ownGeneration: OwnGeneration
  /// Since when another node is there that should rather have each address.
  var preferredSince: [(at: Moment, position: UInt64)?]
  /// Where each address is to go, if somebody has said so.
  var moves: [Move?]
  /// When it wants to be called with `tick` at the latest, as of the last step.
  package private(set) var wakesAt = Moment.start
  var sequence: UInt64
  /// Requests whose entries are on their way.
  var requests: [(id: EntryID, event: Entry.Event, number: UInt64)] = []
  /// Entries of a later form than the first that are on their way.
  var later: [(id: EntryID, form: Form)] = []
  /// How far a change of the engine is.
  var change = Change()
  /// Whether owners were told that they take and renew nothing any more.
  var areOwnersSealed = false
  /// Of which era owners know to be.
  var ownersEra: UInt32

  // Reused from step to step.
  var logEffects: [StoreLog.Effect] = []
  var embeddedEffects: [EmbeddedLog.Effect] = []
  private var rolloutEffects: [Rollouts.Effect] = []
  var ownerEffects: [StoreOwner.Effect] = []
  var paxosEffects: [PaxosOwner.Effect] = []
  private var tableEffects: [Replication.Effect] = []

  /// A node that starts with what its data folder holds. The run must be stored as this one's.
  package init(_ plan: FleetPlan, memory: FleetMemory, mutants: Mutants = Mutants()) {
    self.plan = plan
    storedMemory = Boxed(memory)
    self.mutants = mutants
    me = Participant(plan.me, memory.incarnation)
    sequence = plan.known.base
    rollouts = Rollouts(me: me, stored: memory.stored, mutants: mutants)
    ownersEra = memory.era.number
    let others = plan.nodes.filter { $0 != plan.me }
    peers = Peers(others)
    (log, owners, state) = Self.engine(of: plan, me, memory, others, mutants)
    tableNames = plan.tableNames
    tables = tableNames.indices.map { index in
      var timing = plan.replication
      // Its links take a moment, and no session waits for this table: what it has told before it began anew is with others.
      if index == plan.ownTable { timing.patience = max(timing.patience, timing.reminder * 2) }
      return Replication(others: plan.servers.filter { $0 != plan.me }, timing: timing, mutants: mutants)
    }
    ownGeneration = OwnGeneration(memory, mutants)
    preferredSince = plan.addresses.map { _ in nil }
    moves = plan.addresses.map { _ in nil }
    isAble = plan.addresses.map { _ in true }
  }

  /// What it began with.
  package var memory: FleetMemory { _read { yield storedMemory.value } }

  /// The overrides that all agree about; nil while it isn't known whether there are later ones.
  package var overrides: [FleetState.Override]? {
    isInformed && log.isCaughtUp ? state.overrides : nil
  }

  private mutating func noteWake() {
    var soonest = min(log.wakesAt, peers.speaksAt)
    if isInformed || change.cameOver { soonest = min(soonest, rollouts.wakesAt) }
    for index in owners.indices {
      soonest = min(soonest, owners[index].wakesAt)
      if let asksAt = moves[index]?.asksAt { soonest = min(soonest, asksAt) }
    }
    for index in tables.indices { soonest = min(soonest, tables[index].wakesAt) }
    wakesAt = soonest
  }

  /// Takes what happened, and says what is to be done.
  package mutating func step(_ input: Input, at now: Moment, into effects: inout [Effect]) {
    seatOwners(at: now, into: &effects)
    switch input {
    case .tick: stepLog(at: now, into: &effects)
    case .hint(let key): take(key, at: now, into: &effects)
    case .reply(let call, let reply): take(reply, to: call, at: now, into: &effects)
    case .persisted(let count): stepEmbeddedLog(.persisted(count), at: now, into: &effects)
    case .persistedSlot(let index, let count): stepPaxos(index, .persisted(count), at: now, into: &effects)
    case .message(let message, let node): take(message, of: node, at: now, into: &effects)
    case .ended(let node): peers.end(node)
    case .rollout(let input): stepRollouts(input, at: now, into: &effects)
    case .dropped(let index): stepOwner(index, .dropped, at: now, into: &effects)
    case .request(let request, let number): take(request, number, at: now, into: &effects)
    case .stuck(let index, let updates, let isAwaited):
      for update in updates { stepTable(index, .update(update), at: now, into: &effects) }
      if isAwaited { stepTable(index, .flush, at: now, into: &effects) }
    case .ability(let index, let isAble):
      guard self.isAble[index] != isAble else { break }
      self.isAble[index] = isAble
      // Whoever takes the address over is to know before it's free.
      peers.speaksAt = now
    case .view(let pools): self.pools = Array(pools.prefix(Self.mostPools))
    case .own(let own):
      self.own = own
      // Somebody may look at another node right away.
      peers.speaksAt = now
    case .move(let index, let heir): move(index, to: heir, at: now, into: &effects)
    case .inherited(let index, let generation, let until, let roster):
      stepOwner(index, .inherited(generation: generation, until: until, roster: roster), at: now, into: &effects)
    case .wants(let engine):
      plan.wanted = engine
      peers.speaksAt = now
    case .sealed:
      change.isInherited = true
      sealOwners(at: now, into: &effects)
    case .applied(let position):
      guard position > applied else { break }
      applied = position
      // Somebody may wait to hear it.
      peers.speaksAt = now
    }
    noteMajority(at: now)
    tellVoters(at: now, into: &effects)
    mindSuccession(at: now, into: &effects)
    if rollouts.isDue(at: state.position, now) { stepRollouts(.look, at: now, into: &effects) }
    if !pools.isEmpty { judgeIsolation(at: now) }
    mindAddresses(at: now, into: &effects)
    mindMoves(at: now, into: &effects)
    mindTables(at: now, into: &effects)
    if now >= peers.speaksAt { speak(at: now, into: &effects) }
    noteWake()
  }

  /// Goes on with what a node had in hand before its engine changed; what it has to say about that it says anew.
  mutating func keep(_ rollouts: Rollouts, _ applied: UInt64) {
    (self.rollouts, self.applied) = (rollouts, applied)
    self.rollouts.beginAnew()
    change.cameOver = true
  }

  /// All that is known of the clients of a table.
  package func entries(of table: Int, at now: Moment) -> [StuckEntry] {
    tables.indices.contains(table) ? tables[table].table.entries(at: now) : []
  }

  // MARK: The parts

  mutating func stepRollouts(_ input: Rollouts.Input, at now: Moment, into effects: inout [Effect]) {
    // A witness has no port to reserve and nothing to serve: nobody waits for its word.
    guard isInformed || change.cameOver, !plan.isWitness || mutants.have(.witnessServes) else { return }
    var said = rolloutEffects.taken()
    rollouts.step(input, state, at: now, into: &said)
    for effect in said {
      if case .append(let event) = effect {
        append(event, at: now, into: &effects)
      } else {
        effects.append(.rollout(effect))
      }
    }
    rolloutEffects = said
  }

  mutating func stepTable(_ index: Int, _ input: Replication.Input, at now: Moment, into effects: inout [Effect]) {
    guard tables.indices.contains(index) else { return }
    var said = tableEffects.taken()
    tables[index].step(input, at: now, into: &said)
    for place in said.indices {
      switch said.take(at: place, leaving: .ready) {
      case .send(let message, let node): effects.append(.send(.table(tableNames[index], message), to: node))
      case .ready: effects.append(.tableReady(index))
      case .replicated(let upTo): effects.append(.replicated(table: index, upTo: upTo))
      case .deposed(let fence): reclaim(index, over: fence)
      case .heard(let updates): if plan.addresses.isEmpty { effects.append(.heard(table: index, updates)) }
      }
    }
    tableEffects = said
  }
}
