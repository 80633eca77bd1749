import Libevent
import Model

/// The process's file that was refused for what may pass by itself, as a name that isn't known yet: where the file is watched,
/// it's read again until it's taken, changes, or somebody loads something else. What is refused in between changes nothing.
final class Rereading {
  /// Who has wanted it first; nil if nothing is to be read again.
  private(set) var author: String?
  /// When it's tried next.
  var nextTry: Timestamp? { retry?.nextTry }

  private var retry: Retry?

  init(on loop: EventLoop, read: @escaping (_ author: String) -> Void) {
    retry = Retry(on: loop) { [unowned self] in
      if let author { read(author) }
    }
  }

  /// It was refused.
  func wasRefused(by author: String) {
    self.author = author
    retry?.failed()
  }

  /// It isn't read again.
  func stop() {
    author = nil
    retry?.stop()
  }
}
