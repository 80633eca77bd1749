import Libevent

/// Tells somebody what came of something, once: what it came to, or after a while that it isn't known.
final class OnceInTime<Outcome> {
  private var done: ((Outcome) -> Void)?
  private var timer: Timer?

  /// Begins to count the time.
  ///
  /// - Parameter late: what is told if nothing else was in time.
  init(_ limit: Duration, on loop: EventLoop, _ done: @escaping (Outcome) -> Void, late: @escaping () -> Outcome) {
    self.done = done
    timer = Timer(on: loop) { [unowned self] in give(late()) }
    timer?.schedule(after: limit)
  }

  /// What it came to.
  func give(_ outcome: Outcome) {
    timer?.cancel()
    done.take()?(outcome)
  }
}
