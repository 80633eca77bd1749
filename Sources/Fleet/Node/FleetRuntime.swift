import Agreement
import Libevent

/// Runs a node of a fleet on a loop of its own: it steps the protocols, and does what they want.
///
/// It belongs to its loop's thread. The control plane is told of what it has to do by events, and answers by commands; nothing on
/// this thread waits for it, for a disk or for another machine.
package final class FleetRuntime {
  private var node: FleetNode
  /// What the log is kept in; nil where the nodes agree by themselves.
  private var store: (any Store)?
  /// How it comes to go by another engine; nil where it can't.
  private let change: EngineChange?
  /// Where they do: the disk; nil if it can't be used.
  private var embedded: EmbeddedDisk?
  /// Whether this node says nothing to the others that it would have to remember.
  private var isMute: Bool
  private let links: any FleetLinks
  private let folder: DataFolder
  private let loop: EventLoop
  private let disk: BackgroundWorker
  /// What writes the journal where the nodes agree by themselves, or may come to. It's there from the start on, whether the journal can be used yet or not: later
  /// there may be no descriptor left for a thread with a loop.
  private(set) var journal: BackgroundWorker?
  private let tell: (FleetEvent) -> Void
  private let keeper: OverrideKeeper
  private let views: HealthViews
  private var timer: Timer?
  private var effects: [FleetNode.Effect] = []
  private var isStepping = false
  /// Whether another memory is being stored in place of this node's: until then it neither hears nor says anything.
  private var isRestoring = false
  private var waiting: [FleetNode.Input] = []
  /// What the control plane is bringing into force, to be stored when it is.
  private var taking: Rollouts.Target?
  private var batches = AwaitedBatches()
  private var appends = AppendTimes()
  private var addresses: FleetAddresses?
  private let configured: [FleetAddress]
  private let status: StatusTeller

  /// A node that begins with what its folder holds.
  ///
  /// - Parameters:
  ///   - addresses: those of the plan, in its order.
  ///   - leases: what a process before this one has left to it.
  ///   - store: what the log is kept in; nil where the nodes agree by themselves.
  ///   - vault: where they do: what they have promised; nil if it can't be used, so that this node takes no part.
  ///   - opening: how that is tried again; nil if it isn't.
  ///   - tell: takes each event, on this loop's thread.
  init(
    _ plan: FleetPlan, memory: FleetMemory, folder: DataFolder, addresses: [FleetAddress] = [],
    leases: FleetLeases = FleetLeases(), store: (any Store)?, vault: EmbeddedVault? = nil, opening: VaultOpening? = nil,
    change: EngineChange? = nil, links: any FleetLinks,
    on loop: EventLoop, tell: @escaping (FleetEvent) -> Void
  ) {
    node = FleetNode(plan, memory: memory)
    self.store = store
    self.change = change
    isMute = store == nil && vault == nil
    self.links = links
    self.folder = folder
    configured = addresses
    status = StatusTeller(plan, addresses, tell: tell)
    self.loop = loop
    self.tell = tell
    disk = BackgroundWorker(name: "fleet disk", on: loop)
    if store == nil || change?.knowsEmbedded == true { journal = Self.journal(on: loop) }
    keeper = OverrideKeeper(folder, disk, on: loop, tell: tell)
    views = HealthViews(plan, links: links, on: loop)
    timer = Timer(on: loop) { [unowned self] in step(.tick) }
    keeper.changed = { [unowned self] in followOverrides() }
    open(vault)
    if isMute, let opening { tryAgain(opening) }
    views.changed = { [unowned self] in tellStatus() }
    links.onMessage = { [unowned self] message, node in
      switch message {
      case .down(let marks): views.hear(marks, of: node, at: BootClock.now())
      case .plan(let number, let text):
        // One at a time of each, and none that nobody would send: what it takes to read them is the control thread's time.
        guard text.count <= Self.longestPlan, planning.insert(node).inserted else { break }
        tell(.plan(number: number, text: text, of: node))
      case .planned(let number, let answer): tell(.planned(number: number, answer, by: node))
      // Of each address one slot waits, and there's room for it: who owns one has to hear that others let him.
      case .embedded(.owner) where !isMute: step(.message(message, from: node))
      case .embedded where isMute || embedded?.takesMore == false: break
      default: step(.message(message, from: node))
      }
    }
    links.onEnd = { [unowned self] in step(.ended($0)) }
    if leases.isSealed == true { step(.sealed) }
    // A witness owns none, and asks nothing of its machine's interfaces.
    if !addresses.isEmpty, !plan.isWitness {
      let floating = FleetAddresses(addresses, on: loop) { [unowned self] in take($0) }
      self.addresses = floating
      floating.start(leases.held, hasLeft: leases.hasLeft) { index, lease in
        step(
          .inherited(
            address: index, generation: lease.generation, until: Moment(nanoseconds: lease.until), roster: lease.roster)
        )
      }
    }
    step(.tick)
  }

  /// Begins to use what the log is kept in, or what the nodes keep themselves.
  private func open(_ vault: EmbeddedVault?) {
    let names = configured.map(\.floating.name)
    store?.onHint = { [unowned self] in step(.hint($0)) }
    store?.watch(Set([.head] + names.map { .owner($0) }))
    embedded = vault.map { vault in
      let worker = journal ?? Self.journal(on: loop)
      journal = worker
      return EmbeddedDisk(vault, names: names, by: worker, on: loop) { [unowned self] in take($0) }
    }
  }

  private static func journal(on loop: EventLoop) -> BackgroundWorker {
    BackgroundWorker(name: "fleet journal", on: loop)
  }

  private var openings: Timer?
  /// Whose question what a configuration would change here is being answered.
  private var planning: Set<NodeName> = []
  /// How long such a configuration may be, in bytes.
  package static let longestPlan = 1 << 20

  /// Tries again to open what this node has promised, as long as what stands in the way may pass; then it takes part.
  private func tryAgain(_ opening: VaultOpening) {
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

  /// Ends what stands for this node's addresses, or leaves it to the process that takes this one's place.
  func end(handingOver: Bool) -> FleetLeases {
    var held = addresses?.end(handingOver: handingOver) ?? []
    // What is said by now is on its way to the disk; another process opens it next.
    embedded?.finish(within: .seconds(2))
    // Both would write beside the same files.
    if handingOver || node.state.isOver { disk.finish(within: .seconds(2)) }
    for index in held.indices { held[index].roster = node.owners.first { $0.name == held[index].name }?.recordedRoster }
    return FleetLeases(held: held, hasLeft: addresses?.hasLeft ?? false, isSealed: node.isSealed ? true : nil)
  }

  /// Obeys the control plane.
  package func obey(_ command: FleetCommand) {
    switch command {
    case .prepared(let origin, let vote): step(.rollout(.prepared(origin: origin, vote)))
    case .soaked(let origin, let vote): step(.rollout(.soaked(origin: origin, vote)))
    case .served(let origin): served(origin)
    case .down(let marks): views.see(marks)
    case .plan(let number, let text):
      for other in node.plan.nodes where other != node.plan.me {
        links.send(.plan(number: number, text: text), to: other)
      }
    case .planned(let number, let answer, let asker):
      planning.remove(asker)
      links.send(.planned(number: number, answer), to: asker)
    case .followed(let position): keeper.followed(position)
    case .request(_, let number) where isRestoring: tell(.answer(number: number, .logAway))
    case .request(.restore, let number) where isMute:
      tell(.answer(number: number, .pointless("this node's journal can't be used, so the fleet can't go on from it")))
    case .request(let request, let number):
      appends.begin(number, at: BootClock.now())
      step(.request(request, number: number))
    case .move(let address, let heir): step(.move(address: address, to: heir))
    case .leave(let hasLeft):
      addresses?.leave(hasLeft)
      lookAgain()
    case .view(let pools): step(.view(pools))
    case .own(let own): step(.own(own))
    case .stuck(let table, let updates, let batch):
      step(.stuck(table: table, updates, isAwaited: batch != nil))
      if let batch { batches.note(batch, of: table, node.tables[table].prefix) }
    case .sessionsEnded(let address): addresses?.sessionsEnded(address)
    case .stop: preconditionFailure("whoever runs the loop ends it")
    }
  }

  /// What is served has to be served after a crash too, before anybody is told that it is.
  private func served(_ origin: UInt64) {
    guard let target = taking, target.origin == origin else { return }
    taking = nil
    let committed = FleetState.Committed(
      generation: target.generation, origin: target.origin, text: target.text, digest: target.digest)
    disk.perform { [folder] () -> DataFolder.Refusal? in
      do throws(DataFolder.Refusal) {
        try folder.store(committed)
        return nil
      } catch {
        return error
      }
    } then: { [unowned self] refusal in
      if let refusal {
        // It's served, but a crash would bring back what was before: so nobody is told that it is.
        status.say("what is in force can't be stored: \(refusal)")
        taking = target
        retry(origin)
      } else {
        step(.rollout(.activated(origin: origin)))
      }
    }
  }

  private var retries: Timer?

  private func retry(_ origin: UInt64) {
    retries = Timer(on: loop) { [unowned self] in served(origin) }
    retries?.schedule(after: .seconds(1))
  }

  // MARK: Steps

  private func step(_ input: FleetNode.Input) {
    // What comes of an effect within a step is taken when the step is over.
    guard !isRestoring else {
      if input.isToldOnce { waiting.append(input) }
      return
    }
    guard !isStepping else { return waiting.append(input) }
    isStepping = true
    var isRoutine = true
    var next: FleetNode.Input? = input
    while let input = next {
      effects.removeAll(keepingCapacity: true)
      let now = BootClock.now()
      isRoutine = isRoutine && node.isRoutine(input, at: now)
      node.step(input, at: now, into: &effects)
      isRoutine = isRoutine && effects.allSatisfy(\.isSaid)
      for effect in effects { perform(effect) }
      next = waiting.isEmpty ? nil : waiting.removeFirst()
    }
    isStepping = false
    guard !isRestoring else { return }
    embedded?.flush()
    followOverrides()
    schedule()
    if !isRoutine || !status.isAsBefore(node, at: BootClock.now()) { tellStatus() }
    mindEngine()
  }

  /// Looks whether the node could come over to the engine that its file names, and stores by which it goes.
  private func mindEngine() {
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
  private func succeed(_ state: FleetState) {
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

  private var successions: Timer?

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
  private func lookAgain() {
    status.lookAgain()
    step(.tick)
  }

  /// Stores another memory, and goes on with it: before anything is said by it, it's durable.
  private func restore(_ memory: FleetMemory, _ loss: FleetNode.Loss, _ number: UInt64) {
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

  /// Lets the overrides hold that all agree about, and says so when they do.
  private func followOverrides() {
    guard !isStepping, !node.plan.isWitness, let overrides = node.overrides else { return }
    keeper.follow(overrides, of: node.state.position)
    if let position = keeper.applied(at: node.state.position), position > node.applied {
      step(.applied(position: position))
    }
  }

  private func schedule() {
    let wait = node.wakesAt - BootClock.now()
    timer?.schedule(after: .nanoseconds(min(max(wait.nanoseconds, 1_000_000), 1_000_000_000)))
  }

  private func perform(_ effect: FleetNode.Effect) {
    if isRestoring, !effect.isAnswer { return }
    switch effect {
    case .call(let call, let request):
      store?.perform(request) { [unowned self] reply in step(.reply(call, reply)) }
    case .send(let message, let name): if maySay(message) { links.send(message, to: name) }
    case .persist(let record): embedded?.persist(record)
    case .persistSlot(let address, let slot): embedded?.persist(slot, of: address)
    case .restore(let memory, let loss, let number): restore(memory, loss, number)
    case .succeed(let state): succeed(state)
    case .rollout(let effect): perform(effect)
    case .learned(let entry, let position, let outcome): tell(.learned(entry, position: position, outcome))
    case .restored: break
    case .answer(let number, let answer):
      appends.end(number, answer, at: BootClock.now())
      tell(.answer(number: number, answer))
    case .damaged(let what): status.say("the log holds what can't be read: \(what)")
    case .own(let index, let generation, let until): addresses?.own(index, generation: generation, until: until)
    case .drop(let index, let cause): addresses?.drop(index, cause)
    case .tableReady(let index):
      tellTable(of: index)
    case .heard(_, let updates): tell(.heard(updates))
    case .replicated(let table, let upTo):
      if let batch = batches.reached(upTo, of: table, node.tables[table].prefix) {
        tell(.replicated(table: table, batch: batch))
      }
    }
  }

  /// What is promised has to be remembered; that something is given up hasn't.
  private func maySay(_ message: FleetMessage) -> Bool {
    guard isMute, case .embedded(let word) = message else { return true }
    if case .owner(_, .release, _, _) = word { return true }
    return false
  }

  private func take(_ event: EmbeddedDisk.Event) {
    switch event {
    case .stored(let count): step(.persisted(count))
    case .storedSlot(let address, let count): step(.persistedSlot(address: address, count))
    case .full(let what): tell(.trouble("what is agreed on can't be stored: \(what)"))
    case .relieved: tell(.relief("what is agreed on is stored again"))
    case .broken(let what):
      // Nobody knows what the disk has now: others go on without this node, and with its addresses.
      isMute = true
      tell(.trouble("this node takes no part in what is agreed on until it's started again: \(what)"))
      addresses?.stayOut()
      lookAgain()
    }
  }

  private func tellTable(of index: Int) {
    tell(.known(table: index, node.entries(of: index, at: BootClock.now())))
  }

  private func take(_ event: FleetAddresses.Event) {
    switch event {
    case .gained(let index):
      tell(.gained(address: index))
      // An owner that has only lapsed still leads the table.
      if node.tables[index].isReady { tellTable(of: index) }
    case .lost(let index): tell(.lost(address: index))
    case .gone(let index): step(.dropped(address: index))
    case .ability(let index, let isAble): step(.ability(address: index, isAble: isAble))
    case .trouble(let what): tell(.trouble(what))
    case .relief(let what): tell(.relief(what))
    case .news(let what): tell(.news(what))
    }
  }

  private func perform(_ effect: Rollouts.Effect) {
    switch effect {
    case .prepare(let target, _):
      let proposal = node.state.rollout.flatMap { $0.number == target.origin ? $0.proposal : nil }
      tell(
        .prepare(
          target, inForce: node.state.committed.origin == target.origin,
          isRevocable: proposal.map { $0.confirmation != nil || $0.canary?.node == node.plan.me } ?? false))
    case .giveBack(let origin): tell(.giveBack(origin: origin))
    case .activate(let target, let inForce):
      if inForce { taking = target }
      tell(.serve(target))
    case .soak(let origin, let span): tell(.soak(origin: origin, span))
    case .append: break
    }
  }

  private func tellStatus() {
    status.tell(
      of: node,
      beside: StatusTeller.Surroundings(
        store: store?.state, isMute: isMute, addresses: addresses, views: views, change: change,
        appends: appends), at: BootClock.now())
  }
}

extension FleetNode.Input {
  /// Whether nobody says it again, so that it's kept while nothing can be taken.
  fileprivate var isToldOnce: Bool {
    switch self {
    case .rollout, .dropped, .stuck, .ability, .view, .own, .applied, .wants: true
    case .tick, .hint, .reply, .message, .ended, .request, .move, .inherited, .sealed, .persisted, .persistedSlot: false
    }
  }
}
