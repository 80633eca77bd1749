import Balancing
import Control
import Libevent

/// How connects to backends go when nothing changes: what they are compared with after a change.
final class UsualConnects {
  /// Nothing was counted.
  static let none = Regression.Sample(attempts: 0, failures: 0, eligible: 0)

  /// Totals of some time ago.
  private(set) var earlier = none
  /// Those to take their place.
  private var later = none
  private var timer: Timer?

  /// How far back connects are looked at, at least.
  private static let time = Duration.seconds(10)

  /// Counts from now on.
  init(_ controller: Controller, on loop: EventLoop) {
    timer = Timer(on: loop) { [unowned self] in
      (earlier, later) = (later, Confirmation.Baseline.sample(controller))
      timer?.schedule(after: Self.time)
    }
    timer?.schedule(after: Self.time)
  }
}
