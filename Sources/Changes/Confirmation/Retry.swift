import Balancing
import Libevent
import Model

/// Tries something again that failed, less and less often, until it's told to stop.
final class Retry {
  /// The time to each next try: it doubles from one to the other. Pure.
  struct Backoff: Sendable {
    var shortest = Duration.seconds(1)
    var longest = Duration.seconds(60)
    private(set) var failures = 0

    /// It has failed once more: how long to wait.
    mutating func next() -> Duration {
      defer { failures += 1 }
      return min(shortest * (1 << min(failures, 20)), longest)
    }
  }

  /// When it's tried next; nil if it isn't to be.
  private(set) var nextTry: Timestamp?

  private var backoff: Backoff
  private let action: () -> Void
  private var timer: Timer?

  /// Isn't to be tried yet.
  init(_ backoff: Backoff = Backoff(), on loop: EventLoop, action: @escaping () -> Void) {
    self.backoff = backoff
    self.action = action
    timer = Timer(on: loop) { [unowned self] in
      nextTry = nil
      self.action()
    }
  }

  /// It has failed: tries again in a while.
  func failed() {
    let wait = backoff.next()
    nextTry = Timestamp(milliseconds: Timestamp.now.milliseconds + Int(wait.inSeconds * 1000))
    timer?.schedule(after: wait)
  }

  /// Isn't to be tried again; after a later failure it begins with the shortest time.
  func stop() {
    timer?.cancel()
    nextTry = nil
    backoff = Backoff(shortest: backoff.shortest, longest: backoff.longest)
  }
}
