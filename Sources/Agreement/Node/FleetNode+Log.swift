extension FleetNode {
  /// How far a process is with what it says first: that it's there.
  enum Joining: Equatable {
    case unsaid
    /// It's on its way.
    case said(EntryID)
    /// It was taken up.
    case counted
    /// It came to nothing, as the node's memory didn't count.
    case refused

    var isSaid: Bool { if case .said = self { true } else { false } }
  }

  /// The log and who owns addresses, by the engine that the fleet has, and the state that it begins with.
  static func engine(
    of plan: FleetPlan, _ me: Participant, _ memory: FleetMemory, _ others: [NodeName], _ mutants: Mutants
  ) -> (FleetLog, [AddressOwner], FleetState) {
    switch plan.engine {
    case .store(let timing):
      let owners = plan.addresses.enumerated().map { index, address in
        AddressOwner.store(
          Boxed(
            StoreOwner(
              address.name, me: me, run: memory.run, asker: index + 1, lease: address.lease, peers: others,
              era: memory.era.number, mutants: mutants)))
      }
      let origin = memory.era.origin?.begun
      let log = StoreLog(timing: timing, origin: origin, knowing: plan.known, mutants: mutants)
      return (.store(Boxed(log)), owners, origin ?? FleetState())
    case .embedded(var timing):
      // No less than it takes to hear from all for how long they count on something.
      timing.zab.quiet = max(Lease.quiet(after: plan.addresses.map(\.lease), mutants), Peers.beat * 4)
      let owners = plan.addresses.map { address in
        AddressOwner.embedded(
          Boxed(
            EmbeddedOwner(
              address.name, lease: address.lease,
              slot: memory.embedded.slots[address.name] ?? PaxosSlot(),
              run: memory.run, mutants: mutants)))
      }
      var log = EmbeddedLog(
        me.node, of: plan.nodes, memory: memory, era: memory.era.origin == nil ? nil : memory.era.number,
        timing: timing, knowing: plan.known, mutants: mutants)
      let state = log.start()
      return (.embedded(Boxed(log)), owners, state)
    }
  }

  /// Does what has its time in the log.
  mutating func stepLog(at now: Moment, into effects: inout [Effect]) {
    stepStoreLog(.tick, at: now, into: &effects)
    stepEmbeddedLog(.tick, at: now, into: &effects)
  }

  /// Says something to all, once it's their turn; what it came to is known when it's delivered.
  @discardableResult
  mutating func append(_ event: Entry.Event, at now: Moment, into effects: inout [Effect]) -> EntryID {
    sequence += 1
    let entry = Entry(EntryID(me, run: memory.run, sequence: sequence), event)
    say(entry, at: now, into: &effects)
    return entry.id
  }

  /// Says an entry once it's known that this process counts. What is said first may come to nothing, and a copy of it be taken up all the same, if
  /// the memory counts again by then; so nothing else is on its way meanwhile, of which a copy could be taken up after its author was told that it
  /// came to nothing.
  mutating func say(_ entry: Entry, at now: Moment, into effects: inout [Effect]) {
    switch joining {
    case .said(let id) where id != entry.id && !mutants.have(.saidBeforeCounted): held.append(entry)
    case .refused where !mutants.have(.saidBeforeCounted): refuse(entry.id, into: &effects)
    case .unsaid, .said, .counted, .refused: hand(entry, at: now, into: &effects)
    }
  }

  private mutating func refuse(_ id: EntryID, into effects: inout [Effect]) {
    guard let index = requests.firstIndex(where: { $0.id == id }) else { return }
    let why = "this node is to vote no more, so the others don't listen to it: ask one of them"
    effects.append(.answer(number: requests.remove(at: index).number, .pointless(why)))
  }

  /// Says what was to wait until it's known whether this process counts; or gives it up, if it doesn't.
  private mutating func sayHeld(at now: Moment, into effects: inout [Effect]) {
    if joining == .refused, hasJoined {
      // A copy was taken up, when the memory counted again. What was given up meanwhile is said anew.
      joining = .counted
      rollouts.beginAnew()
    }
    guard !joining.isSaid, !held.isEmpty else { return }
    let entries = held
    held = []
    for entry in entries { say(entry, at: now, into: &effects) }
  }

  private mutating func hand(_ entry: Entry, at now: Moment, into effects: inout [Effect]) {
    if entry.event.form > .first, !entry.event.isOfSuccession { later.append((entry.id, entry.event.form)) }
    stepStoreLog(.append(entry), at: now, into: &effects)
    stepEmbeddedLog(.append(entry), at: now, into: &effects)
  }

  /// Something in the store may have changed.
  mutating func take(_ hint: StoreKey, at now: Moment, into effects: inout [Effect]) {
    guard case .owner(let name) = hint else { return stepStoreLog(.hint, at: now, into: &effects) }
    for index in owners.indices where owners[index].name == name {
      stepStoreOwner(index, .hint, at: now, into: &effects)
    }
  }

  /// The store has answered.
  mutating func take(_ reply: StoreReply, to call: CallID, at now: Moment, into effects: inout [Effect]) {
    if call.asker == 0 { return stepStoreLog(.reply(call, reply), at: now, into: &effects) }
    stepStoreOwner(call.asker - 1, .reply(call, reply), at: now, into: &effects)
  }

  private mutating func stepStoreLog(_ input: StoreLog.Input, at now: Moment, into effects: inout [Effect]) {
    guard case .store(var log) = self.log else { return }
    self.log = .stepped
    var said = logEffects.taken()
    log.value.step(input, state: state, isOver: state.isOver, at: now, into: &said)
    self.log = .store(log)
    for effect in said {
      switch effect {
      case .call(let call, let request): effects.append(.call(call, request))
      case .deliver(let entry): learn(entry, into: &effects)
      case .restore(let state): restore(state, into: &effects)
      case .damaged(let what): effects.append(.damaged(what))
      }
    }
    logEffects = said
    inform(at: now, into: &effects)
  }

  mutating func stepEmbeddedLog(_ input: EmbeddedLog.Input, at now: Moment, into effects: inout [Effect]) {
    guard case .embedded(var log) = self.log else { return }
    self.log = .stepped
    var said = embeddedEffects.taken()
    log.value.step(input, state: state, at: now, into: &said)
    self.log = .embedded(log)
    for place in said.indices {
      switch said.take(at: place, leaving: .damaged("")) {
      case .send(let message, let node): effects.append(.send(.embedded(message), to: node))
      case .persist(let record): effects.append(.persist(record))
      case .deliver(let entry): learn(entry, into: &effects)
      case .restore(let state): restore(state, into: &effects)
      case .damaged(let what): effects.append(.damaged(what))
      }
    }
    embeddedEffects = said
    seatOwners(at: now, into: &effects)
    inform(at: now, into: &effects)
  }

  private mutating func restore(_ state: FleetState, into effects: inout [Effect]) {
    guard !self.state.isOver else { return }
    self.state = state
    rollouts.lookAgain()
    // It may be another log, that is shorter.
    applied = min(applied, state.position)
    effects.append(.restored(position: state.position))
    if let mine = state.member(me.node), mine.identity == me { passOver(upTo: mine, into: &effects) }
    withdraw(into: &effects)
  }

  /// What came of this node's own entries that a snapshot stands for isn't known. If one is in the log once more, that comes to nothing, and
  /// says nothing of what the first one came to.
  private mutating func passOver(upTo member: FleetState.Member, into effects: inout [Effect]) {
    func isPassed(_ id: EntryID) -> Bool { (id.run, id.sequence) <= (member.run, member.sequence) }
    if case .said(let id) = joining, isPassed(id) { joining = .counted }
    later.removeAll { isPassed($0.id) }
    for request in requests where isPassed(request.id) {
      effects.append(.answer(number: request.number, .passed))
    }
    requests.removeAll { isPassed($0.id) }
  }

  private mutating func inform(at now: Moment, into effects: inout [Effect]) {
    sayHeld(at: now, into: &effects)
    // What is read may be old, though it's said to be the end: a node doesn't go back behind what it knows itself.
    if !isInformed, log.isLive(at: now), hasWhatIsStored || mutants.have(.logOlderThanMemory) {
      isInformed = true
      join(at: now, into: &effects)
    }
    // It wasn't to vote any more when it was said first, and is again.
    if isInformed, !joining.isSaid, log.isLive(at: now), let voters = state.voters, voters.all.contains(me), !hasJoined
    {
      join(at: now, into: &effects)
    }
  }

  private mutating func join(at now: Moment, into effects: inout [Effect]) {
    // Noted before it's said: it may be delivered within the call.
    rollouts.beginAnew()
    joining = .said(EntryID(me, run: memory.run, sequence: sequence + 1))
    append(.join, at: now, into: &effects)
  }

  /// Whether the log has all that this node had taken up of it when it was started.
  private var hasWhatIsStored: Bool {
    // A fleet that was restored may have lost it for good. Its log lives only where all is here that a majority of its voters has.
    if log.embedded?.isRestored == true { return true }
    return state.committed.generation >= memory.stored.generation && state.position >= memory.overrides.position
  }

  /// Whether the end of the log is behind what this node has stored: for a moment that is an old answer, for long it's another log.
  package func isBehindMemory(at now: Moment) -> Bool { !isInformed && log.isLive(at: now) && !hasWhatIsStored }

  private mutating func learn(_ entry: Entry, into effects: inout [Effect]) {
    // What came behind the end of the log is nobody's.
    guard !state.isOver else { return }
    let outcome = state.fold(entry, mutants: mutants)
    effects.append(.learned(entry, position: state.position, outcome))
    if joining == .said(entry.id) { joining = outcome == .taken ? .counted : .refused }
    if !later.isEmpty {
      later.removeAll { $0.id == entry.id }
      withdraw(into: &effects)
    }
    guard let index = requests.firstIndex(where: { $0.id == entry.id }) else { return }
    effects.append(.answer(number: requests.remove(at: index).number, .said(position: state.position, outcome)))
  }
}
