import Agreement
import Balancing
import Control
import Fleet
import Libevent
import Model

/// Tells the fleet what this node sees of its backends, and reports what other nodes do: down on one node of three is a path, down
/// on all of them is a backend.
final class FleetHealth {
  private let controller: Controller
  private let hasAddresses: Bool
  private let post: (FleetCommand) -> Void
  private var down: [UInt64]?
  private var views: [PoolView] = []
  private var timer: Timer?

  /// - Parameters:
  ///   - hasAddresses: whether there are addresses, which a node that is cut off from its backends gives up.
  ///   - post: tells the fleet's thread.
  init(_ controller: Controller, hasAddresses: Bool, on loop: EventLoop, post: @escaping (FleetCommand) -> Void) {
    self.controller = controller
    self.hasAddresses = hasAddresses
    self.post = post
    timer = Timer(on: loop) { [unowned self] in look() }
    timer?.schedule(after: .zero)
  }

  private func look() {
    timer?.schedule(after: .seconds(1))
    let down = controller.pools.flatMap { pool in
      pool.members.filter { Self.isDown($0.reportedHealth, $0.state) }.map { Self.mark(pool.name, $0.address) }
    }.sorted()
    if down != self.down {
      self.down = down
      post(.down(down))
    }
    guard hasAddresses else { return }
    let views = controller.pools.prefix(FleetNode.mostPools).map(Self.view)
    if views != self.views {
      self.views = views
      post(.view(views))
    }
  }

  /// What this node sees of a pool's backends; those that nobody looks after count for nothing.
  private static func view(of pool: PoolController) -> PoolView {
    let up = pool.members.count { $0.state == .up || $0.state == .warming }
    // If most fail at once they're held as they were: that is just what's looked for here.
    let down = pool.members.count { [.down, .ejected, .held].contains($0.state) }
    return PoolView(up: UInt32(up), total: UInt32(up + down))
  }

  /// Adds to a report on which nodes each backend is down, if it is on any.
  static func complete(_ report: inout Report, by status: FleetStatus) {
    let views = status.nodes.filter { $0.name != status.me && $0.isPresent }.compactMap { node in
      node.down.map { (node: node.name, marks: Set($0)) }
    }
    guard !views.isEmpty else { return }
    let isQuiet = views.allSatisfy(\.marks.isEmpty)
    for pool in report.pools.indices {
      for index in report.pools[pool].backends.indices {
        let backend = report.pools[pool].backends[index]
        let isDownHere = isDown(backend.health, backend.state)
        guard isDownHere || !isQuiet else { continue }
        let mark = mark(report.pools[pool].name, backend.address)
        let nodes = (isDownHere ? [status.me] : []) + views.filter { $0.marks.contains(mark) }.map(\.node)
        guard !nodes.isEmpty else { continue }
        report.pools[pool].backends[index].downOn = .init(nodes: nodes.sorted().map(\.text), of: views.count + 1)
      }
    }
  }

  /// The number by which a backend is known on all nodes: names have no space.
  private static func mark(_ pool: String, _ address: String) -> UInt64 {
    ClientHash.of(bytes: "\(pool) \(address)".utf8)
  }

  /// Whether a node would give a backend no sessions for what it sees of it, whatever else holds.
  private static func isDown(_ health: Report.Health, _ state: Report.Backend.State) -> Bool {
    health == .down || state == .ejected
  }
}
