import Control
import Fleet
import Libevent
import Model

/// Tells the other nodes which backends this one sees down, and reports which they do: down on one node of three is a path, down on
/// all of them is a backend.
final class FleetHealth {
  private let controller: Controller
  private let tell: ([UInt64]) -> Void
  private var told: [UInt64]?
  private var timer: Timer?

  init(_ controller: Controller, on loop: EventLoop, tell: @escaping ([UInt64]) -> Void) {
    self.controller = controller
    self.tell = tell
    timer = Timer(on: loop) { [unowned self] in look() }
    timer?.schedule(after: .zero)
  }

  private func look() {
    timer?.schedule(after: .seconds(1))
    let marks = controller.pools.flatMap { pool in
      pool.members.filter { Self.isDown($0.reportedHealth, $0.state) }.map { Self.mark(pool.name, $0.address) }
    }.sorted()
    guard marks != told else { return }
    told = marks
    tell(marks)
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

  /// The number by which a backend is known (FNV-1a): names have no space.
  private static func mark(_ pool: String, _ address: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(pool) \(address)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  /// Whether a node would give a backend no sessions for what it sees of it, whatever else holds.
  private static func isDown(_ health: Report.Health, _ state: Report.Backend.State) -> Bool {
    health == .down || state == .ejected
  }
}
