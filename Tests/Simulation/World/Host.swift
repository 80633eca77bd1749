import Agreement

/// A node's clock: it began at another time than the others', and goes at another pace.
struct LocalClock {
  /// What it shows at the start.
  var offset: Int64
  /// By how many millionths it's fast.
  var rate: Int64

  /// What it shows at a time.
  func local(_ time: Int64) -> Moment {
    Moment(nanoseconds: offset + time + time / 1_000 * rate / 1_000)
  }

  /// When it shows something; not before.
  func `true`(_ moment: Moment) -> Int64 {
    let shown = moment.nanoseconds - offset
    return shown - shown / 1_000 * rate / 1_000 + 2_000
  }
}

/// One machine of the world: what runs on it, its disk, its kernel.
package final class Host {
  /// What catches a node when it's in the worst of moments.
  package enum Trap: Equatable {
    /// The answer to its next write about an address comes late.
    case slowAnswer
    /// It never comes, so that the node has to look.
    case lostAnswer
    /// The answer to that look comes, and nothing that the node says to it goes anywhere.
    case look
    /// It has sprung: nothing of the node runs.
    case sprung
  }

  /// What a process leaves to the next one.
  struct Legacy {
    var address: Int
    var generation: UInt64
    var until: Moment
    var roster: UInt64?
    /// Whether the process had said that it takes and renews nothing any more.
    var isSealed: Bool
  }

  /// What runs; nothing while it's down.
  var fleet: Running<FleetNode>?
  /// The nodes that its file names.
  var acquaintances = NodeSet()
  /// Counts starts and ends, so that what was meant for an earlier life reaches nobody.
  var life: UInt32 = 0
  /// When it began.
  var begunAt: Int64 = 0
  /// What survives.
  var disk: FleetMemory
  /// Whether it has the memory with which it was there at the founding, where the nodes agree by themselves.
  var isFounder = true
  /// Records that are on their way to it, how many of this process are there, and whether some are being made durable.
  var pending: [EmbeddedRecord] = []
  var records: UInt64 = 0
  var isSyncing = false
  /// The slots that are on their way to it, one after the other, each with how many it stands for as the last of them; and how many of each address
  /// are there.
  var slots: [(address: Int, slot: PaxosSlot, count: UInt64)] = []
  /// How many of those are being stored.
  var slotsOnTheirWay = 0
  var slotCounts: [UInt64]
  /// How long it takes at most.
  var diskTime = milliseconds(2)
  var clock: LocalClock
  /// What the program knows that it has.
  var known = Form.latest
  /// Counts what its disk holds in place of all before, so that what was on its way there comes to nothing.
  var disks = 0
  /// The engine that its file names, and that the file named with which the process began.
  var file = Story.Engine.store
  var begunWith = Story.Engine.store
  /// The leases that its file names, and that the file named with which the process began.
  var lease = Lease(term: .seconds(4))
  var leaseBegunWith = Lease(term: .seconds(4))
  /// The engines that its files have named so far.
  var named: Set<String> = []
  /// Which of the fleet's two files it has.
  var side = Grouping.Side.before
  var isFrozen = false
  var trap: Trap?
  /// What came while it was frozen.
  var late: [World.Event] = []
  /// When it's to be woken, and when it said last that it wants to be, by its own clock.
  var wakesAt = Int64.max
  var wantsAt = Moment.never
  /// Questions to the store that wait for an answer.
  var calls: [(id: CallID, at: Int64)] = []
  var isStoreCut = false
  /// How far the server is behind that it reads from.
  var lag: Int64 = 0
  /// Until when it's with a leader of the store that was deposed, and since when he was: he has nothing of what others wrote since.
  var deposed: (since: Int64, until: Int64)?
  /// Until when the kernel has each address.
  var addresses: [Int64]
  /// By which generation, and until when, the node owns each address.
  var owned: [(generation: UInt64, until: Moment)?]
  /// What an ended process has left to the next one.
  var left: [Legacy] = []
  /// Whether it could put each address.
  var isAble: [Bool]
  /// Whether it sees most backends down.
  var isBroken = false
  /// The target for which things are being reserved, or are.
  var preparing: UInt64?
  var reserved: UInt64?
  /// Whether another memory is being stored in place of its own: until then it neither hears nor says anything.
  var isRestoring = false
  /// The log by which it may serve something older than before, as it was left behind by that.
  var mayGoBackTo: Int?
  /// All targets for which it had everything reserved once, with this memory.
  var everReserved: [UInt64] = []

  init(addresses: Int, disk: FleetMemory, clock: LocalClock) {
    self.addresses = Array(repeating: 0, count: addresses)
    owned = Array(repeating: nil, count: addresses)
    isAble = Array(repeating: true, count: addresses)
    slotCounts = Array(repeating: 0, count: addresses)
    self.disk = disk
    self.clock = clock
  }

  /// What it sees of its one pool.
  var view: [PoolView] { [PoolView(up: isBroken ? 1 : 3, total: 3)] }
}

extension World {
  /// Starts a node's process, with what one before it has left to it; not one that its file doesn't name.
  func begin(_ node: Int, inheriting left: [Host.Legacy] = []) {
    let group = story.grouping.nodes(nodes[node].side)
    guard group.contains(node), !absent.contains(node) || stuck.contains(node) else { return }
    nodes[node].life += 1
    nodes[node].begunAt = now
    nodes[node].disk.run += 1
    for branch in branches.indices {
      branches[branch].forms.begins(Self.name(node), nodes[node].disk, nodes[node].known)
    }
    nodes[node].wakesAt = .max
    nodes[node].calls = []
    nodes[node].preparing = nil
    nodes[node].reserved = nil
    let inherited = left.filter { $0.until > nodes[node].clock.local(now) }
    nodes[node].left = []
    // Whatever else of the fleet is still on the interface goes first.
    for address in nodes[node].addresses.indices where !inherited.contains(where: { $0.address == address }) {
      lose(address, of: node)
    }
    nodes[node].begunWith = nodes[node].file
    nodes[node].leaseBegunWith = nodes[node].lease
    nodes[node].named.insert(nodes[node].file.name)
    beginDisk(node)
    beginEra(node)
    nodes[node].acquaintances = group.reduce(into: NodeSet()) { $0.insert(NodeNumber($1)) }
    nodes[node].fleet = Running(FleetNode(plan(of: node), memory: nodes[node].disk, mutants: mutants))
    if inherited.contains(where: \.isSealed) { step(node, .sealed) }
    for legacy in inherited {
      outcome.counts.inherited += 1
      step(
        node,
        .inherited(
          address: legacy.address, generation: legacy.generation, until: legacy.until, roster: legacy.roster))
    }
    if !nodes[node].isFrozen, hasVoice(node), !isBehindForGood(node), let owners = nodes[node].fleet?.value.owners {
      for legacy in inherited where !owners[legacy.address].owns(at: nodes[node].clock.local(now)) {
        fail("who takes over goes on", "n\(node) doesn't own a\(legacy.address), which was left to it")
      }
    }
    for (address, isAble) in nodes[node].isAble.enumerated() where !isAble {
      step(node, .ability(address: address, isAble: false))
    }
    step(node, .view(nodes[node].view))
  }

  /// Ends it, and keeps what it owns for the next one.
  func handOver(_ node: Int) {
    let local = nodes[node].clock.local(now)
    let rosters = nodes[node].fleet?.value.owners.map(\.recordedRoster) ?? []
    let isSealed = nodes[node].fleet?.value.isSealed ?? false
    let left = nodes[node].owned.enumerated().compactMap { address, owned in
      owned.flatMap { owned in
        owned.until > local
          ? Host.Legacy(
            address: address, generation: owned.generation, until: owned.until, roster: rosters[address],
            isSealed: isSealed)
          : nil
      }
    }
    end(node, withHost: false, leaving: left)
    nodes[node].left = left
  }

  /// Ends it.
  func end(_ node: Int, withHost: Bool, leaving left: [Host.Legacy] = []) {
    // A kernel that is gone as well says nothing.
    if nodes[node].fleet != nil, !withHost { tellEnd(of: node) }
    nodes[node].life += 1
    nodes[node].fleet = nil
    nodes[node].isRestoring = false
    endDisk(node)
    nodes[node].isFrozen = false
    nodes[node].late = []
    nodes[node].left = []
    for address in nodes[node].addresses.indices where !left.contains(where: { $0.address == address }) {
      nodes[node].owned[address] = nil
      // The process counts on nothing any more; what the kernel has stays until it ends, unless the kernel is gone too.
      owners.forget(address, node)
      if withHost { nodes[node].addresses[address] = 0 }
    }
  }

  func lose(_ address: Int, of node: Int) {
    nodes[node].addresses[address] = 0
    nodes[node].owned[address] = nil
    owners.forget(address, node)
  }

  func finishPreparing(_ node: Int, _ origin: UInt64, _ vote: Vote) {
    guard nodes[node].preparing == origin else { return }
    nodes[node].preparing = nil
    if vote == .yes {
      nodes[node].reserved = origin
      nodes[node].everReserved.append(origin)
    }
    step(node, .rollout(.prepared(origin: origin, vote)))
  }

  // MARK: What a node wants

  func perform(_ effect: consuming FleetNode.Effect, of node: Int) {
    if nodes[node].isRestoring, !effect.isAnswer { return }
    let life = nodes[node].life
    switch consume effect {
    case .call(let call, let request): ask(node, call, request)
    case .send(let message, let name): send(message, from: node, to: index(of: name))
    case .rollout(let effect): perform(effect, of: node)
    case .own(let address, let generation, let until): own(address, generation, until, node)
    case .drop(let address, let cause):
      say("n\(node) drops a\(address): \(cause)")
      if cause == .released {
        givenUpAt[address] = now
        owners.release(address, node)
      }
      lose(address, of: node)
      queue.put(
        .input(node: node, life: life, .dropped(address: address)), at: now + chance.within(10_000...milliseconds(20)))
    case .learned(let entry, let position, let result):
      say(
        "n\(node) learns \(position): \(entry.event) of \(entry.id.author.node.text) \(entry.id.run).\(entry.id.sequence): \(result)"
      )
      learn(entry, position, result, node)
    case .restored(let position):
      say("n\(node) has the state of \(position) from a snapshot")
      outcome.counts.restores += 1
      judgeState(of: node)
    case .tableReady(let table): say("n\(node) has what others had of \(tableNames[table])'s table")
    case .replicated, .heard: break
    case .answer(let number, let answer):
      say("n\(node) answers request \(number): \(answer)")
      judgeAnswer(answer, number, of: node)
      if case .loss(let loss) = answer { restore(node, without: loss) }
    case .damaged(let what): fail("what the log holds can be read", "n\(node): \(what)")
    case .restore(let memory, let loss, let number): restore(node, memory, loss, number)
    case .succeed(let state): succeed(node, state)
    case .persist(let record): persist(record, on: node)
    case .persistSlot(let address, let slot): persist(slot, of: address, on: node)
    }
  }

  private func perform(_ effect: Rollouts.Effect, of node: Int) {
    let life = nodes[node].life
    say("n\(node) does \(effect)")
    if node == story.witness { fail("a witness serves nobody", "n\(node) does \(effect)") }
    switch effect {
    case .prepare(let target, let listeners):
      if listeners == .open {
        fail("no listener answers before the decision", "n\(node) opens those of \(target.origin)")
      }
      nodes[node].preparing = target.origin
      nodes[node].reserved = nil
      let vote = isHealed || chance.permille(850) ? Vote.yes : .no("a port is taken")
      let time = chance.permille(100) ? chance.within(0...milliseconds(900)) : chance.within(0...milliseconds(60))
      queue.put(.prepared(node: node, life: life, origin: target.origin, vote), at: now + time)
    case .giveBack(let origin):
      if nodes[node].reserved == origin,
        branches[branch(of: node)].rollouts.isBound(nodes[node].disk.incarnation, Self.name(node), to: origin)
      {
        fail("who said yes holds until the decision", "n\(node) gives back what it holds for \(origin)")
      }
      nodes[node].preparing = nil
      nodes[node].reserved = nil
    case .activate(let target, let inForce):
      let rollouts = branches[branch(of: node)].rollouts
      if let wrong = rollouts.judgeActivation(target.origin, inForce: inForce, by: Self.name(node)) {
        fail("nobody activates before the decision", "n\(node): \(wrong)")
      }
      nodes[node].reserved = nil
      guard inForce else { break }
      let stored = nodes[node].disk.stored.generation
      if target.generation < stored, nodes[node].mayGoBackTo != branch(of: node) {
        fail("no node goes back", "n\(node) serves \(target.generation) after \(stored)")
      }
      if nodes[node].mayGoBackTo == branch(of: node) { nodes[node].mayGoBackTo = nil }
      let committed = FleetState.Committed(
        generation: target.generation, origin: target.origin, text: target.text, digest: target.digest)
      queue.put(.stored(node: node, life: life, committed), at: now + chance.within(100_000...milliseconds(25)))
    case .soak(let origin, let span):
      let vote = chance.permille(700) ? Vote.yes : .no("errors went up")
      queue.put(.input(node: node, life: life, .rollout(.soaked(origin: origin, vote))), at: now + span.nanoseconds)
    case .append: break
    }
  }

  private func own(_ address: Int, _ generation: UInt64, _ until: Moment, _ node: Int) {
    let clock = nodes[node].clock
    if node == story.witness { fail("a witness owns nothing", "n\(node) owns a\(address)") }
    judgeBehind(node, owning: address)
    let end = clock.true(until)
    say("n\(node) owns a\(address) by generation \(generation) until \(Self.text(end))")
    if let wrong = owners.judge(address, generation, node, until: end, at: now) { fail("one owner at a time", wrong) }
    outcome.counts.terms = owners.terms
    nodes[node].owned[address] = (generation, until)
    // The kernel counts whole seconds at the host's pace, and is a little late.
    guard
      let whole = KernelLifetime.seconds(until: until, at: clock.local(now), .alone, mutants: mutants)
    else { return }
    let lifetime = clock.true(clock.local(now) + .seconds(whole)) - now
    let gone = now + lifetime + chance.within(0...milliseconds(370))
    guard gone > nodes[node].addresses[address] else { return }
    nodes[node].addresses[address] = gone
    for other in nodes.indices where other != node && nodes[other].addresses[address] > now {
      fail(
        "one holder at a time",
        "n\(node) puts a\(address) up while n\(other) has it until \(Self.text(nodes[other].addresses[address]))")
    }
    if gone > end + milliseconds(1) {
      fail(
        "the kernel's lifetime ends with the lease",
        "n\(node) has a\(address) until \(Self.text(gone)), may until \(Self.text(end))")
    }
  }
}
