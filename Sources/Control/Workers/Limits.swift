package import Config
import Sockets

/// What the process may use, computed once from what the kernel allows it.
package struct Limits: Equatable, Sendable {
  /// Open descriptors (RLIMIT_NOFILE).
  package let descriptors: Int
  /// Sessions at a time: each takes two descriptors.
  package let sessions: Int
  /// Pipes for splicing: each takes two descriptors.
  package let pipes: Int

  /// Descriptors kept back for listeners, loops, health checks, the stats port and logs.
  package static let reserve = 100

  /// Divides up so many descriptors, for a configuration that needs some itself.
  ///
  /// - Parameter fixed: descriptors that listeners and backends' checks take.
  package init(descriptors: Int, fixed: Int) {
    let free = max(descriptors - Self.reserve - fixed, 4)
    self.descriptors = descriptors
    pipes = min(free / 40, 128)
    sessions = max((free - 2 * pipes) / 2, 1)
  }
}

extension Limits {
  /// What holds for a configuration where so many descriptors may be open.
  package init(for configuration: Configuration, descriptors: Int) {
    self.init(descriptors: descriptors, fixed: Self.fixed(for: configuration))
  }

  /// What to say of a configuration that takes more descriptors than were left beside the sessions of a process with these limits;
  /// nil if there's nothing.
  package func shortage(for configuration: Configuration) -> String? {
    let then = Limits(for: configuration, descriptors: descriptors)
    guard 2 * (sessions - then.sessions) > Self.reserve else { return nil }
    return
      "\(then.sessions) sessions at most fit beside its listeners and backends, and \(sessions) may come until a restart or upgrade: clients could find no descriptor left; raise LimitNOFILE="
  }

  /// Each worker has a loop, a mailbox and a timer, and a socket for every port of every listener; each backend may be checked at any time.
  private static func fixed(for configuration: Configuration) -> Int {
    let workers = configuration.workers.count(cores: ProcessorCount.available)
    let backends = configuration.pools.reduce(0) { $0 + $1.backends.count }
    let ports = configuration.listeners.reduce(0) { $0 + $1.bind.count }
    return workers * (4 + ports) + backends
  }

  /// What loops, doors, threads and a session need whatever the configuration is.
  private static let least = 50

  /// Below so many sessions the limit of descriptors is worth a word: nobody has chosen it for a proxy.
  package static let fewSessions = 1000

  /// Throws if the process may have too few descriptors for the configuration even without sessions. To be asked before
  /// anything is opened that can't be done without.
  package static func ensureEnough(for configuration: Configuration) throws(StartError) {
    try ensureEnough(beside: fixed(for: configuration), "this configuration")
  }

  /// The same for the demo, which is its own client and its own backends.
  package static func ensureEnoughForDemo() throws(StartError) {
    try ensureEnough(beside: ProcessorCount.available * 5 + 100, "the demo")
  }

  private static func ensureEnough(beside fixed: Int, _ what: String) throws(StartError) {
    let limit = DescriptorLimit.attainable
    guard limit < fixed + least else { return }
    throw StartError(
      "\(limit) descriptors are too few (ulimit -n): \(what) takes at least \(fixed + least)",
      hint: "raise the hard limit: ulimit -Hn, or LimitNOFILE= of the systemd unit")
  }
}
