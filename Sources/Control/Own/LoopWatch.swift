import Balancing
package import Libevent
import Proxy

/// Looks whether sessions come back to this process through somebody else, and ends that.
package final class LoopWatch {
  private struct Counted {
    var arrivals = 0
    var answers = 0
  }

  private let controller: Controller
  private let listeners: ListenerSet
  private var detectors: [String: LoopDetector] = [:]
  private var counted: [String: Counted] = [:]
  private var last = Instant.now
  private var timer: Timer?

  /// How often it looks, as long as nothing is suspicious, and then.
  private static let interval = Duration.milliseconds(250)
  private static let closeInterval = Duration.milliseconds(50)

  /// Looks from now on.
  package init(_ controller: Controller, _ listeners: ListenerSet, on loop: EventLoop) {
    self.controller = controller
    self.listeners = listeners
    timer = Timer(on: loop) { [unowned self] in look() }
    timer?.schedule(after: Self.interval)
  }

  private func look() {
    let now = Instant.now
    let length = now - last
    last = now
    var isClose = false
    let arrivals = arrivals()
    for pool in controller.pools {
      let before = counted[pool.name]
      let total = Counted(arrivals: arrivals[pool.name] ?? 0, answers: answers(of: pool))
      counted[pool.name] = total
      guard let before else { continue }
      let window = LoopDetector.Window(
        length: length, arrivals: total.arrivals - before.arrivals, answers: total.answers - before.answers)
      let order = detectors[pool.name, default: LoopDetector()].observe(window)
      isClose = isClose || order != .watch(closely: false)
      carryOut(order, in: pool)
    }
    if detectors.count > controller.pools.count {
      detectors = detectors.filter { name, _ in controller.pool(name) != nil }
      counted = counted.filter { name, _ in controller.pool(name) != nil }
    }
    timer?.schedule(after: isClose ? Self.closeInterval : Self.interval)
  }

  /// How many clients have come to each pool up to now, by its name, as workers of this process have counted them.
  private func arrivals() -> [String: Int] {
    var arrivals: [String: Int] = [:]
    for listener in listeners.listeners {
      let configuration = listener.configuration
      guard !configuration.routes.isEmpty else {
        guard let pool = configuration.pool else { continue }
        arrivals[pool, default: 0] += listener.status.counters.reduce(0) { $0 + $1.accepted.current }
        continue
      }
      let taken = controller.routes.counts(of: configuration.name)
      // Several ways to a pool may be counted under one name.
      var names = Dictionary(grouping: configuration.routes, by: \.pool).mapValues { Set($0.map(\.name)) }
      if let pool = configuration.pool { names[pool, default: []].insert(RouteBook.others) }
      for (pool, names) in names { arrivals[pool, default: 0] += names.reduce(0) { $0 + taken[$1, default: 0] } }
    }
    return arrivals
  }

  /// What backends have said, and sessions that have ended in order, up to now.
  private func answers(of pool: PoolController) -> Int {
    var answers = 0
    for member in pool.members + pool.leaving {
      for counters in member.backend.counters {
        answers += counters.bytesToClient.current + counters.closes[.clientEnded] + counters.closes[.backendEnded]
      }
    }
    return answers
  }

  private func carryOut(_ order: LoopDetector.Order, in pool: PoolController) {
    switch order {
    case .watch, .release: controller.holdBack(false, pool)
    case .hold: controller.holdBack(true, pool)
    case .found(let rate): controller.sessionsComeBack(from: pool, perSecond: rate)
    }
  }
}

extension Controller {
  /// Lets next to nobody through to a pool's backends for a moment, or everybody again.
  fileprivate func holdBack(_ isHeldBack: Bool, _ pool: PoolController) {
    guard pool.isHeldBack != isHeldBack else { return }
    pool.isHeldBack = isHeldBack
    tables.outdate(pool)
    workforce.post(.adopt(makeTable()))
  }

  /// Takes out the backends that send their sessions back here: nobody is served there, and each client takes all places
  /// there are. Who they are isn't known more closely, so it's all that have sessions and have never answered any since.
  fileprivate func sessionsComeBack(from pool: PoolController, perSecond rate: Int) {
    pool.isHeldBack = false
    let now = Instant.now
    var reasons: [ObjectIdentifier: String] = [:]
    for member in pool.members where member.isEligible(at: now) && member.backend.load.active > 0 {
      reasons[ObjectIdentifier(member)] = member.eject(
        at: now,
        because:
          "its sessions come back to this process, \(rate) a second, and none is answered: does it lead here again?")
      evictions.evict(
        .backend(member.backend.id), "\(pool.name)/\(member.backend.name) (comes back here)", .backendDown,
        patience: .zero, standing: member.backend.load.active)
    }
    reassess(pool, .passive, because: .members(reasons))
  }
}
