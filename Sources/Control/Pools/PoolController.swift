package import Balancing
package import Config
package import Proxy
import Sockets

/// A pool as the control plane sees it: its members, and the snapshots that workers get of it.
package final class PoolController {
  /// What the file says.
  package private(set) var configuration: PoolConfiguration
  /// Its queue, its cursor and what it counts.
  package let status: PoolStatus
  /// Its backends, in the configuration's order.
  package private(set) var members: [Member] = []
  /// Backends that were removed and still have sessions.
  package var leaving: [Member] { departures.map(\.member) }
  /// The same, with the time of their departure, the longest gone first.
  private var departures: [(member: Member, since: Instant)] = []
  /// What was counted of backends that are gone, should they come back.
  private var departed = DepartedCounts()
  /// What processes before this one have counted of all pools.
  private let heritage: InheritedPools
  /// What this machine couldn't do for its sessions.
  package var hindrances = Hindrances()
  /// Since when the other backends of a tier have carried the share of one that went down, by tier.
  private var survivorsSince: [Int: Instant] = [:]

  /// Next to nobody is let through to its backends, for a moment.
  var isHeldBack = false

  private(set) var policy: PoolPolicy
  /// Which clients get the backend that they had.
  package private(set) var stick = PoolStick()

  init(_ configuration: PoolConfiguration, status: PoolStatus, heritage: InheritedPools, patience: Duration) {
    self.configuration = configuration
    self.status = status
    self.heritage = heritage
    stick.use(configuration.stick)
    policy = PoolPolicy(configuration, status: status, patience: patience, stick: stick.table)
  }

  /// Its name.
  package var name: String { configuration.name }

  /// Takes another configuration of the same pool.
  func use(_ configuration: PoolConfiguration, patience: Duration) {
    self.configuration = configuration
    stick.use(configuration.stick)
    policy = PoolPolicy(configuration, status: status, patience: patience, stick: stick.table)
  }

  /// Takes its new members; gives those that were members before and aren't any more.
  func replaceMembers(by replacement: [Member]) -> [Member] {
    let present = Set(replacement.map(ObjectIdentifier.init))
    let removed = members.filter { !present.contains(ObjectIdentifier($0)) }
    members = replacement
    departures.removeAll { present.contains(ObjectIdentifier($0.member)) }
    let now = Instant.now
    departures += removed.map { ($0, now) }
    if !removed.isEmpty { stick.keep(replacement) }
    return removed
  }

  /// Lets go of members that have left by then and have no session any more; what they counted stays with the pool.
  func forgetLeft(by then: Instant) {
    let isOver = { (departure: (member: Member, since: Instant)) in
      departure.since <= then && departure.member.backend.load.active == 0
    }
    for departure in departures where isOver(departure) {
      departed.keep(departure.member.counts, of: departure.member.address)
    }
    departures.removeAll(where: isOver)
  }

  /// A backend is new, or is one that has been here before.
  func welcome(_ member: Member) {
    if let known = departed.takeBack(member.address) { member.earlier = known }
  }

  /// A member went down, and the others of its tier carry its share.
  func wentDown(_ member: Member, at now: Instant) {
    survivorsSince[member.configuration.tier] = now
  }

  /// What the workers are to know now.
  package func snapshot(at now: Instant) -> Pool {
    snapshot(of: members.map { ($0, $0.circumstances) }, configuration: configuration, policy: policy, at: now)
  }

  /// What the workers would have to know with these members, of whom this is said, and this configuration.
  func snapshot(
    of members: [(member: Member, circumstances: Circumstances)], configuration: PoolConfiguration, policy: PoolPolicy,
    at now: Instant
  ) -> Pool {
    // Not even in a panic is anybody sent back to this process.
    let others = members.indices.filter { members[$0].circumstances.door == nil }
    var eligible = others.filter { members[$0].member.isEligible(at: now, under: members[$0].circumstances) }
    if eligible.isEmpty, configuration.whenAllDown == .panic {
      eligible = others.filter { members[$0].circumstances.weight > 0 }
    }
    let weights = SlowStart.weights(
      eligible.map { index in
        let (member, circumstances) = members[index]
        return (weight: circumstances.weight, progress: member.progress(at: now, under: circumstances))
      })
    let guardPolicy = configuration.guardPolicy
    let candidates = zip(eligible, weights).map { index, weight in
      let (member, configuration) = (members[index].member, members[index].circumstances.configuration)
      return Candidate(
        index: index, weight: weight, tier: configuration.tier, maxSessions: configuration.maxSessions,
        guardRules: isHeldBack
          ? .held
          : guardPolicy.rules(
            recoveredSince: member.warmingSince, survivorSince: survivorsSince[configuration.tier], at: now),
        load: member.backend.load, hashKey: member.address)
    }
    let route = PoolRoute(
      strategy: configuration.strategy, candidates: candidates, cursor: status.cursor,
      poolSize: max(members.count, 1), isSticky: policy.stick != nil)
    return Pool(
      route: route, backends: members.map(\.member.backend), policy: isHeldBack ? policy.patient : policy)
  }

  /// Who stays though no name gives its address any more, beside members that are to come: those that serve, if none of
  /// the others is known to answer.
  func staying(
    beside others: [(member: Member, circumstances: Circumstances)], of endpoints: Set<Endpoint>, at now: Instant
  ) -> [Member] {
    guard !others.contains(where: { $0.member.isProven(at: now, under: $0.circumstances) }) else { return [] }
    let present = Set(others.map { ObjectIdentifier($0.member) })
    return members.filter { member in
      !present.contains(ObjectIdentifier(member)) && member.isFound && member.isProven(at: now)
        && member.origins.contains(where: endpoints.contains)
    }
  }

  /// Whether somebody stays who is no longer needed, or of no use.
  func hasIdleVanished(at now: Instant) -> Bool {
    let others = members.filter { !$0.isVanished }
    return members.contains { $0.isVanished && !$0.isProven(at: now) }
      || others.count < members.count && others.contains { $0.isProven(at: now) }
  }

  /// Whether one more backend may be ejected for failed connects.
  func mayEject(_ member: Member, at now: Instant) -> Bool {
    EjectionPolicy.allows(
      backends: members.count, eligible: members.count { $0.isEligible(at: now) },
      ejected: members.count { $0.ejection.isEjected(at: now) })
  }

  /// How long until a member, or what it may take, changes by itself; nil if none does.
  func nextChange(at now: Instant) -> Duration? {
    let guardStep = isRamping(at: now) ? configuration.guardPolicy.step : nil
    return (members.compactMap { $0.nextChange(at: now) } + [guardStep].compactMap(\.self)).min()
  }

  /// Whether what backends may take grows by itself now.
  func isRamping(at now: Instant) -> Bool {
    let policy = configuration.guardPolicy
    return members.contains {
      policy.isRamping(
        recoveredSince: $0.warmingSince, survivorSince: survivorsSince[$0.configuration.tier], at: now)
    }
  }
}

// MARK: Counts

extension PoolController {
  /// What processes before this one have counted of it.
  private var inherited: InheritedPool { heritage[name] }

  /// What was counted of the pool itself, here and by processes before this one.
  package var counts: PoolCounts {
    var counts = inherited.itself
    counts.add(PoolCounts(status.counters))
    return counts
  }

  /// How many clients were turned away, whatever the cause, here and by processes before this one.
  package var refused: Int {
    status.counters.reduce(inherited.itself.refused.values.reduce(0, +)) { $0 + $1.refused.total }
  }

  /// The sessions that stand on all its backends, here and in processes before this one.
  package var active: Int { (members + leaving).reduce(inherited.active) { $0 + $1.backend.load.active } }

  /// What was counted of all its backends, those that are gone or leaving too, here and by processes before this one.
  package var sums: BackendSums {
    var sums = inherited.sums
    sums.add(departed.sums)
    for member in members + leaving { sums.add(member.sums) }
    return sums
  }

  /// The sessions that stand on a member, here and in processes before this one.
  package func active(on member: Member) -> Int {
    member.backend.load.active + (inherited.backends[member.address]?.active ?? 0)
  }

  /// What was counted of a member, here and by processes before this one.
  package func counts(of member: Member) -> BackendCounts {
    var counts = inherited.backends[member.address] ?? BackendCounts()
    counts.add(member.counts)
    return counts
  }

  /// The same in short.
  func sums(of member: Member) -> BackendSums {
    var sums = inherited.backends[member.address].map { BackendSums($0) } ?? BackendSums()
    sums.add(member.sums)
    return sums
  }

  /// What was counted of backends that aren't its members, here and by processes before this one.
  package var goneCounts: BackendCounts {
    var counts = inherited.without(members).counts
    counts.add(departed.sum)
    for member in leaving { counts.add(member.counts) }
    return counts
  }

  /// The same in short.
  package var goneSums: BackendSums {
    var sums = inherited.without(members).sums
    sums.add(departed.sums)
    for member in leaving { sums.add(member.sums) }
    return sums
  }

  /// How many sessions this process has ended for that reason, whether they had reached a backend or not.
  func sessionsEnded(for cause: CloseCause) -> Int {
    let ended = (members + leaving).map(\.counts) + [departed.sum]
    return ended.reduce(PoolCounts(status.counters).refused[cause.rawValue] ?? 0) {
      $0 + ($1.closes[cause.rawValue] ?? 0)
    }
  }
}

extension GuardRules {
  /// Holds back all but one in 50 ms.
  fileprivate static var held: GuardRules { GuardRules(interval: 50_000_000, burst: 1) }
}

extension PoolPolicy {
  /// The same rules for a moment in which everybody may have to wait: nobody is refused for that.
  fileprivate var patient: PoolPolicy {
    PoolPolicy(
      pool: pool, connectTimeout: connectTimeout, connectDeadline: connectDeadline, attempts: attempts, idle: idle,
      halfClosed: halfClosed, queueSize: queueSize, queueTimeout: queueTimeout, guardQueue: .max,
      guardWait: max(guardWait, 2_000_000_000), maxAge: maxAge, patience: patience, stick: stick)
  }

  convenience init(
    _ pool: PoolConfiguration, status: PoolStatus, patience: Duration, stick: StickTable? = nil
  ) {
    self.init(
      pool: status, connectTimeout: pool.connect.timeout.clockNanoseconds,
      connectDeadline: pool.connect.deadline.clockNanoseconds, attempts: pool.connect.attempts,
      idle: pool.timeouts.idle?.clockNanoseconds ?? .max, halfClosed: pool.timeouts.halfClosed.clockNanoseconds,
      queueSize: pool.queue.size, queueTimeout: pool.queue.timeout.clockNanoseconds, guardQueue: pool.guard.queue,
      guardWait: pool.guard.wait.clockNanoseconds, maxAge: pool.timeouts.maxAge?.clockNanoseconds ?? .max,
      patience: patience.clockNanoseconds, stick: stick)
  }
}

extension PoolConfiguration {
  /// The health checks' rules in the terms of the pure health logic.
  var healthPolicy: HealthPolicy {
    let timing = health.timing
    return HealthPolicy(
      interval: timing.interval, timeout: timing.timeout, fastInterval: timing.fastInterval,
      slowInterval: timing.slowInterval, rise: timing.rise, fall: timing.fall, slowStart: slowStart)
  }

  /// The rules of passive ejection; without them no number of failures is enough.
  var ejectionPolicy: EjectionPolicy {
    guard let ejection else { return EjectionPolicy(failures: .max) }
    return EjectionPolicy(failures: ejection.failures, shortest: ejection.base, longest: ejection.max)
  }

  /// The herd guard's rules.
  var guardPolicy: GuardPolicy {
    let limits = self.guard
    return GuardPolicy(
      connecting: limits.connecting == .max ? nil : limits.connecting, rate: limits.rate == .max ? nil : limits.rate,
      ramp: limits.ramp)
  }
}
