import Names
import Sockets

/// Some names looked up once. Dropping it ends that.
package final class NameLookup {
  private let resolver: Resolver
  private var lookups: [String: Lookup] = [:]
  private var waiting: Set<String>
  private var answers: [String: NameAnswer] = [:]
  private var failures: [String: String] = [:]
  private let done: ([String: NameAnswer], [String: String]) -> Void

  init(
    _ names: Set<String>, resolver: Resolver,
    done: @escaping ([String: NameAnswer], [String: String]) -> Void
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
    if let answer = NameAnswer(resolution.addresses, name: resolution.name) {
      answers[name] = answer
    } else {
      failures[name] = resolution.trouble ?? "it has no address"
    }
    if waiting.isEmpty { done(answers, failures) }
  }
}
