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

  /// When those requests began that were answered, since `mark`, and the last one before it.
  private let answered = Mutex<[UInt64]>([])
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
    // Everything of the demo goes with this process, which is the first of its kind here.
    let signals = [SIGTERM, SIGINT].map { SignalEvent($0, on: loop) { _exit(EXIT_FAILURE) } }
    let backends = ports.map { DemoBackend($0, on: loop) }
    for backend in backends { try? backend.revive() }
    let traffic = DemoTraffic(to: target, backends: ports.map(\.name), pace: Self.pace, on: loop)
    traffic.onAnswer = { [self] _, began in answered.withLock { $0.append(began) } }
    loop.run {
      traffic.afterTurn()
      return .wait
    }
    withExtendedLifetime((signals, backends)) {}
  }

  /// Forgets what was before, and gives the moment.
  func mark() -> UInt64 {
    answered.withLock { times in times = times.max().map { [$0] } ?? [] }
    return MonotonicClock.now()
  }

  /// Whether a request was answered that began later than a moment.
  func isAnswered(since moment: UInt64) -> Bool {
    answered.withLock { $0.contains { $0 > moment } }
  }

  /// The longest time without a request that was answered, since `mark`.
  var longestGap: Duration {
    let times = answered.withLock { $0.sorted() }
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    return .nanoseconds(gaps.max() ?? 0)
  }
}
