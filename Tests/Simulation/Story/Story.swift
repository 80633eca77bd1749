package import Agreement

/// What is done to a fleet: made from a seed, and made shorter where a shorter one fails as well.
package struct Story: Equatable {
  /// One thing that is done.
  package enum Deed: Equatable {
    /// The process ends; its host's addresses stay until the kernel ends them, or go with the host.
    case crash(node: Int, withHost: Bool)
    /// It comes back, with its disk or an empty one.
    case start(node: Int, wiped: Bool)
    /// Nothing of it runs; the kernel does.
    case freeze(node: Int)
    case thaw(node: Int)
    /// Nothing runs, for so long, of nodes that own an address.
    case freezeOwners(for: Int64)
    /// When it next writes about an address, it's caught; then nothing of it runs.
    case trap(node: Int, Host.Trap)
    /// The process makes room for the next one, and leaves to it what it owns.
    case handOver(node: Int)
    /// The next one begins with that.
    case takeOver(node: Int)
    /// What one says doesn't come to the other.
    case cut(from: Int, to: Int)
    case mend(from: Int, to: Int)
    /// A node and the store.
    case cutStore(node: Int)
    case mendStore(node: Int)
    /// A node's file names these nodes from its next start on.
    case regroup(node: Int, Grouping.Side)
    /// A node has a program that knows so much from its next start on.
    case program(node: Int, Form)
    /// A node's file names leases of this term from its next start on.
    case lease(node: Int, Span)
    /// A node's file names this engine from its next start on.
    case file(node: Int, Engine)
    /// The store has no majority.
    case storeAway
    case storeBack
    /// The next time that somebody takes an address over the store goes away, with that write on its way.
    case storeAwayOnClaim
    /// A node reads from a server that is behind.
    case lag(node: Int, by: Int64)
    /// A node's server was the store's leader until so long ago, and doesn't know yet that it isn't any more, for so long.
    case depose(node: Int, ago: Int64, for: Int64)
    /// Answers of the store and messages of nodes take long.
    case slow(permille: Int)
    /// All processes end at once.
    case dark
    /// All that is down comes back.
    case light
    /// A node's disk takes up to so long.
    case disk(node: Int, Int64)
    /// Something happens to the node that leads the log, for so long.
    case strike(Blow, for: Int64)
    /// More than half of those who vote lose all that they have, for good.
    case loseMost(choice: UInt64)
    /// Somebody wants something of a node.
    case ask(node: Int, FleetRequest)
    case move(node: Int, address: Int, to: Int)
    /// Whether a node could put an address.
    case ability(node: Int, address: Int, isAble: Bool)
    /// Whether a node sees most backends down.
    case view(node: Int, isBroken: Bool)
  }

  /// What the nodes agree by.
  package enum Engine: Equatable {
    case store, embedded
  }

  /// What can happen to a leader.
  package enum Blow: CaseIterable, Equatable {
    case crash, freeze, cutOff, deafen, silence
  }

  /// What the nodes agree by, at first.
  package var engine: Engine
  /// Whether they come to agree by another one.
  package var changesEngine = false
  /// Whether most of them are lost for good.
  package var isRestored = false
  /// What they agree by in the end.
  package var last: Engine
  /// The seed that it was made from, and that the network's chance comes from.
  package var seed: UInt64
  /// How many nodes there are.
  package var nodes: Int
  /// How many addresses.
  package var addresses: Int
  /// Which of them the fleet has.
  package var grouping: Grouping
  /// Which of them votes only, if one does.
  package var witness: Int?
  /// Which of them have a program of before at first, which knows the first form only.
  package var former: [Int] = []
  /// Whether the nodes agree by themselves, and who counts changes with the nodes that their files name.
  var changesMembers: Bool { engine == .embedded && !changesEngine && grouping.before != grouping.after }
  /// Whether some may stay away when all else is mended, as long as the others are enough, though no file comes to name other nodes: in one story of
  /// four of nodes that agree by themselves, by a chance of its own, so that the others stay what they are.
  var leavesSomeAway: Bool {
    guard engine == .embedded, !changesEngine, !isRestored, !changesMembers, former.isEmpty else { return false }
    var chance = Chance(seed ^ 0x082E_FA98_EC4E_A482)
    return addresses > 0 && nodes > 2 && chance.below(4) == 0
  }
  /// Whether those who stay away run on, with disks that store nothing more.
  var hangsDisks: Bool {
    var chance = Chance(seed ^ 0x1319_8A2E_0370_7344)
    return engine == .embedded && chance.permille(400)
  }
  /// Whether who counts changes all the time.
  var reseats = false
  /// Whether disks take long when all else is mended.
  var keepsDisksSlow: Bool {
    guard engine == .embedded, !changesEngine, !isRestored, !changesMembers, !reseats, former.isEmpty else {
      return false
    }
    var chance = Chance(seed ^ 0xA409_3822_299F_31D0)
    return chance.below(16) == 0
  }
  /// Whether it takes long until all is well.
  var isSlow: Bool { isRestored || changesMembers || leavesSomeAway || keepsDisksSlow }
  /// Whether clients come, that are stuck to backends.
  package var hasClients = true
  /// What is done when, in nanoseconds, in order.
  package var deeds: [(at: Int64, deed: Deed)]
  /// When all that is broken is mended, and nobody wants anything more.
  package var healsAt: Int64

  package static func == (left: Story, right: Story) -> Bool {
    left.seed == right.seed && left.deeds.count == right.deeds.count
      && zip(left.deeds, right.deeds).allSatisfy { $0 == $1 }
  }
}

extension Story {
  /// Whether nodes may have different programs. Seeds that failed before they could are played without: with them they tell something else.
  package enum Programs {
    case mixed
    case alike
  }

  /// The story of a seed, with so many nodes, or as many as it says.
  package init(seed: UInt64, engine: Engine = .store, programs: Programs = .mixed, nodes count: Int? = nil) {
    (self.engine, last) = (engine, engine)
    var chance = Chance(seed &* 0x2545_F491_4F6C_DD1D &+ 1)
    self.seed = seed
    let usual = [2, 3, 3, 3, 4, 5][chance.below(6)]
    nodes = count ?? usual
    addresses = [0, 1, 1, 1, 2, 2, 2][chance.below(7)]
    grouping = Grouping(nodes)
    healsAt = seconds(10) + chance.within(0...seconds(12))
    deeds = []
    var tokens: UInt64 = 0
    // Some stories have one kind of trouble only, so that it isn't hidden by others.
    let troubles = chance.below(4) == 0 ? [chance.below(8)] : Array(0..<8)
    let pace = chance.within(milliseconds(400)...milliseconds(4_000))
    var at = milliseconds(1_500)
    while at < healsAt {
      at += chance.within(milliseconds(1)...pace)
      let kind = troubles[chance.below(troubles.count)]
      if engine == .store {
        trouble(kind, at: at, &chance)
      } else {
        embeddedTrouble(kind, at: at, &chance)
      }
    }
    at = milliseconds(800)
    let wishes = chance.within(milliseconds(200)...milliseconds(2_000))
    while at < healsAt {
      at += chance.within(milliseconds(1)...wishes)
      wish(at: at, &chance, &tokens)
    }
    if addresses > 0, nodes > 2, engine == .store { regroup(seed) }
    if engine == .store { meetDeposed(seed) } else { appointWitness(seed) }
    if programs == .mixed {
      mixPrograms(seed)
      changeLeases(seed)
    }
    sortDeeds()
  }

  /// Brings the deeds into the order of time; those of one time stay in that in which they came.
  mutating func sortDeeds() {
    deeds = deeds.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  mutating func add(_ deed: Deed, at time: Int64) {
    if time < healsAt { deeds.append((time, deed)) }
  }

  mutating func trouble(_ kind: Int, at: Int64, _ chance: inout Chance) {
    let node = chance.below(nodes)
    let short = chance.permille(600)
    let span = short ? chance.within(0...milliseconds(1_500)) : chance.within(0...seconds(8))
    switch kind {
    case 0:
      add(.crash(node: node, withHost: chance.permille(300)), at: at)
      add(.start(node: node, wiped: chance.permille(150)), at: at + milliseconds(50) + span)
    case 1:
      let isTimed = chance.permille(500)
      let trap = chance.permille(500) ? Host.Trap.slowAnswer : .lostAnswer
      add(isTimed ? .trap(node: node, trap) : .freeze(node: node), at: at)
      add(.thaw(node: node), at: at + (isTimed ? seconds(3) + span / 2 : span))
    case 2:
      let other = chance.below(nodes)
      let flaps = chance.permille(200) ? 4 : 1
      for flap in 0..<Int64(flaps) {
        let from = at + flap * span / Int64(flaps)
        add(.cut(from: node, to: other), at: from)
        if chance.permille(500) { add(.cut(from: other, to: node), at: from) }
        add(.mend(from: node, to: other), at: from + span / Int64(2 * flaps))
        add(.mend(from: other, to: node), at: from + span / Int64(2 * flaps))
      }
    case 3:
      add(.cutStore(node: node), at: at)
      add(.mendStore(node: node), at: at + span)
    case 4:
      add(.storeAway, at: at)
      add(.storeBack, at: at + span)
    case 5:
      // The owner is away for about a term, and somebody's claim hangs in a store that goes away.
      add(.storeAwayOnClaim, at: at)
      let back = at + chance.within(seconds(2)...seconds(6))
      let isOwners = chance.permille(500)
      // They are back shortly before the store is, so that what it does with the claim meets with what they have been given leave for.
      if isOwners {
        add(.freezeOwners(for: max(back - at - chance.within(0...milliseconds(1_500)), milliseconds(1_800))), at: at)
      }
      for node in 0..<nodes where !isOwners && chance.permille(600) {
        add(.freeze(node: node), at: at)
        add(.thaw(node: node), at: min(back, at + chance.within(milliseconds(1_800)...seconds(6))))
      }
      add(.storeBack, at: back + chance.within(0...seconds(2)))
    case 6:
      add(.handOver(node: node), at: at)
      let begun = at + chance.within(milliseconds(5)...milliseconds(short ? 300 : 2_000))
      add(.takeOver(node: node), at: begun)
      guard chance.permille(400) else { break }
      add(.freeze(node: node), at: begun + chance.within(1_000...milliseconds(3)))
      add(.thaw(node: node), at: begun + seconds(2) + span / 2)
    default:
      add(.lag(node: node, by: span / 2), at: at)
      add(.slow(permille: [0, 20, 200][chance.below(3)]), at: at)
    }
  }

  private mutating func wish(at: Int64, _ chance: inout Chance, _ tokens: inout UInt64) {
    let node = chance.below(nodes)
    tokens += 1
    switch chance.below(13) {
    case 0, 1, 2:
      add(.ask(node: node, .rollout(Self.wish(tokens, &chance, nodes: nodes))), at: at)
    case 3: add(.ask(node: node, .confirm), at: at)
    case 4: add(.ask(node: node, .revert(reason: "enough")), at: at)
    case 5, 6, 7:
      add(.ask(node: node, .set(key: "k\(chance.below(3))", value: Self.bytes(of: tokens))), at: at)
    case 8: add(.ask(node: node, .unset(keys: ["k\(chance.below(3))"], author: "ann")), at: at)
    case 9...10 where addresses > 0:
      add(.move(node: node, address: chance.below(addresses), to: chance.below(nodes)), at: at)
    case 11 where addresses > 0:
      let address = chance.below(addresses)
      add(.ability(node: node, address: address, isAble: false), at: at)
      add(.ability(node: node, address: address, isAble: true), at: at + chance.within(0...seconds(3)))
    default:
      add(.view(node: node, isBroken: true), at: at)
      add(.view(node: node, isBroken: false), at: at + chance.within(0...seconds(6)))
    }
  }

  static func bytes(of token: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: token >> ($0 * 8)) }
  }

  private static func wish(_ token: UInt64, _ chance: inout Chance, nodes: Int) -> FleetRequest.Wish {
    // The digest stands for the text; now and then the same text is wanted twice.
    let token = chance.permille(100) && token > 2 ? token - 2 : token
    return FleetRequest.Wish(
      text: bytes(of: token), digest: Digest(token, 0, 0, 0),
      patience: .milliseconds(chance.within(300...4_000)),
      canary: chance.permille(250)
        ? Proposal.Canary(World.name(chance.below(nodes)), soak: .milliseconds(chance.within(10...1_500))) : nil,
      confirmation: chance.permille(250) ? .milliseconds(chance.within(200...3_000)) : nil, author: "a\(token)")
  }
}
