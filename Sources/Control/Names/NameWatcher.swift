import Balancing
import Config
import Libevent
import Model
import Names
import Sockets

/// What happens to a name.
enum NameEvent: Equatable {
  /// It can't be looked up, or only in part: told once for each streak of failures.
  case failed(String)
  /// Look-ups succeed again.
  case recovered
  /// All its addresses, without a port, when they aren't the same as before; never none.
  case changed([SocketAddress])
}

/// Looks a name up at once and again and again, and says when its addresses change. Dropping it ends that.
final class NameWatcher {
  private let name: String
  private let resolver: Resolver
  private let interval: Duration
  private let happened: (NameEvent) -> Void
  private(set) var memory: NameMemory
  /// Since when it watches.
  let started = Timestamp.now
  private var random = SplitMix64(seed: .random(in: .min ... .max))
  private var lookup: Lookup?
  private var lookout: Lookout?

  /// Starts watching.
  ///
  /// - Parameters:
  ///   - known: what is known already: only what is another is told.
  ///   - interval: from an answer to the next look-up, ±10%. It's sooner after a failure, and after an answer that mustn't be
  ///     remembered for so long.
  init(
    _ name: String, known: NameAnswer? = nil, resolver: Resolver, interval: Duration, on loop: EventLoop,
    happened: @escaping (NameEvent) -> Void
  ) {
    self.name = name
    memory = NameMemory(known)
    self.resolver = resolver
    self.interval = interval
    self.happened = happened
    lookout = Lookout(on: loop) { [unowned self] in look() }
    lookout?.begin()
  }

  /// Looks the name up at once, or as soon as that may be: there is reason to think that its addresses have changed.
  func askAgain() { lookout?.lookAgain() }

  private func look() {
    lookup = resolver.resolve(name, known: memory.name) { [weak self] resolution in self?.take(resolution) }
  }

  private func take(_ resolution: Resolution) {
    let news = memory.take(resolution)
    if !resolution.isPartial { lookout?.ended(next: memory.nextLookup(interval: interval, using: &random)) }
    if let reason = news.failed { happened(.failed(reason)) }
    if news.hasRecovered { happened(.recovered) }
    if let addresses = news.changed { happened(.changed(addresses)) }
  }
}

extension Resolver {
  /// Makes the resolver that the configuration asks for.
  convenience init(_ configuration: ResolverConfiguration, on loop: EventLoop) {
    self.init(
      nameservers: configuration.nameservers, timeout: configuration.timeout,
      families: configuration.family.addressFamilies, on: loop)
  }
}

extension NameFamily {
  /// The kinds of address that are asked for.
  fileprivate var addressFamilies: Set<AddressFamily> {
    switch self {
    case .ipv4: [.ipv4]
    case .ipv6: [.ipv6]
    case .both: [.ipv4, .ipv6]
    }
  }
}
