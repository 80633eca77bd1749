import Proxy

/// Tells another process what was counted here: everything first, and then what has changed, a part at a time. The parts are
/// small however many backends there are, as the loops of both processes have other things to do meanwhile.
package final class CountsTeller {
  /// So many backends are in a part at most, or half as many pools or listeners.
  static let most = 200

  /// What can change by itself, and is told in one piece.
  private enum Item {
    case listener(String)
    /// A pool with its backends that are gone.
    case pool(PoolController)
    case backend(Member, of: PoolController)
    /// A pool that isn't here any more.
    case stranger(String)
    case workers
  }

  private let controller: Controller
  private let listeners: ListenerSet
  /// In which form the other process wants it.
  package private(set) var form = CountsForm.short

  // What the other process was told.
  private var toldListeners: [String: ListenerCounts] = [:]
  private var toldPools: [String: PoolCounts] = [:]
  private var toldGone: [String: (sums: BackendSums, counts: BackendCounts)] = [:]
  /// By pool, then by address.
  private var toldBackends: [String: [String: BackendSums]] = [:]

  /// What has still to be looked at in this round, the last first.
  private var round: [Item] = []

  /// The other process knows nothing yet.
  package init(_ controller: Controller, _ listeners: ListenerSet) {
    self.controller = controller
    self.listeners = listeners
  }

  /// The other process knows nothing: it couldn't be told, or can't read what it was told.
  package func forget(for form: CountsForm) {
    self.form = form
    (toldListeners, toldPools, toldGone, toldBackends) = ([:], [:], [:], [:])
    round = []
  }

  /// Everything at once.
  package func everything() -> CountsHandover {
    beginRound()
    var counts = part(atMost: .max)
    counts.isPartial = nil
    return counts
  }

  // MARK: Parts

  /// Whether everything was looked at in this round.
  package var isDone: Bool { round.isEmpty }

  /// Looks at everything anew.
  package func beginRound() {
    let pools = controller.everyPool
    let strangers = controller.heritage.names.subtracting(pools.map(\.name)).sorted()
    round = [.workers] + listeners.counts.keys.map { .listener($0) }
    round += strangers.prefix(PoolRegister.formerKept).map { .stranger($0) }
    for pool in pools {
      round.append(.pool(pool))
      round += pool.members.map { .backend($0, of: pool) }
    }
    round.reverse()
  }

  /// The next part of this round.
  package func part(atMost most: Int = most) -> CountsHandover {
    var counts = nothing
    lazy var listening = listeners.counts
    var size = 0
    while size < most, let item = round.popLast() {
      switch item {
      case .workers: counts.workers = controller.workforce.counts
      case .listener(let name):
        var listener = listening[name]
        listener?.routes.merge(controller.routes.counts(of: name), uniquingKeysWith: +)
        size += add(listener, named: name, to: &counts) ? 2 : 0
      case .stranger(let name): size += add(stranger: name, to: &counts) ? 2 : 0
      case .pool(let pool): size += add(pool, to: &counts) ? 2 : 0
      case .backend(let member, let pool): size += add(member, of: pool, to: &counts) ? 1 : 0
      }
    }
    return counts
  }

  /// A message without counts. A process that reads only the whole form takes what isn't in a message for nothing where it's
  /// about backends that are gone.
  package var nothing: CountsHandover {
    var counts = CountsHandover()
    counts.isPartial = true
    if form == .whole { counts.gone = toldGone.mapValues(\.counts) }
    return counts
  }

  private func add(_ listener: ListenerCounts?, named name: String, to counts: inout CountsHandover) -> Bool {
    guard let listener, toldListeners[name] != listener else { return false }
    toldListeners[name] = listener
    counts.listeners[name] = listener
    return true
  }

  private func add(stranger name: String, to counts: inout CountsHandover) -> Bool {
    let pool = controller.heritage[name]
    return add(pool.itself, gone: pool.sums, pool.counts, of: name, to: &counts)
  }

  private func add(_ pool: PoolController, to counts: inout CountsHandover) -> Bool {
    let hasChanged = add(pool.counts, gone: pool.goneSums, pool.goneCounts, of: pool.name, to: &counts)
    // Who is no member any more is one of those that are gone, and isn't to be counted twice.
    let present = Set(pool.members.map(\.address))
    let left = (toldBackends[pool.name] ?? [:]).keys.filter { !present.contains($0) }
    for address in left {
      toldBackends[pool.name]?[address] = nil
      counts.backends[pool.name, default: [:]]["\(address) \(address)"] = BackendCounts()
    }
    return hasChanged || !left.isEmpty
  }

  /// - Parameter gone: what was counted of its backends that are gone, in short and, if that has changed, with every detail.
  private func add(
    _ pool: PoolCounts, gone sums: BackendSums, _ gone: @autoclosure () -> BackendCounts, of name: String,
    to counts: inout CountsHandover
  ) -> Bool {
    var hasChanged = false
    if toldPools[name] != pool {
      toldPools[name] = pool
      counts.pools[name] = pool
      hasChanged = true
    }
    if toldGone[name]?.sums ?? BackendSums() != sums {
      let gone = gone().sparse
      toldGone[name] = (sums, gone)
      counts.gone[name] = gone
      hasChanged = true
    }
    return hasChanged
  }

  private func add(_ member: Member, of pool: PoolController, to counts: inout CountsHandover) -> Bool {
    // As it's looked at first, what is counted meanwhile is told in the next round.
    let sums = pool.sums(of: member)
    guard toldBackends[pool.name]?[member.address] ?? BackendSums() != sums else { return false }
    toldBackends[pool.name, default: [:]][member.address] = sums
    counts.backends[pool.name, default: [:]][member.texts.first ?? member.address] = pool.counts(of: member).sparse
    return true
  }
}
