import Libevent

/// The graceful end: listeners are closed, sessions may finish for a while, then the loop stops.
final class Shutdown {
  private let loop: EventLoop
  private var draining: Set<Int>
  private var deadline: Timer?

  /// Starts it. Sessions may go on for at most the limit.
  init(_ workforce: Workforce, limit: Duration, on loop: EventLoop) {
    self.loop = loop
    draining = Set(0..<workforce.count)
    workforce.post(.drain)
    deadline = Timer(on: loop) { loop.stop() }
    deadline?.schedule(after: limit)
  }

  /// A worker has no session left.
  func workerDrained(_ worker: Int) {
    draining.remove(worker)
    if draining.isEmpty { loop.stop() }
  }

  /// Waits no longer.
  func hurry() {
    loop.stop()
  }
}
