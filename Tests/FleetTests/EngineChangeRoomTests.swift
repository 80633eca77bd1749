import Foundation
import Libevent
import Model
import Sockets
import Support
import Testing

@testable import Agreement
@testable import Fleet

/// When a node says that it could come over to a store that its file names.
@Suite struct EngineChangeRoomTests {
  private static let state = {
    var state = FleetState()
    state.position = 10
    return state
  }()

  private static func head(_ last: UInt64) -> StoreReply {
    var head = StoreHead()
    head.last = last
    return .value(head.encoded, StoreVersion(bits: 1))
  }

  /// A change to a store that answers so.
  private static func change(to store: HeldStore) -> EngineChange {
    EngineChange(
      [
        FleetEngine(name: "zookeeper /b", store: StoreSettings(.zooKeeper, servers: [], root: "/b")),
        FleetEngine(name: "embedded", store: nil),
      ], current: "embedded", isNoted: true, open: { _ in store }, call: { _, _ in })
  }

  @Test(arguments: [(StoreReply.absent, true), (head(10), true), (head(11), false), (.unknown, false)])
  func aStoreIsLookedAtFirst(reply: StoreReply, isReady: Bool) throws {
    let store = try HeldStore(reply)
    let change = Self.change(to: store)
    #expect(change.ready == nil)
    let loop = EventLoop()
    let disk = BackgroundWorker(name: "disk", on: loop)
    let look = { (now: Moment, then: @escaping () -> Void) in
      change.look(for: Self.state, in: DataFolder("/nowhere"), by: disk, at: now, then: then)
    }
    var told = 0
    look(.start) { told += 1 }
    store.answer()
    #expect(change.ready == (isReady ? "zookeeper /b" : nil))
    #expect(told == (reply == .unknown ? 0 : 1))
    // Not again at once, but after a while: somebody may have removed what was there.
    look(.start + .seconds(1)) {}
    #expect(store.asked == 1)
    store.reply = .absent
    look(.start + .seconds(3)) {}
    store.answer()
    #expect(change.ready == "zookeeper /b")
    store.state = .away(since: .now, why: "it's gone")
    #expect(change.ready == nil)
  }

  /// Nor does a node say that it could keep the log itself where it couldn't.
  @Test func aJournalIsTriedFirst() throws {
    let loop = EventLoop()
    let disk = BackgroundWorker(name: "disk", on: loop)
    let change = EngineChange(
      [
        FleetEngine(name: "embedded", store: nil),
        FleetEngine(name: "etcd /b", store: StoreSettings(.etcd, servers: [], root: "/b")),
      ], current: "etcd /b", isNoted: true, open: { _ in fatalError("none is") }, call: { _, _ in })
    let folder = try TemporaryFolder()
    // What is in the way of a folder is as good as a disk that can't be written to, which root can always.
    try folder.write("journal.trial", "")
    try folder.write("journal.trial.kept", "")
    func look(_ second: Int64, in path: String) {
      var told = 0
      change.look(for: Self.state, in: DataFolder(path), by: disk, at: .start + .seconds(second)) {
        told += 1
        loop.stop()
      }
      loop.run()
      #expect(told == 1)
    }
    look(1, in: "/proc/self/none")
    #expect(change.ready == nil)
    let plan = FleetPlan(me: NodeName("a"), nodes: [NodeName("a")], addresses: [])
    let node = FleetNode(plan, memory: FleetMemory(incarnation: Incarnation(bits: 1), run: 1))
    let text = try #require(change.text(of: node, at: .start))
    #expect(text.contains("this node's data folder can't take a journal: "), "\(text)")
    look(3, in: folder.path)
    #expect(change.ready == "embedded")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["journal.trial.kept"])
    // Once there's a place it isn't tried again.
    change.look(for: Self.state, in: DataFolder("/proc/self/none"), by: disk, at: .start + .seconds(9)) {}
    #expect(!disk.isBusy && change.ready == "embedded")
  }

  @Test func aJournalThatIsThereIsReadAndStaysAsItIs() throws {
    let folder = try TemporaryFolder()
    _ = try EmbeddedVault.open(
      in: folder.path, on: SystemDisk(), FleetMemory(incarnation: Incarnation(bits: 1), run: 1), names: ["web"]
    ) { 7 }
    let before = try #require(try EmbeddedVault.look(in: folder.path))
    #expect(EmbeddedVault.obstacle(in: folder.path) == nil)
    #expect(try EmbeddedVault.look(in: folder.path) == before)
    // One that this program can't go on with is as good as none.
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/journal") where name.count == 16 {
      try folder.write("journal/\(name)", "this is no segment")
    }
    #expect(EmbeddedVault.obstacle(in: folder.path) != nil)
  }

  @Test(.enabled(if: SmallDisk.obstacle == nil, "\(SmallDisk.obstacle ?? "")"))
  func aDiskWithoutRoomForAJournalIsNoPlace() throws {
    let found = try #require(
      SmallDisk.run(bytes: 1 << 20) { () -> (EmbeddedVault.Refusal?, [String]?) in
        let refusal = EmbeddedVault.obstacle(in: SmallDisk.path)
        return (refusal, try? SystemDisk().names(in: SmallDisk.path))
      })
    guard case .fault(.full)? = found.0 else {
      Issue.record("\(String(describing: found.0))")
      return
    }
    #expect(found.1 == [])
  }

  /// An engine is held to once the node has part in the log of a fleet that serves something, and not when that log is over.
  @Test func theEngineInForceIsNotedOnce() throws {
    let plan = FleetPlan(me: NodeName("a"), nodes: [NodeName("a"), NodeName("b")], addresses: [])
    func node(_ generation: UInt64, isInformed: Bool = true) -> FleetNode {
      var node = FleetNode(plan, memory: FleetMemory(incarnation: Incarnation(bits: 1), run: 1))
      node.isInformed = isInformed
      node.state.committed.generation = generation
      return node
    }
    let change = EngineChange(
      [FleetEngine(name: "embedded", store: nil)], current: "embedded", isNoted: false,
      open: { _ in fatalError("none is") },
      call: { _, _ in })
    #expect(change.era(toNoteOf: node(0), at: .start) == nil)
    #expect(change.era(toNoteOf: node(1, isInformed: false), at: .start) == nil)
    var over = node(1)
    over.state.succession = Succession(number: 1, era: 1, engine: "etcd /b", founders: [])
    #expect(change.era(toNoteOf: over, at: .start) == nil)
    #expect(change.era(toNoteOf: node(1), at: .start) == Era(engine: "embedded"))
    #expect(change.era(toNoteOf: node(1), at: .start + .seconds(60)) == nil, "it's under way")
    // The disk was full.
    change.noted(false, at: .start)
    #expect(change.era(toNoteOf: node(1), at: .start + .seconds(1)) == nil)
    #expect(change.era(toNoteOf: node(1), at: .start + .seconds(2)) == Era(engine: "embedded"))
    change.noted(true, at: .start + .seconds(2))
    #expect(change.era(toNoteOf: node(1), at: .start + .seconds(60)) == nil)
  }
}

/// A store that answers when it's told to.
private final class HeldStore: Store {
  var onHint: ((StoreKey) -> Void)?
  var onState: ((StoreState) -> Void)?
  var state: StoreState
  var reply: StoreReply
  private(set) var asked = 0
  private var waiting: [(StoreReply) -> Void] = []

  init(_ reply: StoreReply) throws {
    self.reply = reply
    state = .reached(try #require(SocketAddress("127.0.0.1:9")), since: .now, trouble: nil)
  }

  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    asked += 1
    waiting.append(then)
  }

  func watch(_ keys: Set<StoreKey>) {}

  func answer() {
    for then in waiting { then(reply) }
    waiting = []
  }
}
