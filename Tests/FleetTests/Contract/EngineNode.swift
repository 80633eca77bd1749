import Testing

@testable import Agreement
@testable import Fleet

/// A node's part in a fleet's agreement, on a real store: its log, and what it owns.
///
/// What becomes of each of its questions is the case's to say.
final class EngineNode {
  /// What becomes of a question.
  enum Fate {
    /// It's answered.
    case answered
    /// It's done, and nobody is told.
    case unanswered
    /// It's never asked, and nobody is told.
    case unmade
    /// Nobody is told, and it's asked when the case says so.
    case late
    /// It's done at once, and the answer comes when the case says so.
    case slow
  }

  let me: Participant
  /// The start of its process.
  let run: UInt32
  /// What becomes of what it asks from now on.
  var fate: (StoreRequest) -> Fate = { _ in .answered }
  /// Whether it's told of changes, or finds them by looking.
  var isDeaf = false
  /// Whether what stands for a name takes until the case says so to be gone.
  var dropsLate = false
  /// Whether other nodes reach it, and it them.
  var isCutOff = false

  private(set) var log: StoreLog
  /// What the log comes to.
  private(set) var state = FleetState()
  private(set) var entries: [Entry] = []
  /// How often a snapshot stood for entries.
  private(set) var restorations = 0
  private(set) var damages: [String] = []
  /// Its part in each name that it has to do with.
  private(set) var owners: [StoreOwner] = []
  /// What it was told that it owns, by name.
  private(set) var owned: [String: [(generation: UInt64, until: Moment)]] = [:]
  private(set) var drops: [String: [Ownership.Cause]] = [:]
  /// Cleared when its process is killed.
  private(set) var isRunning = true

  private let peers: [NodeName]
  private let mutants: Mutants
  private unowned let world: EngineWorld
  private let store: any Store
  private var sequence: UInt64 = 0
  private var held: [() -> Void] = []

  init(
    _ me: Participant, run: UInt32, peers: [NodeName], timing: StoreLog.Timing, mutants: Mutants, on store: any Store,
    in world: EngineWorld
  ) {
    self.me = me
    self.run = run
    self.peers = peers
    self.mutants = mutants
    self.store = store
    self.world = world
    log = StoreLog(timing: timing, mutants: mutants)
  }

  // MARK: What a case lets it do

  /// Appends what it says, as its next entry.
  @discardableResult
  func append(_ event: Entry.Event) -> Entry {
    sequence += 1
    let entry = Entry(EntryID(me, run: run, sequence: sequence), event)
    step(.append(entry))
    return entry
  }

  /// Appends an override.
  @discardableResult
  func set(_ key: String, _ value: [UInt8] = [1]) -> Entry {
    append(.set(key: key, value: value))
  }

  /// Takes part in who owns a name.
  func step(_ name: String = "web", _ input: StoreOwner.Input) {
    guard isRunning else { return }
    let index = index(of: name)
    var effects: [StoreOwner.Effect] = []
    owners[index].step(input, at: world.now, into: &effects)
    for effect in effects { take(effect, of: index) }
  }

  /// May own a name from now on.
  func stand(for name: String = "web", after delay: Span = .zero) {
    step(name, .standing(.candidate(after: delay)))
  }

  /// Its process is killed: what it has asked may still be done.
  func stop() {
    isRunning = false
  }

  /// Lets come to pass what is late, and be told what is slow.
  func release() {
    let calls = held
    held = []
    for call in calls { call() }
    world.settle()
  }

  // MARK: How it is

  func owner(_ name: String = "web") -> StoreOwner {
    owners[index(of: name)]
  }

  private func index(of name: String) -> Int {
    if let index = owners.firstIndex(where: { $0.name == name }) { return index }
    owners.append(
      StoreOwner(
        name, me: me, run: run, asker: owners.count + 1, lease: EngineWorld.lease, peers: peers, mutants: mutants))
    return owners.count - 1
  }

  func owns(_ name: String = "web") -> Bool {
    isRunning && owner(name).owns(at: world.now)
  }

  /// The generation by which it owns a name, and until when, as it was told last.
  func last(_ name: String = "web") -> (generation: UInt64, until: Moment)? {
    owned[name]?.last
  }

  /// What it leaves of a name to the process that takes its place.
  func legacy(_ name: String = "web") -> StoreOwner.Input? {
    last(name).map { .inherited(generation: $0.generation, until: $0.until, roster: owner(name).recordedRoster) }
  }

  /// The keys of the overrides, in the order in which they were delivered.
  var keys: [String] {
    entries.compactMap { if case .set(let key, _) = $0.event { key } else { nil } }
  }

  var wakesAt: Moment {
    owners.reduce(log.wakesAt) { min($0, $1.wakesAt) }
  }

  // MARK: What happens to it

  func tick() {
    step(.tick)
    for owner in owners { step(owner.name, .tick) }
  }

  func hint(_ key: StoreKey) {
    guard !isDeaf else { return }
    switch key {
    case .owner(let name): if owners.contains(where: { $0.name == name }) { step(name, .hint) }
    default: step(.hint)
    }
  }

  private func step(_ input: StoreLog.Input) {
    guard isRunning else { return }
    var effects: [StoreLog.Effect] = []
    let state = state
    log.step(input, state: state, at: world.now, into: &effects)
    for effect in effects {
      switch effect {
      case .call(let call, let request): ask(request) { [unowned self] in step(.reply(call, $0)) }
      case .deliver(let entry):
        entries.append(entry)
        self.state.fold(entry)
        world.note(entry, at: self.state.position)
      case .restore(let state):
        restorations += 1
        self.state = state
      case .damaged(let what): damages.append(what)
      }
    }
  }

  private func take(_ effect: StoreOwner.Effect, of index: Int) {
    let name = owners[index].name
    switch effect {
    case .call(let call, let request): ask(request) { [unowned self] in step(name, .reply(call, $0)) }
    case .own(let generation, let until):
      owned[name, default: []].append((generation, until))
      world.note(generation, of: name, by: self)
    case .drop(let cause):
      drops[name, default: []].append(cause)
      let tell = { [unowned self] in step(name, .dropped) }
      if dropsLate { held.append(tell) } else { tell() }
    case .ask(let node, let request): world.send(from: self, to: node) { $0.step(name, .asked(request, by: $1)) }
    case .answer(let node, let answer): world.send(from: self, to: node) { $0.step(name, .answered(answer, by: $1)) }
    }
  }

  private func ask(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    switch fate(request) {
    case .answered: world.ask(store, request, then: then)
    case .unanswered: world.ask(store, request) { _ in then(.unknown) }
    case .unmade: then(.unknown)
    case .late:
      held.append { [world, store] in world.ask(store, request) { _ in } }
      then(.unknown)
    case .slow: world.ask(store, request) { [unowned self] reply in held.append { then(reply) } }
    }
  }
}
