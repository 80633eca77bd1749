import Libevent

/// TLS towards servers by files that somebody renews while this runs: they're read anew, on another thread, when they have changed.
///
/// It belongs to its loop's thread.
final class RenewedTLS {
  /// By the files as they were read last.
  private(set) var current: ServerTLS
  /// Told why files that have changed aren't gone by; those before them are then.
  var onTrouble: ((String) -> Void)?

  private let loop: EventLoop
  /// There while it looks.
  private var worker: BackgroundWorker?

  init(_ first: ServerTLS, on loop: EventLoop) {
    current = first
    self.loop = loop
  }

  /// Looks whether files have changed, for those who dial after this.
  func look() {
    guard worker == nil else { return }
    let (configuration, files) = (current.configuration, current.files)
    worker = BackgroundWorker(name: "fleet tls", on: loop)
    worker?.perform { () -> Result<ServerTLS, ServerTLS.Problem>? in
      guard files.now != files else { return nil }
      return Result { () throws(ServerTLS.Problem) in try ServerTLS(configuration) }
    } then: { [unowned self] outcome in
      worker = nil
      switch outcome {
      case nil: break
      case .success(let renewed): current = renewed
      case .failure(let problem): onTrouble?("the files for TLS have changed, and aren't taken: \(problem)")
      }
    }
  }
}
