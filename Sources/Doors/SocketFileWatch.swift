package import Changes
package import Control
package import Libevent
package import Logging
import Sockets
import SystemPackage

/// Looks after the files of Unix sockets: where one was removed, nobody finds the socket any more, though it listens. So it's
/// bound again at the same path; clients that stand go on. A file that is somebody else's by now is left alone, and told of.
package final class SocketFileWatch {
  /// How often it looks.
  private static let interval = Duration.seconds(1)
  /// How many looks it waits after an attempt on listeners that has failed.
  private static let pause = 10

  private let logger: Logger
  private var timer: Timer?
  /// What is the matter with what nobody finds, as it was told.
  private var told: [String: String] = [:]
  private var waiting = 0

  /// Looks from now on.
  ///
  /// - Parameter look: calls `look(after:)` for everything that is to be looked after.
  package init(on loop: EventLoop, logger: Logger, look: @escaping (SocketFileWatch) -> Void) {
    self.logger = logger
    timer = Timer(on: loop) { [unowned self] in
      look(self)
      timer?.schedule(after: Self.interval)
    }
    timer?.schedule(after: Self.interval)
  }

  /// Looks after a server of this process's own.
  package func look(after door: (some UnixDoor)?, called name: String) {
    guard let door, let file = door.file, isLost(name, at: door.path, isFound: file.isPresent) else { return }
    do throws(Errno) {
      try door.bindAgain()
      logger.warning("the file of the \(name) was gone: it's bound again", metadata: ["path": "\(door.path)"])
    } catch {
      tell(name, "it can't be bound again: \(BindFailure(error, at: .unix(path: door.path)).problem)")
    }
  }

  /// Looks after the listeners, which change all together.
  ///
  /// - Parameter bindAgain: binds again whatever can't be reached, and tells what came of it.
  package func look(after listeners: ListenerSet, bindAgain: (@escaping (Rebinding.Outcome) -> Void) -> Void) {
    waiting = max(waiting - 1, 0)
    let lost = listeners.listeners.filter { listener in
      guard !listener.bindings.isEmpty, case .unix(let path) = listener.address.first else { return false }
      return isLost("listener \(listener.configuration.name)", at: path, isFound: listener.isReachable)
    }.map(\.configuration.name)
    guard !lost.isEmpty, waiting == 0 else { return }
    bindAgain { [weak self] in self?.attempted(lost, $0) }
  }

  private func attempted(_ listeners: [String], _ outcome: Rebinding.Outcome) {
    switch outcome {
    case .bound:
      logger.warning(
        "socket files were gone: the listeners are bound again",
        metadata: ["listeners": "\(listeners.joined(separator: ", "))"])
    case .failed(let problem):
      waiting = Self.pause
      for listener in listeners { tell("listener \(listener)", "it can't be bound again: \(problem)") }
    case .abandoned: break
    }
  }

  /// Whether something isn't found any more, and can be bound again where it was.
  private func isLost(_ name: String, at path: String, isFound: Bool) -> Bool {
    guard !isFound else {
      told[name] = nil
      return false
    }
    switch UnixSocketFile.occupant(of: path) {
    case .nobody, .stale: return true
    case .listener: tell(name, "another process listens at its path")
    case .stranger(let kind): tell(name, "there is \(kind) at its path")
    }
    return false
  }

  /// Tells it once, until it's found again or something else is the matter.
  private func tell(_ name: String, _ problem: String) {
    guard told.updateValue(problem, forKey: name) != problem else { return }
    logger.error("nobody finds the \(name) any more: its socket's file is gone, and \(problem)")
  }
}
