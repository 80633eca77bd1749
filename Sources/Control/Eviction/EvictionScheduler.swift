import Libevent
package import Model
package import Proxy
package import Sockets

/// Decides which sessions have to go and by when; workers end them, paced and between bytes.
///
/// All that ends sessions before they end themselves comes through here: backends that are down, removed or in
/// maintenance, limits of draining, operators and rebalancing. So one pace holds for all of it together, and one list
/// says what is under way.
package final class EvictionScheduler {
  /// Whose sessions.
  package enum Target: Equatable {
    /// Those of a backend, by its id.
    case backend(Int)
    /// Those of a listener, by its name.
    case listener(String)
    /// Those that came in at an address.
    case address(SocketAddress)
    /// Those that an operator has selected; the number tells selections apart.
    case selection(Int)
    /// All of them.
    case everybody
  }

  private struct Order {
    let id: Int
    let target: Target
    let what: String
    let selection: SessionSelection
    let cause: CloseCause
    let quota: EvictionQuota?
    /// How many sessions there were to end, where that was counted.
    let matching: Int?
    /// When the rest is cut off, on the monotonic clock; nil for never.
    let insistFrom: UInt64?
    /// Workers that have still to say that nothing is left.
    var busy: Set<Int>
    /// It has been given to the workers.
    var isIssued: Bool
    /// Whether it keeps to the pace.
    var isPaced = true
  }

  /// Sessions per second over all workers.
  var rate: Int

  private let workforce: Workforce
  private let loop: EventLoop
  private var orders: [Order] = []
  /// What begins or ends orders at their time, by their ids.
  private var timers: [Int: Timer] = [:]
  /// Who waits for the first time that nothing is left of an order.
  private var waiting: [Int: () -> Void] = [:]
  private var lastID = 0

  init(_ workforce: Workforce, rate: Int, on loop: EventLoop) {
    self.workforce = workforce
    self.rate = rate
    self.loop = loop
  }

  /// Ends sessions from now on at the pace that is set, each between its bytes; those that never are between bytes are cut
  /// off when everybody else should have been ended and the patience is over.
  package func evict(_ target: Target, _ what: String, _ cause: CloseCause, patience: Duration, standing: Int) {
    cancel(cause, of: target)
    let deadline = MonotonicClock.now() + (paced(standing) + patience).clockNanoseconds
    issue(order(target, what, cause, insistFrom: deadline))
  }

  /// Lets sessions go on up to the limit. As late as the pace allows, it begins to end those that are between bytes, so
  /// that the limit itself cuts off as few as possible.
  package func drain(_ target: Target, _ what: String, _ cause: CloseCause, limit: Duration, standing: Int) {
    cancel(cause, of: target)
    let order = order(target, what, cause, insistFrom: MonotonicClock.now() + limit.clockNanoseconds)
    // Sessions are looked at ten times a second, and not all are between bytes at once.
    let margin = min(limit / 10, .seconds(1))
    let start = max(limit - paced(standing) * 1.25 - margin, .zero)
    orders.append(order)
    let timer = Timer(on: loop) { [unowned self] in
      timers[order.id] = nil
      if let order = orders.first(where: { $0.id == order.id }) { issue(order) }
    }
    timer.schedule(after: start)
    timers[order.id] = timer
  }

  /// Ends everybody's sessions before the process ends, as late as the pace allows.
  package func shutDown(limit: Duration, standing: Int) {
    guard limit > .zero else { return }
    drain(.everybody, "everybody (shutdown)", .shutdown, limit: limit, standing: standing)
  }

  /// Ends the sessions with these ids: paced and between bytes until the patience is over, or without it at once.
  package func close(_ ids: Set<UInt64>, _ what: String, patience: Duration?) {
    let matching = ids.count
    let id = nextID()
    let insistFrom = patience.map { MonotonicClock.now() + (paced(matching) + $0).clockNanoseconds }
    issue(
      Order(
        id: id, target: .selection(id), what: what, selection: SessionSelection(ids: ids), cause: .closed, quota: nil,
        matching: matching, insistFrom: insistFrom ?? MonotonicClock.now(), busy: [], isIssued: false))
  }

  /// Ends the sessions that came in at an address, at once and whatever they do: it goes to another machine, or has gone. Who comes
  /// by it in the next moments ends, too.
  ///
  /// - Parameter done: told when none was left for the first time.
  package func leave(_ address: SocketAddress, _ what: String, done: @escaping () -> Void) {
    cancelAll(of: .address(address))
    var order = order(.address(address), what, .addressMoved, insistFrom: MonotonicClock.now())
    order.isPaced = false
    let id = order.id
    let timer = Timer(on: loop) { [unowned self] in end { $0.id == id } }
    timer.schedule(after: Self.aftermath)
    timers[id] = timer
    waiting[id] = done
    issue(order)
  }

  /// The address is this machine's again.
  package func returned(_ address: SocketAddress) {
    cancelAll(of: .address(address))
  }

  /// How long sessions are looked for that came in just before an address went.
  private static let aftermath = Duration.seconds(5)

  /// Ends so many sessions of a backend that is over its share: those that are between bytes, and no others. Who never is
  /// by the time that the pace would have taken, and the patience, is left alone.
  package func rebalance(_ backend: Int, _ what: String, excess: Int, patience: Duration) {
    cancel(.rebalanced, of: .backend(backend))
    let id = nextID()
    let timer = Timer(on: loop) { [unowned self] in end { $0.id == id } }
    timer.schedule(after: paced(excess) + patience)
    timers[id] = timer
    issue(
      Order(
        id: id, target: .backend(backend), what: what, selection: SessionSelection(backendIDs: [backend]),
        cause: .rebalanced, quota: EvictionQuota(excess), matching: excess, insistFrom: nil, busy: [], isIssued: false))
  }

  /// How many decisions aren't carried out yet.
  package var count: Int { orders.count }

  /// Takes back what was decided for this cause.
  func cancel(_ cause: CloseCause, of target: Target) {
    end { $0.target == target && $0.cause == cause }
  }

  /// Takes back everything that was decided about them.
  package func cancelAll(of target: Target) {
    end { $0.target == target }
  }

  /// An order has nothing left to do at a worker: no session is meant any more, or as many as there should be have ended.
  ///
  /// - Parameter remaining: how many sessions go on, as no more than so many were to end.
  package func finished(_ worker: Int, order id: Int, remaining: Int) {
    guard let place = orders.firstIndex(where: { $0.id == id }) else { return }
    orders[place].busy.remove(worker)
    // It stands until its time is over, for those who come later.
    if orders[place].busy.isEmpty, let done = waiting.removeValue(forKey: id) { return done() }
    if orders[place].busy.isEmpty { end { $0.id == id } }
  }

  /// How long it takes to end so many sessions at the pace that is set.
  private func paced(_ sessions: Int) -> Duration {
    .seconds(Double(sessions) / Double(max(rate, 1)))
  }

  private func nextID() -> Int {
    lastID += 1
    return lastID
  }

  private func order(_ target: Target, _ what: String, _ cause: CloseCause, insistFrom: UInt64) -> Order {
    let selection =
      switch target {
      case .backend(let id): SessionSelection(backendIDs: [id])
      case .address(let address): SessionSelection(local: address)
      case .listener(let name): SessionSelection(listener: name)
      case .everybody: SessionSelection()
      case .selection: preconditionFailure("a selection comes with its sessions")
      }
    return Order(
      id: nextID(), target: target, what: what, selection: selection, cause: cause, quota: nil, matching: nil,
      insistFrom: insistFrom, busy: [], isIssued: false)
  }

  private func issue(_ order: Order) {
    var order = order
    orders.removeAll { $0.id == order.id }
    order.busy = Set(0..<workforce.count)
    order.isIssued = true
    orders.append(order)
    workforce.post(
      .evict(
        EvictionOrder(
          id: order.id, selection: order.selection, cause: order.cause, quota: order.quota,
          insistFrom: order.insistFrom ?? .max, isPaced: order.isPaced)))
  }

  private func end(_ isMeant: (Order) -> Bool) {
    for order in orders where isMeant(order) {
      timers[order.id] = nil
      waiting.removeValue(forKey: order.id)?()
      if order.isIssued { workforce.post(.endEviction(order.id)) }
    }
    orders.removeAll(where: isMeant)
  }
}

extension EvictionScheduler {
  /// What is under way, for the report.
  ///
  /// - Parameter standing: how many sessions a target has now; nil if that isn't known.
  package func report(standing: (Target) -> Int?) -> [Report.Eviction] {
    let now = MonotonicClock.now()
    return orders.compactMap { order in
      let left = order.quota.map(\.left) ?? standing(order.target) ?? order.matching ?? 0
      guard left > 0 else { return nil }
      let deadline = order.insistFrom.map { time in
        Timestamp(milliseconds: Timestamp.now.milliseconds + Int(Int64(bitPattern: time &- now) / 1_000_000))
      }
      return Report.Eviction(what: order.what, cause: order.cause.rawValue, left: left, deadline: deadline)
    }
  }
}
