import Agreement
@testable import Fleet
import Libevent
import Model
import Sockets
import Testing

@testable import Service

/// What people want of a fleet's addresses, without a fleet: what its thread is told and tells is the test's.
@Suite struct AddressDeskTests {
  private final class Bench {
    let loop = EventLoop()
    var posted: [FleetCommand] = []
    var outcomes: [AddressDesk.Outcome] = []
    private(set) lazy var desk = AddressDesk(on: loop) { [unowned self] in posted.append($0) }

    func note(
      owner: String?, _ generation: UInt64, since: Moment? = .start, mine: FleetStatus.Address.Mine = .no,
      hasLeft: Bool = false
    ) {
      let nodes = ["lb1", "lb2", "lb3"].map { name in
        FleetStatus.Node(name: NodeName(name), isPresent: true, generation: 1, position: 1, complaint: nil)
      }
      var status = FleetStatus(
        me: NodeName("lb1"), nodes: nodes, isLogLive: true, position: 1, end: 1, generation: 1, origin: 1,
        digest: Digest(0, 0, 0, 0))
      status.addresses = [
        FleetStatus.Address(
          name: "web", host: .ipv4(0x0A00_0064, port: 0), owner: owner.map { NodeName($0) }, generation: generation,
          since: since, mine: mine, candidates: [NodeName("lb1"), NodeName("lb2")], problem: nil)
      ]
      status.hasLeft = hasLeft
      desk.note(status)
    }

    func move(_ name: String, _ node: String?) {
      desk.move(name, to: node) { [unowned self] in outcomes.append($0) }
    }

    var last: String? {
      switch outcomes.last {
      case .success(let done): done.message
      case .failure(let problem): "\(problem.error) – \(problem.hint ?? "")"
      case nil: nil
      }
    }
  }

  @Test func aMoveIsToldWhenItShows() {
    let bench = Bench()
    bench.move("web", "lb2")
    #expect(bench.last?.hasPrefix("nothing is known of the fleet yet") == true)
    bench.note(owner: "lb1", 4)
    bench.outcomes = []
    bench.move("web", "lb2")
    guard case .move(0, NodeName("lb2"))? = bench.posted.last else { return #expect(Bool(false)) }
    bench.note(owner: nil, 4)
    #expect(bench.outcomes.isEmpty)
    bench.note(owner: "lb2", 5)
    #expect(bench.last == "web is lb2's")
    // Somebody else was faster.
    bench.move("web", nil)
    guard case .move(0, NodeName("lb1"))? = bench.posted.last else { return #expect(Bool(false)) }
    bench.note(owner: "lb3", 6)
    #expect(bench.last?.hasPrefix("web is lb3's now – lb1 didn't take it") == true)
  }

  @Test func whoeverWaitsAsAnotherProcessBecomesTheNodeIsTold() {
    let bench = Bench()
    bench.note(owner: "lb1", 4)
    bench.move("web", "lb2")
    bench.desk.leave { bench.outcomes.append($0) }
    bench.desk.join { bench.outcomes.append($0) }
    let before = bench.outcomes.count
    bench.desk.stop()
    #expect(bench.outcomes.count == 3 && before < 3)
    #expect(bench.last?.contains("no node of the fleet any more") == true)
  }

  /// A process that has just begun knows only that the one before it had the address.
  @Test func aMoveWaitsUntilItIsKnownWhoseTheAddressIs() {
    let bench = Bench()
    bench.note(owner: nil, 4, since: nil)
    bench.move("web", "lb1")
    #expect(bench.outcomes.isEmpty && bench.posted.isEmpty)
    bench.note(owner: "lb2", 5)
    guard case .move(0, NodeName("lb1"))? = bench.posted.last else { return #expect(Bool(false)) }
    bench.note(owner: "lb1", 6)
    #expect(bench.last == "web is lb1's")
  }

  @Test(arguments: [
    ("mail", nil, "there is no address \"mail\" – the addresses are: web"),
    ("web", "lb9", "there is no node \"lb9\" – the nodes are: lb1, lb2, lb3"),
    ("web", "lb3", "lb3 can't have web now – it has to be there"),
    ("web", "lb1", "web is lb1's"),
  ])
  func whatCannotBeIsNamed(_ address: String, _ node: String?, _ words: String) {
    let bench = Bench()
    bench.note(owner: "lb1", 4)
    bench.move(address, node)
    #expect(bench.last?.hasPrefix(words) == true, "\(bench.last ?? "")")
    #expect(bench.posted.isEmpty)
  }

  @Test func leavingWaitsUntilNothingIsLeftAndNoLonger() {
    let bench = Bench()
    bench.note(owner: "lb1", 4, mine: .owned(until: .start + .seconds(1)))
    bench.desk.leave(within: .milliseconds(50)) { [unowned bench] in bench.outcomes.append($0) }
    guard case .leave(true)? = bench.posted.last else { return #expect(Bool(false)) }
    bench.note(owner: "lb1", 4, mine: .leaving, hasLeft: true)
    #expect(bench.outcomes.isEmpty)
    let end = Timer(on: bench.loop) { [unowned bench] in bench.loop.stop() }
    end.schedule(after: .milliseconds(200))
    bench.loop.run()
    #expect(bench.last?.hasPrefix("web couldn't be given up in time") == true)
    bench.desk.leave { [unowned bench] in bench.outcomes.append($0) }
    bench.note(owner: nil, 4, hasLeft: true)
    #expect(bench.last == "lb1 owns no address until `martlet fleet join`")
    bench.desk.join { [unowned bench] in bench.outcomes.append($0) }
    bench.note(owner: nil, 4)
    #expect(bench.last == "lb1 may own addresses")
  }
}
