/// The orders that a worker carries out, tick by tick.
///
/// Work is bounded, however many orders and sessions there are: all sessions are surveyed once a second for all orders
/// together, and each tick takes so many looks at those who were found, on from where the last one stopped.
struct StandingOrders {
  struct Entry {
    let order: EvictionOrder
    /// The control plane knows that nothing was left to do.
    var isReported = false
    /// Those that relay, the longest idle first.
    var meant = FoundSessions()
    /// Those that look for a backend, or end already.
    var unsettled = FoundSessions()
  }

  private(set) var entries: [Entry] = []
  /// Sessions that were over their age at the last sweep.
  var overdue = FoundSessions()
  /// Some have come since the last survey.
  private(set) var areNew = false
  /// Nil as long as nobody has asked since the orders changed.
  private var index: OrderIndex?

  var isEmpty: Bool { entries.isEmpty && overdue.isEmpty }

  /// Somebody waits to hear that an order has nothing left to do.
  var areUnfinished: Bool { entries.contains { !$0.isReported } }

  mutating func add(_ order: EvictionOrder) {
    end(order.id)
    entries.append(Entry(order: order))
    areNew = true
    index = nil
  }

  mutating func end(_ id: Int) {
    entries.removeAll { $0.order.id == id }
    index = nil
  }

  /// Finds out anew which sessions are meant by which orders.
  mutating func survey(standing: SessionList, pending: SessionList, tick: UInt32, at now: UInt64) {
    areNew = false
    guard !entries.isEmpty else { return }
    let index = index ?? OrderIndex(entries.map(\.order.selection))
    self.index = index
    var entries = entries
    self.entries = []
    for place in entries.indices {
      entries[place].meant.removeAll()
      entries[place].unsettled.removeAll()
    }
    for session in standing.longestIdleFirst(at: tick) {
      index.forEach(about: session, at: now) { entries[$0].meant.append(session) }
    }
    pending.forEach { session in
      index.forEach(about: session, at: now) { entries[$0].unsettled.append(session) }
    }
    self.entries = entries
  }

  /// Changes an entry in its place.
  mutating func update(_ place: Int, _ change: (inout Entry) -> Void) {
    change(&entries[place])
  }
}

/// Which orders may be about a session, without asking each of them.
private struct OrderIndex {
  private let selections: [SessionSelection]
  private var byID: [UInt64: [Int]] = [:]
  private var byBackend: [Int: [Int]] = [:]
  private var others: [Int] = []

  init(_ selections: [SessionSelection]) {
    self.selections = selections
    for (place, selection) in selections.enumerated() {
      if let ids = selection.ids {
        for id in ids { byID[id, default: []].append(place) }
      } else if let backends = selection.backendIDs {
        for backend in backends { byBackend[backend, default: []].append(place) }
      } else {
        others.append(place)
      }
    }
  }

  /// Calls with the place of each order that means the session.
  func forEach(about session: Session, at now: UInt64, _ body: (Int) -> Void) {
    func check(_ places: [Int]) {
      for place in places where selections[place].matches(session, at: now) { body(place) }
    }
    check(others)
    if !byBackend.isEmpty, let backend = session.backend, let places = byBackend[backend.id] { check(places) }
    if !byID.isEmpty, let places = byID[session.id] { check(places) }
  }
}
