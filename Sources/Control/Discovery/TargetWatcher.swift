import Balancing
import Config
import Libevent
import Model

/// Looks at a source at once and again and again, and says when what is there changes. Dropping it ends that.
final class TargetWatcher {
  private let source: TargetSource
  private let finder: TargetFinder
  private let interval: Duration
  private let happened: (TargetMemory.News) -> Void
  private(set) var memory: TargetMemory
  /// Since when it watches.
  let started = Timestamp.now
  private var random = SplitMix64(seed: .random(in: .min ... .max))
  private var look: TargetLook?
  private var lookout: Lookout?

  /// Starts watching.
  ///
  /// - Parameters:
  ///   - known: what is known already: only what is another is told.
  ///   - interval: from a look to the next, ±10%; it's sooner after a failure.
  init(
    _ source: TargetSource, known: [Target], by finder: TargetFinder, interval: Duration, on loop: EventLoop,
    happened: @escaping (TargetMemory.News) -> Void
  ) {
    self.source = source
    memory = TargetMemory(known)
    self.finder = finder
    self.interval = interval
    self.happened = happened
    lookout = Lookout(on: loop) { [unowned self] in lookNow() }
    lookout?.begin()
  }

  /// Looks at once, or as soon as that may be: there is reason to think that something has changed.
  func lookAgain() { lookout?.lookAgain() }

  private func lookNow() {
    look = TargetLook(at: source, by: finder) { [weak self] in self?.take($0) }
  }

  private func take(_ finding: TargetFinding) {
    let news = memory.take(finding)
    lookout?.ended(next: memory.nextLook(interval: interval, using: &random))
    if news != TargetMemory.News() { happened(news) }
  }
}
