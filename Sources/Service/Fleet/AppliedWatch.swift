import Fleet
import Libevent
import Model
import Sockets

/// Those who wait until nodes have applied an entry of the fleet's log.
final class AppliedWatch {
  private struct Wait {
    let position: UInt64
    let until: Deadline
    let done: (AdminAnswer.Agreed) -> Void
  }

  /// How long nodes are waited for that are there.
  private static let patience = Duration.seconds(3)

  private var status: FleetStatus?
  private var waits: [Wait] = []
  private var timer: Timer?

  init(on loop: EventLoop) {
    timer = Timer(on: loop) { [unowned self] in settle() }
  }

  /// Tells as soon as all nodes that are there have applied an entry, or it takes too long.
  func wait(for position: UInt64, done: @escaping (AdminAnswer.Agreed) -> Void) {
    waits.append(Wait(position: position, until: Deadline(after: Self.patience), done: done))
    settle()
  }

  /// The fleet is otherwise than before.
  func note(_ status: FleetStatus) {
    self.status = status
    settle()
  }

  /// Tells all who wait what is known: no more is going to be.
  func stop() {
    settle(finally: true)
  }

  private func settle(finally: Bool = false) {
    guard let status else { return }
    for (index, wait) in waits.enumerated().reversed() {
      let isApplied = { (node: FleetStatus.Node) in (node.applied ?? 0) >= wait.position }
      let servers = status.servers
      let areDone = servers.allSatisfy { isApplied($0) || !$0.isPresent }
      guard areDone || finally || wait.until.remaining == nil else { continue }
      waits.remove(at: index)
      wait.done(
        AdminAnswer.Agreed(
          position: Int(wait.position), applied: servers.filter(isApplied).map(\.name.text),
          waiting: servers.filter { !isApplied($0) }.map(\.name.text)))
    }
    // A timer goes by a coarser clock, and may come before the time is over.
    if let next = waits.compactMap(\.until.remaining).min() { timer?.schedule(after: max(next, .milliseconds(1))) }
  }
}
