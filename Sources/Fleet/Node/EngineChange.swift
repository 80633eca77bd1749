import Agreement
import Libevent

/// An engine by which a node could go, and what it takes to begin with it.
package struct FleetEngine: Sendable {
  /// What all nodes call it.
  package var name: String
  /// Where the log is kept; nil where the nodes agree by themselves.
  package var store: StoreSettings?

  /// With both.
  package init(name: String, store: StoreSettings?) {
    (self.name, self.store) = (name, store)
  }

  /// What the nodes agree by.
  var timing: FleetPlan.Engine { store == nil ? .embedded(EmbeddedLog.Timing()) : .store(StoreLog.Timing()) }
}

/// What a node of a fleet needs to come from one engine to another: it opens the one that its file names beside the one by which it goes, and says that
/// it wants it once it's reached.
///
/// It belongs to its loop's thread.
final class EngineChange {
  private let engines: [FleetEngine]
  private let open: (StoreSettings) -> any Store
  private let call: (any Store, String) -> Void
  /// The engine that the file names, if it isn't the one in force.
  private(set) var wanted: FleetEngine?
  private var prospect: (any Store)?
  /// What the engine in force is called, and whether the data folder says so.
  private var current: String
  private var note: Note
  /// Whether the prospect could keep the log, or the data folder a journal; it's looked at again and again until all have come over.
  private var room = Room.unknown
  private var looksAt = Moment.start
  private static let lookingPause = Span.seconds(2)

  /// What the data folder says of the engine in force.
  private enum Note {
    case due(Moment)
    case underWay
    case done
  }

  private enum Room {
    case unknown
    case free
    case blocked(String)
  }

  /// - Parameters:
  ///   - engines: those that are known, the file's first.
  ///   - current: what the one in force is called.
  ///   - isNoted: whether the data folder says so.
  ///   - open: opens a store.
  ///   - call: has a store be called by a name whenever people are told of it.
  init(
    _ engines: [FleetEngine], current: String, isNoted: Bool, open: @escaping (StoreSettings) -> any Store,
    call: @escaping (any Store, String) -> Void
  ) {
    (self.engines, self.open, self.call) = (engines, open, call)
    (self.current, note) = (current, isNoted ? .done : .due(.start))
    follow(current)
  }

  /// Whether the nodes may come to agree by themselves.
  var knowsEmbedded: Bool { engines.contains { $0.store == nil } }

  /// What people call the log in force.
  static let currentName = "the fleet's log"
  private static let nextName = "the log that is to come"

  private func follow(_ current: String) {
    (self.current, room, looksAt) = (current, .unknown, .start)
    wanted = engines.first.flatMap { $0.name == current ? nil : $0 }
    prospect = wanted?.store.map(open)
    if let prospect { call(prospect, Self.nextName) }
  }

  /// What the data folder is to say of the engine in force, once: not before the node has part in the log of a fleet that serves something, as till
  /// then a file that names another one is right; nor when the log is over, and the next one is about to be noted.
  func era(toNoteOf node: FleetNode, at now: Moment) -> Era? {
    guard case .due(let moment) = note, now >= moment else { return nil }
    guard node.isInformed, node.state.committed.generation > 0, !node.state.isOver else { return nil }
    note = .underWay
    return Era(number: node.state.era, engine: current)
  }

  /// What came of noting it. Without that a process that begins with a file that names another engine would go by that one, alone: so it's tried again.
  func noted(_ isStored: Bool, at now: Moment) {
    guard case .underWay = note else { return }
    note = isStored ? .done : .due(now + Self.lookingPause)
  }

  /// Looks from time to time whether the store that is wanted could keep the log that goes on from this state; or this node a journal, if it's
  /// the nodes that are to keep it.
  func look(
    for state: FleetState, in folder: DataFolder, by disk: BackgroundWorker, at now: Moment, then: @escaping () -> Void
  ) {
    guard wanted != nil, now >= looksAt else { return }
    guard let prospect else { return look(in: folder, by: disk, at: now, then: then) }
    guard case .reached = prospect.state else { return }
    looksAt = now + Self.lookingPause
    prospect.perform(.read(.head, .linearizable)) { [weak self, weak prospect] reply in
      guard let self, prospect === self.prospect else { return }
      switch reply {
      case .value(let head, _): room = StoreLog.obstacle(to: state, head: head).map { .blocked($0) } ?? .free
      case .absent: room = .free
      case .written, .refused, .unknown: return
      }
      then()
    }
  }

  /// Once there's a place for it that isn't tried again: a disk that is full later is nothing new to a journal.
  private func look(in folder: DataFolder, by disk: BackgroundWorker, at now: Moment, then: @escaping () -> Void) {
    if case .free = room { return }
    looksAt = now + Self.lookingPause
    disk.perform { [path = folder.path] in
      EmbeddedVault.obstacle(in: path)
    } then: { [weak self] refusal in
      guard let self, wanted != nil, prospect == nil else { return }
      room = refusal.map { .blocked("this node's data folder can't take a journal: \($0)") } ?? .free
      then()
    }
  }

  /// What the engine is called that is wanted and could be begun with now.
  var ready: String? {
    guard let wanted, case .free = room else { return nil }
    guard let prospect else { return wanted.name }
    guard case .reached = prospect.state else { return nil }
    return wanted.name
  }

  /// Who has come over to another engine, for people: a clause; nil if nobody has.
  func text(of node: FleetNode, at now: Moment) -> String? {
    func list(_ nodes: [NodeName], _ one: String, _ several: String) -> String? {
      nodes.isEmpty ? nil : "\(nodes.map(\.text).joined(separator: ", ")) \(nodes.count == 1 ? one : several)"
    }
    let over =
      wanted == nil || ready != nil ? node.volunteers(at: now) : node.volunteers(at: now).filter { $0 != node.plan.me }
    guard wanted != nil || !over.isEmpty else { return nil }
    var parts = [
      list(over, "has come over", "have come over"),
      list(node.plan.nodes.filter { !over.contains($0) }, "is awaited", "are awaited"),
    ].compactMap(\.self)
    if let prospect, case .away(_, let why) = prospect.state {
      parts.append("it can't be reached from here: \(why)")
    } else if case .blocked(let why) = room {
      parts.append(why)
    } else if over.count == node.plan.nodes.count, let why = node.obstacle(at: now) {
      parts.append(why)
    }
    return "about to be kept by \(wanted?.name ?? "another engine"): \(parts.joined(separator: ", "))"
  }

  /// The engine of that name, if it's known.
  func engine(named name: String) -> FleetEngine? { engines.first { $0.name == name } }

  /// Gives what the log is kept in from now on, by the engine of that name.
  func begin(with engine: FleetEngine) -> (any Store)? {
    let store = engine.name == wanted?.name ? prospect : nil
    prospect = nil
    note = .done
    defer { follow(engine.name) }
    let begun = store ?? engine.store.map(open)
    if let begun { call(begun, Self.currentName) }
    return begun
  }

  /// What a node stores before it goes by another era.
  enum Entered: Sendable {
    case done(FleetMemory, EmbeddedVault?)
    /// - Parameter mayPass: whether it's worth another try.
    case failed(String, mayPass: Bool)
  }

  /// Stores that, and what the nodes keep themselves from then on; waits for the disk.
  static func enter(_ era: Era, _ engine: FleetEngine, _ memory: FleetMemory, _ folder: DataFolder, names: [String])
    -> Entered
  {
    var memory = memory
    memory.era = era
    var vault: EmbeddedVault?
    do {
      if engine.store == nil {
        let incarnation = memory.incarnation
        let opened = try EmbeddedVault.open(in: folder.path, on: SystemDisk(), memory, names: names) {
          incarnation.bits
        }
        guard let embedded = EmbeddedMemory(beginning: era, names: names) else {
          return .failed("nobody founds it", mayPass: true)
        }
        memory.embedded = embedded
        // First what the era begins with: once it's said that it has begun, a journal without that has lost it.
        try opened.vault.replace(by: memory)
        vault = opened.vault
      }
      // What the nodes kept themselves may know of more starts than the folder does.
      try folder.adopt(memory)
      try folder.store(era)
      return .done(memory, vault)
    } catch {
      // What couldn't be written isn't tried again, as nobody knows what the disk has.
      let fault = (error as? JournalFault).map { EmbeddedVault.Refusal.fault($0) }
      let refusal = fault ?? error as? EmbeddedVault.Refusal
      return .failed("\(error)", mayPass: refusal?.mayPass ?? true)
    }
  }
}
