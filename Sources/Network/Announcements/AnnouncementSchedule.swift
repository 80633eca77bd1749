/// When neighbours are told of the addresses that are held: three times at the beginning, as one packet may be lost, and
/// again and again, as a switch or a machine that comes back from a snapshot knows nothing of what was said before.
///
/// Times are nanoseconds of any one clock.
struct AnnouncementSchedule {
  /// How long after the first time the next ones are.
  static let first: [Int64] = [200_000_000, 1_000_000_000]
  /// The time between all that follow.
  static let period: Int64 = 10_000_000_000

  private var due: [FloatingAddress: (at: Int64, told: Int)] = [:]

  /// When somebody is to be told next; nil if nothing is held.
  var next: Int64? { due.values.map(\.at).min() }

  /// Tells of the address from now on, as if nobody had ever heard of it.
  mutating func begin(_ address: FloatingAddress, at now: Int64) {
    due[address] = (now, 0)
  }

  /// Tells of it no more.
  mutating func end(_ address: FloatingAddress) {
    due[address] = nil
  }

  /// Those whose time has come, which is used up by that.
  mutating func take(at now: Int64) -> [FloatingAddress] {
    let ready = due.filter { $0.value.at <= now }
    for (address, entry) in ready {
      let pause =
        switch entry.told {
        case 0: Self.first[0]
        case 1: Self.first[1] - Self.first[0]
        default: Self.period
        }
      due[address] = (now + pause, entry.told + 1)
    }
    return Array(ready.keys)
  }
}
