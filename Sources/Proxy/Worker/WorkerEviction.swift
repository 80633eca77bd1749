import Balancing
import Sockets

/// The orders that a worker carries out, tick by tick.
struct StandingOrders {
  struct Entry {
    let order: EvictionOrder
    /// The control plane knows that nothing was left to do.
    var isReported = false
  }

  var entries: [Entry] = []
  /// Sessions that were over their age at the last sweep.
  var overdue: [Session] = []

  var isEmpty: Bool { entries.isEmpty && overdue.isEmpty }

  mutating func end(_ id: Int) {
    entries.removeAll { $0.order.id == id }
  }
}

/// Ending sessions that would go on: one by one, between their bytes.
extension Worker {
  func evict(_ order: EvictionOrder) {
    orders.end(order.id)
    orders.entries.append(StandingOrders.Entry(order: order))
    carryOut(orderAt: orders.entries.count - 1, at: MonotonicClock.now())
  }

  /// A tick's share of the work. Who comes first gets what the pace allows, so the turns change.
  func carryOutOrders(at now: UInt64) {
    let isAgeFirst = tick & 1 == 0
    if isAgeFirst { expire(at: now) }
    let ids = orders.entries.map(\.order.id)
    for turn in ids.indices {
      let id = ids[(turn + Int(tick >> 1)) % ids.count]
      if let place = orders.entries.firstIndex(where: { $0.order.id == id }) { carryOut(orderAt: place, at: now) }
    }
    if !isAgeFirst { expire(at: now) }
  }

  private func carryOut(orderAt place: Int, at now: UInt64) {
    let order = orders.entries[place].order
    let insists = now >= order.insistFrom
    var meant: [Session] = []
    standing.forEach { if order.selection.matches($0, at: now) { meant.append($0) } }
    var unsettled: [Session] = []
    pending.forEach { if order.selection.matches($0, at: now) { unsettled.append($0) } }
    var left = meant.count + unsettled.count
    if insists {
      left -= cutOff(meant + unsettled, order)
    } else if !order.isPaced || isPaceFree(at: now) {
      left -= evict(meant, order, at: now)
    }
    let isUsedUp = order.quota?.left == 0
    if left == 0 || isUsedUp, !orders.entries[place].isReported {
      orders.entries[place].isReported = true
      report(.evicted(worker: index, order: order.id, remaining: left))
    }
    if isUsedUp { orders.entries.remove(at: place) }
  }

  /// Ends those that are between bytes, the longest idle first; gives how many.
  private func evict(_ sessions: [Session], _ order: EvictionOrder, at now: UInt64) -> Int {
    // Sorted as plain numbers: the idle time, then the place.
    let keys = sessions.enumerated().map { UInt64(tick &- $1.lastActive) << 32 | UInt64($0) }.sorted(by: >)
    var count = 0
    for key in keys {
      let session = sessions[Int(key & 0xFFFF_FFFF)]
      guard session.isBetweenBytes else { continue }
      guard !order.isPaced || takePace(at: now), order.quota?.take() ?? true else { break }
      session.evict(order.cause)
      count += 1
    }
    return count
  }

  /// Ends all of them; gives how many.
  private func cutOff(_ sessions: [Session], _ order: EvictionOrder) -> Int {
    var count = 0
    for session in sessions {
      let isSearching = session.phase == .queued || session.phase == .connecting
      if isSearching, order.selection.backendIDs != nil { continue }
      guard order.quota?.take() ?? true else { break }
      session.cutOff(order.cause)
      count += 1
    }
    return count
  }

  // MARK: Age

  /// Ends sessions that are too old: between bytes as long as there is patience, then anyhow.
  private func expire(at now: UInt64) {
    guard !orders.overdue.isEmpty else { return }
    var isFree = isPaceFree(at: now)
    orders.overdue = orders.overdue.filter { session in
      guard session.phase == .relaying else { return false }
      if session.age(at: now) >= session.ageLimit.sum(session.policy.patience) {
        session.cutOff(.expired)
        return false
      }
      guard isFree, session.isBetweenBytes else { return true }
      isFree = takePace(at: now)
      if isFree { session.evict(.expired) }
      return !isFree
    }
  }

  // MARK: Pace

  /// As many as come in a tick may end together, so that no worker has to look more often.
  private var burst: Int {
    table.evictionInterval == 0 ? 1 : 1 + Int(Self.tickNanoseconds / table.evictionInterval)
  }

  /// Whether it's worth looking for a session to end.
  private func isPaceFree(at now: UInt64) -> Bool {
    evictionPace.nextFree(at: now, interval: table.evictionInterval, burst: burst) <= now
  }

  /// Takes the place of one session in the pace of the process. The interval varies by half either way, so that clients
  /// don't come back in step.
  private func takePace(at now: UInt64) -> Bool {
    let interval = table.evictionInterval
    let jitter = random.next().multipliedFullWidth(by: interval).high
    return evictionPace.take(at: now, interval: interval / 2 + jitter, burst: burst)
  }
}

extension Session {
  /// For how long it has lived, in nanoseconds.
  func age(at now: UInt64) -> UInt64 {
    now - min(accepted, now)
  }

  /// How old it may become, in nanoseconds: its pool's maximum give or take a tenth, so that sessions that came together
  /// don't all end together. The id decides: it's as good as chance, and needs no place to be kept.
  var ageLimit: UInt64 {
    let span = policy.maxAge / 5
    let share = SplitMix64.mix(id).multipliedFullWidth(by: span).high
    return (policy.maxAge - span / 2).sum(share)
  }
}

extension UInt64 {
  /// The sum, or the greatest number there is.
  func sum(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
