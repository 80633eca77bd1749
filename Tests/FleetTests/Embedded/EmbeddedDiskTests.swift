import Agreement
import Libevent
import Support
import SystemPackage
import Testing

@testable import Fleet

/// What is stored by a thread of its own, with another memory that is put in place of all meanwhile.
@Suite struct EmbeddedDiskTests {
  /// A disk that can be made to fail, and what was told of it.
  private final class Stage {
    let loop = EventLoop()
    let folder: TemporaryFolder
    let switches = SwitchedDisk()
    var events: [EmbeddedDisk.Event] = []
    private(set) var disk: EmbeddedDisk?
    let worker: BackgroundWorker

    init() throws {
      folder = try TemporaryFolder()
      let memory = FleetMemory(incarnation: Incarnation(bits: 7), run: 1)
      let (vault, _) = try EmbeddedVault.open(in: folder.path, on: switches, memory, names: ["web"]) { 8 }
      worker = BackgroundWorker(name: "fleet journal", on: loop)
      disk = EmbeddedDisk(vault, names: ["web"], by: worker, on: loop) { [unowned self] in events.append($0) }
    }

    /// Ends it, as who goes on by another engine does.
    func drop() {
      disk = nil
    }

    /// The last count of records that was told.
    var stored: UInt64? {
      events.compactMap { if case .stored(let count) = $0 { count } else { nil } }.last
    }

    var storedSlot: UInt64? {
      events.compactMap { if case .storedSlot(_, let count) = $0 { count } else { nil } }.last
    }

    var isFull: Bool { events.contains { if case .full = $0 { true } else { false } } }

    /// What takes more room than a segment of the journal has.
    private static let large = [UInt8](repeating: 7, count: 20 << 20)

    /// A record that makes a segment necessary.
    func persistMuch() {
      disk?.persist(.log(.entry(Zxid(epoch: 1, counter: 1), .value(Self.large))))
      disk?.flush()
    }

    func persist(_ epoch: UInt32) {
      disk?.persist(.log(.accepted(epoch: epoch, leader: 0)))
      disk?.flush()
    }

    /// Puts a memory in place of all, a large one or not; told what stood against it.
    func replace(isLarge: Bool) -> JournalFault?? {
      var memory = FleetMemory(incarnation: Incarnation(bits: 9), run: 2)
      let members = Members(founders: [Participant(NodeName("lb1"), memory.incarnation)])
      if isLarge { memory.embedded.take(.log(.snapshot(Zxid(epoch: 1, counter: 1), members, Self.large))) }
      var done: JournalFault??
      disk?.replace(by: memory) { done = .some($0) }
      _ = loop.wait(seconds: 20) { done != nil }
      return done
    }

    /// Lets go of it, and gives what is there.
    func contents() throws -> EmbeddedMemory? {
      disk?.finish(within: .seconds(10))
      disk = nil
      return try EmbeddedVault.look(in: folder.path)?.embedded
    }
  }

  /// Nothing of what was to be stored is lost with that, and what was stored meanwhile is told again, as nobody listened.
  @Test func whatWaitsIsStoredIfNoOtherMemoryCanBe() throws {
    let stage = try Stage()
    stage.disk?.persist(PaxosSlot(), of: 0)
    stage.persist(1)
    #expect(stage.loop.wait(seconds: 20) { stage.stored == 1 && stage.storedSlot == 1 })
    stage.switches.fill(true)
    stage.persistMuch()
    #expect(stage.loop.wait(seconds: 20) { stage.isFull })
    stage.persist(3)
    stage.events = []
    let fault = stage.replace(isLarge: true)
    #expect((fault ?? nil) != nil, "\(String(describing: fault)) \(stage.events)")
    #expect(stage.stored == 1 && stage.storedSlot == 1)
    stage.switches.fill(false)
    #expect(stage.loop.wait(seconds: 20) { stage.stored == 3 })
    #expect(try stage.contents()?.log.acceptedEpoch == 3)
  }

  /// What was on its way when another memory was wanted is of the former one.
  @Test func whatFoundNoRoomBeforeIsNotStoredOverAnotherMemory() throws {
    let stage = try Stage()
    stage.persist(1)
    #expect(stage.loop.wait(seconds: 20) { stage.stored == 1 })
    stage.switches.fill(true)
    stage.persistMuch()
    #expect(stage.replace(isLarge: false) == .some(.none))
    stage.switches.fill(false)
    stage.events = []
    stage.disk?.persist(.log(.current(epoch: 5)))
    stage.disk?.flush()
    #expect(stage.loop.wait(seconds: 20) { stage.stored != nil })
    #expect(stage.stored == 1)
    let memory = try stage.contents()
    #expect(memory?.log.currentEpoch == 5 && memory?.log.history.items.isEmpty == true)
  }

  /// As by a change of the engine, while the thread has something on its way still.
  @Test func whoeverLetsGoOfItWhileItStoresIsToldNothingMore() throws {
    let stage = try Stage()
    stage.persistMuch()
    stage.drop()
    #expect(stage.loop.wait(seconds: 20) { !stage.worker.isBusy })
    #expect(stage.events.isEmpty)
  }

  @Test func noMoreWaitsForADiskThanThereIsMemoryFor() throws {
    let stage = try Stage()
    stage.switches.fill(true)
    for count in 1...3 {
      stage.persistMuch()
      #expect(stage.loop.wait(seconds: 20) { stage.isFull } && stage.disk?.takesMore == true, "\(count)")
    }
    stage.persistMuch()
    #expect(stage.disk?.takesMore == false)
    stage.switches.fill(false)
    #expect(stage.loop.wait(seconds: 20) { stage.stored == 4 } && stage.disk?.takesMore == true)
  }

  /// As each try takes what room there is away from others, and has what was promised of addresses wait.
  @Test func whatFindsNoRoomIsTriedOnceASecond() throws {
    let stage = try Stage()
    stage.switches.fill(true)
    stage.persistMuch()
    #expect(stage.loop.wait(seconds: 20) { stage.isFull })
    let tries = stage.switches.made
    for count in 1...5 as ClosedRange<UInt64> {
      stage.disk?.persist(PaxosSlot(), of: 0)
      stage.persist(UInt32(count))
      #expect(stage.loop.wait(seconds: 20) { stage.storedSlot == count })
    }
    #expect(stage.switches.made <= tries + 1, "not at each slot")
    #expect(!stage.events.contains { if case .relieved = $0 { true } else { false } })
    stage.switches.fill(false)
    #expect(stage.loop.wait(seconds: 20) { stage.stored == 6 })
    #expect(stage.events.count { if case .relieved = $0 { true } else { false } } == 1)
  }
}
