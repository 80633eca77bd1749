import Config
import Libevent
import Logging
import Sockets

/// The host names that backends are given by, each watched once, and the addresses that are known for them.
final class NameBook {
  private let loop: EventLoop
  private let logger: Logger
  /// Told of a name whose addresses aren't the same as before.
  var changed: ((String) -> Void)?
  private var settings: ResolverConfiguration
  /// A resolver for each way to resolve that was ever asked for: one can't be given up before its loop ends.
  private var resolvers: [(settings: ResolverConfiguration, resolver: Resolver)] = []
  private var watchers: [String: NameWatcher] = [:]
  private var known: [String: [SocketAddress]] = [:]

  /// Knows no name yet.
  init(_ settings: ResolverConfiguration, on loop: EventLoop, logger: Logger) {
    self.settings = settings
    self.loop = loop
    self.logger = logger
  }

  /// The addresses of a name, without a port; none as long as it hasn't been answered.
  func addresses(of name: String) -> [SocketAddress] {
    known[name] ?? []
  }

  /// Whether a name has been answered.
  func knows(_ name: String) -> Bool {
    known[name] != nil
  }

  /// Takes in answers that were looked up by somebody else.
  func learn(_ answers: [String: [SocketAddress]]) {
    known.merge(answers) { $1 }
  }

  /// Watches these names from now on and no others.
  func watch(_ names: Set<String>, settings: ResolverConfiguration) {
    if settings != self.settings {
      self.settings = settings
      watchers = [:]
    }
    for name in watchers.keys where !names.contains(name) {
      watchers[name] = nil
      known[name] = nil
    }
    for name in names where watchers[name] == nil { watchers[name] = watch(name) }
  }

  /// Looks names up once, without watching them.
  ///
  /// - Parameter done: takes the addresses of each name that has some, and what is wrong with each other.
  func lookUp(
    _ names: Set<String>, settings: ResolverConfiguration,
    done: @escaping (_ answers: [String: [SocketAddress]], _ failures: [String: String]) -> Void
  ) -> NameLookup {
    NameLookup(names, resolver: resolver(settings), done: done)
  }

  /// Ends all look-ups.
  func stop() {
    watchers = [:]
  }

  private func resolver(_ settings: ResolverConfiguration) -> Resolver {
    if let known = resolvers.first(where: { $0.settings == settings }) { return known.resolver }
    let resolver = Resolver(settings, on: loop)
    resolvers.append((settings, resolver))
    return resolver
  }

  private func watch(_ name: String) -> NameWatcher {
    NameWatcher(
      name, resolver: resolver(settings), interval: settings.interval, on: loop,
      failed: { [unowned self] reason in
        logger.warning("\(name) isn't resolved: \(reason)", metadata: ["name": "\(name)"])
      },
      changed: { [unowned self] addresses in
        guard addresses != known[name] else { return }
        known[name] = addresses
        logger.notice("\(name) is \(addresses.map(\.host).joined(separator: ", "))", metadata: ["name": "\(name)"])
        changed?(name)
      })
  }
}

/// Some names looked up once. Dropping it ends that.
final class NameLookup {
  private var lookups: [String: Lookup] = [:]
  private var waiting: Set<String>
  private var answers: [String: [SocketAddress]] = [:]
  private var failures: [String: String] = [:]
  private let done: ([String: [SocketAddress]], [String: String]) -> Void

  init(
    _ names: Set<String>, resolver: Resolver,
    done: @escaping ([String: [SocketAddress]], [String: String]) -> Void
  ) {
    waiting = names
    self.done = done
    for name in names {
      lookups[name] = resolver.resolve(name) { [weak self] in self?.take($0, of: name) }
    }
  }

  private func take(_ resolution: Resolution, of name: String) {
    guard waiting.remove(name) != nil else { return }
    let addresses = resolution.addresses
    if addresses.isEmpty {
      failures[name] = resolution.trouble ?? "it has no address"
    } else {
      answers[name] = addresses
    }
    if waiting.isEmpty { done(answers, failures) }
  }
}
