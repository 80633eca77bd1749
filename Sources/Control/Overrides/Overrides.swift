import Config
package import Glibc
package import Libevent
package import Logging
package import Model
import Sockets

/// The leases of a running proxy, and the file in which they outlive it. Those that a fleet has agreed on are kept in the fleet's
/// data folder, and not here.
///
/// The file is written on a thread of its own: a disk may take seconds. While it's being written only the newest book waits.
package final class Overrides {
  /// Told whether the leases are kept: nil, or why they hold only as long as this process and its successors live.
  package typealias Kept = (_ problem: String?) -> Void

  private let file: StateFile?
  private let logger: Logger
  private let writer: BackgroundWorker
  /// What is in the file, as far as is known.
  private var written: OverrideBook?
  private var next: (book: OverrideBook, kept: [Kept])?

  /// Remembers what was set before.
  ///
  /// - Parameter path: the state file; nil if leases are to end with the process.
  package init(path: String?, on loop: EventLoop, logger: Logger) {
    file = path.map { StateFile(path: $0) }
    self.logger = logger
    writer = BackgroundWorker(name: "state", on: loop)
  }

  /// What was set before this process started; a file that isn't right is told of, and costs no more than what was in it.
  package func load() -> OverrideBook {
    guard let file else { return OverrideBook() }
    switch file.read() {
    case .none: return OverrideBook()
    case .book(let known):
      var book = known
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

  /// Keeps the leases, and tells when they are kept.
  package func save(_ book: OverrideBook, kept: @escaping Kept = { _ in }) {
    guard file != nil else { return kept("there is no state file: it holds until the process ends") }
    let book = book.layer(.node)
    guard writer.isBusy || next != nil || book != written else { return kept(nil) }
    next = (book, (next?.kept ?? []) + [kept])
    if !writer.isBusy { writeNext() }
  }

  /// Keeps the leases once more: the process before, which is gone now, may have written the file last, with what held before
  /// this one served.
  package func saveAgain(_ book: OverrideBook) {
    guard written != nil || !book.layer(.node).leases.isEmpty else { return }
    written = nil
    save(book)
  }

  /// Waits until what is to be kept is kept, at most so long. The loop turns no more.
  package func finish(within limit: Duration) {
    // Nobody would hear on the loop that the book before it is written.
    writeNext()
    guard let file, !writer.finish(within: limit) else { return }
    logger.error(
      "the state file isn't written within \(limit.configured): overrides that were set last may be lost",
      metadata: ["state": "\(file.path)"])
  }

  private func writeNext() {
    guard let file, let (book, kept) = next.take() else { return }
    writer.perform {
      do throws(StoredFile.Refusal) {
        Self.makeFolder(for: file.path)
        try file.write(book)
        return String?.none
      } catch {
        return "the state file \(file.path) can't be written (\(error)): it holds until the process ends"
      }
    } then: { [unowned self] problem in
      written = problem == nil ? book : nil
      if let problem { logger.warning("\(problem)", metadata: ["state": "\(file.path)"]) }
      for tell in kept { tell(problem) }
      writeNext()
    }
  }

  private static func makeFolder(for path: String) {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
    Folder.make(String(path[..<slash]), mode: 0o700)
  }
}

/// Folders of this program's own.
package enum Folder {
  /// Makes a folder with those above it that are missing. Failures show when something is put there.
  package static func make(_ path: String, mode: mode_t) {
    var status = stat()
    guard unsafe stat(path, &status) != 0 else { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex { make(String(path[..<slash]), mode: 0o755) }
    _ = unsafe mkdir(path, mode)
  }
}
