import Agreement
@testable import Fleet
import Libevent
import Model
import Testing

@testable import Service

/// What people want of all nodes of a fleet, without a fleet: what its thread is told and tells is the test's.
@Suite struct FleetDeskTests {
  private final class Bench {
    let loop = EventLoop()
    var numbers: [UInt64] = []
    var outcomes: [Result<FleetDesk.Decided, AdminAnswer.Problem>] = []
    private(set) lazy var desk = FleetDesk(on: loop) { [unowned self] in
      if case .request(_, let number) = $0 { numbers.append(number) }
    }

    func propose() {
      desk.propose(FleetRequest.Wish(text: [1], digest: Digest(1, 2, 3, 4), author: "ann")) { [unowned self] in
        outcomes.append($0)
      }
    }
  }

  private func status(position: UInt64, applied: UInt64? = nil) -> FleetStatus {
    var node = FleetStatus.Node(
      name: NodeName("lb1"), isPresent: true, generation: applied, position: applied ?? position, complaint: nil)
    node.applied = applied
    return FleetStatus(
      me: NodeName("lb1"), nodes: [node], isLogLive: true, position: position, end: position, generation: 1, origin: 1,
      digest: Digest(0, 0, 0, 0))
  }

  @Test("who waits for a rollout is told that it came to something while this node was away")
  func missed() throws {
    let bench = Bench()
    bench.desk.note(status(position: 4))
    bench.propose()
    bench.desk.answer(try #require(bench.numbers.last), .said(position: 5, .began))
    bench.desk.note(status(position: 5))
    #expect(bench.outcomes.isEmpty)
    bench.desk.note(status(position: 9))
    guard case .failure(let problem)? = bench.outcomes.last else { return #expect(Bool(false)) }
    #expect(problem.error.contains("was away when it came to something"))
    #expect(bench.outcomes.count == 1)
  }

  @Test("who waits as another process becomes the node isn't told that nothing will come of it")
  func over() {
    let bench = Bench()
    bench.desk.note(status(position: 4))
    bench.propose()
    bench.desk.stop()
    guard case .failure(let problem)? = bench.outcomes.last else { return #expect(Bool(false)) }
    #expect(problem.error.contains("may still come to something"))
  }

  @Test("whatever other nodes say of themselves can be shown")
  func extremes() {
    let answer = status(position: .max, applied: .max).answer(of: "edge")
    #expect(answer.nodes.first?.applied == .max && answer.log.position == .max)
  }
}
