import Balancing
import Libevent
import Sockets

/// Looks at something again and again, one look at a time, and sooner where somebody asks for it. Dropping it ends that.
final class Lookout {
  /// Two looks begin at least so long after one another, however often is asked.
  static let shortestPause = Duration.seconds(1)

  private let look: () -> Void
  private var began = Instant.now
  /// When the next look is due; nil while one is under way.
  private var due: Instant?
  /// Whether what a look under way finds may be old by then.
  private var isOutdated = false
  private var timer: Timer?

  /// Looks for the first time with ``begin()``.
  ///
  /// - Parameter look: begins a look, of which `ended` tells the end.
  init(on loop: EventLoop, look: @escaping () -> Void) {
    self.look = look
    timer = Timer(on: loop) { [weak self] in self?.begin() }
  }

  /// Looks now.
  func begin() {
    (due, isOutdated) = (nil, false)
    began = .now
    look()
  }

  /// The look has ended: the next one is so far away.
  func ended(next wait: Duration) {
    schedule(after: wait)
    if isOutdated { lookAgain() }
  }

  /// Looks at once, or as soon as that may be: there is reason to think that something has changed.
  func lookAgain() {
    guard let due else { return isOutdated = true }
    let soonest = max(began + Self.shortestPause, .now)
    if soonest < due { schedule(after: soonest - .now) }
  }

  private func schedule(after wait: Duration) {
    due = .now + wait
    timer?.schedule(after: wait)
  }

  /// The time from a look to the next: as long as what was found may be remembered, if that's shorter than the interval, ±10%; after a
  /// failure a second, doubled with each further one, up to the interval.
  ///
  /// - Parameters:
  ///   - failures: how many there were in a row; 0 if this one succeeded.
  ///   - life: how long it may be remembered; nil for as long as one likes.
  static func wait(
    after failures: Int, life: Duration? = nil, interval: Duration, using generator: inout SplitMix64
  ) -> Duration {
    let doublings = min(failures - 1, 20)
    let remembered = min(life.map { max($0, shortestPause) } ?? interval, interval)
    let wait = failures > 0 ? min(shortestPause * (1 << doublings), interval) : remembered
    return wait * (1 + jitter * Double.random(in: -1...1, using: &generator))
  }

  /// By which part of itself a wait varies at random.
  private static let jitter = 0.1
}
