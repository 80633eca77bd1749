/// A node's part in who owns a name, in the embedded engine: nothing before the founding, Paxos from then on.
package struct EmbeddedOwner {
  /// What is owned.
  package let name: String
  let lease: Lease
  let run: UInt32
  let slot: PaxosSlot
  let mutants: Mutants
  /// What takes part since the founding; boxed, as an optional value this large is copied whenever something of it is asked for.
  private(set) var part: Boxed<PaxosOwner>?
  /// Whether this node may own it.
  package private(set) var standing = Ownership.Standing.bystander
  // As of the last step, as they're asked for in each step of the node.
  /// How things are.
  private(set) var stance = Ownership.Stance.watching
  /// When it wants to be called with `tick` at the latest.
  private(set) var wakesAt = Moment.never

  /// A node that starts with what it has stored.
  ///
  /// - Parameters:
  ///   - run: counts the starts of the process; stored before anything is said.
  init(
    _ name: String, lease: Lease, slot: PaxosSlot, run: UInt32, mutants: Mutants = Mutants()
  ) {
    (self.name, self.lease, self.run, self.slot, self.mutants) = (name, lease, run, slot, mutants)
  }

  /// Takes part from now on, among those who count.
  mutating func begin(as me: NodeNumber, of members: Members, isSealed: Bool = false, at now: Moment) {
    guard part == nil else { return }
    part = Boxed(PaxosOwner(me, of: members, lease: lease, slot: slot, run: run, at: now, mutants: mutants))
    part?.value.isSealed = isSealed
    note()
  }

  mutating func step(_ input: PaxosOwner.Input, at now: Moment, into effects: inout [PaxosOwner.Effect]) {
    if case .standing(let standing) = input { self.standing = standing }
    part?.value.step(input, at: now, into: &effects)
    note()
  }

  private mutating func note() {
    stance =
      switch part?.value.stance {
      case nil, .watching: .watching
      case .owning(_, let until): .owning(until: until)
      case .releasing(_, let heir):
        .releasing(heir: heir.flatMap { part?.value.members[$0]?.node }, isDropped: part?.value.releases != 0)
      }
    wakesAt = part?.value.wakesAt ?? .never
  }

  /// For how long what this node's voice has promised may count.
  var term: Span { part?.value.acceptor.slot.term ?? slot.term }

  /// The seat of a node that may own it.
  func seat(of node: NodeName) -> NodeNumber? {
    guard let members = part?.value.members else { return nil }
    return members.voters.first { members[$0]?.node == node }
  }

  /// Whether this process has heard whose it is, or its memory says that it's nobody's.
  var hasLooked: Bool { part.map { !$0.value.isUnsure } ?? false }

  var owner: Participant? {
    guard let part, !part.value.isUnsure, let seat = part.value.seen.owner else { return nil }
    return part.value.members[seat]
  }
}

/// One node's part in who owns a name, by whichever engine its fleet has.
package enum AddressOwner {
  /// By a record in an ordered store.
  case store(Boxed<StoreOwner>)
  /// Among the nodes themselves.
  case embedded(Boxed<EmbeddedOwner>)
  /// While it's stepped, so that nothing of it is copied.
  case stepped

  /// What is owned.
  package var name: String {
    switch self {
    case .store(let owner): owner.value.name
    case .embedded(let owner): owner.value.name
    case .stepped: ""
    }
  }

  /// Whether this node may own it.
  package var standing: Ownership.Standing {
    switch self {
    case .store(let owner): owner.value.standing
    case .embedded(let owner): owner.value.standing
    case .stepped: .bystander
    }
  }

  /// How things are.
  package var stance: Ownership.Stance {
    switch self {
    case .store(let owner): owner.value.stance
    case .embedded(let owner): owner.value.stance
    case .stepped: .watching
    }
  }

  /// Whether this node knows whose it is.
  package var hasLooked: Bool {
    switch self {
    case .store(let owner): owner.value.hasLooked
    case .embedded(let owner): owner.value.hasLooked
    case .stepped: false
    }
  }

  /// The last generation that this node knows of.
  package var generation: UInt64 {
    switch self {
    case .store(let owner): owner.value.generation
    case .embedded(let owner): owner.value.part?.value.seen.generation ?? 0
    case .stepped: 0
    }
  }

  /// Who owns it, as far as this node has seen; nobody where it's this node's own process before this one that did.
  package var owner: Participant? {
    switch self {
    case .store(let owner): owner.value.owner
    case .embedded(let owner): owner.value.owner
    case .stepped: nil
    }
  }

  /// Among whom this node takes part in who owns it, in the embedded engine.
  var members: Members? { if case .embedded(let owner) = self { owner.value.part?.value.members } else { nil } }

  /// Whether the generation is the one of the process before this one.
  package var isInherited: Bool {
    switch self {
    case .store(let owner): owner.value.isInherited
    case .embedded(let owner): owner.value.part?.value.isInherited ?? false
    case .stepped: false
    }
  }

  /// Whether this node leaves it to those whom its owner knows.
  package var isLeftToOthers: Bool { if case .store(let owner) = self { owner.value.isLeftToOthers } else { false } }

  /// What the nodes come to that the owner's record names; nil if there's no such record.
  package var recordedRoster: UInt64? { if case .store(let owner) = self { owner.value.recordedRoster } else { nil } }

  /// By which generation this node owns it, and until when; nil if it doesn't.
  func held(at now: Moment) -> (generation: UInt64, until: Moment)? {
    switch self {
    case .store(let owner):
      if case .owning(let until) = owner.value.stance, now < until { return (owner.value.claimedGeneration, until) }
    case .embedded(let owner):
      if case .owning(let generation, let until) = owner.value.part?.value.stance, now < until {
        return (generation, until)
      }
    case .stepped: break
    }
    return nil
  }

  /// Whether this node owns it.
  package func owns(at now: Moment) -> Bool {
    if case .owning(let until) = stance { now < until } else { false }
  }

  /// When it wants to be called with a tick at the latest.
  package var wakesAt: Moment {
    switch self {
    case .store(let owner): owner.value.wakesAt
    case .embedded(let owner): owner.value.wakesAt
    case .stepped: .never
    }
  }
}
