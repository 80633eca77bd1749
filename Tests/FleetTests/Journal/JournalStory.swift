import Testing

@testable import Fleet

/// A life of a journal and its slots, with what is known of it from outside: what was told to be durable, and what was asked last.
struct JournalStory {
  /// What is done in it.
  enum Step {
    case open
    case append([JournalRecord])
    case seal
    case checkpoint([JournalRecord])
    case write(Int, [UInt8])
  }

  /// What becomes of the journal if what was asked last is done in part.
  enum Asked {
    case nothing
    case append([JournalRecord])
    case checkpoint([JournalRecord])
  }

  static let slots = 2

  /// All that happens to a journal: segments that end, one record that is larger than a segment, checkpoints small and large,
  /// what is opened again with a seal and without one.
  static let whole: [Step] = [
    .open, .append([.test(1)]), .append([.test(2, 50), .test(3, 0), .test(4, 600)]), .seal, .write(0, [1]),
    .append([.test(5, 1_500)]), .append([.test(6, 300), .test(7, 300), .test(8, 300), .test(9, 900)]),
    .append([.test(10)]), .seal, .checkpoint([.test(11), .test(12, 200)]), .append([.test(13, 40)]), .write(1, [2, 2]),
    .seal,
    .append([.test(14, 5_000)]), .seal, .open, .append([.test(15, 500), .test(16, 500)]),
    .checkpoint([.test(17, 3_000), .test(18, 3_000)]), .write(0, [3, 3, 3]), .append([.test(19)]), .append([.test(20)]),
    .open, .append([.test(21, 100)]), .checkpoint([]), .append([.test(22), .test(23)]), .write(1, [4]), .seal,
  ]

  let folder: String
  private let disk: any JournalDisk
  private var journal: Journal?
  private var file: JournalSlots?
  /// What is durable.
  private(set) var records: [JournalRecord] = []
  private(set) var held = [[UInt8]?](repeating: nil, count: slots)
  /// What may be.
  private var asked = Asked.nothing
  private var askedSlot: (slot: Int, bytes: [UInt8])?
  /// How often there was no room.
  private(set) var refusals = 0
  /// What ended it, if anything has.
  private(set) var fault: JournalFault?

  init(on disk: any JournalDisk, in folder: String = TestJournal.folder) {
    (self.disk, self.folder) = (disk, folder)
  }

  /// Does these steps until one of them fails. One for which there's no room has done nothing, and what comes next goes on.
  mutating func run(_ steps: [Step] = whole) {
    for step in steps {
      do throws(JournalFault) {
        try take(step)
        (asked, askedSlot) = (.nothing, nil)
      } catch {
        guard error.isFull else {
          fault = error
          return
        }
        refusals += 1
        if case .open = step { return }
        (asked, askedSlot) = (.nothing, nil)
      }
    }
  }

  /// Lets go of all files, as a process that ends.
  mutating func end() {
    (journal, file) = (nil, nil)
  }

  private mutating func take(_ step: Step) throws(JournalFault) {
    switch step {
    case .open:
      end()
      let found = try find()
      #expect(found == .some(Found(records: records, held: held)))
    case .append(let records):
      asked = .append(records)
      try journal?.append(records)
      self.records += records
    case .seal:
      try journal?.writeSeal()
    case .checkpoint(let records):
      asked = .checkpoint(records)
      try journal?.checkpoint(records)
      self.records = records
    case .write(let slot, let bytes):
      askedSlot = (slot, bytes)
      try file?.write(slot, bytes)
      held[slot] = bytes
    }
  }

  /// Opens it, as far as it gets.
  mutating func tryOpening() {
    _ = try? find()
  }

  private struct Found: Equatable {
    var records: [JournalRecord]
    var held: [[UInt8]?]
  }

  private mutating func find() throws(JournalFault) -> Found {
    let file = try JournalSlots.open("\(folder)/slots", count: Self.slots, on: disk)
    let (journal, records) = try TestJournal.open(disk, folder)
    (self.file, self.journal) = (file, journal)
    return Found(records: records, held: (0..<Self.slots).map { file.read($0) })
  }

  /// How it ends when all of it is opened on this disk, which nothing ails any more.
  enum Ending: Equatable, Sendable {
    /// Everything that was told to be durable is there, and of what was asked last no more than may be; and it went on.
    case recovered
    case refused(JournalFault)
    /// What may never be, in words.
    case wrong(String)
  }

  /// Opens it on a disk and goes on with it for a while.
  func ending(on disk: any JournalDisk) -> Ending {
    var after = JournalStory(on: disk, in: folder)
    let found: Found
    do throws(JournalFault) { found = try after.find() } catch { return .refused(error) }
    guard possible.contains(found.records) else { return .wrong("records \(found.records.map(\.type))") }
    for slot in 0..<Self.slots where found.held[slot] != held[slot] {
      guard let askedSlot, askedSlot.slot == slot, found.held[slot] == askedSlot.bytes else {
        return .wrong("slot \(slot) has \(found.held[slot] ?? [])")
      }
    }
    (after.records, after.held) = (found.records, found.held)
    if let disk = disk as? MemoryDisk {
      var again = JournalStory(on: disk.powered(again: 1, keeping: .none), in: folder)
      guard (try? again.find()) == found else { return .wrong("what was found isn't durable") }
    }
    do throws(JournalFault) {
      for step in [
        afterwards(found.records), .open,
        .append([.test(204, 20), .test(201, 700)]), .open, .seal, .append([.test(202, 4_000)]), .write(0, [9]),
        .open, .checkpoint([.test(203)]), .open,
      ] as [Step] {
        if case .open = step {
          let (records, held) = (after.records, after.held)
          after.end()
          let found = try after.find()
          guard found.records == records, found.held == held else { return .wrong("it doesn't go on") }
        } else {
          try after.take(step)
        }
      }
    } catch {
      return .wrong("it doesn't go on: \(error)")
    }
    return .recovered
  }

  /// What is done first afterwards: it takes the place of the first record that was asked for and isn't there, with one as long as that,
  /// so that what was behind it lies where something of it would.
  private func afterwards(_ found: [JournalRecord]) -> Step {
    switch asked {
    case .append(let more) where found.count < records.count + more.count:
      .append([.test(200, more[found.count - records.count].body.count)])
    case .checkpoint(let others) where found == records && !others.isEmpty:
      .checkpoint([.test(200, others[0].body.count)])
    default:
      .append([.test(200)])
    }
  }

  /// What the journal may have.
  private var possible: [[JournalRecord]] {
    switch asked {
    case .nothing: [records]
    case .append(let more): (0...more.count).map { records + more[..<$0] }
    case .checkpoint(let others): [records, others]
    }
  }
}
