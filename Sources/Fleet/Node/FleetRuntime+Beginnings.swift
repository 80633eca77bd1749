import Agreement
import Libevent

/// How a node goes on by another memory, or another engine, than the one with which it began.
extension FleetRuntime {
  /// Tries again to open what this node has promised, as long as what stands in the way may pass; then it takes part.
  func tryAgain(_ opening: VaultOpening) {
    openings = Timer(on: loop) { [unowned self] in
      // It may have come over to another engine meanwhile.
      guard isMute, store == nil, embedded == nil else { return }
      disk.perform {
        opening.attempt()
      } then: { [unowned self] outcome in
        switch outcome {
        case .success((let vault, let memory)):
          guard isMute, store == nil, embedded == nil else { return }
          isMute = false
          open(vault)
          tell(.relief("this node takes part in what is agreed on: its journal can be used"))
          goOn(with: memory)
        case .failure(let refusal) where refusal.mayPass: tryAgain(opening)
        case .failure(let refusal):
          tell(.trouble("this node takes no part in what is agreed on until it's started again: \(refusal)"))
        }
      }
    }
    openings?.schedule(after: opening.pause)
  }

  /// Looks whether the node could come over to the engine that its file names, and stores by which it goes.
  func mindEngine() {
    guard let change else { return }
    change.look(for: node.state, in: folder, by: disk, at: BootClock.now()) { [unowned self] in step(.tick) }
    if change.ready != node.plan.wanted { step(.wants(change.ready)) }
    guard let era = change.era(toNoteOf: node, at: BootClock.now()) else { return }
    // A folder that is full keeps nobody from serving; only a change of the engine wants to find it there.
    disk.perform { [folder] in
      (try? folder.store(era)) != nil
    } then: { isStored in
      change.noted(isStored, at: BootClock.now())
    }
  }

  /// The log is over: goes on by the next one, once that is stored.
  func succeed(_ state: FleetState) {
    guard let change, let era = Era(after: state), let engine = change.engine(named: era.engine) else {
      let name = state.succession?.engine ?? "another engine"
      return status.say("the fleet goes by \(name) from now on: start this node with the file that names it")
    }
    let names = configured.map(\.floating.name)
    disk.perform { [folder, memory = node.memory] in
      EngineChange.enter(era, engine, memory, folder, names: names)
    } then: { [unowned self] entered in
      switch entered {
      case .failed(let why, mayPass: false):
        status.say("the fleet goes by \(engine.name) from now on, and this node can't until it's started again: \(why)")
      case .failed(let why, mayPass: true):
        status.say("the fleet goes by \(engine.name) from now on, and this node can't yet: \(why)")
        successions = Timer(on: loop) { [unowned self] in succeed(state) }
        successions?.schedule(after: .seconds(1))
      case .done(let memory, let vault): goOn(by: engine, memory, vault)
      }
    }
  }

  private func goOn(by engine: FleetEngine, _ memory: FleetMemory, _ vault: EmbeddedVault?) {
    store = change?.begin(with: engine)
    isMute = store == nil && vault == nil
    open(vault)
    var plan = node.plan
    (plan.engine, plan.wanted) = (engine.timing, nil)
    tell(
      .news(
        "the fleet goes by \(engine.name) from now on: era \(memory.era.number), from entry \(node.state.position) on"))
    effects.removeAll(keepingCapacity: true)
    isStepping = true
    node.begin(plan, memory: memory, at: BootClock.now(), into: &effects)
    for effect in effects { perform(effect) }
    isStepping = false
    embedded?.flush()
    step(.tick)
  }

  /// Steps the node, and tells how things are whatever comes of that: something has changed beside it.
  func lookAgain() {
    status.lookAgain()
    step(.tick)
  }

  /// Stores another memory, and goes on with it: before anything is said by it, it's durable.
  func restore(_ memory: FleetMemory, _ loss: FleetNode.Loss, _ number: UInt64) {
    isRestoring = true
    waiting = waiting.filter(\.isToldOnce)
    embedded?.replace(by: memory) { [unowned self] fault in
      isRestoring = false
      if let fault {
        tell(.answer(number: number, .pointless("it can't be stored: \(fault)")))
        if case .full = fault { return step(.tick) }
        return take(EmbeddedDisk.Event.broken(fault.description))
      }
      disk.perform { [folder] in
        try? folder.adopt(memory)
      } then: { _ in
      }
      let without = loss.gone.map(\.text).joined(separator: ", ")
      tell(.trouble("the fleet goes on from what this node has, entry \(loss.position) of the log, without \(without)"))
      goOn(with: memory) { tell(.answer(number: number, .restored(loss))) }
    }
  }

  /// Goes on with another memory, which is stored.
  private func goOn(with memory: FleetMemory, _ done: () -> Void = {}) {
    effects.removeAll(keepingCapacity: true)
    isStepping = true
    node.beginAnew(memory, at: BootClock.now(), into: &effects)
    for effect in effects { perform(effect) }
    isStepping = false
    done()
    embedded?.flush()
    lookAgain()
  }
}

extension FleetNode.Input {
  /// Whether nobody says it again, so that it's kept while nothing can be taken.
  var isToldOnce: Bool {
    switch self {
    case .rollout, .dropped, .stuck, .ability, .view, .own, .applied, .wants: true
    case .tick, .hint, .reply, .message, .ended, .request, .move, .inherited, .sealed, .persisted, .persistedSlot: false
    }
  }
}
