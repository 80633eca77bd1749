import Balancing
import Control
import Libevent

/// How connects to backends go when nothing changes: what they are compared with after a change.
final class UsualConnects {
  /// Nothing was counted.
  static let none = Regression.Sample(attempts: 0, failures: 0, eligible: 0)

  /// What was counted at the last two times: what is compared with is never younger than the time between them.
  struct Kept {
    /// Totals of some time ago.
    private(set) var earlier = none
    /// Those to take their place.
    private var later = none

    /// Keeps what is counted now.
    mutating func keep(_ sample: Regression.Sample) { (earlier, later) = (later, sample) }
  }

  /// Totals of some time ago.
  var earlier: Regression.Sample { kept.earlier }

  private var kept = Kept()
  private var timer: Timer?

  /// How far back connects are looked at, at least.
  private static let time = Duration.seconds(10)

  /// Counts from now on.
  init(_ controller: Controller, on loop: EventLoop) {
    timer = Timer(on: loop) { [unowned self] in
      kept.keep(Confirmation.Baseline.sample(controller))
      timer?.schedule(after: Self.time)
    }
    timer?.schedule(after: Self.time)
  }
}
