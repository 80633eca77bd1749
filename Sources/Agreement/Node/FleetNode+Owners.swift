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
    /// Whether it's neither taken nor renewed any more, as the engine changes.
    case sealed(Bool)
  }

  mutating func stepOwner(_ index: Int, _ input: OwnerInput, at now: Moment, into effects: inout [Effect]) {
    guard owners.indices.contains(index) else { return }
    let (store, paxos): (StoreOwner.Input, PaxosOwner.Input) =
      switch input {
      case .tick: (.tick, .tick)
      case .standing(let standing): (.standing(standing), .standing(standing))
      case .release(let heir): (.release(heir: heir), .release(heir: heir.flatMap { seat(of: $0, index) }))
      case .inherited(let generation, let until, let roster):
        (
          .inherited(generation: generation, until: until, roster: roster),
          .inherited(generation: generation, until: until)
        )
      case .dropped: (.dropped, .dropped)
      case .sealed(let isSealed): (.sealed(isSealed), .sealed(isSealed))
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
    var said = ownerEffects.taken()
    owner.value.step(input, at: now, into: &said)
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
    var said = paxosEffects.taken()
    owner.value.step(input, at: now, into: &said)
    owners[index] = .embedded(owner)
    for place in said.indices {
      switch said.take(at: place, leaving: .drop(.released)) {
      case .send(let message, let node):
        guard let members = owner.value.part?.value.members, let node = members[node]?.node else { break }
        effects.append(
          .send(.embedded(.owner(owner.value.name, message, by: me.incarnation, among: members.id)), to: node))
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
    if isOwn, tables.indices.contains(index), !tables[index].isPrimary {
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

  /// The longest lease that may run by what this node's file says, or by what its voice has promised; nil on a store, where the record of each
  /// name says it.
  var longestTerm: Span? {
    guard case .embedded = log else { return nil }
    var longest = plan.addresses.map(\.lease.term).max() ?? .zero
    for slot in memory.embedded.slots.values { longest = max(longest, slot.term) }
    for case .embedded(let owner) in owners { longest = max(longest, owner.value.term) }
    return longest
  }

  private func seat(of node: NodeName, _ index: Int) -> NodeNumber? {
    if case .embedded(let owner) = owners[index] { owner.value.seat(of: node) } else { nil }
  }

  /// Takes part in who owns each address, once it's known who counts, and among those who do from then on. It's by what this node has in its
  /// log, agreed on or not: before a majority of the former ones can have agreed that others count, none of it goes by the former alone.
  mutating func seatOwners(at now: Moment, into effects: inout [Effect]) {
    guard case .embedded(let log) = log, seatedAmong != log.value.membersID, let members = log.value.members,
      let seat = log.value.seat
    else { return }
    seatedAmong = members.id
    for index in owners.indices {
      guard case .embedded(var owner) = owners[index] else { continue }
      owners[index] = .stepped
      let isNew = owner.value.part == nil
      if isNew { owner.value.begin(as: seat, of: members, isSealed: areOwnersSealed, at: now) }
      owners[index] = .embedded(owner)
      if !isNew { stepPaxos(index, .members(members, me: seat), at: now, into: &effects) }
    }
  }

  /// Another node says something of the embedded engine.
  mutating func take(_ message: EmbeddedMessage, of node: NodeName, at now: Moment, into effects: inout [Effect]) {
    guard plan.nodes.contains(node) else { return }
    guard case .owner(let name, let question, let memory, let among) = message else {
      return stepEmbeddedLog(.message(message, from: node), at: now, into: &effects)
    }
    guard let index = owners.firstIndex(where: { $0.name == name }), let members = owners[index].members else { return }
    // What was agreed on among those of an engine before counts no more.
    guard case .embedded(let log) = log, members.lineage == log.value.lineage else { return }
    let stranger = mutants.have(.strangersHeard) ? members.seat(of: node) : nil
    guard let seat = members.seat(of: Participant(node, memory)) ?? stranger else { return }
    stepPaxos(index, .message(question, from: seat, among: among), at: now, into: &effects)
  }
}
