package import Config
import Libevent
import Logging
import Model
import Names
package import Sockets
import SystemPackage

/// The host names that backends are given by, each watched once, and the addresses that are known for them.
package final class NameBook {
  private let loop: EventLoop
  private let logger: Logger
  /// Told of a name whose addresses aren't the same as before.
  var changed: ((String) -> Void)?
  private var settings: ResolverConfiguration
  private var resolver: Resolver
  private var watchers: [String: NameWatcher] = [:]
  private var known: [String: NameAnswer] = [:]
  /// Who waits for the first answer.
  private var waiting: [String: [(String?) -> Void]] = [:]
  /// Tell of a change of what look-ups go by: it counts at once.
  private var files: [FileWatcher] = []

  /// Knows no name yet.
  init(_ settings: ResolverConfiguration, on loop: EventLoop, logger: Logger) {
    self.settings = settings
    self.loop = loop
    self.logger = logger
    resolver = Resolver(settings, on: loop)
  }

  /// The addresses of a name, without a port; none as long as it hasn't been answered.
  package func addresses(of name: String) -> [SocketAddress] {
    known[name]?.addresses ?? []
  }

  /// The same, with what the name was found by; nil as long as it hasn't been answered.
  func answer(of name: String) -> NameAnswer? {
    // The name that has the addresses may be another by now, though these are the same.
    watchers[name]?.memory.answer ?? known[name]
  }

  /// What is wrong with a name's look-ups, while something is.
  func trouble(of name: String) -> String? {
    watchers[name]?.memory.trouble
  }

  /// Since when a name is looked up.
  func watchedSince(_ name: String) -> Timestamp {
    watchers[name]?.started ?? .now
  }

  /// Waits until a name has been answered, or its first look-up has failed. `done` is called once, perhaps before this
  /// returns, with what is wrong.
  package func whenAnswered(_ name: String, done: @escaping (_ trouble: String?) -> Void) {
    guard let watcher = watchers[name], known[name] == nil, watcher.memory.trouble == nil else {
      return done(known[name] == nil ? trouble(of: name) : nil)
    }
    waiting[name, default: []].append(done)
  }

  private func answered(_ name: String) {
    for done in waiting.removeValue(forKey: name) ?? [] { done(known[name] == nil ? trouble(of: name) : nil) }
  }

  /// Whether a name has been answered.
  package func knows(_ name: String) -> Bool {
    known[name] != nil
  }

  /// Whether a name is looked up again and again.
  package func watches(_ name: String) -> Bool {
    watchers[name] != nil
  }

  /// Takes in answers that were looked up by somebody else.
  func learn(_ answers: [String: NameAnswer]) {
    known.merge(answers) { $1 }
  }

  /// Watches these names from now on and no others.
  func watch(_ names: Set<String>, settings: ResolverConfiguration) {
    if settings != self.settings {
      self.settings = settings
      resolver = Resolver(settings, on: loop)
      // Who looks from now on knows what those before have found.
      for name in watchers.keys { known[name] = answer(of: name) }
      watchers = [:]
    }
    watchers = watchers.filter { names.contains($0.key) }
    known = known.filter { names.contains($0.key) }
    for name in names where watchers[name] == nil { watchers[name] = watch(name) }
    for name in waiting.keys where watchers[name] == nil { answered(name) }
    watchFiles()
  }

  /// Looks a name up at once, or as soon as that may be: one of its addresses doesn't answer.
  func askAgain(_ name: String) {
    watchers[name]?.askAgain()
  }

  /// Looks names up once, without watching them.
  ///
  /// - Parameter done: takes the addresses of each name that has some, and what is wrong with each other.
  package func lookUp(
    _ names: Set<String>, settings: ResolverConfiguration,
    done: @escaping (_ answers: [String: NameAnswer], _ failures: [String: String]) -> Void
  ) -> NameLookup {
    let resolver = settings == self.settings ? self.resolver : Resolver(settings, on: loop)
    return NameLookup(names, resolver: resolver, done: done)
  }

  /// Ends all look-ups.
  func stop() {
    watchers = [:]
    files = []
    for name in waiting.keys { answered(name) }
  }

  private func watch(_ name: String) -> NameWatcher {
    NameWatcher(name, known: known[name], resolver: resolver, interval: settings.interval, on: loop) {
      [unowned self] event in
      switch event {
      case .failed(let reason):
        logger.warning("\(name) isn't resolved: \(reason)", metadata: ["name": "\(name)"])
        answered(name)
      case .recovered:
        logger.notice("\(name) is resolved again", metadata: ["name": "\(name)"])
      case .changed(let addresses):
        guard addresses != known[name]?.addresses else { return }
        known[name] = NameAnswer(addresses, name: watchers[name]?.memory.name)
        logger.notice("\(name) is \(addresses.map(\.host).joined(separator: ", "))", metadata: ["name": "\(name)"])
        changed?(name)
        answered(name)
      }
    }
  }

  private func watchFiles() {
    guard !watchers.isEmpty else { return files = [] }
    guard files.isEmpty else { return }
    for path in [HostsFile().path, SystemFile.path] {
      do throws(Errno) {
        files.append(
          try FileWatcher(FileSnapshot(path), on: loop) { [unowned self] in
            for watcher in watchers.values { watcher.askAgain() }
          })
      } catch {
        // The next look-up goes by the file as it is then.
        logger.debug("\(path) can't be watched: \(error)")
      }
    }
  }
}
