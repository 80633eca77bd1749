import Sockets

/// Lets something be told of each of several things once in a while, however many tell of it.
struct Reminders {
  /// For how long nothing more is told of one, in nanoseconds.
  static let silence: UInt64 = 60_000_000_000

  private var toldAt: [String: UInt64] = [:]

  /// Whether it's to be told now, at a time of the monotonic clock in nanoseconds.
  mutating func mayTell(of name: String, at now: UInt64 = MonotonicClock.now()) -> Bool {
    if let told = toldAt[name], now &- told < Self.silence { return false }
    toldAt[name] = now
    return true
  }
}
