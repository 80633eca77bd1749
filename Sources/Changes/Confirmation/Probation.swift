import Config
import Control
import Libevent
import Model

/// A configuration that has still to be confirmed, and the way back from it: once that is due it's tried until it succeeds,
/// or until somebody decides otherwise.
final class Probation {
  /// The configuration to go back to.
  let before: Configuration
  /// How that had come to run.
  let provenance: Provenance
  /// When it's over.
  let until: Timestamp
  /// The way back, if it's due.
  private(set) var revert: Report.Revert?

  private var confirmation: Confirmation?
  private var retry: Retry?

  /// How often a way back is tried that was refused: a promise is worth more tries than a file that was wrong.
  private static let backoff = Retry.Backoff(shortest: .seconds(1), longest: .seconds(15))

  /// Begins now.
  ///
  /// - Parameters:
  ///   - before: what to go back to.
  ///   - baseline: how things were with that.
  ///   - goBack: called with the reason when the way back is due, and for each further try.
  init(
    within length: Duration, before: (Configuration, Provenance), _ baseline: Confirmation.Baseline,
    _ controller: Controller,
    on loop: EventLoop, goBack: @escaping (_ reason: String) -> Void
  ) {
    (self.before, provenance) = before
    until = Timestamp(milliseconds: Timestamp.now.milliseconds + Int(length.inSeconds * 1000))
    retry = Retry(Self.backoff, on: loop) { [unowned self] in
      revert?.nextTry = nil
      goBack(revert?.reason ?? "")
    }
    confirmation = Confirmation(within: length, baseline, controller, on: loop) { [unowned self] reason in
      revert = Report.Revert(reason: reason)
      goBack(reason)
    }
  }

  /// The way back was refused; if it was due, it's tried again.
  func wasRefused(_ problem: String) {
    guard revert != nil else { return }
    retry?.failed()
    revert?.problem = problem
    revert?.nextTry = retry?.nextTry
  }
}
