extension FleetNode {
  /// What each engine's part in an address is called with.
  enum OwnerInput {
    /// Something of its own has its time.
    case tick
    /// Whether this node may own it.
    case standing(Ownership.Standing)
    /// It's to be given up.
    case release(heir: NodeName?)
    /// A process before this one has left it to it.
    case inherited(generation: UInt64, until: Moment, roster: UInt64?)
    /// What stands for it is gone.
    case dropped
  }

  mutating func stepOwner(_ index: Int, _ input: OwnerInput, at now: Moment, into effects: inout [Effect]) {
    guard owners.indices.contains(index) else { return }
    let (store, paxos): (StoreOwner.Input, PaxosOwner.Input) =
      switch input {
      case .tick: (.tick, .tick)
      case .standing(let standing): (.standing(standing), .standing(standing))
      case .release(let heir): (.release(heir: heir), .release(heir: heir.flatMap { plan.number(of: $0) }))
      case .inherited(let generation, let until, let roster):
        (
          .inherited(generation: generation, until: until, roster: roster),
          .inherited(generation: generation, until: until)
        )
      case .dropped: (.dropped, .dropped)
      }
    if case .store = owners[index] {
      stepStoreOwner(index, store, at: now, into: &effects)
    } else {
      stepPaxos(index, paxos, at: now, into: &effects)
    }
  }

  mutating func stepStoreOwner(_ index: Int, _ input: StoreOwner.Input, at now: Moment, into effects: inout [Effect]) {
    guard owners.indices.contains(index), case .store(var owner) = owners[index] else { return }
    owners[index] = .stepped
    var said = ownerEffects
    said.removeAll(keepingCapacity: true)
    owner.step(input, at: now, into: &said)
    owners[index] = .store(owner)
    for effect in said {
      switch effect {
      case .call(let call, let request): effects.append(.call(call, request))
      case .own(let generation, let until): own(index, generation, until: until, at: now, into: &effects)
      case .drop(let cause): drop(index, cause, at: now, into: &effects)
      case .ask(let node, let request): effects.append(.send(.mayGoOn(request), to: node))
      case .answer(let node, let answer): effects.append(.send(.leave(answer), to: node))
      }
    }
    ownerEffects = said
  }

  mutating func stepPaxos(_ index: Int, _ input: PaxosOwner.Input, at now: Moment, into effects: inout [Effect]) {
    guard owners.indices.contains(index), case .embedded(var owner) = owners[index] else { return }
    owners[index] = .stepped
    var said = paxosEffects
    said.removeAll(keepingCapacity: true)
    owner.step(input, at: now, into: &said)
    owners[index] = .embedded(owner)
    for effect in said {
      switch effect {
      case .send(let message, let node):
        effects.append(
          .send(.embedded(.owner(owner.name, message, by: me.incarnation)), to: plan.nodes[Int(node)]))
      case .persist(let slot): effects.append(.persistSlot(address: index, slot))
      case .own(let generation, let until): own(index, generation, until: until, at: now, into: &effects)
      case .drop(let cause): drop(index, cause, at: now, into: &effects)
      }
    }
    paxosEffects = said
  }

  private mutating func own(
    _ index: Int, _ generation: UInt64, until: Moment, at now: Moment, into effects: inout [Effect]
  ) {
    effects.append(.own(address: index, generation: generation, until: until))
    // Another process led it by a generation that is only inherited; what the two say mustn't be taken for one's.
    let isOwn = !owners[index].isInherited || mutants.have(.tableLedByAnothersGeneration)
    if isOwn, !tables[index].isPrimary {
      stepTable(index, .lead(generation: generation), at: now, into: &effects)
    }
  }

  private mutating func drop(
    _ index: Int, _ cause: Ownership.Cause, at now: Moment, into effects: inout [Effect]
  ) {
    effects.append(.drop(address: index, cause))
    // Who has lapsed may own it again by the same generation, unless somebody else makes himself heard.
    if cause != .lapsed { stepTable(index, .resign, at: now, into: &effects) }
  }

  /// Takes part in who owns each address, once it's known whose memories count.
  mutating func beginOwners(at now: Moment) {
    guard !haveOwnersBegun, let founders = log.founders else { return }
    haveOwnersBegun = true
    for index in owners.indices {
      guard case .embedded(var owner) = owners[index], let number = plan.number(of: plan.me) else { continue }
      owners[index] = .stepped
      owner.begin(as: number, among: founders, at: now)
      owners[index] = .embedded(owner)
    }
  }

  /// Another node says something of the embedded engine.
  mutating func take(_ message: EmbeddedMessage, of node: NodeName, at now: Moment, into effects: inout [Effect]) {
    guard let number = plan.number(of: node) else { return }
    guard case .owner(let name, let question, let memory) = message else {
      return stepEmbeddedLog(.message(message, from: number), at: now, into: &effects)
    }
    guard let founders = log.founders, founders[Int(number)] == memory || mutants.have(.strangersHeard) else { return }
    guard let index = owners.firstIndex(where: { $0.name == name }) else { return }
    stepPaxos(index, .message(question, from: number), at: now, into: &effects)
  }
}
