import Testing

@testable import Agreement

/// A node's part in a fleet's agreement, by whichever engine: its log, and what it owns.
///
/// What becomes of what it wants of the engine is the case's to say, in words that each engine has its own means for.
final class EngineNode {
  /// What a node may want of its engine.
  enum Want {
    /// To know how things are: what the log holds, whose a name is.
    case look
    /// To have an entry in the log.
    case append
    /// To have a name, to have it longer, or to have it no more.
    case change
    /// Something else that only an engine of this kind needs.
    case upkeep
  }

  /// What becomes of that.
  enum Fate {
    /// It's done, and the node is told.
    case done
    /// It's done, and the node isn't told.
    case unanswered
    /// It gets nowhere, and the node isn't told.
    case lost
    /// It gets there when the case says so; the node isn't told.
    case late
    /// It's done at once, and the node is told when the case says so.
    case slow
  }

  let me: Participant
  /// The start of its process.
  let run: UInt32
  /// All other nodes of the fleet, as it knows them.
  let peers: [NodeName]
  /// How many entries there may be before a snapshot stands for them.
  let keeping: UInt64
  /// What becomes of what it wants from now on.
  var fate: (Want) -> Fate = { _ in .done }
  /// Whether it's cut off from its engine: nothing gets there, nothing comes back.
  var isAway = false
  /// Whether it's told of what is new in the log, or finds it by looking.
  var isDeaf = false
  /// Whether what stands for a name takes until the case says so to be gone.
  var dropsLate = false

  /// What happens as soon as it's told of an entry, or that it owns something.
  var whenTold: () -> Void = {}

  /// What the log comes to.
  private(set) var state = FleetState()
  /// The entries that were taken up. An engine may deliver one again, which comes to nothing.
  private(set) var entries: [Entry] = []
  /// How often a snapshot stood for entries.
  private(set) var restorations = 0
  private(set) var damages: [String] = []
  /// What it was told that it owns, by name.
  private(set) var owned: [String: [(generation: UInt64, until: Moment)]] = [:]
  private(set) var drops: [String: [Ownership.Cause]] = [:]
  /// Cleared when its process is killed.
  private(set) var isRunning = true

  unowned let world: EngineWorld
  private(set) lazy var part: any EnginePart = world.engine.part(of: self)
  private var sequence: UInt64 = 0
  private var held: [() -> Void] = []

  init(_ me: Participant, run: UInt32, peers: [NodeName], keeping entries: UInt64, in world: EngineWorld) {
    (self.me, self.run, self.peers, self.keeping, self.world) = (me, run, peers, entries, world)
  }

  // MARK: What a case lets it do

  /// Appends what it says, as its next entry.
  @discardableResult
  func append(_ event: Entry.Event) -> Entry {
    sequence += 1
    let entry = Entry(EntryID(me, run: run, sequence: sequence), event)
    if isRunning { part.append(entry) }
    return entry
  }

  /// Appends an override.
  @discardableResult
  func set(_ key: String, _ value: [UInt8] = [1]) -> Entry {
    append(.set(key: key, value: value))
  }

  /// May own a name from now on.
  func stand(for name: String = "web", after delay: Span = .zero) {
    step(name, .standing(.candidate(after: delay)))
  }

  /// May not, from now on.
  func refrain(from name: String = "web") {
    step(name, .standing(.bystander))
  }

  /// Gives a name up, for somebody or for whoever comes.
  func giveUp(_ name: String = "web", for heir: String? = nil) {
    step(name, .release(heir: heir.map(NodeName.init)))
  }

  /// Goes on from what the process before it has left.
  func inherit(_ legacy: FleetNode.OwnerInput, _ name: String = "web") {
    step(name, legacy)
  }

  /// Its process is killed: what it has asked may still be done.
  func stop() {
    isRunning = false
    part.end()
  }

  /// Lets come to pass what is late, and be told what is slow.
  func release() {
    let calls = held
    held = []
    for call in calls { call() }
    world.settle()
  }

  // MARK: How it is

  var log: FleetLog { part.log }

  func owner(_ name: String = "web") -> AddressOwner { part.owner(name) }

  func owns(_ name: String = "web") -> Bool {
    isRunning && owner(name).owns(at: world.now)
  }

  /// The generation by which it owns a name, and until when, as it was told last.
  func last(_ name: String = "web") -> (generation: UInt64, until: Moment)? {
    owned[name]?.last
  }

  /// What it leaves of a name to the process that takes its place.
  func legacy(_ name: String = "web") -> FleetNode.OwnerInput? {
    last(name).map { .inherited(generation: $0.generation, until: $0.until, roster: owner(name).recordedRoster) }
  }

  /// The keys of the overrides, in the order in which they were taken up.
  var keys: [String] {
    entries.compactMap { if case .set(let key, _) = $0.event { key } else { nil } }
  }

  // MARK: What its engine tells it

  func begin(with state: FleetState) {
    self.state = state
  }

  func learn(_ entry: Entry) {
    let before = place(of: entry)
    state.fold(entry, mutants: world.mutants)
    let place = place(of: entry)
    let isTaken = place == entry.id && place != before
    if isTaken { entries.append(entry) }
    world.note(entry, at: state.position, isTaken: isTaken)
    whenTold()
  }

  /// The last entry that counts of its author's node.
  private func place(of entry: Entry) -> EntryID? {
    state.member(entry.id.author.node).map { EntryID($0.identity, run: $0.run, sequence: $0.sequence) }
  }

  func restore(_ state: FleetState) {
    restorations += 1
    self.state = state
  }

  func note(_ damage: String) {
    damages.append(damage)
  }

  func own(_ name: String, _ generation: UInt64, until: Moment) {
    owned[name, default: []].append((generation, until))
    world.note(generation, of: name, by: self)
    whenTold()
  }

  func drop(_ name: String, _ cause: Ownership.Cause) {
    drops[name, default: []].append(cause)
    let tell = { [unowned self] in step(name, .dropped) }
    if dropsLate { hold(tell) } else { tell() }
  }

  /// Keeps something until the case says so.
  func hold(_ call: @escaping () -> Void) {
    held.append(call)
  }

  private func step(_ name: String, _ input: FleetNode.OwnerInput) {
    if isRunning { part.step(name, input) }
  }
}
