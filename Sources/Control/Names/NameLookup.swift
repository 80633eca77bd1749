import Names
import Sockets

/// Some names looked up once. Dropping it ends that.
final class NameLookup {
  private let resolver: Resolver
  private var lookups: [String: Lookup] = [:]
  private var waiting: Set<String>
  private var answers: [String: [SocketAddress]] = [:]
  private var failures: [String: String] = [:]
  private let done: ([String: [SocketAddress]], [String: String]) -> Void

  init(
    _ names: Set<String>, resolver: Resolver,
    done: @escaping ([String: [SocketAddress]], [String: String]) -> Void
  ) {
    self.resolver = resolver
    waiting = names
    self.done = done
    for name in names {
      lookups[name] = resolver.resolve(name) { [weak self] in self?.take($0, of: name) }
    }
  }

  /// The first addresses are enough: who watches the name finds those that are late.
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
