import Config
import Libevent
import Names

/// Whom looks are made by.
struct TargetFinder {
  let loop: EventLoop
  let resolver: Resolver
  /// Reads files; made for the first one.
  let reader: () -> BackgroundWorker
  /// Asks ZooKeeper; nil where nothing says where that is, and for who asks others: it lives as long as somebody has it.
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
  private var left: Set<TargetSource>
  private var patience: Timer?
  private var answers: [TargetSource: [Target]] = [:]
  private var failures: [TargetSource: String] = [:]
  private let done: ([TargetSource: [Target]], [TargetSource: String]) -> Void

  /// - Parameter limit: how long ZooKeeper is asked. Others have limits of their own.
  init(
    _ sources: Set<TargetSource>, by finder: TargetFinder, limit: Duration,
    done: @escaping ([TargetSource: [Target]], [TargetSource: String]) -> Void
  ) {
    left = sources
    self.done = done
    if sources.contains(where: { $0.node != nil }) {
      patience = Timer(on: finder.loop) { [weak self] in self?.giveUp() }
      patience?.schedule(after: limit)
    }
    for source in sources {
      looks.append(TargetLook(at: source, by: finder) { [weak self] in self?.take($0, of: source) })
    }
  }

  private func giveUp() {
    for source in left where source.node != nil {
      take(.hindered("ZooKeeper isn't reached: none of its servers has answered in time"), of: source)
    }
  }

  private func take(_ finding: TargetFinding, of source: TargetSource) {
    guard left.remove(source) != nil else { return }
    switch finding {
    case .targets(let targets): answers[source] = targets
    case .trouble(let reason), .hindered(let reason): failures[source] = reason
    }
    if left.isEmpty { done(answers, failures) }
  }
}
