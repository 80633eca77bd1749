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
