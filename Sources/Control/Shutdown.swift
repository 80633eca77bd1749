import Libevent
import Proxy

/// The graceful end: listeners are closed or left to another process, sessions may finish for a while, then the loop stops.
final class Shutdown {
  /// What becomes of the listeners.
  enum Manner {
    /// They are closed; who has connected by then is served.
    case closing
    /// Another process has them, too, and accepts from now on.
    case handingOver
  }

  /// When whoever is left is cut off.
  let deadline: Timestamp

  /// How long the process stays when no session is left: whoever has asked for another one to take over gets an answer.
  private let farewell: Duration
  private let loop: EventLoop
  private var draining: Set<Int>
  private var timer: Timer?

  /// Starts it. Sessions may go on for at most the limit; as late as the pace of evictions allows, those that are between
  /// bytes are ended before it's over.
  init(
    _ manner: Manner, _ workforce: Workforce, _ evictions: EvictionScheduler, limit: Duration, on loop: EventLoop
  ) {
    self.loop = loop
    draining = Set(0..<workforce.count)
    deadline = Timestamp(milliseconds: Timestamp.now.milliseconds + Int(limit.inSeconds * 1000))
    switch manner {
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

  /// A worker has no session left.
  func workerDrained(_ worker: Int) {
    draining.remove(worker)
    if draining.isEmpty { timer?.schedule(after: farewell) }
  }

  /// Waits no longer.
  func hurry() {
    loop.stop()
  }
}
