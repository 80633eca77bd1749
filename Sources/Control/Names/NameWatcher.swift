import Balancing
import Config
import Libevent
import Sockets

/// Looks a name up at once and again and again, and says when its addresses change. Dropping it ends that.
final class NameWatcher {
  private let name: String
  private let resolver: Resolver
  private let interval: Duration
  private let failed: (String) -> Void
  private let changed: ([SocketAddress]) -> Void
  private var memory = NameMemory()
  private var random = SplitMix64(seed: .random(in: .min ... .max))
  private var lookup: Lookup?
  private var timer: Timer?

  /// Starts watching.
  ///
  /// - Parameters:
  ///   - interval: from an answer to the next look-up, ±10%. After a failure it's sooner.
  ///   - failed: takes what is wrong, once for each streak of failures.
  ///   - changed: takes all addresses, without a port, when they aren't the same as before; never none.
  init(
    _ name: String, resolver: Resolver, interval: Duration, on loop: EventLoop, failed: @escaping (String) -> Void,
    changed: @escaping ([SocketAddress]) -> Void
  ) {
    self.name = name
    self.resolver = resolver
    self.interval = interval
    self.failed = failed
    self.changed = changed
    timer = Timer(on: loop) { [weak self] in self?.look() }
    look()
  }

  private func look() {
    lookup = resolver.resolve(name) { [weak self] resolution in self?.take(resolution) }
  }

  private func take(_ resolution: Resolution) {
    let news = memory.take(resolution)
    timer?.schedule(after: memory.nextLookup(interval: interval, using: &random))
    if let reason = news.failed { failed(reason) }
    if let addresses = news.changed { changed(addresses) }
  }
}

extension Resolver {
  /// Makes the resolver that the configuration asks for.
  convenience init(_ configuration: ResolverConfiguration, on loop: EventLoop) {
    self.init(nameservers: configuration.nameservers, timeout: configuration.timeout, on: loop)
  }
}
