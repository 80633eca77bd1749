import Agreement
import Libevent
import Network
import Sockets
import Support
import SystemPackage
import Testing

@testable import Fleet

/// A node whose journal can't be used when it starts, and can be later on.
@Suite struct VaultOpeningTests {
  /// Links to nobody.
  private final class NoLinks: FleetLinks {
    var onMessage: ((FleetMessage, NodeName) -> Void)?
    var onEnd: ((NodeName) -> Void)?
    func send(_ message: FleetMessage, to node: NodeName) {}
  }

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test("it takes part as soon as the process has ended that had the journal")
  func another() throws {
    let data = DataFolder(folder.path)
    let memory = try data.begin(tally: .journal) { 7 }
    var other: EmbeddedVault? = try EmbeddedVault.open(
      in: folder.path, on: SystemDisk(), memory, names: []
    ) { 8 }.vault
    let opening = VaultOpening(data, memory, names: [], pause: .milliseconds(20))
    guard case .failure(.fault(.busy)) = opening.attempt() else {
      return #expect(Bool(false), "somebody else has it")
    }
    let me = NodeName("lb1")
    var runtime: FleetRuntime?
    var (reliefs, troubles, isLive, wasMute) = ([String](), [String](), false, false)
    runLoop(atMost: .seconds(20)) { loop, done in
      let end = Timer(on: loop) {
        wasMute = !isLive && reliefs.isEmpty
        _ = other.take()
      }
      runtime = FleetRuntime(
        FleetPlan(me: me, nodes: [me], addresses: [], engine: .embedded(EmbeddedLog.Timing())), memory: memory,
        folder: data, store: nil, opening: opening, links: NoLinks(), on: loop
      ) { event in
        switch event {
        case .relief(let what): reliefs.append(what)
        case .trouble(let what): troubles.append(what)
        case .status(let status):
          isLive = status.isLogLive
          // The journal knows of the start that the other one has counted.
          if isLive, status.position >= 1 { done() }
        default: break
        }
      }
      #expect(runtime?.journal != nil, "once the journal can be used there may be no descriptor left for a thread")
      end.schedule(after: .milliseconds(300))
      return end
    }
    _ = runtime?.end(handingOver: false)
    runtime = nil
    #expect(wasMute && isLive && troubles.isEmpty)
    #expect(reliefs.first == "this node takes part in what is agreed on: its journal can be used")
  }

  @Test("what may pass is tried again, what somebody has to mend isn't")
  func whatMayPass() {
    let errors: [(JournalFault, Bool)] = [
      (.busy("/a"), true), (.full("/a", .noSpace), true), (.unreadable("/a", .tooManyOpenFiles), true),
      (.broken("/a", .ioError), false), (.corrupt("/a", "it isn't there"), false), (.version("/a", 9), false),
    ]
    for (fault, mayPass) in errors { #expect(EmbeddedVault.Refusal.fault(fault).mayPass == mayPass, "\(fault)") }
    #expect(!EmbeddedVault.Refusal.strange("x").mayPass && !EmbeddedVault.Refusal.noSlot("web").mayPass)
    #expect(Errno.tooManyOpenFiles.meansFull && Errno.noSpace.meansFull && !Errno.ioError.meansFull)
  }
}

extension VaultOpeningTests {
  @Test("what a program has moved here for the process before is given back, as nobody can go on with it")
  func program() throws {
    let data = DataFolder(folder.path)
    let memory = try data.begin(tally: .journal) { 7 }
    let said = "\(folder.path)/said"
    let host = try #require(SocketAddress(ip: "10.0.0.100", port: 0))
    let words = ["/bin/sh", "-c", "echo \"$0 $1 $2\" >> \(said)"]
    let address = FleetAddress(
      try #require(FloatingAddress("web", host, .command(words))), lease: Lease(term: .seconds(3)))
    let me = NodeName("lb1")
    let plan = FleetPlan(
      me: me, nodes: [me], addresses: [.init(name: "web", lease: address.lease)],
      engine: .embedded(EmbeddedLog.Timing()))
    let left = FleetLease(name: "web", generation: 3, until: (BootClock.now() + .seconds(3)).nanoseconds)
    let loop = EventLoop()
    let runtime = FleetRuntime(
      plan, memory: memory, folder: data, addresses: [address], leases: FleetLeases(held: [left]), store: nil,
      links: NoLinks(), on: loop
    ) { _ in }
    #expect(loop.wait(seconds: 20) { (try? Subprocess.run("cat", [said]).output) == "release web 10.0.0.100\n" })
    withExtendedLifetime(runtime) {}
  }
}
