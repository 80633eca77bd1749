import Agreement
import Control
import Fleet
import Libevent
import Logging
import Model

/// In this target it's an override's, and not an address's.
typealias Lease = Model.Lease

/// Lets the overrides hold on this node that its fleet has agreed on, and ends those whose time is over, for all nodes.
///
/// It belongs to the control loop's thread. What holds is a function of the log's state, so nothing here has a memory of its own
/// that has to survive.
final class FleetOverrides {
  /// Says something to all nodes, and is told what came of it.
  typealias Ask = (_ request: FleetRequest, _ done: @escaping (FleetAnswer) -> Void) -> Void

  private let controller: Controller
  private let logger: Logger
  private let ask: Ask
  /// What the log holds; nil before its end was known once.
  private var leases: [String: Lease]?
  /// What can't be read, and has been told of.
  private var unreadable: Set<String> = []
  private var status: FleetStatus?
  /// The positions of those whose end is on its way to the log.
  private var ending: Set<Int> = []
  private var timer: Timer?

  init(_ controller: Controller, on loop: EventLoop, logger: Logger, ask: @escaping Ask) {
    self.controller = controller
    self.logger = logger
    self.ask = ask
    timer = Timer(on: loop) { [unowned self] in endThoseThatAreOver() }
  }

  /// Whether the log was known to its end once since the start.
  var areKnown: Bool { leases != nil }

  /// How many there are.
  var count: Int { leases?.count ?? 0 }

  /// These hold from now on, and no others of the fleet.
  func follow(_ agreed: AgreedOverrides) {
    let (readable, problems) = Self.read(agreed.overrides)
    for (key, problem) in problems where unreadable.insert(key).inserted {
      logger.warning("fleet: an override can't be read by this version, and doesn't hold here: \(problem)")
    }
    unreadable.formIntersection(problems.map(\.key))
    controller.apply(Change(.fleet(readable), by: "the fleet"))
    leases = Dictionary(readable.map { ($0.fleetKey, $0) }) { $1 }
    ending.formIntersection(readable.compactMap(\.position))
    endThoseThatAreOver()
  }

  /// Reads what a log holds, or a data folder does; in the order in which it was made.
  static func read(_ overrides: [FleetState.Override]) -> (leases: [Lease], problems: [(key: String, problem: String)])
  {
    var leases: [Lease] = []
    var problems: [(key: String, problem: String)] = []
    for override in overrides.sorted(by: { $0.setAt < $1.setAt }) {
      do throws(DecodingFault) {
        leases.append(try Lease(override))
      } catch {
        problems.append((override.key, "\(override.key): \(error)"))
      }
    }
    return (leases, problems)
  }

  /// The fleet is otherwise than before: others may have to end what is over, or this node.
  func note(_ status: FleetStatus) {
    let before = self.status
    self.status = status
    if before?.isLogLive != status.isLogLive || before?.nodes.map(\.isPresent) != status.nodes.map(\.isPresent) {
      endThoseThatAreOver()
    }
  }

  /// Tells people of an entry about overrides that was taken up, in one line.
  func log(_ entry: Entry, _ position: UInt64) {
    guard let leases else { return }
    let node = entry.id.author.node.text
    switch entry.event {
    case .set(let key, let value):
      guard let lease = try? Lease(FleetState.Override(key: key, value: value, setAt: position)) else { return }
      logger.notice(
        "fleet: \(lease.pool)/\(lease.endpoint) \(lease.text)", metadata: ["position": "\(position)"])
    case .unset(let keys, let author):
      for lease in keys.compactMap({ leases[$0] }) {
        logger.notice(
          "fleet: \(lease.pool)/\(lease.endpoint) no longer \(lease.text), taken back by \(author) on \(node)",
          metadata: ["position": "\(position)"])
      }
    case .expire(let key, _):
      guard let lease = leases[key] else { return }
      logger.notice(
        "fleet: lease is over: \(lease.pool)/\(lease.endpoint) \(lease.text)",
        metadata: ["position": "\(position)", "node": "\(node)"])
    default: break
    }
  }

  // MARK: The end of leases

  /// How much later each node ends what is over than the one before it that is there: one of them is enough.
  private static let patience = 1.0

  /// Clocks can jump: it's looked at once a minute.
  private static let longestWait = 60.0

  private func endThoseThatAreOver() {
    guard let status, let leases else { return }
    let now = Timestamp.now
    let before = status.nodes.prefix { $0.name != status.me }.count(where: \.isPresent)
    var next = Self.longestWait
    for (key, lease) in leases {
      guard let until = lease.until, let position = lease.position, !ending.contains(position) else { continue }
      let wait = until.seconds(since: now) + Double(before) * Self.patience
      if wait > 0 {
        next = min(next, wait)
      } else if status.isLogLive {
        end(key, setAt: position)
      }
    }
    // What can't be ended now, as the log can't be reached, has to wait until that changes.
    timer?.schedule(after: .seconds(next) + .milliseconds(2))
  }

  private func end(_ key: String, setAt position: Int) {
    ending.insert(position)
    ask(.expire(key: key, setAt: UInt64(position))) { [weak self] answer in
      guard let self else { return }
      // Said, whatever it came to: another node may have been faster, or it may hold anew. Otherwise it's tried again.
      if case .said = answer { return }
      ending.remove(position)
      timer?.schedule(after: .seconds(Self.patience))
    }
  }
}

extension Lease {
  /// The entry of a fleet's log that it is.
  fileprivate var position: Int? {
    if case .fleet(_, let position) = scope { position } else { nil }
  }
}
