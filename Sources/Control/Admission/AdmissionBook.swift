package import Config
import Libevent
import Logging
package import Model
import Proxy
import Sockets
import SystemPackage

/// Which addresses listeners let in: their lists, and the files of those, which are read again when they change.
///
/// Reading, and making of it what workers look into, happens on a thread of its own.
package final class AdmissionBook {
  /// Told when rules of listeners are others than before, and by which file.
  var changed: ((_ file: String) -> Void)?

  /// What operators have said at run time.
  var overrides: [AdmissionLease] = [] {
    didSet {
      let listeners = Set(overrides.compactMap(\.listener))
      overridden = Dictionary(uniqueKeysWithValues: listeners.map { ($0, Self.rules(of: overrides, at: $0)) })
      overriddenEverywhere = overrides.isEmpty ? nil : Self.rules(of: overrides, at: nil)
    }
  }
  /// What they come to, at the listeners that some of them are about, and at all others.
  private var overridden: [String: AddressRules] = [:]
  private var overriddenEverywhere: AddressRules?

  /// What clients have taken of listeners' limits; it outlives tables and configurations.
  private var takings: [ClientTakings.Key: ClientTakings] = [:]

  private let loop: EventLoop
  private let logger: Logger
  /// What is in use.
  package private(set) var lists = ReadLists()
  /// The pairs of lists in use.
  private var used: Set<AddressLists> = []
  /// The files that lists in use may know by what they said before.
  private var outdated: [String] = []
  private var watcher: FileWatcher?
  /// Made for the first file or list: most processes have none.
  private lazy var reader = BackgroundWorker(name: "lists", on: loop)

  /// Knows no list yet.
  init(on loop: EventLoop, logger: Logger) {
    self.loop = loop
    self.logger = logger
  }

  /// Reads what a configuration needs at once, for a process that can't start without it.
  package func start(with configuration: Configuration) throws(StartError) {
    let read = ReadLists.read(configuration.addressLists, before: lists)
    if let failure = read.failures.first {
      throw StartError("\(failure)", hint: "correct the file: `martlet check` says what is wrong")
    }
    for (path, file) in read.files.sorted(by: { $0.key < $1.key }) {
      if let problem = file.problem { complain(path, problem) }
    }
    lists = read
  }

  /// Reads what a configuration needs and isn't known yet.
  ///
  /// - Parameter done: takes it, perhaps before this returns; a list without a failure can be used.
  package func read(for configuration: Configuration, done: @escaping (ReadLists) -> Void) {
    let needed = configuration.addressLists.filter { lists.rules[$0] == nil }
    guard !needed.isEmpty else { return done(ReadLists()) }
    reader.perform { [lists] in
      ReadLists.read(needed, before: lists)
    } then: {
      done($0)
    }
  }

  /// Goes by these lists from now on, and by what else is known already.
  func use(_ read: ReadLists, for configuration: Configuration) {
    used = configuration.addressLists
    lists = read.merged(into: lists, of: used)
    let keys = Set(configuration.listeners.map { ClientTakings.Key($0) })
    takings = takings.filter { keys.contains($0.key) }
    watch()
    // A file that was known may have changed since the new lists were read: that was told before they went by it.
    outdated = read.files.filter { path, file in lists.files[path]?.ranges != file.ranges }.map(\.key)
    if !outdated.isEmpty { readAgain() }
  }

  /// By which rules a listener lets clients in; nil if it lets in everybody.
  func rules(of listener: ListenerConfiguration, with more: ReadLists? = nil) -> AdmissionRules? {
    let addresses = listener.addresses
    let overrides = overridden[listener.name] ?? overriddenEverywhere
    guard !addresses.areEmpty || overrides != nil || listener.limits != nil else { return nil }
    return AdmissionRules(
      overrides: overrides, lists: lists.rules[addresses] ?? more?.rules[addresses], isOpen: addresses.allow == nil,
      limits: listener.limits.map { takings(of: listener).limits(by: $0) })
  }

  private func takings(of listener: ListenerConfiguration) -> ClientTakings {
    let key = ClientTakings.Key(listener)
    if let known = takings[key] { return known }
    let new = ClientTakings(key)
    takings[key] = new
    return new
  }

  private static func rules(of overrides: [AdmissionLease], at listener: String?) -> AddressRules {
    let here = overrides.filter { $0.listener == nil || $0.listener == listener }
    func ranges(_ verdict: AdmissionLease.Verdict) -> [AddressRange] {
      here.filter { $0.verdict == verdict }.compactMap { try? AddressRange($0.range) }
    }
    return AddressRules(allow: ranges(.allow), deny: ranges(.deny))
  }

  /// What another process needs to go on with: the ranges of files that aren't right now.
  var held: [String: [String]] {
    lists.files.filter { $0.value.problem != nil }.mapValues { $0.ranges.map(\.description) }
  }

  /// Takes what another process has held.
  func inherit(_ held: [String: [String]]) {
    lists = ReadLists(
      known: held.mapValues { .init(ranges: $0.compactMap { try? AddressRange($0) }, since: .now) })
  }

  /// Watches nothing any more.
  func stop() {
    watcher = nil
  }

  // MARK: Files

  private func watch() {
    let paths = Set(used.flatMap(\.files))
    guard !paths.isEmpty else { return watcher = nil }
    guard watcher?.paths != paths else { return }
    do throws(Errno) {
      watcher = try FileWatcher(lists.seen, isAbsenceNews: true, on: loop) { [unowned self] in readAgain() }
    } catch {
      logger.warning(
        "lists of addresses can't be watched (\(error)): they are read again with another configuration",
        metadata: ["files": "\(paths.sorted().joined(separator: ", "))"])
    }
  }

  private func readAgain() {
    reader.perform { [used, lists] in
      ReadLists.read(used, before: lists)
    } then: { [weak self] read in
      self?.take(read)
    }
  }

  private func take(_ read: ReadLists) {
    let before = lists
    lists = before.merged(into: read, of: used)
    for (path, file) in read.files.sorted(by: { $0.key < $1.key }) {
      guard let known = before.files[path] else { continue }
      switch (known.problem, file.problem) {
      case (let old, let problem?): if old != problem { complain(path, problem) }
      case (_, nil):
        if known.problem != nil || known.ranges != file.ranges {
          logger.notice("\(path) has \(file.ranges.count) ranges", metadata: ["file": "\(path)"])
        }
        if known.ranges != file.ranges || outdated.contains(path) { changed?(path) }
      }
    }
    outdated = []
  }

  private func complain(_ path: String, _ problem: ConfigIssue) {
    logger.warning(
      "a list of addresses isn't right: what it said before holds (\(problem))", metadata: ["file": "\(path)"])
  }
}

extension Configuration {
  /// The listeners' lists of addresses, each once.
  package var addressLists: Set<AddressLists> { Set(listeners.lazy.map(\.addresses).filter { !$0.areEmpty }) }
}

extension AdmissionBook {
  /// Whom a listener lets in; nil if that's everybody.
  package func report(of listener: ListenerConfiguration) -> Report.Admission? {
    let addresses = listener.addresses
    let here = overrides.count { $0.listener == nil || $0.listener == listener.name }
    guard !addresses.areEmpty || here > 0 || listener.limits != nil else { return nil }
    return Report.Admission(
      allowed: addresses.allow.map { lists.count(of: $0) }, denied: addresses.deny.map { lists.count(of: $0) },
      files: addresses.files.compactMap { path in
        lists.files[path].map {
          Report.Admission.File(
            path: path, ranges: $0.ranges.count, since: $0.since, problem: $0.problem.map(\.description))
        }
      }, overrides: here == 0 ? nil : here, clients: takings[ClientTakings.Key(listener)]?.report)
  }
}
