import Config
import Glibc
import Libevent
import Logging
import Sockets

/// The leases of a running proxy, and the file in which they outlive it.
final class Overrides {
  private let file: StateFile?
  private let logger: Logger

  /// Remembers what was set before.
  ///
  /// - Parameter path: the state file; nil if leases are to end with the process.
  init(path: String?, logger: Logger) {
    file = path.map { StateFile(path: $0) }
    self.logger = logger
  }

  /// What was set before this process started; a file that isn't right is told of, and costs no more than what was in it.
  func load() -> OverrideBook {
    guard let file else { return OverrideBook() }
    switch file.read() {
    case .none: return OverrideBook()
    case .book(var book):
      _ = book.expire(at: .now)
      if !book.leases.isEmpty {
        logger.notice(
          "\(book.leases.count) overrides hold from before",
          metadata: [
            "state": "\(file.path)", "overrides": .array(book.leases.map { "\($0.pool)/\($0.endpoint) \($0.text)" }),
          ])
      }
      return book
    case .setAside(let problem, let path):
      logger.warning(
        "the state file was damaged: overrides from before are lost",
        metadata: ["state": "\(file.path)", "problem": "\(problem)", "kept": "\(path)"])
      return OverrideBook()
    case .unreadable(let problem):
      logger.warning(
        "the state file can't be read: overrides from before don't hold",
        metadata: ["state": "\(file.path)", "problem": "\(problem)"])
      return OverrideBook()
    }
  }

  /// Keeps the leases.
  ///
  /// - Returns: why they couldn't be kept: they hold, but only as long as this process and its successors live.
  @discardableResult
  func save(_ book: OverrideBook) -> String? {
    guard let file else { return "there is no state file: it holds until the process ends" }
    do throws(StoredFile.Refusal) {
      Self.makeFolder(for: file.path)
      try file.write(book)
      return nil
    } catch {
      let problem = "the state file \(file.path) can't be written (\(error)): it holds until the process ends"
      logger.warning("\(problem)", metadata: ["state": "\(file.path)"])
      return problem
    }
  }

  private static func makeFolder(for path: String) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    Folder.make(String(path[..<slash]), mode: 0o700)
  }
}

/// Folders of this program's own.
enum Folder {
  /// Makes a folder with those above it that are missing. Failures show when something is put there.
  static func make(_ path: String, mode: mode_t) {
    var status = stat()
    guard unsafe stat(path, &status) != 0 else { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex { make(String(path[..<slash]), mode: 0o755) }
    _ = unsafe mkdir(path, mode)
  }
}
