import Agreement
import Support
import SystemPackage
import Testing

@testable import Fleet

/// What a node of the embedded engine keeps on its disk.
@Suite struct EmbeddedVaultTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func open(
    run: UInt32 = 1, _ names: [String] = ["web"], slack: Int = 8 << 20, disk: SwitchedDisk = SwitchedDisk()
  ) throws -> (vault: EmbeddedVault, memory: FleetMemory) {
    try EmbeddedVault.open(
      in: folder.path, on: disk, FleetMemory(incarnation: Incarnation(bits: 7), run: run), names: names, slack: slack
    ) { 8 }
  }

  /// What each file of the journal has, and when its segments were written last.
  private func contents() throws -> [String: String] {
    let path = "\(folder.path)/journal"
    let names = try SystemDisk().names(in: path)
    return try Dictionary(
      uniqueKeysWithValues: names.map { name in
        let time = ["slots", "manifest"].contains(name) ? "true" : "stat -c %y '\(path)/\(name)'"
        return (name, try Subprocess.run("sh", ["-c", "\(time); md5sum < '\(path)/\(name)'"]).output)
      })
  }

  private static func entry(_ counter: UInt32, _ size: Int = 3) -> EmbeddedRecord {
    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: counter), count: size)
    return .log(.entry(Zxid(epoch: 1, counter: counter), .value(bytes)))
  }

  private static var slot: PaxosSlot {
    var slot = PaxosSlot()
    slot.generation = 3
    slot.promised = Ballot(number: 4, node: 1)
    return slot
  }

  /// What else is in the folder of one that is new is of another engine, and goes.
  @Test func whatCannotBeLookedIntoIsNotNew() throws {
    #expect(EmbeddedVault.isNew(in: folder.path))
    _ = try Subprocess.run("touch", ["\(folder.path)/journal"])
    #expect(!EmbeddedVault.isNew(in: folder.path), "the kernel says that it's no folder")
  }

  @Test func whatWasStoredIsThereAgain() throws {
    #expect(EmbeddedVault.isNew(in: folder.path))
    do {
      let (vault, memory) = try open()
      #expect(memory == FleetMemory(incarnation: Incarnation(bits: 7), run: 1))
      try vault.append([.standing(.founded([memory.incarnation])), .log(.accepted(epoch: 1, leader: 0)), Self.entry(1)])
      try vault.append([Self.entry(2), .log(.truncate(Zxid(epoch: 1, counter: 1)))])
      try vault.write(["web": Self.slot])
      try vault.tidy()
      // Nobody else has it meanwhile.
      #expect(throws: EmbeddedVault.Refusal.self) { try open(run: 2) }
    }
    #expect(!EmbeddedVault.isNew(in: folder.path))
    // Whoever only looks changes nothing, and has no room made.
    let files = try contents()
    let seen = try #require(try EmbeddedVault.look(in: folder.path)?.embedded)
    #expect(seen.slots == ["web": Self.slot] && seen.log.history.items.map(\.zxid) == [Zxid(epoch: 1, counter: 1)])
    #expect(try contents() == files)
    // The journal knows better than another file who this is, and how often it was started.
    let (_, memory) = try EmbeddedVault.open(
      in: folder.path, on: SwitchedDisk(), FleetMemory(incarnation: Incarnation(bits: 99), run: 1),
      names: ["mail", "web"]
    ) { 8 }
    #expect(memory.incarnation == Incarnation(bits: 7) && memory.run == 2)
    #expect(memory.embedded.standing == .founded([Incarnation(bits: 7)]) && memory.embedded.log.acceptedEpoch == 1)
    #expect(memory.embedded.log.history.items.map(\.zxid) == [Zxid(epoch: 1, counter: 1)])
    #expect(memory.embedded.slots == ["web": Self.slot])
  }

  /// Their places are behind those that programs of before look at.
  @Test func termsAreThereAgain() throws {
    var slots = ["web": Self.slot, "mail": Self.slot]
    slots["mail"]?.term = .seconds(9)
    do {
      let (vault, _) = try open(["web", "mail"])
      for (name, slot) in slots { try vault.write([name: slot]) }
    }
    #expect(try open(["mail", "web"]).memory.embedded.slots == slots)
    slots["mail"]?.term = .seconds(3)
    try open(["mail"]).vault.write(["mail": slots["mail"] ?? PaxosSlot()])
    #expect(try EmbeddedVault.look(in: folder.path)?.embedded.slots == slots)
  }

  /// Whatever a folder seems to hold.
  @Test func nothingIsMadeInThePlaceOfWhatIsThere() throws {
    let slots = ["web": Self.slot]
    do {
      let (vault, _) = try open()
      try vault.write(["web": Self.slot])
    }
    let disk = SwitchedDisk()
    disk.blind(true)
    #expect(throws: EmbeddedVault.Refusal.self) { try open(disk: disk) }
    disk.blind(false)
    #expect(try EmbeddedVault.look(in: folder.path)?.embedded.slots == slots)
  }

  /// Nobody else has it then, so a process that was killed has left it as it was.
  @Test func theJournalSaysWhoseItIs() throws {
    let memory = try open().memory
    let seen = try #require(try EmbeddedVault.look(in: folder.path))
    #expect(seen.incarnation == memory.incarnation && seen.run == memory.run)
  }

  /// A program of before has made it without.
  @Test func aFolderWithoutTermsGetsThem() throws {
    var slot = Self.slot
    do {
      let disk = SystemDisk()
      let slots = try JournalSlots.open("\(folder.path)/journal/slots", count: EmbeddedVault.names, on: disk)
      try slots.write(0, slot.encoded(of: "web"))
      _ = try Journal.open("\(folder.path)/journal", on: disk) { _ in }
    }
    #expect(try EmbeddedVault.look(in: folder.path)?.embedded.slots == ["web": slot])
    slot.term = .seconds(4)
    do {
      let (vault, memory) = try open()
      #expect(memory.embedded.slots == ["web": Self.slot])
      try vault.write(["web": slot])
    }
    #expect(try EmbeddedVault.look(in: folder.path)?.embedded.slots == ["web": slot])
    // What a program of before writes is read again.
    let slots = try JournalSlots.open("\(folder.path)/journal/slots", count: EmbeddedVault.names, on: SystemDisk())
    #expect(slots.read(0) == slot.encoded(of: "web"))
  }

  /// An upgrade on a full disk costs nothing but that: what is promised has its place.
  @Test func aFolderThatIsFullGoesOnWithoutTerms() throws {
    var slot = Self.slot
    do {
      let (vault, _) = try open()
      try vault.write(["web": slot])
    }
    let journal = "\(folder.path)/journal"
    // As a program of before has made it.
    let held = "\(folder.path)/held"
    _ = try Subprocess.run("mv", [journal, held])
    let slots = try JournalSlots.open("\(journal)/slots", count: EmbeddedVault.names, on: SystemDisk())
    try slots.write(0, slot.encoded(of: "web"))
    _ = try Subprocess.run("cp", ["\(journal)/slots", held])
    _ = try Subprocess.run("rm", ["-r", journal])
    _ = try Subprocess.run("mv", [held, journal])
    let disk = SwitchedDisk()
    disk.fill(true)
    slot.term = .seconds(4)
    do {
      let (vault, memory) = try open(disk: disk)
      #expect(memory.embedded.slots == ["web": Self.slot])
      try vault.write(["web": slot])
    }
    #expect(try open().memory.embedded.slots == ["web": Self.slot])
  }

  /// Nothing of what was stored before is there, nor what that process would have stored next; who it is is the new memory's to say.
  @Test func anotherMemoryTakesItsPlace() throws {
    var next = FleetMemory(incarnation: Incarnation(bits: 9), run: 1)
    next.embedded.take(.log(.accepted(epoch: 5, leader: 3)))
    next.embedded.take(
      .log(
        .snapshot(
          Zxid(epoch: 5, counter: 1), Members(founders: [Participant(NodeName("lb1"), Incarnation(bits: 9))]), [7])))
    next.embedded.slots["web"] = PaxosSlot()
    do {
      let (vault, _) = try open()
      try vault.append([.standing(.founded([Incarnation(bits: 7)])), Self.entry(1)])
      try vault.write(["web": Self.slot])
      try vault.replace(by: next)
      try vault.append([.log(.entry(Zxid(epoch: 6, counter: 1), .value([1])))])
    }
    next.embedded.take(.log(.entry(Zxid(epoch: 6, counter: 1), .value([1]))))
    next.run = 2
    #expect(try open().memory == next)
  }

  /// Who has used the folder before, with another journal or none, has promised what isn't known here.
  @Test func aJournalThatIsNewIsANewMemory() throws {
    #expect(try open(run: 5).memory.incarnation == Incarnation(bits: 8))
  }

  @Test func whatWasPromisedOfANameOutlivesIt() throws {
    do {
      let (vault, _) = try open(["web"])
      try vault.write(["web": Self.slot])
    }
    do {
      let (vault, _) = try open(["mail"])
      try vault.write(["mail": PaxosSlot()])
    }
    let (_, memory) = try open(["mail", "web"])
    #expect(memory.embedded.slots == ["web": Self.slot, "mail": PaxosSlot()])
    #expect(throws: EmbeddedVault.Refusal.noSlot("n254")) { try open((0..<300).map { "n\($0)" }) }
  }

  /// What an entry came to stands for it; so the journal doesn't grow with what was ever said.
  @Test(.timeLimit(.minutes(2))) func whatHasBecomeMuchIsWrittenAnew() throws {
    do {
      let (vault, _) = try open(slack: 100_000)
      for counter in 1...400 as ClosedRange<UInt32> {
        try vault.append([Self.entry(counter, 100_000)])
        if counter % 10 == 0 {
          try vault.append([.log(.compaction(Zxid(epoch: 1, counter: counter), [1, 2], keeping: 5))])
        }
        if counter % 7 == 0 { try vault.tidy() }
      }
      let files = try SystemDisk().names(in: "\(folder.path)/journal")
      #expect(files.count < 8, "\(files)")
    }
    let (_, memory) = try open()
    #expect(memory.embedded.log.history.items.count == 5 && memory.embedded.log.history.state == [1, 2])
    #expect(memory.embedded.log.history.last == Zxid(epoch: 1, counter: 400))
  }

  @Test func whatALaterVersionHasStoredIsntTakenForNothing() throws {
    do {
      _ = try open()
      let journal = try Journal.open("\(folder.path)/journal", on: SystemDisk()) { _ in }
      try journal.append([JournalRecord(type: 200, body: [1])])
    }
    let refusal = #expect(throws: EmbeddedVault.Refusal.self) { try open() }
    #expect(refusal?.description.contains("what this version can't read: ") == true, "\(String(describing: refusal))")
  }

  /// The last segment has no room for who begins, nor has the disk for another one: what stands for all of it makes some.
  @Test func whoBeginsOnAFullDiskHasRoomMade() throws {
    let disk = SwitchedDisk()
    _ = try open(disk: disk)
    disk.fill(true)
    do {
      let journal = try Journal.open("\(folder.path)/journal", on: disk) { _ in }
      for size in [1 << 20, 1 << 16, 1 << 12, 1 << 8, 0] {
        let state = EmbeddedRecord.log(
          .snapshot(Zxid(epoch: 1, counter: 1), nil, [UInt8](repeating: 1, count: size)))
        let record = JournalRecord(type: state.kind, body: state.encoded)
        while (try? journal.append([record])) != nil {}
      }
    }
    let (_, memory) = try open(disk: disk)
    #expect(memory.run == 2 && memory.incarnation == Incarnation(bits: 7))
  }

  /// A process without a descriptor left has its journal as it was, once it has one.
  @Test func whereADescriptorLacksTheSpareRoomStays() throws {
    let disk = SwitchedDisk()
    _ = try open(disk: disk)
    let files = try SystemDisk().names(in: "\(folder.path)/journal").sorted()
    disk.lackDescriptor(for: "spare")
    let refusal = #expect(throws: EmbeddedVault.Refusal.self) { try open(disk: disk) }
    #expect(refusal?.mayPass == true, "\(String(describing: refusal))")
    #expect(try SystemDisk().names(in: "\(folder.path)/journal").sorted() == files)
    disk.lackDescriptor(for: nil)
    #expect(try open(disk: disk).memory.run == 2)
  }

  /// Nor does one that has none while a checkpoint lets older segments go.
  @Test func whereADescriptorLacksACheckpointGoesOn() throws {
    let disk = SwitchedDisk()
    let (vault, _) = try open(slack: 8_000, disk: disk)
    let value = [UInt8](repeating: 7, count: 1_000)
    for count in 1...10 as ClosedRange<UInt32> {
      try vault.append([.log(.entry(Zxid(epoch: 1, counter: count), .value(value)))])
    }
    disk.lackDescriptor(for: "0000000000000001")
    try vault.tidy()
    disk.lackDescriptor(for: nil)
    #expect(try !SystemDisk().names(in: "\(folder.path)/journal").contains("0000000000000001"))
    try vault.append([.log(.current(epoch: 51))])
    #expect(try SystemDisk().names(in: "\(folder.path)/journal").contains("0000000000000002"))
  }

  @Test func aDiskThatFailedIsntAskedAgain() throws {
    let disk = SwitchedDisk()
    let (vault, _) = try open(disk: disk)
    try vault.append([Self.entry(1)])
    disk.fail(.ioError)
    #expect(throws: JournalFault.self) { try vault.append([Self.entry(2)]) }
    disk.fail(nil)
    #expect(throws: JournalFault.self) { try vault.append([Self.entry(2)]) }
  }
}
