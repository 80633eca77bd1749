import Balancing
import Config
import Proxy
import Sockets

/// A pool as the control plane sees it: its members, and the snapshots that workers get of it.
final class PoolController {
  let configuration: PoolConfiguration
  let status: PoolStatus
  private(set) var members: [Member] = []

  private let policy: PoolPolicy

  init(_ configuration: PoolConfiguration, workers: Int) {
    self.configuration = configuration
    status = PoolStatus(cursorStart: UInt64.random(in: 0..<UInt64(UInt32.max)), workers: workers)
    policy = PoolPolicy(configuration)
  }

  var name: String { configuration.name }

  /// Replaces the members that came from one entry of the configuration, in place.
  func replaceMembers(of entry: BackendConfiguration, by replacement: [Member]) {
    let place = members.firstIndex { $0.configuration == entry } ?? members.count
    members.removeAll { $0.configuration == entry }
    members.insert(contentsOf: replacement, at: min(place, members.count))
  }

  /// What the workers are to know now.
  func snapshot(at now: Instant) -> Pool {
    var eligible = members.indices.filter { members[$0].isEligible(at: now) }
    if eligible.isEmpty, configuration.whenAllDown == .panic {
      eligible = members.indices.filter { members[$0].configuration.weight > 0 }
    }
    let weights = SlowStart.weights(
      eligible.map { (weight: members[$0].configuration.weight, progress: members[$0].progress(at: now)) })
    let candidates = zip(eligible, weights).map { index, weight in
      let member = members[index]
      return Candidate(
        index: index, weight: weight, tier: member.configuration.tier, maxSessions: member.configuration.maxSessions,
        load: member.backend.load, hashKey: member.backend.address.description)
    }
    let route = PoolRoute(
      strategy: configuration.strategy, candidates: candidates, cursor: status.cursor, poolSize: members.count)
    return Pool(name: name, route: route, backends: members.map(\.backend), policy: policy, status: status)
  }

  /// Whether one more backend may be ejected for failed connects.
  func mayEject(_ member: Member, at now: Instant) -> Bool {
    EjectionPolicy.allows(
      backends: members.count, eligible: members.count { $0.isEligible(at: now) },
      ejected: members.count { $0.ejection.isEjected(at: now) })
  }

  /// How long until a member changes by itself; nil if none does.
  func nextChange(at now: Instant) -> Duration? {
    members.compactMap { $0.nextChange(at: now) }.min()
  }
}

extension PoolPolicy {
  convenience init(_ pool: PoolConfiguration) {
    self.init(
      connectTimeout: pool.connect.timeout.nanoseconds, connectDeadline: pool.connect.deadline.nanoseconds,
      attempts: pool.connect.attempts, idle: pool.timeouts.idle.nanoseconds,
      halfClosed: pool.timeouts.halfClosed.nanoseconds, queueSize: pool.queue.size,
      queueTimeout: pool.queue.timeout.nanoseconds)
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
}

extension Duration {
  /// In nanoseconds; a negative one counts as none.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(max(seconds, 0)) * 1_000_000_000 + UInt64(max(attoseconds, 0) / 1_000_000_000)
  }

  /// In seconds.
  var inSeconds: Double {
    self / .seconds(1)
  }
}
