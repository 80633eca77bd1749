import Config
import Libevent
import Names

/// Whom looks are made by.
struct TargetFinder {
  let loop: EventLoop
  let resolver: Resolver
  /// Reads files; made for the first one.
  let reader: () -> BackgroundWorker
  /// Asks ZooKeeper; nil where nothing says where that is.
  let registry: Registry?
}

/// One look at a source. Dropping it ends that.
final class TargetLook {
  private var service: ServiceLookup?
  private var registered: RegistryLook?
  private var never: Timer?

  /// Begins.
  ///
  /// - Parameter found: called once, after this has returned.
  init(at source: TargetSource, by finder: TargetFinder, found: @escaping (TargetFinding) -> Void) {
    switch source {
    case .service(let name): service = finder.resolver.resolveService(name) { found(TargetFinding($0)) }
    case .file(let path):
      finder.reader().perform {
        TargetFinding.reading(path)
      } then: { [weak self] finding in
        if self != nil { found(finding) }
      }
    case .zooKeeper(let path):
      registered = finder.registry?.look(at: path, found: found)
      guard registered == nil else { return }
      never = Timer(on: finder.loop) { found(.trouble("nothing says where ZooKeeper is")) }
      never?.schedule(after: .zero)
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
    case .trouble(let reason), .hindered(let reason): failures[source] = reason
    }
    left -= 1
    if left == 0 { done(answers, failures) }
  }
}
