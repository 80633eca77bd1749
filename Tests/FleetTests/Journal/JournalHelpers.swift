@testable import Fleet

/// What tests keep a journal in.
enum TestJournal {
  static let folder = "/data/journal"
  static let slots = "/data/journal/slots"
  /// Small, so that a few records need the next one.
  static let segmentSize = 4_096

  /// The path of a segment.
  static func segment(_ number: Int) -> String {
    "\(folder)/000000000000000\(String(number, radix: 16))"
  }

  /// Opens one, with the records that it has.
  static func open(
    _ disk: any JournalDisk, _ folder: String = folder, segmentSize: Int = segmentSize
  ) throws(JournalFault) -> (journal: Journal, records: [JournalRecord]) {
    var records: [JournalRecord] = []
    let journal = try Journal.open(folder, on: disk, segmentSize: segmentSize) { records.append($0) }
    return (journal, records)
  }

  /// What one has, or why that isn't said.
  static func read(_ disk: any JournalDisk) throws(JournalFault) -> [JournalRecord] {
    try open(disk).records
  }
}

extension JournalRecord {
  /// One that's told from others by its type.
  static func test(_ type: Int, _ count: Int = 10) -> JournalRecord {
    JournalRecord(
      type: UInt8(truncatingIfNeeded: type), body: (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ type &* 31) })
  }
}

extension JournalFault {
  var isCorrupt: Bool {
    if case .corrupt = self { true } else { false }
  }

  var isFull: Bool {
    if case .full = self { true } else { false }
  }

  var isBroken: Bool {
    if case .broken = self { true } else { false }
  }
}
