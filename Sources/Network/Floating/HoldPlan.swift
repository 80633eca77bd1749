/// Whether an address that the kernel is to take away in time is alone with those of ours.
///
/// The kernel looks through all addresses that have a lifetime at once, per family, and at most once a second: each put, each
/// end and each address that somebody else renews puts the next look off. So what is put in one message goes at most 0.37 s
/// late, and anything else up to a second.
package enum LifetimeCompany: Equatable, Sendable {
  /// No other address of the family in this namespace has a lifetime.
  case alone
  /// There are others (DHCP, router advertisements).
  case shared
}

/// Which addresses of one family are put now, so that the kernel takes none away later than it was reckoned with.
struct HoldPlan: Equatable {
  /// What goes first, as it would make the others' ends late and can't be put with them.
  private(set) var removals: [FloatingAddress] = []
  /// What is put, and for how many seconds.
  private(set) var puts: [FloatingAddress: UInt32] = [:]

  /// - Parameters:
  ///   - ready: what is held and may be put now, with the whole seconds for which it may, at least 1.
  ///   - ends: until when the kernel has the addresses that were put before, by the same clock as `now`, in nanoseconds.
  init(_ ready: [FloatingAddress: UInt32], ends: [FloatingAddress: Int64], company: LifetimeCompany, at now: Int64) {
    let later = ready.filter { address, seconds in
      now + Int64(seconds) * 1_000_000_000 > ends[address] ?? now
    }
    guard !later.isEmpty else { return }
    switch company {
    case .shared:
      // The ends are reckoned with a whole second of delay, so each address is put for itself, and never for less.
      puts = later
    case .alone:
      // One message for all of them: where one gains, another may lose less than a second, until it's put again.
      let ending = ends.filter { ready[$0.key] == nil && $0.value > now }
      if let last = ending.values.max() {
        // Nothing is put in somebody's last second, unless another one couldn't wait that long.
        guard ready.keys.contains(where: { ends[$0] ?? now <= last }) else { return }
        removals = Array(ending.keys)
      }
      puts = ready
    }
  }
}
