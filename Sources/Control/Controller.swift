import Balancing
import Config
import Libevent
import Logging
import Proxy
import Sockets
import SystemPackage

/// Decides who may be picked, and tells the workers: the one place where health, ejections, warm-ups and name answers
/// come together. Every decision is a new routing table.
final class Controller {
  /// How many transitions are remembered.
  static let transitionsKept = 200

  let configuration: Configuration
  let workforce: Workforce
  let pools: [PoolController]
  private(set) var transitions = TransitionRing<Report.Transition>(capacity: transitionsKept)
  /// Counts the routing tables.
  private(set) var tables = 0

  private let loop: EventLoop
  private let logger: Logger
  private let resolver: Resolver?
  private var watchers: [NameWatcher] = []
  private var snapshots: [String: Pool] = [:]
  private var correlation: CorrelatedFailure
  private var random = SplitMix64(seed: UInt64.random(in: .min ... .max))
  private var changeTimer: Timer?
  private var backendsMade = 0

  init(_ configuration: Configuration, workforce: Workforce, on loop: EventLoop, logger: Logger) {
    self.configuration = configuration
    self.workforce = workforce
    self.loop = loop
    self.logger = logger
    pools = configuration.pools.map { PoolController($0, workers: workforce.count) }
    // As long as it takes until every backend has had its turn: the slowest interval with its jitter, and one check.
    let slowest = configuration.pools.map { $0.health.timing.interval * 1.1 + $0.health.timing.timeout }.max()
    correlation = CorrelatedFailure(window: slowest ?? .seconds(3))
    let names = configuration.pools.flatMap(\.backends).contains { $0.isNamed }
    resolver = names ? Resolver(configuration.resolver, on: loop) : nil
    changeTimer = Timer(on: loop) { [unowned self] in timeHasPassed() }
    for pool in pools {
      for entry in pool.configuration.backends {
        switch entry.endpoint {
        case .address(let address): setMembers(of: entry, in: pool, at: [address])
        case .name(let name, let port): watch(name, port: port, for: entry, in: pool)
        }
      }
    }
  }

  // MARK: Tables

  /// The table for the workers now.
  func makeTable() -> RoutingTable {
    tables += 1
    let now = Instant.now
    for pool in pools where snapshots[pool.name] == nil { snapshots[pool.name] = pool.snapshot(at: now) }
    let byListener = configuration.listeners.compactMap { listener in
      snapshots[listener.pool].map { (listener.name, $0) }
    }
    return RoutingTable(generation: tables, pools: Dictionary(uniqueKeysWithValues: byListener))
  }

  /// Looks at a pool anew after something happened to it: notes what has changed and tells the workers.
  private func reassess(
    _ pool: PoolController, _ cause: Report.Transition.Cause, because reason: String, took duration: Duration? = nil
  ) {
    let now = Instant.now
    for member in pool.members {
      guard let previous = member.update(at: now, because: reason) else { continue }
      note(member, of: pool, was: previous, cause, took: duration)
    }
    snapshots[pool.name] = nil
    workforce.post(.adopt(makeTable()))
    scheduleNextChange(after: now)
  }

  private func scheduleNextChange(after now: Instant) {
    if let next = pools.compactMap({ $0.nextChange(at: now) }).min() { changeTimer?.schedule(after: next) }
  }

  private func note(
    _ member: Member, of pool: PoolController, was previous: Report.Backend.State, _ cause: Report.Transition.Cause,
    took duration: Duration?
  ) {
    transitions.append(
      Report.Transition(
        time: member.since, pool: pool.name, backend: member.backend.name, from: previous, to: member.state,
        cause: cause, reason: member.reason, duration: duration?.inSeconds))
    let level: Logger.Level =
      switch member.state {
      case .down, .ejected, .held: .warning
      case .up, .warming, .unknown, .draining, .maintenance: .notice
      }
    let out = !member.isEligible(at: .now)
    logger.log(
      level: level, "\(pool.name)/\(member.backend.name) is \(member.state.rawValue): \(member.reason)",
      metadata: [
        "pool": "\(pool.name)", "backend": "\(member.backend.name)", "from": "\(previous.rawValue)",
        "to": "\(member.state.rawValue)",
      ])
    if out, !pool.members.contains(where: { $0.isEligible(at: .now) }) {
      logger.error("pool \(pool.name) has no eligible backend left", metadata: ["pool": "\(pool.name)"])
    }
  }

  /// Warm-ups have gone a step further, or ejections have ended.
  private func timeHasPassed() {
    let now = Instant.now
    for pool in pools {
      for member in pool.members where member.state == .ejected && !member.ejection.isEjected(at: now) {
        member.comeBackOnTrial(at: now)
        reassess(pool, .time, because: "its time out is over")
      }
    }
    for pool in pools where pool.members.contains(where: { $0.state == .warming }) {
      reassess(pool, .time, because: "warmed up")
    }
    // The loop's clock is coarse: a change may still be a millisecond away, and nobody else would look again.
    scheduleNextChange(after: now)
  }

  // MARK: Members

  private func setMembers(of entry: BackendConfiguration, in pool: PoolController, at addresses: [SocketAddress]) {
    let present = pool.members.filter { $0.configuration == entry }
    let members = addresses.map { address in
      present.first { $0.backend.address == address } ?? makeMember(entry, of: pool, at: address)
    }
    for gone in present where !members.contains(where: { $0 === gone }) {
      gone.checker?.stop()
      correlation.forget(backend: gone.backend.key)
    }
    pool.replaceMembers(of: entry, by: members)
  }

  private func makeMember(_ entry: BackendConfiguration, of pool: PoolController, at address: SocketAddress) -> Member {
    backendsMade += 1
    let name = entry.isNamed ? "\(entry.name)@\(address)" : entry.name
    let backend = Backend(
      id: backendsMade, pool: pool.name, name: name, address: address, workers: workforce.count)
    let member = Member(
      entry, backend: backend, checkAddress: entry.checkAddress(for: address), pool: pool.configuration)
    let check = pool.configuration.health.check
    if check != .none, entry.weight > 0 {
      member.checker = HealthChecker(
        check: check, address: member.checkAddress, hostHeader: entry.healthEndpoint.description,
        timeout: pool.configuration.health.timing.timeout,
        firstDelay: member.health.nextCheck(after: .now, using: &random), on: loop
      ) { [unowned self, unowned member, unowned pool] outcome in
        judge(outcome, of: member, in: pool)
      }
    }
    return member
  }

  private func watch(_ name: String, port: UInt16, for entry: BackendConfiguration, in pool: PoolController) {
    guard let resolver else { return }
    watchers.append(
      NameWatcher(
        name, resolver: resolver, interval: configuration.resolver.interval, on: loop,
        failed: { [unowned self] reason in
          logger.warning("\(name) isn't resolved: \(reason)", metadata: ["pool": "\(pool.name)"])
        },
        changed: { [unowned self, unowned pool] addresses in
          logger.notice(
            "\(name) is \(addresses.map(\.host).joined(separator: ", "))", metadata: ["pool": "\(pool.name)"])
          setMembers(of: entry, in: pool, at: addresses.map { $0.with(port: port) })
          reassess(pool, .names, because: "name resolved")
        }))
  }

  // MARK: Health

  /// Takes in a check's outcome; gives the time until the next check.
  private func judge(_ outcome: ProbeOutcome, of member: Member, in pool: PoolController) -> Duration {
    let now = Instant.now
    let trust = correlation.observe(
      outcome, backend: member.backend.key, host: member.checkAddress.host, at: now)
    let transition = member.health.observe(outcome, at: now, trust: trust)
    let wasHeld = member.isHeld
    member.isHeld = trust == .held
    if let transition {
      if transition.isRecovery {
        member.comeBack(at: now)
      } else if transition.to == .down, pool.configuration.onDown == .close {
        workforce.post(.closeSessions(backendID: member.backend.id))
      }
      reassess(pool, .active, because: transition.reason, took: transition.probeTime)
    } else if member.isHeld != wasHeld {
      reassess(
        pool, .active,
        because: member.isHeld
          ? "most backends are silent at once: the fault may be on this side, so the last state is held"
          : "backends answer again")
    }
    return member.health.nextCheck(after: now, using: &random)
  }

  /// Sessions fail to connect to a backend.
  func connectFailed(_ backend: Backend, _ error: Errno, inARow failures: Int) {
    let now = Instant.now
    guard let pool = pools.first(where: { $0.name == backend.pool }),
      let member = pool.members.first(where: { $0.backend.id == backend.id })
    else { return }
    logger.debug(
      "connecting to \(pool.name)/\(backend.name) failed: \(error)",
      metadata: ["pool": "\(pool.name)", "backend": "\(backend.name)"])
    guard member.isEligible(at: now), member.ejection.isDue(failures: failures, at: now) else { return }
    member.checker?.checkNow()
    guard pool.mayEject(member, at: now) else { return }
    let length = member.eject(at: now)
    reassess(
      pool, .passive, because: "\(failures) connects in a row failed (\(error)): out for \(length.configured)")
  }

  /// Ends checks and name look-ups.
  func stop() {
    for pool in pools { for member in pool.members { member.checker?.stop() } }
    watchers = []
    changeTimer?.cancel()
  }
}

extension Backend {
  /// What tells backends apart in the detection of correlated failures.
  fileprivate var key: String { String(id) }
}

extension BackendConfiguration {
  /// Whether the backend is given by a host name.
  var isNamed: Bool {
    if case .name = endpoint { true } else { false }
  }

  /// Where the health check of one of its addresses goes.
  func checkAddress(for address: SocketAddress) -> SocketAddress {
    switch healthEndpoint {
    case .address(let own) where healthEndpoint != endpoint: own
    case .name(_, let port): address.with(port: port)
    case .address: address
    }
  }
}
