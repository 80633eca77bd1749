import Agreement
import Libevent

/// Runs a node of a fleet on a loop of its own: it steps the protocols, and does what they want.
///
/// It belongs to its loop's thread. The control plane is told of what it has to do by events, and answers by commands; nothing on
/// this thread waits for it, for a disk or for another machine.
package final class FleetRuntime {
  var node: FleetNode
  /// What the log is kept in; nil where the nodes agree by themselves.
  var store: (any Store)?
  /// How it comes to go by another engine; nil where it can't.
  let change: EngineChange?
  /// Where they do: the disk; nil if it can't be used.
  var embedded: EmbeddedDisk?
  /// Whether this node says nothing to the others that it would have to remember.
  var isMute: Bool
  private let links: any FleetLinks
  let folder: DataFolder
  let loop: EventLoop
  let disk: BackgroundWorker
  /// What writes the journal where the nodes agree by themselves, or may come to. It's there from the start on, whether the journal can be used yet or
  /// not: later there may be no descriptor left for a thread with a loop.
  let journal: BackgroundWorker?
  let tell: (FleetEvent) -> Void
  private let keeper: OverrideKeeper
  private let views: HealthViews
  private var timer: Timer?
  var effects: [FleetNode.Effect] = []
  var isStepping = false
  /// Whether another memory is being stored in place of this node's: until then it neither hears nor says anything.
  var isRestoring = false
  var waiting: [FleetNode.Input] = []
  /// What the control plane is bringing into force, to be stored when it is.
  private var taking: Rollouts.Target?
  private var batches = AwaitedBatches()
  private var appends = AppendTimes()
  private var addresses: FleetAddresses?
  let configured: [FleetAddress]
  let status: StatusTeller

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
    let mayKeepJournal = store == nil || change?.knowsEmbedded == true
    journal = mayKeepJournal ? BackgroundWorker(name: "fleet journal", on: loop) : nil
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
  func open(_ vault: EmbeddedVault?) {
    let names = configured.map(\.floating.name)
    store?.onHint = { [unowned self] in step(.hint($0)) }
    store?.watch(Set([.head] + names.map { .owner($0) }))
    guard let vault, let journal else { return embedded = nil }
    embedded = EmbeddedDisk(vault, names: names, by: journal, on: loop) { [unowned self] in take($0) }
  }

  var openings: Timer?
  var successions: Timer?
  /// Whose question what a configuration would change here is being answered.
  private var planning: Set<NodeName> = []
  /// How long such a configuration may be, in bytes.
  package static let longestPlan = 1 << 20

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

  func step(_ input: FleetNode.Input) {
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

  func perform(_ effect: FleetNode.Effect) {
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

  func take(_ event: EmbeddedDisk.Event) {
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
