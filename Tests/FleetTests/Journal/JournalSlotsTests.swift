import Testing

@testable import Fleet

@Suite struct JournalSlotsTests {
  private let disk = MemoryDisk()

  private func open(_ disk: MemoryDisk, count: Int = 2) throws(JournalFault) -> JournalSlots {
    try JournalSlots.open(TestJournal.slots, count: count, on: disk)
  }

  /// Where a copy of a slot begins.
  private func offset(_ slot: Int, _ copy: Int) -> Int { 4_096 * (1 + 2 * slot + copy) }

  @Test("each holds what was written to it last")
  func write() throws {
    do {
      let slots = try open(disk)
      #expect(slots.read(0) == nil && slots.read(1) == nil)
      try slots.write(0, [1, 2, 3])
      try slots.write(1, [UInt8](repeating: 7, count: JournalSlots.largest))
      try slots.write(0, [])
      #expect(slots.read(0) == [])
    }
    let slots = try open(disk)
    #expect(slots.read(0) == [])
    #expect(slots.read(1) == [UInt8](repeating: 7, count: JournalSlots.largest))
  }

  @Test("several are written at once, with no more calls that wait for the disk than one takes")
  func several() throws {
    let slots = try open(disk, count: 64)
    try slots.write(3, [1])
    let before = disk.flushes
    try slots.write(Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, [UInt8($0), 2]) }))
    #expect(disk.flushes == before + 2)
    for slot in 0..<64 { #expect(slots.read(slot) == [UInt8(slot), 2]) }
  }

  @Test("of several that are written at once each is there, as it was or as it is", arguments: 1...20)
  func severalTorn(call: Int) throws {
    do { try open(disk, count: 3).write([0: [1], 1: [1], 2: [1]]) }
    for part in MemoryContents.Part.allCases {
      let disk = self.disk.copy
      let slots = try open(disk, count: 3)
      disk.fault = (disk.calls + call, .crash)
      let isDone = (try? slots.write([0: [2], 1: [2], 2: [2]])) != nil
      let left = try open(disk.powered(again: UInt64(call), keeping: part), count: 3)
      for slot in 0..<3 { #expect(left.read(slot) == [2] || !isDone && left.read(slot) == [1], "\(slot)") }
    }
  }

  @Test("there can be more of them later, and never fewer")
  func more() throws {
    do { try open(disk).write(1, [1]) }
    do {
      let slots = try open(disk, count: 5)
      #expect(slots.read(1) == [1] && slots.read(4) == nil)
      try slots.write(4, [4])
    }
    #expect(try open(disk, count: 1).read(4) == [4])
  }

  @Test("a copy that has rotted is mended from the other one", arguments: 0..<2)
  func mended(copy: Int) throws {
    do { try open(disk).write(1, [1, 2, 3]) }
    disk[TestJournal.slots]?[offset(1, copy) + 17] ^= 4
    do { #expect(try open(disk).read(1) == [1, 2, 3]) }
    disk[TestJournal.slots]?[offset(1, 1 - copy) + 17] ^= 4
    #expect(try open(disk).read(1) == [1, 2, 3])
  }

  @Test("without a good copy it isn't used")
  func rotten() throws {
    do { try open(disk).write(1, [1, 2, 3]) }
    for copy in 0..<2 { disk[TestJournal.slots]?[offset(1, copy) + 17] ^= 4 }
    #expect(throws: JournalFault.corrupt(TestJournal.slots, "neither copy of slot 1 is there as it was written")) {
      try open(disk)
    }
  }

  @Test("the newer copy counts, whichever it is", arguments: 0..<2)
  func newer(copy: Int) throws {
    let slots = try open(disk)
    try slots.write(0, [1])
    let old = try #require(disk[TestJournal.slots])[offset(0, 1 - copy)..<offset(0, 1 - copy) + 4_096]
    try slots.write(0, [2])
    let half = disk.copy
    half[TestJournal.slots]?.replaceSubrange(offset(0, 1 - copy)..<offset(0, 1 - copy) + 4_096, with: old)
    do { #expect(try open(half).read(0) == [2]) }
    half[TestJournal.slots]?[offset(0, copy) + 17] ^= 4
    #expect(try open(half).read(0) == [2])
  }

  @Test("a slot that lies where another one should is none")
  func misplaced() throws {
    do {
      let slots = try open(disk)
      try slots.write(0, [1])
      try slots.write(1, [2])
    }
    let bytes = try #require(disk[TestJournal.slots])
    for copy in 0..<2 {
      disk[TestJournal.slots]?
        .replaceSubrange(
          offset(0, copy)..<offset(0, copy) + 4_096, with: bytes[offset(1, copy)..<offset(1, copy) + 4_096])
    }
    #expect { try open(disk) } throws: { ($0 as? JournalFault)?.isCorrupt == true }
  }

  @Test("where the journal is and they aren't, they were lost")
  func lost() throws {
    do {
      _ = try open(disk)
      _ = try TestJournal.open(disk)
    }
    let copy = disk.copy
    copy[TestJournal.slots] = nil
    #expect(throws: JournalFault.corrupt(TestJournal.slots, "it isn't there, and the journal was")) { try open(copy) }
    copy[TestJournal.segment(1)] = nil
    #expect(throws: JournalFault.corrupt(TestJournal.slots, "it isn't there, and the journal was")) { try open(copy) }
  }

  @Test("somebody else's are busy, before the journal is opened and after it")
  func busy() throws {
    let slots = try open(disk)
    #expect(throws: JournalFault.busy(TestJournal.slots)) { try open(disk) }
    let (journal, _) = try TestJournal.open(disk)
    #expect(throws: JournalFault.busy(TestJournal.folder)) { try open(disk) }
    try journal.append([.test(1)])
    try slots.write(0, [1])
  }

  @Test("after an error they aren't written any more, and say what they had")
  func broken() throws {
    let slots = try open(disk)
    try slots.write(0, [1])
    disk.fault = (disk.calls + 2, .error(.ioError))
    #expect(throws: JournalFault.broken(TestJournal.slots, .ioError)) { try slots.write(0, [2]) }
    #expect(throws: JournalFault.broken(TestJournal.slots, .ioError)) { try slots.write(1, [2]) }
    #expect(slots.read(0) == [1])
  }

  @Test("the only copy that is known to be durable is never written over")
  func mending() {
    let old = SlotCopy(empty: 0)
    let new = old.followed(by: [1])
    #expect(SlotPair(new, new)?.mended == [1])
    #expect(SlotPair(new, old)?.mended == [0, 1])
    #expect(SlotPair(old, new)?.mended == [0])
    #expect(SlotPair(new, nil)?.mended == [1])
    #expect(SlotPair(nil, new)?.mended == [0])
    #expect(SlotPair(nil, nil) == nil)
  }
}
