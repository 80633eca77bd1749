/// Tells whether a pool's sessions come back to this process through somebody else: another proxy behind a backend, or a
/// packet filter, that sends them here again.
///
/// Nothing in the bytes or addresses says so, but what comes is caused by what goes there: when sessions are held back for
/// a moment, nobody comes any more, and when they are let go, somebody does at once. That is tried only where sessions come
/// fast while not a byte of any is answered and none ends in order, which no service in order shows for long; a service that
/// hangs does, but its clients come whether they are held back or not.
struct LoopDetector {
  /// What was counted in one window of time.
  struct Window {
    /// How long it was.
    var length: Duration
    /// Clients that came.
    var arrivals: Int
    /// Bytes that backends have said, and sessions that have ended in order.
    var answers: Int
  }

  /// What to do until the next window ends.
  enum Order: Equatable {
    /// Nothing; whether to look closely, in short windows.
    case watch(closely: Bool)
    /// Hold the pool's sessions back.
    case hold
    /// Let them go, and look closely.
    case release
    /// They come back, so many a second: it's sure.
    case found(perSecond: Int)
  }

  private enum Phase {
    case watching(windows: Int)
    /// Sessions are held back, in this round, for so many windows.
    case holding(round: Int, windows: Int)
    case releasing(round: Int, windows: Int)
    /// They come by themselves: nothing is tried for so long.
    case cleared(Duration)
  }

  /// As many a second are worth a look.
  static let suspicious = 300
  /// So many windows in a row before anything is tried.
  private static let patience = 3
  /// How often it's tried before it's believed.
  private static let rounds = 2
  /// How long nothing is tried after it was in vain.
  private static let rest = Duration.seconds(60)

  private var phase = Phase.watching(windows: 0)
  /// How many came a second before anything was tried.
  private var usual = 0

  /// Takes what was counted since the last one.
  mutating func observe(_ window: Window) -> Order {
    let rate = Int(Double(window.arrivals) / max(window.length / .seconds(1), 0.001))
    switch phase {
    case .cleared(let left):
      phase = left > window.length ? .cleared(left - window.length) : .watching(windows: 0)
      return .watch(closely: false)
    case .watching(let windows):
      guard rate >= Self.suspicious, window.answers == 0 else { return watch() }
      guard windows + 1 >= Self.patience else {
        phase = .watching(windows: windows + 1)
        return .watch(closely: true)
      }
      usual = rate
      return hold(round: 1)
    case .holding, .releasing:
      if window.answers > 0 { return watch() }
      return tried(rate)
    }
  }

  private mutating func tried(_ rate: Int) -> Order {
    switch phase {
    // In the first window after a change it isn't everywhere yet.
    case .holding(let round, windows: 0):
      phase = .holding(round: round, windows: 1)
      return .hold
    case .releasing(let round, windows: 0):
      phase = .releasing(round: round, windows: 1)
      return .release
    case .holding(let round, _):
      guard rate * 5 <= usual else {
        phase = .cleared(Self.rest)
        return .watch(closely: false)
      }
      phase = .releasing(round: round, windows: 0)
      return .release
    case .releasing(let round, _):
      // They have stopped by themselves.
      guard rate * 3 >= usual else { return watch() }
      guard round >= Self.rounds else { return hold(round: round + 1) }
      phase = .watching(windows: 0)
      return .found(perSecond: usual)
    case .watching, .cleared: return watch()
    }
  }

  private mutating func hold(round: Int) -> Order {
    phase = .holding(round: round, windows: 0)
    return .hold
  }

  private mutating func watch() -> Order {
    phase = .watching(windows: 0)
    return .watch(closely: false)
  }
}
