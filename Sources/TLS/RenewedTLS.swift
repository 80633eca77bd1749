package import Libevent
import Sockets

/// TLS towards servers by files that somebody renews while this runs: they're read anew, on another thread, when they have changed.
///
/// It belongs to its loop's thread.
package final class RenewedTLS {
  /// By the files as they were read last.
  package private(set) var current: ServerTLS
  /// Told why files that have changed aren't gone by; those before them are then.
  package var onTrouble: ((String) -> Void)?

  /// The files as they were when they weren't taken last; of those it has been told.
  private var refused: FileSnapshot?
  /// When it has looked last, by the monotonic clock.
  private var looked: UInt64?
  /// Who looks. It's there from the start on: servers are dialled again and again just when there may be no descriptor left for a thread.
  private let worker: BackgroundWorker

  /// By the files as they were read at first.
  package init(_ first: ServerTLS, on loop: EventLoop) {
    current = first
    worker = BackgroundWorker(name: "tls", on: loop)
  }

  /// The same, unless it has just looked.
  package func look(every pace: Duration) {
    let now = MonotonicClock.now()
    if let looked, Duration.nanoseconds(Int64(clamping: now &- looked)) < pace { return }
    looked = now
    look()
  }

  /// Looks whether files have changed, for those who dial after this.
  package func look() {
    guard !worker.isBusy else { return }
    let (configuration, files, refused) = (current.configuration, current.files, refused)
    worker.perform { () -> (FileSnapshot, Result<ServerTLS, ServerTLS.Problem>)? in
      let now = files.now
      guard now != files, now != refused else { return nil }
      return (now, Result { () throws(ServerTLS.Problem) in try ServerTLS(configuration) })
    } then: { [unowned self] outcome in
      switch outcome {
      case nil: break
      case (_, .success(let renewed))?: (current, self.refused) = (renewed, nil)
      case (let seen, .failure(let problem))?:
        self.refused = seen
        onTrouble?("the files for TLS have changed, and aren't taken: \(problem)")
      }
    }
  }
}
