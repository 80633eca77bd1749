package import Config
import Sockets

/// What the process may use, computed once from what the kernel allows it.
package struct Limits: Equatable, Sendable {
  /// Open descriptors (RLIMIT_NOFILE, raised to its hard limit).
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
  /// What holds for a configuration. Raises the process's descriptor limit to what it may be.
  package init(for configuration: Configuration) {
    let workers = configuration.workers.count(cores: ProcessorCount.available)
    let backends = configuration.pools.reduce(0) { $0 + $1.backends.count }
    // Each worker has a loop and a mailbox, and a socket of every listener; each backend may be checked at any time.
    self.init(
      descriptors: DescriptorLimit.raise(), fixed: workers * (4 + configuration.listeners.count) + backends)
  }
}
