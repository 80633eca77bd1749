import Control
import Sockets

/// Tells another process which clients had sessions here since it was told of all of them.
final class StickTeller {
  private let controller: Controller
  /// From which second of the monotonic clock on it isn't told.
  private var since: UInt32

  /// - Parameter given: when all were told, in nanoseconds of the monotonic clock.
  init(_ controller: Controller, since given: UInt64) {
    self.controller = controller
    since = Self.second(of: given)
  }

  /// What is new. Sessions of the same second may come later, so it's told again with the next ones.
  func news() -> [StickPart] {
    let now = Self.second(of: MonotonicClock.now())
    defer { since = now }
    return controller.stuck(since: since)
  }

  private static func second(of moment: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: moment / 1_000_000_000) }
}
