package import Config
package import Libevent
package import Logging
import Model
import Names
import Sockets
import SystemPackage

/// The sources that backends are found at, each watched once, and what was found there last.
package final class TargetBook {
  /// Told of a source whose backends aren't the same as before.
  var changed: ((TargetSource) -> Void)?

  private let loop: EventLoop
  private let logger: Logger
  private var settings: ResolverConfiguration
  private var resolver: Resolver
  /// Asks ZooKeeper, while a source is there; nil if none is.
  private var registry: Registry?
  private var watchers: [TargetSource: TargetWatcher] = [:]
  private var known: [TargetSource: [Target]] = [:]
  /// Tells of changes of files.
  private var files: FileWatcher?
  /// Made for the first source: most processes have none.
  private lazy var reader = BackgroundWorker(name: "targets", on: loop)

  /// Knows no source yet.
  package init(_ settings: ResolverConfiguration, on loop: EventLoop, logger: Logger) {
    self.settings = settings
    self.loop = loop
    self.logger = logger
    resolver = Resolver(settings, on: loop)
  }

  /// What was found at a source; nothing as long as nobody has.
  package func targets(of source: TargetSource) -> [Target] { known[source] ?? [] }

  /// What is known of all of them.
  var all: [TargetSource: [Target]] { known }

  /// What is wrong with looking at a source, while something is.
  func trouble(of source: TargetSource) -> String? { watchers[source]?.memory.trouble }

  /// Since when a source is looked at.
  func watchedSince(_ source: TargetSource) -> Timestamp { watchers[source]?.started ?? .now }

  /// Whether anything was found at a source, or it's looked at again and again.
  ///
  /// - Parameter zooKeeper: where that is meant to be: the same path is another source in another one, or for another user.
  package func minds(_ source: TargetSource, in zooKeeper: ZooKeeperConfiguration?) -> Bool {
    guard source.node == nil || zooKeeper == registry?.configuration else { return false }
    return known[source] != nil || watchers[source] != nil
  }

  /// Takes in what somebody else has found, unless it's watched here: then it's known already, or older.
  func learn(_ found: [TargetSource: [Target]], in zooKeeper: ZooKeeperConfiguration?) {
    let isSame = zooKeeper == registry?.configuration
    known.merge(found.filter { watchers[$0.key] == nil || !isSame && $0.key.node != nil }) { $1 }
  }

  /// Reads files at once that nothing is known of, for a process that has just started. What is wrong with one is told when it's
  /// watched.
  func readFiles(of sources: Set<TargetSource>) {
    for case .file(let path) in sources where known[.file(path)] == nil {
      if case .targets(let targets) = TargetFinding.reading(path) { known[.file(path)] = targets }
    }
  }

  /// Watches these sources from now on and no others.
  ///
  /// - Parameter zooKeeper: where that is; nil if nothing says so.
  func watch(_ sources: Set<TargetSource>, settings: ResolverConfiguration, zooKeeper: ZooKeeperConfiguration?) {
    if settings != self.settings {
      self.settings = settings
      resolver = Resolver(settings, on: loop)
      (watchers, registry) = ([:], nil)
    }
    watch(nodes: Set(sources.compactMap(\.node)), of: zooKeeper)
    watchers = watchers.filter { sources.contains($0.key) }
    known = known.filter { sources.contains($0.key) }
    for source in sources where watchers[source] == nil { watchers[source] = watch(source) }
    watchFiles(of: sources)
  }

  /// Looks at a source at once, or as soon as that may be: one of its backends doesn't answer.
  func lookAgain(at source: TargetSource) {
    watchers[source]?.lookAgain()
  }

  /// Looks at sources once, without watching them.
  ///
  /// - Parameters:
  ///   - limit: how long ZooKeeper is asked, however many servers it has.
  ///   - done: takes what was found at each, and what is wrong with each other. Called once, after this has returned.
  package func lookUp(
    _ sources: Set<TargetSource>, settings: ResolverConfiguration, zooKeeper: ZooKeeperConfiguration?,
    limit: Duration = .seconds(10),
    done: @escaping (_ found: [TargetSource: [Target]], _ failures: [TargetSource: String]) -> Void
  ) -> TargetLookup {
    let resolver = settings == self.settings ? self.resolver : Resolver(settings, on: loop)
    // One of its own: it goes by what is in the files now, and who looks by it finds out what it has to tell.
    let registry = zooKeeper.map { makeRegistry(of: $0, by: resolver) { _ in } }
    return TargetLookup(sources, by: finder(resolver, registry), limit: limit, done: done)
  }

  /// Looks no more.
  func stop() {
    (watchers, files, registry) = ([:], nil, nil)
  }

  private func finder(_ resolver: Resolver, _ registry: Registry?) -> TargetFinder {
    TargetFinder(loop: loop, resolver: resolver, reader: { [unowned self] in reader }, registry: registry)
  }

  private func watch(_ source: TargetSource) -> TargetWatcher {
    TargetWatcher(
      source, known: known[source] ?? [], by: finder(resolver, source.node == nil ? nil : registry),
      interval: settings.interval, on: loop
    ) { [unowned self] in take($0, of: source) }
  }

  private func take(_ news: TargetMemory.News, of source: TargetSource) {
    if let reason = news.failed {
      logger.warning("\(source) isn't to be gone by: \(reason)", metadata: ["source": "\(source)"])
    }
    if news.hasRecovered { logger.notice("\(source) is right again", metadata: ["source": "\(source)"]) }
    guard let targets = news.changed else { return }
    known[source] = targets
    let shown = targets.prefix(16).map(\.endpoint.description) + (targets.count > 16 ? ["…"] : [])
    logger.notice(
      "\(source) has \(targets.count) \(targets.count == 1 ? "backend" : "backends"): \(shown.joined(separator: ", "))",
      metadata: ["source": "\(source)"])
    changed?(source)
  }

  private func watch(nodes: Set<String>, of zooKeeper: ZooKeeperConfiguration?) {
    if nodes.isEmpty || registry?.configuration != zooKeeper {
      registry = nil
      watchers = watchers.filter { $0.key.node == nil }
    }
    guard !nodes.isEmpty, let zooKeeper else { return }
    registry = registry ?? makeRegistry(of: zooKeeper, by: resolver) { [unowned self] in take($0) }
    registry?.keep(only: nodes)
    registry?.readAgain()
  }

  private func makeRegistry(
    of zooKeeper: ZooKeeperConfiguration, by resolver: Resolver, tell: @escaping (Registry.News) -> Void
  ) -> Registry {
    Registry(zooKeeper, resolver: resolver, reader: { [unowned self] in reader }, on: loop, tell: tell)
  }

  private func take(_ news: Registry.News) {
    switch news {
    case .away(let why): logger.warning("ZooKeeper isn't reached, and what was found there stays: \(why)")
    case .back: logger.notice("ZooKeeper is reached again")
    case .trouble(let what): logger.warning("ZooKeeper: \(what)")
    case .unreadable(let source, let what):
      logger.warning("\(source) has children that can't be read: \(what)", metadata: ["source": "\(source)"])
    case .changed(let source): lookAgain(at: source)
    }
  }

  private func watchFiles(of sources: Set<TargetSource>) {
    var snapshot = FileSnapshot()
    for case .file(let path) in sources { snapshot.add(path) }
    guard !snapshot.paths.isEmpty else { return files = nil }
    guard files?.paths != snapshot.paths else { return }
    do throws(Errno) {
      files = try FileWatcher(snapshot, isAbsenceNews: true, on: loop) { [unowned self] in
        for (source, watcher) in watchers where source.isFile { watcher.lookAgain() }
      }
    } catch {
      // They're read again at intervals as well.
      logger.debug("files of targets can't be watched: \(error)")
    }
  }
}
