import Sockets
import Testing

@testable import Fleet

@Suite struct JournalTests {
  private let disk = MemoryDisk()

  @Test("what was appended is there in order when it's opened again, and goes on")
  func append() throws {
    do {
      let (journal, records) = try TestJournal.open(disk)
      #expect(records.isEmpty && journal.size == 0)
      try journal.append([.test(1), .test(2, 0), .test(3, 7)])
      try journal.append([])
      try journal.append([.test(4, 200)])
    }
    do {
      let (journal, records) = try TestJournal.open(disk)
      #expect(records == [.test(1), .test(2, 0), .test(3, 7), .test(4, 200)])
      try journal.append([.test(5)])
    }
    #expect(try TestJournal.read(disk).map(\.type) == [1, 2, 3, 4, 5])
  }

  @Test("where a segment is full, the next one begins; one record may be larger than a segment")
  func segments() throws {
    let (journal, _) = try TestJournal.open(disk)
    let appended = (1...20).map { JournalRecord.test($0, $0 == 11 ? 9_000 : 700) }
    for record in appended { try journal.append([record]) }
    #expect(disk.files.contains(TestJournal.segment(4)))
    #expect(disk.files.allSatisfy { disk[$0]?.count == (disk[$0]?.count ?? 0) & ~4_095 })
    #expect(try TestJournal.read(disk.copy) == appended)
  }

  @Test("a checkpoint takes the place of all before it, and of its files")
  func checkpoint() throws {
    let (journal, _) = try TestJournal.open(disk)
    for number in 1...20 { try journal.append([.test(number, 700)]) }
    #expect(journal.size == 20 * 736)
    try journal.checkpoint([.test(100), .test(101)])
    #expect(journal.size == 0)
    #expect(disk.files.filter { $0.contains("journal/0") }.count == 1)
    try journal.append([.test(21)])
    #expect(journal.size == 48)
    let (again, records) = try TestJournal.open(disk.copy)
    #expect(records == [.test(100), .test(101), .test(21)])
    #expect(again.size == 48)
    try journal.checkpoint([])
    try journal.checkpoint([.test(7, 10_000)])
    #expect(try TestJournal.read(disk.copy) == [.test(7, 10_000)])
  }

  @Test("a batch that isn't whole is cut where it isn't, and nothing of it comes back")
  func tornTail() throws {
    do {
      let (journal, _) = try TestJournal.open(disk)
      try journal.append([.test(1)])
      try journal.append([.test(2), .test(3), .test(4)])
    }
    disk[TestJournal.segment(1)]?[64 + 2 * 48 + 40] ^= 1
    do {
      let (journal, records) = try TestJournal.open(disk)
      #expect(records == [.test(1), .test(2)])
      // As long as the one that was cut off, so that the one after it would follow.
      try journal.append([.test(5)])
    }
    #expect(try TestJournal.read(disk) == [.test(1), .test(2), .test(5)])
  }

  @Test("what was durable when something behind it was written is missing: that's no torn tail")
  func rot() throws {
    let (journal, _) = try TestJournal.open(disk)
    try journal.append([.test(1)])
    try journal.append([.test(2)])
    let copy = disk.copy
    copy[TestJournal.segment(1)]?[64 + 40] ^= 1
    #expect(throws: JournalFault.corrupt(TestJournal.segment(1), "record 1 isn't there as it was written")) {
      try TestJournal.read(copy)
    }
    let last = disk.copy
    last[TestJournal.segment(1)]?[64 + 48 + 40] ^= 1
    #expect(try TestJournal.read(last) == [.test(1)])
    try journal.writeSeal()
    let sealed = disk.copy
    sealed[TestJournal.segment(1)]?[64 + 48 + 40] ^= 1
    #expect(throws: JournalFault.corrupt(TestJournal.segment(1), "record 2 isn't there as it was written")) {
      try TestJournal.read(sealed)
    }
  }

  @Test("a segment's end can't be missing when there's a next one, nor what a segment began with")
  func missingEnds() throws {
    let (journal, _) = try TestJournal.open(disk)
    for number in 1...5 { try journal.append([.test(number, 1_000)]) }
    #expect(disk.files.contains(TestJournal.segment(2)))
    let end = disk.copy
    end[TestJournal.segment(1)]?[64 + 2 * 1_032 + 40] ^= 1
    #expect { try TestJournal.read(end) } throws: { ($0 as? JournalFault)?.isCorrupt == true }
    try journal.checkpoint([.test(6), .test(7)])
    let opening = disk.copy
    opening[TestJournal.segment(3)]?[64 + 48 + 40] ^= 1
    #expect { try TestJournal.read(opening) } throws: { ($0 as? JournalFault)?.isCorrupt == true }
  }

  @Test("a seal is written once, where there's room, and counts for nothing else")
  func seals() throws {
    for _ in 0..<3 {
      let (journal, records) = try TestJournal.open(disk)
      #expect(records.isEmpty)
      try journal.writeSeal()
      try journal.writeSeal()
    }
    do {
      let (journal, _) = try TestJournal.open(disk)
      // All but the room for one seal.
      try journal.append([.test(1, 4_096 - 64 - 32 - 32 - 32)])
      try journal.writeSeal()
    }
    do {
      let (journal, records) = try TestJournal.open(disk)
      #expect(records.count == 1)
      try journal.writeSeal()
      try journal.append([.test(2)])
    }
    #expect(disk[TestJournal.segment(1)]?.count == 4_096)
    #expect(try TestJournal.read(disk).map(\.type) == [1, 2])
  }

  @Test("a seal isn't written twice because an append had no room")
  func sealWithoutRoom() throws {
    do {
      let (journal, _) = try TestJournal.open(disk)
      // All but the room for one seal.
      try journal.append([.test(1, 4_096 - 64 - 32 - 32)])
      try journal.writeSeal()
      disk.room = 0
      #expect { try journal.append([.test(2)]) } throws: { ($0 as? JournalFault)?.isFull == true }
      try journal.writeSeal()
      disk.room = .max
      try journal.append([.test(3)])
    }
    #expect(disk[TestJournal.segment(1)]?.count == 4_096)
    #expect(try TestJournal.read(disk).map(\.type) == [1, 3])
  }

  @Test("what is gone isn't taken for what never was")
  func files() throws {
    do {
      let slots = try JournalSlots.open(TestJournal.slots, count: 2, on: disk)
      try slots.write(0, [1])
      let (journal, _) = try TestJournal.open(disk)
      for number in 1...9 { try journal.append([.test(number, 1_000)]) }
    }
    #expect(disk.files.contains(TestJournal.segment(3)))
    for number in 1...3 {
      let copy = disk.copy
      copy[TestJournal.segment(number)] = nil
      #expect { try TestJournal.read(copy) } throws: { ($0 as? JournalFault)?.isCorrupt == true }
    }
    let empty = disk.copy
    for number in 1...3 { empty[TestJournal.segment(number)] = nil }
    #expect(throws: JournalFault.corrupt(TestJournal.segment(3), "it isn't there")) { try TestJournal.read(empty) }
    let manifest = "\(TestJournal.folder)/manifest"
    empty[manifest] = nil
    #expect(throws: JournalFault.corrupt(manifest, "it isn't there, and the slots are")) {
      try JournalSlots.open(TestJournal.slots, count: 2, on: empty)
    }
    let unlisted = disk.copy
    unlisted[manifest] = nil
    #expect(throws: JournalFault.corrupt(manifest, "it isn't there, and the journal is")) {
      try TestJournal.read(unlisted)
    }
  }

  @Test("one that another one has is busy, until that goes")
  func busy() throws {
    do {
      let (journal, _) = try TestJournal.open(disk)
      #expect(throws: JournalFault.busy(TestJournal.folder)) { try TestJournal.open(disk) }
      try journal.append([.test(1)])
    }
    #expect(try TestJournal.read(disk).count == 1)
  }

  @Test("a later format is said, not guessed at")
  func version() throws {
    do { _ = try TestJournal.open(disk) }
    try rewriteHeader { $0[8] = 2 }
    #expect(throws: JournalFault.version(TestJournal.segment(1), 2)) { try TestJournal.read(disk) }
  }

  @Test(
    "a header with numbers that can't be isn't believed, though its checksum is right", arguments: [16, 24, 31, 55])
  func header(offset: Int) throws {
    do { _ = try TestJournal.open(disk) }
    try rewriteHeader { $0[offset] = offset == 24 ? 0 : 0xFF }
    #expect { try TestJournal.read(disk) } throws: { ($0 as? JournalFault)?.isCorrupt == true }
  }

  /// Changes the first segment's header, with the checksum that's right then.
  private func rewriteHeader(_ change: (inout [UInt8]) -> Void) throws {
    var bytes = try #require(disk[TestJournal.segment(1)])
    change(&bytes)
    var checksum = CRC32C()
    checksum.add(bytes[..<12])
    checksum.add(bytes[16..<64])
    bytes.put(little: checksum.value, at: 12)
    disk[TestJournal.segment(1)] = bytes
  }

  @Test("without room an append changes nothing, and a checkpoint makes room again")
  func full() throws {
    let (journal, _) = try TestJournal.open(disk)
    try journal.append([.test(1, 3_000)])
    disk.room = 0
    #expect { try journal.append([.test(2, 3_000)]) } throws: { ($0 as? JournalFault)?.isFull == true }
    #expect(!disk.files.contains("\(TestJournal.folder)/next"))
    try journal.append([.test(3)])
    #expect { try journal.checkpoint([.test(4, 5_000)]) } throws: { ($0 as? JournalFault)?.isFull == true }
    try journal.checkpoint([.test(5)])
    try journal.append([.test(6, 3_000)])
    try journal.checkpoint([.test(7)])
    #expect(try TestJournal.read(disk.copy).map(\.type) == [7])
  }

  @Test("after an error it does nothing any more")
  func broken() throws {
    do {
      let (journal, _) = try TestJournal.open(disk)
      disk.fault = (disk.calls + 2, .error(.ioError))
      let fault = JournalFault.broken(TestJournal.segment(1), .ioError)
      #expect(throws: fault) { try journal.append([.test(1)]) }
      let calls = disk.calls
      #expect(throws: fault) { try journal.append([.test(2)]) }
      #expect(throws: fault) { try journal.writeSeal() }
      #expect(throws: fault) { try journal.checkpoint([]) }
      #expect(disk.calls == calls)
    }
    disk.handOver()
    let (journal, records) = try TestJournal.open(disk)
    #expect(records.count <= 1)
    try journal.append([.test(3)])
  }
}
