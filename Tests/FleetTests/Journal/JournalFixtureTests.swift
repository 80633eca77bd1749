import Foundation
import Testing

@testable import Fleet

/// A journal as it was made when its format was new: it opens for ever, with all that it had.
@Suite struct JournalFixtureTests {
  private static let files =
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/journal-1"

  /// What made that of format 1: two segments that count, and slots that were written once, twice and never.
  private static func make(on disk: any JournalDisk) throws(JournalFault) {
    let slots = try JournalSlots.open(TestJournal.slots, count: 3, on: disk)
    try slots.write(0, [1, 2, 3])
    try slots.write(1, Array("one".utf8))
    try slots.write(1, Array("two".utf8))
    let (journal, _) = try TestJournal.open(disk)
    try journal.append([.test(1), .test(2, 100)])
    try journal.checkpoint([.test(3, 0), .test(4, 1_000)])
    try journal.append([.test(5, 13)])
    try journal.writeSeal()
    try journal.append([.test(6, 900), .test(7, 900)])
    try journal.append([.test(8, 2_000)])
    try journal.append([.test(255, 1)])
    try journal.writeSeal()
  }

  /// All that counts.
  private static func contents(of disk: MemoryDisk) -> [String: [UInt8]] {
    let names = disk.files.filter { !$0.hasSuffix("/spare") }
    return Dictionary(uniqueKeysWithValues: names.map { ($0, disk[$0] ?? []) })
  }

  private static func stored() throws -> MemoryDisk {
    let disk = MemoryDisk()
    for name in try FileManager.default.contentsOfDirectory(atPath: files) {
      disk["\(TestJournal.folder)/\(name)"] = [UInt8](try Data(contentsOf: URL(filePath: "\(files)/\(name)")))
    }
    return disk
  }

  @Test("format 1 opens, with all that it has, and goes on")
  func opens() throws {
    let disk = try Self.stored()
    do {
      let slots = try JournalSlots.open(TestJournal.slots, count: 3, on: disk)
      #expect((0..<3).map { slots.read($0) } == [[1, 2, 3], Array("two".utf8), nil])
      let (journal, records) = try TestJournal.open(disk)
      #expect(
        records
          == [.test(3, 0), .test(4, 1_000), .test(5, 13), .test(6, 900), .test(7, 900), .test(8, 2_000), .test(255, 1)])
      try journal.append([.test(9)])
    }
    #expect(try TestJournal.read(disk).count == 8)
  }

  @Test("what is written today is format 1, byte for byte")
  func today() throws {
    let disk = MemoryDisk()
    try Self.make(on: disk)
    let (made, stored) = (Self.contents(of: disk), Self.contents(of: try Self.stored()))
    #expect(made.keys.sorted() == stored.keys.sorted())
    for name in made.keys { #expect(made[name] == stored[name], "\(name)") }
  }
}
