import Balancing
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
  /// What the file says that runs.
  package var configuration: Configuration
  /// The workers, who are told of every decision.
  package let workforce: Workforce
  /// The pools, those that are gone too.
  var register = PoolRegister()
  /// Ends sessions.
  package let evictions: EvictionScheduler
  /// The addresses of host names.
  package let names: NameBook
  /// What is found where backends are to be found.
  package let targets: TargetBook
  /// Which addresses listeners let in.
  package let admission: AdmissionBook
  /// What workers have told of lately.
  package var incidents = Incidents()
  /// What was counted of listeners' routes.
  package let routes: RouteBook
  /// At which addresses this process answers.
  package let own: OwnDoors
  /// What has become of backends.
  package let transitions: TransitionLog
  /// What operators have set.
  package var book: OverrideBook
  /// Told of the leases when some have ended by themselves.
  package var leasesExpired: (() -> Void)?
  /// What was prepared, to take effect by `apply`.
  var prepared: (rollout: Int, stage: Stage)?

  /// What a process before this one has known, until the first configuration has taken effect.
  var inheritance: InheritedState?
  /// What processes before this one have counted.
  package let heritage = InheritedPools()

  /// Where everything here happens.
  package let loop: EventLoop
  let logger: Logger
  var tables: RoutingTables
  let checks: HealthChecks
  let agents: AgentChecks
  /// By which files checks speak TLS.
  package let checkTLS: CheckTLS
  var changeTimer: Timer?
  var departureTimer: Timer?
  var backendsMade = 0

  /// Knows a configuration, and has no pools before it has taken effect.
  package init(
    _ configuration: Configuration, book: OverrideBook, workforce: Workforce, on loop: EventLoop, logger: Logger
  ) {
    self.configuration = configuration
    self.book = book
    self.workforce = workforce
    self.loop = loop
    self.logger = logger
    routes = RouteBook(workers: workforce.count)
    tables = RoutingTables(routes, workforce.accessLogs)
    transitions = TransitionLog(logger)
    evictions = EvictionScheduler(workforce, rate: configuration.eviction.rate, on: loop)
    names = NameBook(configuration.resolver, on: loop, logger: logger)
    targets = TargetBook(configuration.resolver, on: loop, logger: logger)
    admission = AdmissionBook(on: loop, logger: logger)
    admission.overrides = book.admissions
    own = OwnDoors(on: loop, logger: logger)
    checkTLS = CheckTLS(on: loop, logger: logger)
    checks = HealthChecks(window: configuration.slowestCheck, tls: checkTLS, on: loop)
    agents = AgentChecks(on: loop)
    checks.judged = { [unowned self] in judged($0, $1, in: $2) }
    agents.heard = { [unowned self] in agentSaid($1, in: $2, before: $0) }
    names.changed = { [unowned self] name in
      apply(Change(.addresses(of: name), by: "the name server"))
    }
    targets.changed = { [unowned self] source in
      apply(Change(.targets(of: "\(source)"), by: "\(source)"))
    }
    admission.changed = { [unowned self] file in
      apply(Change(.admission(file: file), by: "a change of \(file)"))
    }
    own.changed = { [unowned self] in recogniseOwn() }
    changeTimer = Timer(on: loop) { [unowned self] in timeHasPassed() }
    departureTimer = Timer(on: loop) { [unowned self] in lookForDepartures() }
  }

  /// Ends checks and name look-ups.
  package func stop() {
    for member in pools.flatMap(\.members) {
      checks.stop(member)
      agents.stop(member)
    }
    names.stop()
    targets.stop()
    admission.stop()
    own.stop()
    changeTimer?.cancel()
    departureTimer?.cancel()
  }

  /// The pools, in the configuration's order.
  package var pools: [PoolController] { register.present }

  /// Pools that were removed and whose backends still have sessions.
  package var leavingPools: [PoolController] { register.leaving }

  /// Its pools, with those that are gone and remembered.
  package var everyPool: [PoolController] { register.all }

  /// A pool by its name; nil if there's none.
  package func pool(_ name: String) -> PoolController? {
    pools.first { $0.name == name }
  }

  /// All backends that are here, also those that are leaving.
  package var everyMember: [Member] { (pools + leavingPools).flatMap { $0.members + $0.leaving } }

  // MARK: Tables

  /// The table for the workers now.
  package func makeTable() -> RoutingTable {
    tables.next(of: pools, configuration, at: .now) { admission.rules(of: $0) }
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
      case (.members, let reason?):
        transitions.changed(member, of: pool, was: previous, cause, because: reason, took: duration)
      case (.members, nil):
        transitions.changed(member, of: pool, was: previous, .time, because: member.reason, took: nil)
      case (.pool(let reason), _):
        transitions.changed(
          member, of: pool, was: previous, cause, because: "\(reason): \(member.reason)", took: duration)
      }
    }
    tables.outdate(pool)
  }

  func scheduleNextChange(after now: Instant) {
    let leaseEnd = book.nextEnd.map { Duration.seconds(max($0.seconds(since: .now), 0)) }
    // Leases end by the time of day, which can jump: it's looked at once a minute.
    let lease = leaseEnd.map { min($0 + .milliseconds(2), .seconds(60)) }
    if let next = (pools.compactMap { $0.nextChange(at: now) } + [lease].compactMap(\.self)).min() {
      changeTimer?.schedule(after: next)
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

  /// Takes in what a check has made of a member.
  private func judged(_ verdict: HealthChecks.Verdict, _ member: Member, in pool: PoolController) {
    switch verdict {
    case .recovered(let reason, let duration):
      // Its agent may still say that it's down.
      if member.agent.state.isUp { evictions.cancel(.backendDown, of: .backend(member.backend.id)) }
      reassess(pool, .active, because: reason, of: [member], took: duration)
    case .changed(let isDown, let reason, let duration):
      if isDown {
        endSessionsIfWished(of: member, in: pool)
        askAgain(for: member)
      }
      reassess(pool, .active, because: reason, of: [member], took: duration)
    case .held:
      askAgain(for: member)
      reassess(pool, .active, because: "most backends are silent at once: its last state is held", of: [member])
    case .certificate(let words):
      logger.warning(
        "the certificate of \(pool.name)/\(member.backend.name) \(words)",
        metadata: ["pool": "\(pool.name)", "backend": "\(member.backend.name)"])
    case .released: reassess(pool, .active, because: "backends answer again", of: [member])
    }
  }

  /// A member is down: ends its sessions where its pool says so.
  private func endSessionsIfWished(of member: Member, in pool: PoolController) {
    guard pool.configuration.onDown == .close else { return }
    evictions.evict(
      .backend(member.backend.id), "\(pool.name)/\(member.backend.name) (down)", .backendDown,
      patience: configuration.eviction.patience, standing: member.backend.load.active)
  }

  /// A member's agent says something else than before.
  private func agentSaid(_ member: Member, in pool: PoolController, before: AgentState) {
    logger.debug(
      "\(pool.name)/\(member.backend.name): \(member.agent.reason)",
      metadata: ["pool": "\(pool.name)", "backend": "\(member.backend.name)"])
    switch (before.isUp, member.agent.state.isUp) {
    case (true, false): endSessionsIfWished(of: member, in: pool)
    case (false, true):
      member.comeBack(at: .now)
      if member.health.isEligible { evictions.cancel(.backendDown, of: .backend(member.backend.id)) }
    default: break
    }
    if (member.checker != nil) != member.isToBeChecked { checks.start(member, in: pool) }
    reassess(pool, .agent, because: member.agent.reason, of: [member])
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
    guard let pool = pool(backend.pool) else { return }
    let egress = pool.members.first { $0.backend.id == backend.id }?.configuration.egress ?? EgressRules()
    guard
      let text = pool.hindrances.note(error, backend: "\(pool.name)/\(backend.name)", leavingBy: egress, at: .now)
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
