import Libevent
import Logging
import Sockets
import SystemPackage

/// Looks after the files of Unix sockets: where one was removed, nobody finds the socket any more, though it listens. So it's
/// bound again at the same path; clients that stand go on. A file that is somebody else's by now is left alone, and told of.
final class SocketFileWatch {
  /// How often it looks.
  private static let interval = Duration.seconds(1)
  /// How many looks it waits after an attempt on listeners, which may have failed.
  private static let pause = 10

  private let logger: Logger
  private var timer: Timer?
  private var told: Set<String> = []
  private var waiting = 0

  /// Looks from now on.
  ///
  /// - Parameter look: calls `look(after:)` for everything that is to be looked after.
  init(on loop: EventLoop, logger: Logger, look: @escaping (SocketFileWatch) -> Void) {
    self.logger = logger
    timer = Timer(on: loop) { [unowned self] in
      look(self)
      timer?.schedule(after: Self.interval)
    }
    timer?.schedule(after: Self.interval)
  }

  /// Looks after a server of this process's own.
  func look(after door: (some UnixDoor)?, called name: String) {
    guard let door, let file = door.file, !file.isPresent, isFree(door.path, of: name) else { return }
    do throws(Errno) {
      try door.bindAgain()
      told.remove(name)
      logger.warning("the file of the \(name) was gone: it's bound again", metadata: ["path": "\(door.path)"])
    } catch {
      tell(name, "can't be bound again: \(BindFailure(error, at: .unix(path: door.path)).problem)")
    }
  }

  /// Looks after the listeners, which change all together.
  ///
  /// - Parameter bindAgain: binds again whatever can't be reached.
  func look(after listeners: ListenerSet, bindAgain: () -> Void) {
    waiting = max(waiting - 1, 0)
    guard waiting == 0 else { return }
    let lost = listeners.listeners.filter { $0.binding?.isReachable == false }
    let free = lost.filter { listener in
      guard case .unix(let path) = listener.address else { return false }
      return isFree(path, of: "listener \(listener.configuration.name)")
    }
    guard !free.isEmpty else { return }
    let names = free.map(\.configuration.name).joined(separator: ", ")
    logger.warning("socket files are gone: the listeners are bound again", metadata: ["listeners": "\(names)"])
    waiting = Self.pause
    bindAgain()
  }

  private func isFree(_ path: String, of name: String) -> Bool {
    switch UnixSocketFile.occupant(of: path) {
    case .nobody, .stale: return true
    case .listener: tell(name, "another process listens at its path")
    case .stranger(let kind): tell(name, "there is \(kind) at its path")
    }
    return false
  }

  /// Tells it once.
  private func tell(_ name: String, _ problem: String) {
    guard told.insert(name).inserted else { return }
    logger.error("nobody finds the \(name) any more: its socket's file is gone, and \(problem)")
  }
}
