import Glibc
import Libevent
import Sockets
import Synchronization
import SystemPackage

/// The clients' side, on a thread of its own: three small backends, and a client that connects to the floating address all the time and
/// takes note of when somebody answered.
final class FleetDemoClient: Sendable {
  /// How often it connects, and how long it waits: an answer that takes longer is none, as the kernel has repeated its first packet.
  static let pace = DemoTraffic.Pace(perSecond: 200, limit: .milliseconds(300))

  /// What came of requests since `mark`, by when they began.
  private struct Past {
    /// Those that were answered, and the last one before `mark`.
    var answered: [UInt64] = []
    var failed: [UInt64] = []
  }

  private let past = Mutex(Past())
  /// Where the backends are.
  let backends: [SocketAddress]

  /// Starts it.
  init() throws(FleetDemoProblem) {
    let place = SocketAddress(ip: FleetDemoNetwork.hub, port: 0)
    let target = SocketAddress(ip: FleetDemoNetwork.floating, port: 80)
    guard let place, let target else { preconditionFailure("the demo's addresses are none") }
    var ports: [DemoPort] = []
    do throws(Errno) {
      for letter in ["a", "b", "c"] { ports.append(try DemoPort(name: "backend-\(letter)", at: place)) }
    } catch {
      throw .failed("the backends: \(error)")
    }
    backends = ports.map(\.address)
    let all = ports
    _ = LoopThread(name: "clients") { [self] in run(all, to: target) }
  }

  private func run(_ ports: [DemoPort], to target: SocketAddress) {
    let loop = EventLoop()
    // Everything of the demo goes with this process, which is the first of its namespace.
    let signals = [SIGTERM, SIGINT].map { SignalEvent($0, on: loop) { _exit(EXIT_FAILURE) } }
    let backends = ports.map { DemoBackend($0, on: loop) }
    for backend in backends { try? backend.revive() }
    let traffic = DemoTraffic(to: target, backends: ports.map(\.name), pace: Self.pace, on: loop)
    traffic.onAnswer = { [self] _, began in past.withLock { $0.answered.append(began) } }
    traffic.onFailure = { [self] began in past.withLock { $0.failed.append(began) } }
    loop.run {
      traffic.afterTurn()
      return .wait
    }
    withExtendedLifetime((signals, backends)) {}
  }

  /// Forgets what was before.
  func mark() {
    past.withLock { past in
      past.answered = past.answered.max().map { [$0] } ?? []
      past.failed = []
    }
  }

  /// Whether a request was answered that began later than a moment.
  func isAnswered(since moment: UInt64) -> Bool {
    past.withLock { $0.answered.contains { $0 > moment } }
  }

  /// The longest time since `mark` in which no request was answered though some were made; nil if all were answered.
  var longestGap: Duration? {
    let (times, failed) = past.withLock { ($0.answered.sorted(), $0.failed) }
    let gaps = zip(times, times.dropFirst()).filter { gap in failed.contains { gap.0 < $0 && $0 < gap.1 } }
    return gaps.map { .nanoseconds($1 - $0) }.max()
  }
}
