/// How many sessions an order is to end, over all workers.
package final class EvictionQuota: Sendable {
  /// How many in all.
  package let size: Int
  private let used = Slots()

  /// A quota of which nothing is used.
  package init(_ size: Int) {
    self.size = size
  }

  /// How many sessions are still to end.
  package var left: Int {
    max(size - used.taken, 0)
  }

  /// Uses one up, unless all are.
  func take() -> Bool {
    used.take(limit: size)
  }
}

/// An order to end sessions, for as long as it stands.
///
/// Sessions end between their bytes, those first in which nothing has moved for longest, and no faster than the pace of the
/// process, so that their clients don't all come back at once. Sessions that come later and are meant, too, end as well.
package struct EvictionOrder: Sendable {
  /// Tells orders apart; a new one takes the place of an older one with the same id.
  package var id: Int
  /// Which sessions end.
  package var selection: SessionSelection
  /// What their end is counted as.
  package var cause: CloseCause
  /// How many of them end, over all workers; nil for all.
  package var quota: EvictionQuota?
  /// From when on, in nanoseconds of the monotonic clock, sessions are cut off even amid their bytes, and without a pace;
  /// `.max` for never. Then sessions that look for a backend are refused as well, unless the selection is one of backends.
  package var insistFrom: UInt64
  /// Whether it keeps to the pace until then.
  package var isPaced: Bool

  /// An order; without more it waits for a pause of each session, at the pace of the process.
  package init(
    id: Int, selection: SessionSelection, cause: CloseCause, quota: EvictionQuota? = nil, insistFrom: UInt64 = .max,
    isPaced: Bool = true
  ) {
    self.id = id
    self.selection = selection
    self.cause = cause
    self.quota = quota
    self.insistFrom = insistFrom
    self.isPaced = isPaced
  }
}
