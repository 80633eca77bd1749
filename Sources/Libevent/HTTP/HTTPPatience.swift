import Sockets

/// How far a client has come with its request or with taking its answer. Pure: times are passed in, as nanoseconds of one
/// clock.
struct HTTPProgress {
  /// What the next step is, and whose.
  enum Phase {
    /// The client's: its request isn't whole.
    case asking
    /// Ours: the request is being handled.
    case handled
    /// The client's: it has the answer to take.
    case taking
    /// Nobody's: the last answer is out, and nothing more is asked.
    case resting
  }

  private(set) var phase = Phase.asking
  /// Since when, and how many bytes it has moved in this phase.
  private(set) var since: UInt64
  private(set) var moved = 0

  /// A client that has come just now.
  init(at now: UInt64) {
    since = now
  }

  mutating func enter(_ phase: Phase, at now: UInt64) {
    self = HTTPProgress(at: now)
    self.phase = phase
  }

  /// The client has sent bytes.
  mutating func sent(_ count: Int, at now: UInt64) {
    guard count > 0 else { return }
    if phase == .resting { enter(.asking, at: now) }
    if phase == .asking { moved += count }
  }

  /// The client has taken bytes.
  mutating func took(_ count: Int) {
    if phase == .taking { moved += count }
  }
}

/// What a client may take of a server's time, and who goes first when places or memory are short.
struct HTTPPatience {
  let limits: HTTPServer.Limits

  /// From what age on a client may have to go when places are short: who is quick has asked by then.
  static let quick: UInt64 = 250_000_000
  /// From what age on a client may have to go while it takes its answer.
  static let taking: UInt64 = 2_000_000_000

  /// Whether the client's time is up: all of it, or it's slower than the minimum rate after a while.
  func isOver(_ progress: HTTPProgress, at now: UInt64) -> Bool {
    let age = now &- progress.since
    switch progress.phase {
    case .handled: return false
    case .resting: return age > limits.idle.clockNanoseconds
    case .asking, .taking:
      if age > limits.request.clockNanoseconds { return true }
      return age > limits.patience.clockNanoseconds && rate(progress, at: now) < Double(limits.bytesPerSecond)
    }
  }

  /// In which order clients go when places are short, the least first; nil for who stays. Who rests goes before who has
  /// something to do, the longest first; then the slowest.
  func precedence(_ progress: HTTPProgress, at now: UInt64) -> Double? {
    let age = now &- progress.since
    switch progress.phase {
    case .handled: return nil
    case .resting: return -Double(age)
    case .asking: return age > Self.quick ? rate(progress, at: now) : nil
    case .taking: return age > Self.taking ? rate(progress, at: now) : nil
    }
  }

  /// Bytes a second in this phase.
  private func rate(_ progress: HTTPProgress, at now: UInt64) -> Double {
    Double(progress.moved) / max(Double(now &- progress.since) / 1e9, 0.001)
  }
}
