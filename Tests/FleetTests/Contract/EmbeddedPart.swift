@testable import Agreement

/// A node's part in the engine of the nodes themselves: what ships, with what a disk has stored.
final class EmbeddedPart: EnginePart {
  unowned let node: EngineNode

  /// For how long a node isn't told of the log after an entry of its own was done and not answered: longer than it takes to ask again,
  /// shorter than it takes to look for another leader.
  private static let silence = Span.milliseconds(700)

  private var engineLog: EmbeddedLog
  private var owners: [EmbeddedOwner]
  /// What the disk holds, and what is on its way there.
  private var memory: FleetMemory
  private var unstored: [EmbeddedRecord] = []
  private var unstoredSlots: [(index: Int, slot: PaxosSlot)] = []
  /// What becomes of answers that wait for the disk, by whom they are for.
  var answers: [NodeName: EngineNode.Fate] = [:]
  private var records: UInt64 = 0
  private var slots = [UInt64](repeating: 0, count: EngineWorld.names.count)
  private var members: UInt64?
  private var hearsAt = Moment.start
  private unowned let engine: EmbeddedEngine

  init(_ node: EngineNode, _ memory: FleetMemory, of engine: EmbeddedEngine) {
    (self.node, self.engine, self.memory) = (node, engine, memory)
    let mutants = node.world.mutants
    self.memory.run += 1
    var timing = EmbeddedLog.Timing()
    timing.entries = Int(node.keeping)
    timing.zab.quiet = Lease.quiet(after: [EngineWorld.lease], mutants)
    // Who lacks more than that begins with a snapshot.
    timing.zab.kept = min(timing.zab.kept, timing.entries / 2)
    engineLog = EmbeddedLog(
      node.me.node, of: EmbeddedEngine.names, memory: self.memory, timing: timing, mutants: mutants)
    owners = EngineWorld.names.map { [memory = self.memory] name in
      EmbeddedOwner(
        name, lease: EngineWorld.lease, slot: memory.embedded.slots[name] ?? PaxosSlot(), run: memory.run,
        mutants: mutants)
    }
    node.begin(with: engineLog.start())
    seat()
  }

  var log: FleetLog { .embedded(Boxed(engineLog)) }

  var wakesAt: Moment {
    owners.reduce(engineLog.wakesAt) { min($0, $1.part?.value.wakesAt ?? .never) }
  }

  func owner(_ name: String) -> AddressOwner { .embedded(Boxed(owners[index(of: name)])) }

  func append(_ entry: Entry) {
    step(.append(entry))
  }

  /// Who shall vote.
  func want(_ voters: [Participant]) {
    step(.wanted(voters))
  }

  func tick() {
    step(.tick)
    for index in owners.indices { step(index, .tick) }
  }

  func end() {
    engine.end(self, memory)
  }

  func step(_ name: String, _ input: FleetNode.OwnerInput) {
    let index = index(of: name)
    switch input {
    case .tick: step(index, .tick)
    case .standing(let standing): step(index, .standing(standing))
    case .release(let heir): step(index, .release(heir: heir.flatMap { owners[index].seat(of: $0) }))
    case .inherited(let generation, let until, _): step(index, .inherited(generation: generation, until: until))
    case .dropped: step(index, .dropped)
    case .sealed(let isSealed): step(index, .sealed(isSealed))
    }
  }

  /// Somebody says something.
  func hear(_ message: EmbeddedMessage, of other: NodeName) {
    guard case .owner(let name, let question, let memory, let among) = message else {
      return step(.message(message, from: other))
    }
    let index = index(of: name)
    guard let seat = owners[index].part?.value.members.seat(of: Participant(other, memory)) else { return }
    step(index, .message(question, from: seat, among: among))
  }

  /// Whether it's told of what is new in the log, or finds that it lacks something when it's said how far the log is.
  func isListening(to message: EmbeddedMessage) -> Bool {
    if node.world.now < hearsAt { return false }
    guard node.isDeaf, case .log(let message, _, _) = message else { return true }
    return switch message {
    case .propose, .commit: false
    default: true
    }
  }

  // MARK: What happens to it

  private func step(_ input: EmbeddedLog.Input) {
    guard node.isRunning else { return }
    var effects: [EmbeddedLog.Effect] = []
    engineLog.step(input, state: node.state, at: node.world.now, into: &effects)
    for effect in effects {
      switch effect {
      case .send(let message, let other): send(message, to: other)
      case .persist(let record): unstored.append(record)
      case .deliver(let entry): node.learn(entry)
      case .restore(let state): node.restore(state)
      case .damaged(let what): node.note(what)
      }
    }
    seat()
    if engine.disks == .atOnce { store() }
  }

  /// Stores what was to be stored; whether there was anything.
  @discardableResult
  func store() -> Bool {
    let (records, slots) = (unstored, unstoredSlots)
    (unstored, unstoredSlots) = ([], [])
    for record in records { memory.embedded.take(record) }
    for (index, slot) in slots { memory.embedded.slots[owners[index].name] = slot }
    if !records.isEmpty {
      self.records += UInt64(records.count)
      step(.persisted(self.records))
    }
    for (index, _) in slots {
      self.slots[index] += 1
      step(index, .persisted(self.slots[index]))
    }
    return !records.isEmpty || !slots.isEmpty
  }

  private func send(_ message: EmbeddedMessage, to other: NodeName) {
    guard case .log(.forward, _, _) = message else { return engine.send(message, from: self, to: other, nil) }
    let fate = node.fate(.append)
    if fate == .unanswered || fate == .slow, node.world.now >= hearsAt { hearsAt = node.world.now + Self.silence }
    engine.send(message, from: self, to: other, fate)
  }

  private func step(_ index: Int, _ input: PaxosOwner.Input) {
    guard node.isRunning else { return }
    var effects: [PaxosOwner.Effect] = []
    owners[index].step(input, at: node.world.now, into: &effects)
    // What it says to all meets with the same.
    var fates: [PaxosMessage: EngineNode.Fate] = [:]
    for effect in effects {
      switch effect {
      case .send(let message, let seat):
        guard let members = owners[index].part?.value.members, let other = members[seat]?.node else { break }
        if fates[message] == nil, let want = message.want { fates[message] = node.fate(want) }
        engine.send(
          .owner(owners[index].name, message, by: node.me.incarnation, among: members.id), from: self, to: other,
          fates[message])
      case .persist(let slot): unstoredSlots.append((index, slot))
      case .own(let generation, let until): node.own(owners[index].name, generation, until: until)
      case .drop(let cause): node.drop(owners[index].name, cause)
      }
    }
    if engine.disks == .atOnce { store() }
  }

  /// Takes part in who owns what, once it's known who counts, and among those who do from then on.
  private func seat() {
    guard let members = engineLog.members, let seat = engineLog.seat, members.id != self.members else { return }
    self.members = members.id
    for index in owners.indices {
      if owners[index].part == nil {
        owners[index].begin(as: seat, of: members, at: node.world.now)
      } else {
        step(index, .members(members, me: seat))
      }
    }
  }

  private func index(of name: String) -> Int {
    guard let index = owners.firstIndex(where: { $0.name == name }) else { preconditionFailure("no name \(name)") }
    return index
  }
}

extension PaxosMessage {
  /// What a node wants that says this; none if it answers others.
  fileprivate var want: EngineNode.Want? {
    switch self {
    case .probe: .look
    case .prepare, .accept, .renew, .release: .change
    case .state, .promise, .accepted, .refused, .renewed, .passed: nil
    }
  }
}
