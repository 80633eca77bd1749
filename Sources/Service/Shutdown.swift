import Control
import Libevent
import Model
import Proxy

/// The graceful end: listeners are closed or left to another process, sessions may finish for a while, then the loop stops.
final class Shutdown {
  /// When whoever is left is cut off.
  private(set) var deadline: Timestamp
  /// Told when no session is left.
  var drained: () -> Void = {}

  /// How long the process stays when no session is left: whoever has asked for another one to take over gets an answer.
  private let farewell: Duration
  private let loop: EventLoop
  /// How many sessions were ended for the end of the process, and how many of them before this one.
  private let ends: () -> Int
  private let endsBefore: Int
  private let workforce: Workforce
  private let evictions: EvictionScheduler
  private var draining: Set<Int>
  private var timer: Timer?

  /// Starts it. Sessions may go on for at most the limit; as late as the pace of evictions allows, those that are between
  /// bytes are ended before it's over.
  ///
  /// - Parameter ends: counts the sessions that were ended for the end of the process.
  init(
    _ departure: ListenerSet.Departure, _ workforce: Workforce, _ evictions: EvictionScheduler, limit: Duration,
    on loop: EventLoop,
    ends: @escaping () -> Int
  ) {
    self.ends = ends
    endsBefore = ends()
    self.loop = loop
    self.workforce = workforce
    self.evictions = evictions
    draining = Set(0..<workforce.count)
    deadline = Self.deadline(in: limit)
    switch departure {
    case .closing:
      farewell = .zero
      workforce.post(.drain)
    case .handingOver:
      farewell = .milliseconds(300)
      workforce.post(.handOver)
    }
    evictions.shutDown(limit: limit, standing: workforce.sessionSlots.taken)
    timer = Timer(on: loop) { loop.stop() }
    timer?.schedule(after: limit)
  }

  /// How many sessions didn't end by themselves.
  var ended: Int { ends() - endsBefore }

  /// A worker has no session left.
  func workerDrained(_ worker: Int) {
    draining.remove(worker)
    guard draining.isEmpty else { return }
    drained()
    timer?.schedule(after: farewell)
  }

  /// Leaves the sessions less time, if it's less.
  func shorten(to limit: Duration) {
    let sooner = Self.deadline(in: limit)
    guard sooner.milliseconds < deadline.milliseconds, !draining.isEmpty else { return }
    deadline = sooner
    evictions.shutDown(limit: limit, standing: workforce.sessionSlots.taken)
    timer?.schedule(after: limit)
  }

  private static func deadline(in limit: Duration) -> Timestamp {
    Timestamp(milliseconds: Timestamp.now.milliseconds + Int(limit.inSeconds * 1000))
  }

  /// Waits no longer.
  func hurry() {
    loop.stop()
  }
}
