@testable import Agreement
@testable import Fleet

/// A node's part in an engine on a store: what ships, asking that store.
final class StorePart: EnginePart {
  unowned let node: EngineNode
  /// What becomes of what it asks from now on, where what the node wants doesn't say it exactly enough.
  var fate: ((StoreRequest) -> EngineNode.Fate)?
  /// Whether other nodes reach it, and it them.
  var isCutOff = false
  /// Whether its next question isn't answered.
  var stumbles = false

  private var records: StoreLog
  /// Its part in each name that it has to do with.
  private var owners: [StoreOwner] = []
  private let store: any Store
  private unowned let engine: StoreEngine

  init(_ node: EngineNode, at store: any Store, of engine: StoreEngine) {
    (self.node, self.store, self.engine) = (node, store, engine)
    var timing = StoreLog.Timing()
    timing.entries = node.keeping
    records = StoreLog(timing: timing, mutants: node.world.mutants)
  }

  var log: FleetLog { .store(Boxed(records)) }

  var wakesAt: Moment {
    owners.reduce(records.wakesAt) { min($0, $1.wakesAt) }
  }

  func owner(_ name: String) -> AddressOwner { .store(Boxed(owners[index(of: name)])) }

  func append(_ entry: Entry) {
    step(.append(entry))
  }

  func tick() {
    step(.tick)
    for owner in owners { step(owner.name, StoreOwner.Input.tick) }
  }

  func end() {}

  func hint(_ key: StoreKey) {
    guard !node.isDeaf else { return }
    switch key {
    case .owner(let name): if owners.contains(where: { $0.name == name }) { step(name, StoreOwner.Input.hint) }
    default: step(.hint)
    }
  }

  func step(_ name: String, _ input: FleetNode.OwnerInput) {
    switch input {
    case .tick: step(name, StoreOwner.Input.tick)
    case .standing(let standing): step(name, StoreOwner.Input.standing(standing))
    case .release(let heir): step(name, StoreOwner.Input.release(heir: heir))
    case .inherited(let generation, let until, let roster):
      step(name, StoreOwner.Input.inherited(generation: generation, until: until, roster: roster))
    case .dropped: step(name, StoreOwner.Input.dropped)
    case .sealed(let isSealed): step(name, StoreOwner.Input.sealed(isSealed))
    }
  }

  // MARK: What happens to it

  private func step(_ input: StoreLog.Input) {
    guard node.isRunning else { return }
    var effects: [StoreLog.Effect] = []
    let state = node.state
    records.step(input, state: state, at: node.world.now, into: &effects)
    for effect in effects {
      switch effect {
      case .call(let call, let request): ask(request) { [unowned self] in step(.reply(call, $0)) }
      case .deliver(let entry): node.learn(entry)
      case .restore(let state): node.restore(state)
      case .damaged(let what): node.note(what)
      }
    }
  }

  private func step(_ name: String, _ input: StoreOwner.Input) {
    guard node.isRunning else { return }
    let index = index(of: name)
    var effects: [StoreOwner.Effect] = []
    owners[index].step(input, at: node.world.now, into: &effects)
    for effect in effects { take(effect, of: name) }
  }

  private func take(_ effect: StoreOwner.Effect, of name: String) {
    switch effect {
    case .call(let call, let request): ask(request) { [unowned self] in step(name, .reply(call, $0)) }
    case .own(let generation, let until): node.own(name, generation, until: until)
    case .drop(let cause): node.drop(name, cause)
    case .ask(let peer, let request): engine.send(from: self, to: peer) { $0.step(name, .asked(request, by: $1)) }
    case .answer(let peer, let answer): engine.send(from: self, to: peer) { $0.step(name, .answered(answer, by: $1)) }
    }
  }

  private func index(of name: String) -> Int {
    if let index = owners.firstIndex(where: { $0.name == name }) { return index }
    owners.append(
      StoreOwner(
        name, me: node.me, run: node.run, asker: owners.count + 1, lease: EngineWorld.lease, peers: node.peers,
        mutants: node.world.mutants))
    return owners.count - 1
  }

  // MARK: What it asks

  private func fate(of request: StoreRequest) -> EngineNode.Fate {
    if node.isAway { return .lost }
    if stumbles {
      stumbles = false
      return .unanswered
    }
    return fate?(request) ?? node.fate(request.want)
  }

  private func ask(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    switch fate(of: request) {
    case .done: engine.ask(store, request, then: then)
    case .unanswered: engine.ask(store, request) { _ in then(.unknown) }
    case .lost: then(.unknown)
    case .late:
      node.hold { [engine, store] in engine.ask(store, request) { _ in } }
      then(.unknown)
    case .slow: engine.ask(store, request) { [unowned self] reply in node.hold { then(reply) } }
    }
  }
}

extension StoreRequest {
  /// What a node wants that asks this.
  fileprivate var want: EngineNode.Want {
    guard case .write(let writes) = self else { return .look }
    if writes.contains(where: { if case .owner = $0.key { true } else { false } }) { return .change }
    return self.writes(.head) && !isCompaction ? .append : .upkeep
  }
}
