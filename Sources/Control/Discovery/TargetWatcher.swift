import Balancing
import Config
import Libevent
import Model
import Names
import Sockets
import SystemPackage

/// Whom looks are made by.
struct TargetFinder {
  let resolver: Resolver
  /// Reads files.
  let reader: BackgroundWorker
}

/// One look at a source. Dropping it ends that.
final class TargetLook {
  private var service: ServiceLookup?

  /// Begins.
  ///
  /// - Parameter found: called once, after this has returned.
  init(at source: TargetSource, by finder: TargetFinder, found: @escaping (TargetFinding) -> Void) {
    switch source {
    case .service(let name): service = finder.resolver.resolveService(name) { found(TargetFinding($0)) }
    case .file(let path):
      finder.reader.perform {
        TargetFinding.reading(path)
      } then: { [weak self] finding in
        if self != nil { found(finding) }
      }
    }
  }
}

/// Looks at some sources once. Dropping it ends that.
package final class TargetLookup {
  private var looks: [TargetLook] = []
  private var left: Int
  private var answers: [TargetSource: [Target]] = [:]
  private var failures: [TargetSource: String] = [:]
  private let done: ([TargetSource: [Target]], [TargetSource: String]) -> Void

  init(
    _ sources: Set<TargetSource>, by finder: TargetFinder,
    done: @escaping ([TargetSource: [Target]], [TargetSource: String]) -> Void
  ) {
    left = sources.count
    self.done = done
    for source in sources {
      looks.append(TargetLook(at: source, by: finder) { [weak self] in self?.take($0, of: source) })
    }
  }

  private func take(_ finding: TargetFinding, of source: TargetSource) {
    switch finding {
    case .targets(let targets): answers[source] = targets
    case .trouble(let reason): failures[source] = reason
    }
    left -= 1
    if left == 0 { done(answers, failures) }
  }
}

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
