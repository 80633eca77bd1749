package import Agreement
import Synchronization
import SystemPackage

/// What a node of the embedded engine keeps on its disk: all that it has promised to others, in a journal, and in slots what it has promised of
/// addresses, which must find room even on a full disk.
///
/// The journal holds who the node is, too: one that is new is a new memory, whatever else is in the data folder. It's used by one thread at a
/// time, and waits for the disk.
package final class EmbeddedVault: Sendable {
  /// Why it can't be used.
  package enum Refusal: Error, Equatable, CustomStringConvertible {
    /// The disk's, or what is on it.
    case fault(JournalFault)
    /// It holds what this version can't read.
    case strange(String)
    /// There are more names of addresses than it has slots for, over all its time.
    case noSlot(String)

    package var description: String {
      switch self {
      case .fault(let fault): fault.description
      case .strange(let what): "the journal holds what this version can't read: \(what)"
      case .noSlot(let name): "there's no slot left for \(name): the data folder has seen \(names) names"
      }
    }
  }

  /// How many names of addresses it can hold; those that the file doesn't have any more count, as what was promised of them does.
  static let names = 256
  /// The slot behind those, in which the terms of all of them are, each by the place of its name. Programs of before don't look at it.
  static let termsPlace = names
  /// How many slots there are.
  static let slots = names + 1
  /// How many bytes there may be behind a checkpoint, besides twice what it has itself, before the next one.
  package static let slack = 8 << 20
  /// The kind of a record that says who the node is.
  static let identity: UInt8 = 0

  private struct Open {
    var journal: Journal
    var slots: JournalSlots
    var places: [String: Int]
    /// The terms that are stored, by the places.
    var terms: [Span]
    var memory: FleetMemory
    let slack: Int
    /// The bytes of the last checkpoint.
    var base = 0
  }

  private let open: Mutex<Open>

  private init(_ open: sending Open) {
    self.open = Mutex(open)
  }

  /// Whether a data folder has no journal yet: what else is in it is of another engine. One that can't be looked into isn't new.
  package static func isNew(in folder: String) -> Bool {
    do throws(Errno) {
      return try SystemDisk().names(in: "\(folder)/journal").isEmpty
    } catch {
      return error == .noSuchFileOrDirectory
    }
  }

  /// Opens what is in a data folder, or makes it, and notes this start of the process.
  ///
  /// - Parameters:
  ///   - memory: what else the folder holds, with this start counted.
  ///   - names: the addresses that the file names.
  ///   - slack: how many bytes there may be behind a checkpoint, besides twice what it has itself, before the next one.
  ///   - draw: a number for a journal that is new.
  /// - Returns: the vault, and the memory with what it holds.
  package static func open(
    in folder: String, on disk: sending any JournalDisk, _ memory: FleetMemory, names: [String], slack: Int = slack,
    draw: () -> UInt64
  ) throws(Refusal) -> (vault: EmbeddedVault, memory: FleetMemory) {
    let vault = EmbeddedVault(try read(folder, disk, memory, names, slack, draw))
    do throws(JournalFault) {
      try vault.begin()
    } catch {
      throw .fault(error)
    }
    return (vault, vault.open.withLock { $0.memory })
  }

  /// What is in a data folder's journal that no process has, and whose it is; nil if there's none. Nothing is changed.
  package static func look(in folder: String) throws(Refusal) -> FleetMemory? {
    guard !isNew(in: folder) else { return nil }
    var contents = VaultContents(FleetMemory(incarnation: Incarnation(bits: 0), run: 0))
    do throws(JournalFault) {
      let disk = SystemDisk()
      // A program of before has made one less.
      let slots = try JournalSlots.open("\(folder)/journal/slots", count: Self.names, on: disk)
      for record in try Journal.look("\(folder)/journal", on: disk) { contents.take(record) }
      contents.take(slots)
    } catch {
      throw .fault(error)
    }
    var memory = try contents.whole()
    if let stored = contents.stored { (memory.incarnation, memory.run) = stored }
    return memory
  }

  private static func read(
    _ folder: String, _ disk: sending any JournalDisk, _ memory: FleetMemory, _ names: [String], _ slack: Int,
    _ draw: () -> UInt64
  ) throws(Refusal) -> sending Open {
    var contents = VaultContents(memory)
    let journal: Journal
    let slots: JournalSlots
    do throws(JournalFault) {
      slots = try openSlots(folder, disk)
      journal = try Journal.open("\(folder)/journal", on: disk) { contents.take($0) }
      contents.take(slots)
    } catch {
      throw .fault(error)
    }
    var memory = try contents.whole()
    var places = contents.places
    for name in names where places[name] == nil {
      let free = (0..<Self.names).first { place in !places.values.contains(place) }
      guard let free else { throw .noSlot(name) }
      places[name] = free
    }
    if let stored = contents.stored {
      memory.incarnation = stored.incarnation
      memory.run = max(memory.run, stored.run + 1)
    } else if memory.run > 1 {
      // Whoever used the folder before had another journal, or none.
      memory.incarnation = Incarnation(bits: draw())
    }
    var terms = [Span](repeating: .zero, count: Self.names)
    for (name, slot) in memory.embedded.slots { if let place = places[name] { terms[place] = slot.term } }
    return Open(journal: journal, slots: slots, places: places, terms: terms, memory: memory, slack: slack)
  }

  /// Opens the slots; those that a program of before has made, as they are, where there's no room for one more.
  private static func openSlots(_ folder: String, _ disk: any JournalDisk) throws(JournalFault) -> JournalSlots {
    let path = "\(folder)/journal/slots"
    do throws(JournalFault) {
      return try JournalSlots.open(path, count: slots, on: disk)
    } catch {
      guard case .full(_, let cause) = error, cause.meansFullDisk, !isNew(in: folder) else { throw error }
      return try JournalSlots.open(path, count: names, on: disk)
    }
  }

  private static func identity(of memory: FleetMemory) -> JournalRecord {
    var out = ByteWriter()
    out.put(memory.incarnation.bits)
    out.put(memory.run)
    return JournalRecord(type: identity, body: out.bytes)
  }

  /// Notes this start; nothing may be said by this run before.
  private func begin() throws(JournalFault) {
    try open.withLock { open throws(JournalFault) in
      do throws(JournalFault) {
        try open.journal.append([Self.identity(of: open.memory)])
      } catch {
        guard case .full = error, open.journal.size > 0 else { throw error }
        // It says so as well.
        try Self.checkpoint(&open)
      }
    }
  }

  /// Stores records: all of them are durable when it returns. Where there's no room, a checkpoint makes some.
  func append(_ records: [EmbeddedRecord]) throws(JournalFault) {
    try open.withLock { open throws(JournalFault) in
      let framed = records.map { JournalRecord(type: $0.kind, body: $0.encoded) }
      if open.journal.size > 2 * (open.slack + 2 * open.base) { try Self.checkpointIfThereIsRoom(&open) }
      do throws(JournalFault) {
        try open.journal.append(framed)
      } catch {
        guard case .full = error, open.journal.size > 0 else { throw error }
        try Self.checkpoint(&open)
        try open.journal.append(framed)
      }
      for record in records { open.memory.embedded.take(record) }
    }
  }

  /// Stores what was promised of addresses in place of what was before: all of it is durable when it returns, which takes no longer for several than
  /// for one. An owner that is lost may have had many, and others wait.
  func write(_ slots: [String: PaxosSlot]) throws(JournalFault) {
    try open.withLock { open throws(JournalFault) in
      var (values, terms) = ([Int: [UInt8]](), open.terms)
      for (name, slot) in slots {
        guard let place = open.places[name] else { continue }
        values[place] = slot.encoded(of: name)
        terms[place] = slot.term
      }
      // The terms first: where they're stored and what goes by them isn't, others wait a little longer. There was no room for them where the slots
      // are those that a program of before has made.
      if terms != open.terms, open.slots.count > Self.termsPlace {
        open.terms = terms
        try open.slots.write(Self.termsPlace, PaxosSlot.encoded(terms))
      }
      if !values.isEmpty { try open.slots.write(values) }
    }
  }

  /// Puts a memory in place of all that is here: it's durable when it returns. If the machine ends meanwhile it's that or what was before, but for
  /// the slots, which then keep others from what was promised a little longer.
  func replace(by memory: FleetMemory) throws(JournalFault) {
    try write(memory.embedded.slots)
    try open.withLock { open throws(JournalFault) in
      let before = open.memory
      open.memory = memory
      do throws(JournalFault) {
        try Self.checkpoint(&open)
      } catch {
        open.memory = before
        throw error
      }
    }
  }

  /// Does what can be done while nobody waits: lets a checkpoint stand for what has become much.
  func tidy() throws(JournalFault) {
    try open.withLock { open throws(JournalFault) in
      guard open.journal.size > open.slack + 2 * open.base else { return try open.journal.writeSeal() }
      try Self.checkpointIfThereIsRoom(&open)
    }
  }

  private static func checkpointIfThereIsRoom(_ open: inout Open) throws(JournalFault) {
    do throws(JournalFault) { try checkpoint(&open) } catch {
      guard case .full = error else { throw error }
    }
  }

  private static func checkpoint(_ open: inout Open) throws(JournalFault) {
    let records =
      [identity(of: open.memory)]
      + open.memory.embedded.records.map { JournalRecord(type: $0.kind, body: $0.encoded) }
    try open.journal.checkpoint(records)
    open.base = records.reduce(0) { $0 + $1.body.count }
  }
}
