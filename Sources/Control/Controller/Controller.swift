package import Balancing
package import Config
import Health
package import Libevent
package import Logging
package import Model
package import Proxy
import Sockets
package import SystemPackage

/// Decides who may be picked, and tells the workers: the one place where the configuration, health, ejections, warm-ups,
/// name answers and leases come together. Every decision is a new routing table.
package final class Controller {
  /// How many transitions are remembered.
  package static let transitionsKept = 1000
  /// How many pools that are gone are remembered.
  package static let formerPoolsKept = 64

  /// What the file says that runs.
  package var configuration: Configuration
  /// The workers, who are told of every decision.
  package let workforce: Workforce
  /// The pools, in the configuration's order.
  package var pools: [PoolController] = []
  /// Pools that were removed and whose backends still have sessions.
  package var leavingPools: [PoolController] = []
  /// Pools that were removed and have no session any more, should they come back: what they counted goes on then.
  var formerPools: [PoolController] = []
  /// Ends sessions.
  package let evictions: EvictionScheduler
  /// The addresses of host names.
  package let names: NameBook
  /// At which addresses this process answers.
  package let own: OwnDoors
  /// The latest changes of state, the newest last.
  package var transitions = TransitionRing<Report.Transition>(capacity: transitionsKept)
  /// What operators have set.
  package var book: OverrideBook
  /// Told of the leases when some have ended by themselves.
  package var leasesExpired: (() -> Void)?
  /// Counts the routing tables.
  private(set) var tables = 0

  /// What a process before this one has known, until the first configuration is adopted.
  var inheritance: InheritedState?
  /// What processes before this one have counted.
  package let heritage = InheritedPools()

  /// Where everything here happens.
  package let loop: EventLoop
  let logger: Logger
  var snapshots: [String: Pool] = [:]
  var correlation: CorrelatedFailure
  var random = SplitMix64(seed: UInt64.random(in: .min ... .max))
  var changeTimer: Timer?
  var departureTimer: Timer?
  var backendsMade = 0

  /// Knows a configuration, and has no pools before it's adopted.
  package init(
    _ configuration: Configuration, book: OverrideBook, workforce: Workforce, on loop: EventLoop, logger: Logger
  ) {
    self.configuration = configuration
    self.book = book
    self.workforce = workforce
    self.loop = loop
    self.logger = logger
    correlation = CorrelatedFailure(window: configuration.slowestCheck)
    evictions = EvictionScheduler(workforce, rate: configuration.eviction.rate, on: loop)
    names = NameBook(configuration.resolver, on: loop, logger: logger)
    own = OwnDoors(on: loop, logger: logger)
    names.changed = { [unowned self] in nameChanged($0) }
    own.changed = { [unowned self] in recogniseOwn() }
    changeTimer = Timer(on: loop) { [unowned self] in timeHasPassed() }
    departureTimer = Timer(on: loop) { [unowned self] in lookForDepartures() }
  }

  /// Ends checks and name look-ups.
  package func stop() {
    for pool in pools { for member in pool.members { member.checker?.stop() } }
    names.stop()
    own.stop()
    changeTimer?.cancel()
    departureTimer?.cancel()
  }

  /// Its pools, with those that are gone and remembered.
  package var everyPool: [PoolController] { pools + leavingPools + formerPools }

  /// A pool by its name; nil if there's none.
  package func pool(_ name: String) -> PoolController? {
    pools.first { $0.name == name }
  }

  /// All backends that are here, also those that are leaving.
  package var everyMember: [Member] { (pools + leavingPools).flatMap { $0.members + $0.leaving } }

  // MARK: Tables

  /// The table for the workers now.
  package func makeTable() -> RoutingTable {
    let now = Instant.now
    for pool in pools where snapshots[pool.name] == nil { snapshots[pool.name] = pool.snapshot(at: now) }
    return makeTable(of: configuration, snapshots)
  }

  func makeTable(of configuration: Configuration, _ pools: [String: Pool]) -> RoutingTable {
    tables += 1
    let routes = configuration.listeners.compactMap { listener in
      pools[listener.pool].map { (listener.name, ListenerRoute(pool: $0, maxSessions: listener.maxSessions)) }
    }
    return RoutingTable(
      generation: tables, routes: Dictionary(uniqueKeysWithValues: routes),
      evictionInterval: 1_000_000_000 / UInt64(max(configuration.eviction.rate, 1)))
  }

  /// Looks at a pool anew after something happened to it: notes what has changed and tells the workers.
  ///
  /// - Parameter members: whom it happened to; nil if it was to the whole pool.
  func reassess(
    _ pool: PoolController, _ cause: Report.Transition.Cause, because reason: String, of members: [Member]? = nil,
    took duration: Duration? = nil
  ) {
    reassess(pool, cause, because: Occasion(reason, of: members), took: duration)
  }

  /// What happened, and to whom.
  enum Occasion {
    /// To the whole pool.
    case pool(String)
    /// To some of its members: why, for each.
    case members([ObjectIdentifier: String])

    init(_ reason: String, of members: [Member]?) {
      self =
        members.map { .members(Dictionary($0.map { (ObjectIdentifier($0), reason) }) { first, _ in first }) }
        ?? .pool(reason)
    }
  }

  /// Looks at a pool anew after something happened to it, or to some of its members.
  func reassess(
    _ pool: PoolController, _ cause: Report.Transition.Cause, because occasion: Occasion, took duration: Duration? = nil
  ) {
    noteChanges(in: pool, cause, because: occasion, took: duration)
    // Who stays only for want of others goes when there are, or when it's down itself.
    if pool.hasIdleVanished(at: .now) { return refresh(pool, .names, because: "another backend is up, or it's down") }
    workforce.post(.adopt(makeTable()))
    scheduleNextChange(after: .now)
  }

  /// Notes what has become of a pool's members. What an operator sets is noted even if it changes no state; what time
  /// has made of others meanwhile has a reason of its own.
  func noteChanges(
    in pool: PoolController, _ cause: Report.Transition.Cause, because occasion: Occasion,
    took duration: Duration? = nil
  ) {
    let now = Instant.now
    for member in pool.members {
      let previous = member.update(at: now)
      let itself: String? = if case .members(let reasons) = occasion { reasons[ObjectIdentifier(member)] } else { nil }
      guard previous != nil || cause == .override && itself != nil else { continue }
      // Who was taken out on purpose has its sessions still: nobody comes back all at once.
      if previous?.isEligible == true, member.state == .down || member.state == .ejected {
        pool.wentDown(member, at: now)
      }
      switch (occasion, itself) {
      case (.members, let reason?): note(member, of: pool, was: previous, cause, because: reason, took: duration)
      case (.members, nil): note(member, of: pool, was: previous, .time, because: member.reason, took: nil)
      case (.pool(let reason), _):
        note(member, of: pool, was: previous, cause, because: "\(reason): \(member.reason)", took: duration)
      }
    }
    snapshots[pool.name] = nil
  }

  func scheduleNextChange(after now: Instant) {
    let leaseEnd = book.nextEnd.map { Duration.seconds(max($0.seconds(since: .now), 0)) }
    // Leases end by the time of day, which can jump: it's looked at once a minute.
    let lease = leaseEnd.map { min($0 + .milliseconds(2), .seconds(60)) }
    if let next = (pools.compactMap { $0.nextChange(at: now) } + [lease].compactMap(\.self)).min() {
      changeTimer?.schedule(after: next)
    }
  }

  /// - Parameter previous: the state that it was in; nil if that hasn't changed.
  private func note(
    _ member: Member, of pool: PoolController, was previous: Report.Backend.State?, _ cause: Report.Transition.Cause,
    because reason: String, took duration: Duration?
  ) {
    transitions.append(
      Report.Transition(
        time: previous == nil ? .now : member.since, pool: pool.name, backend: member.backend.name,
        from: previous ?? member.state, to: member.state, cause: cause, reason: reason, duration: duration?.inSeconds))
    let level: Logger.Level =
      switch member.state {
      case .down, .ejected, .held, .ourselves, .vanished, .unresolved: .warning
      case .up, .warming, .unknown, .draining, .maintenance, .absent: .notice
      }
    logger.log(
      level: level,
      "\(pool.name)/\(member.backend.name) \(previous == nil ? "stays" : "is") \(member.state.rawValue): \(reason)",
      metadata: [
        "pool": "\(pool.name)", "backend": "\(member.backend.name)", "from": "\((previous ?? member.state).rawValue)",
        "to": "\(member.state.rawValue)", "cause": "\(cause.rawValue)",
      ])
    if previous != nil, !member.state.isEligible, !pool.members.contains(where: { $0.isEligible(at: .now) }) {
      logger.error("pool \(pool.name) has no eligible backend left", metadata: ["pool": "\(pool.name)"])
    }
  }

  /// Warm-ups have gone a step further, or ejections or leases have ended.
  private func timeHasPassed() {
    let now = Instant.now
    expireLeases()
    for pool in pools {
      let back = pool.members.filter { $0.state == .ejected && !$0.ejection.isEjected(at: now) }
      guard !back.isEmpty else { continue }
      for member in back { member.comeBackOnTrial(at: now) }
      reassess(pool, .time, because: "its time out is over", of: back)
    }
    for pool in pools {
      let warming = pool.members.filter { $0.state == .warming }
      guard !warming.isEmpty || pool.isRamping(at: now) else { continue }
      reassess(pool, .time, because: "warmed up", of: warming)
    }
    // The loop's clock is coarse: a change may still be a millisecond away, and nobody else would look again.
    scheduleNextChange(after: now)
  }

  // MARK: Health

  func startChecking(_ member: Member, in pool: PoolController) {
    member.checker?.stop()
    member.checker = nil
    guard member.isToBeChecked else { return }
    member.checker = HealthChecker(
      check: member.check.check, address: member.check.address, hostHeader: member.check.hostHeader,
      timeout: member.check.timeout, firstDelay: member.health.nextCheck(after: .now, using: &random), on: loop
    ) { [unowned self, unowned member, unowned pool] outcome in
      judge(outcome, of: member, in: pool)
    }
  }

  /// Takes in a check's outcome; gives the time until the next check.
  private func judge(_ outcome: ProbeOutcome, of member: Member, in pool: PoolController) -> Duration {
    let now = Instant.now
    let trust = correlation.observe(
      outcome, backend: member.key.whole, host: member.check.address.host, at: now)
    let transition = member.health.observe(outcome, at: now, trust: trust)
    let wasHeld = member.isHeld
    member.isHeld = trust == .held
    if let transition {
      if transition.isRecovery {
        member.comeBack(at: now)
        evictions.cancel(.backendDown, of: .backend(member.backend.id))
      } else if transition.to == .down, pool.configuration.onDown == .close {
        evictions.evict(
          .backend(member.backend.id), "\(pool.name)/\(member.backend.name) (down)", .backendDown,
          patience: configuration.eviction.patience, standing: member.backend.load.active)
      }
      if transition.to == .down { askAgain(for: member) }
      reassess(pool, .active, because: transition.reason, of: [member], took: transition.probeTime)
    } else if member.isHeld != wasHeld {
      if member.isHeld { askAgain(for: member) }
      reassess(
        pool, .active,
        because: member.isHeld ? "most backends are silent at once: its last state is held" : "backends answer again",
        of: [member])
    }
    return member.health.nextCheck(after: now, using: &random)
  }

  /// Sessions fail to connect to a backend.
  package func connectFailed(_ backend: Backend, _ error: Errno, inARow failures: Int) {
    let now = Instant.now
    guard let pool = pool(backend.pool), let member = pool.members.first(where: { $0.backend.id == backend.id })
    else { return }
    logger.debug(
      "connecting to \(pool.name)/\(backend.name) failed: \(error)",
      metadata: ["pool": "\(pool.name)", "backend": "\(backend.name)"])
    askAgain(for: member)
    guard member.isEligible(at: now), member.ejection.isDue(failures: failures, at: now) else { return }
    // Where nobody may be ejected any more, each further failure asks for a check.
    member.checker?.checkNow(spacing: member.health.policy.fastInterval)
    guard pool.mayEject(member, at: now) else { return }
    let reason = member.eject(at: now, because: "\(failures) connects in a row failed (\(error))")
    reassess(pool, .passive, because: reason, of: [member])
  }
}

extension Controller {
  /// Sessions can't be connected to a backend, for what this machine lacks or forbids: nothing that the backend could be
  /// blamed for.
  package func connectHindered(_ backend: Backend, _ error: Errno) {
    guard let pool = pool(backend.pool),
      let text = pool.hindrances.note(error, backend: "\(pool.name)/\(backend.name)", at: .now)
    else { return }
    logger.warning("\(text)", metadata: ["pool": "\(pool.name)", "backend": "\(backend.name)", "error": "\(error)"])
  }
}

extension Configuration {
  /// As long as it takes until every backend has had its turn: the slowest interval with its jitter, and one check.
  var slowestCheck: Duration {
    pools.map { $0.health.timing.interval * 1.1 + $0.health.timing.timeout }.max() ?? .seconds(3)
  }
}
