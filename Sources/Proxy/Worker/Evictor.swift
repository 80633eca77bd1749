import Balancing
import Sockets

/// Ends sessions of a worker that would go on: one by one, between their bytes.
final class Evictor {
  /// So many looks at sessions are taken in a tick at most; each takes some system calls.
  private static let looksPerTick = 512

  private var orders = StandingOrders()
  private let pace: Pace
  private unowned let worker: Worker

  /// Has nothing to do yet.
  ///
  /// - Parameter pace: how fast the process ends sessions that would go on.
  init(_ worker: Worker, pace: Pace) {
    self.worker = worker
    self.pace = pace
  }

  /// Whether there's nothing to do.
  var isIdle: Bool { orders.isEmpty }
  /// Some orders have come since the last look.
  var hasNews: Bool { orders.areNew }
  /// Somebody waits to hear that an order has nothing left to do.
  var isUnfinished: Bool { orders.areUnfinished }

  /// Ends the sessions that are meant, from now on.
  func take(_ order: EvictionOrder) {
    orders.add(order)
    worker.isCalledFor = true
    worker.keepTicking()
  }

  /// Leaves those that are left.
  func end(_ order: Int) { orders.end(order) }

  /// Forgets everything, as the loop is about to go.
  func stop() { orders = StandingOrders() }

  /// The sessions are looked through for those that are too old, from now on.
  func beginSweep() { orders.overdue.removeAll() }

  /// A session is too old.
  func isOverdue(_ session: Session) { orders.overdue.append(session) }

  /// A tick's share of the work. Who comes first gets what the pace allows, so the turns change.
  func work(at now: UInt64) {
    if orders.areNew || worker.tick % Worker.ticksPerSweep == Worker.ticksPerSweep / 2 {
      orders.survey(standing: worker.standing, pending: worker.pending, tick: worker.tick, at: now)
    }
    var budget = Self.looksPerTick
    let isAgeFirst = worker.tick & 1 == 0
    if isAgeFirst { expire(at: now, budget: &budget) }
    let ids = orders.entries.map(\.order.id)
    for turn in ids.indices {
      let id = ids[(turn + Int(worker.tick >> 1)) % ids.count]
      if let place = orders.entries.firstIndex(where: { $0.order.id == id }) {
        carryOut(orderAt: place, at: now, budget: &budget)
      }
    }
    if !isAgeFirst { expire(at: now, budget: &budget) }
  }

  private func carryOut(orderAt place: Int, at now: UInt64, budget: inout Int) {
    let entry = orders.entries[place]
    let order = entry.order
    var (meant, unsettled) = (entry.meant, entry.unsettled)
    if now >= order.insistFrom {
      meant.look { cutOff($0, order, at: now, budget: &budget) }
      unsettled.look { cutOff($0, order, at: now, budget: &budget) }
    } else if !order.isPaced || isPaceFree(at: now) {
      meant.look { evict($0, order, at: now, budget: &budget) }
    }
    let left = meant.left + unsettled.left
    let isUsedUp = order.quota?.left == 0
    if left == 0 || isUsedUp, !entry.isReported {
      worker.report(.evicted(worker: worker.index, order: order.id, remaining: left))
    }
    if isUsedUp { return orders.end(order.id) }
    orders.update(place) { entry in
      entry.isReported = entry.isReported || left == 0
      entry.meant = meant
      entry.unsettled = unsettled
    }
  }

  /// Ends a session if that harms nobody, and the pace and the quota allow it.
  private func evict(
    _ session: Session, _ order: EvictionOrder, at now: UInt64, budget: inout Int
  ) -> FoundSessions.Look {
    guard session.phase == .relaying, order.selection.matches(session, at: now) else {
      return .goesOn
    }
    guard budget > 0 else { return .pause }
    budget -= 1
    guard let manner = session.harmlessEnd else { return .goesOn }
    guard !order.isPaced || takePace(at: now), order.quota?.take() ?? true else { return .stop }
    session.evict(order.cause, by: manner)
    return .ended
  }

  /// Ends a session whatever it does.
  private func cutOff(
    _ session: Session, _ order: EvictionOrder, at now: UInt64, budget: inout Int
  ) -> FoundSessions.Look {
    let isSearching =
      switch session.phase {
      case .introducing, .queued, .connecting: true
      case .relaying, .resetting, .ended: false
      }
    if isSearching, order.selection.backendIDs != nil { return .goesOn }
    guard order.selection.matches(session, at: now) else { return .goesOn }
    guard budget > 0 else { return .pause }
    budget -= 1
    guard order.quota?.take() ?? true else { return .stop }
    session.cutOff(order.cause)
    return .ended
  }

  // MARK: Age

  /// Ends sessions that are too old: between bytes as long as there is patience, then anyhow.
  private func expire(at now: UInt64, budget: inout Int) {
    guard !orders.overdue.isEmpty else { return }
    var isFree = isPaceFree(at: now)
    var overdue = orders.overdue
    overdue.look { session in
      guard session.phase == .relaying else { return .goesOn }
      let isOver = session.age(at: now) >= session.ageLimit.sum(session.policy.patience)
      guard isOver || isFree else { return .goesOn }
      guard budget > 0 else { return .pause }
      budget -= 1
      if isOver {
        session.cutOff(.expired)
        return .ended
      }
      guard let manner = session.harmlessEnd else { return .goesOn }
      isFree = takePace(at: now)
      guard isFree else { return .goesOn }
      session.evict(.expired, by: manner)
      return .ended
    }
    orders.overdue = overdue
  }

  // MARK: Pace

  /// The time from one session to the next, in nanoseconds.
  private var interval: UInt64 { worker.table.evictionInterval }

  /// As many as come in a tick may end together, so that no worker has to look more often.
  private var burst: Int {
    interval == 0 ? 1 : 1 + Int(Worker.tickNanoseconds / interval)
  }

  /// Whether it's worth looking for a session to end.
  private func isPaceFree(at now: UInt64) -> Bool {
    pace.nextFree(at: now, interval: interval, burst: burst) <= now
  }

  /// Takes the place of one session in the pace of the process. The interval varies by half either way, so that clients
  /// don't come back in step.
  private func takePace(at now: UInt64) -> Bool {
    let interval = interval
    let jitter = worker.random.next().multipliedFullWidth(by: interval).high
    return pace.take(at: now, interval: interval / 2 + jitter, burst: burst)
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
