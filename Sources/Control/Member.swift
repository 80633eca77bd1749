import Balancing
import Config
import Proxy
import Sockets

/// A backend as the control plane sees it: its configuration, its health and where it stands.
final class Member {
  let configuration: BackendConfiguration
  let backend: Backend
  /// Where its health check goes.
  let checkAddress: SocketAddress
  var health: HealthState
  var ejection: Ejection
  var checker: HealthChecker?
  /// The result of its last check is held back: too many fail at once.
  var isHeld = false
  /// Until when it's out because sessions couldn't connect to it.
  private var ejectedUntil: Instant?
  /// Since when it warms up; nil if it never had to.
  private(set) var warmingSince: Instant?
  /// What it was found to be last, since when and why.
  private(set) var state: Report.Backend.State
  private(set) var since = Timestamp.now
  private(set) var reason: String

  /// What its health check does, as in the configuration.
  let checkName: String
  private let slowStart: SlowStart

  init(_ configuration: BackendConfiguration, backend: Backend, checkAddress: SocketAddress, pool: PoolConfiguration) {
    self.configuration = configuration
    self.backend = backend
    self.checkAddress = checkAddress
    checkName = pool.health.check.name
    slowStart = SlowStart(duration: pool.slowStart)
    health = HealthState(policy: pool.healthPolicy, at: .now)
    ejection = Ejection(policy: pool.ejectionPolicy)
    let isChecked = pool.health.check != .none
    state = configuration.weight == 0 ? .draining : isChecked ? .unknown : .up
    reason = configuration.weight == 0 ? "weight 0" : isChecked ? "not checked yet" : "health checks are off"
  }

  /// Whether new sessions may go to it.
  func isEligible(at now: Instant) -> Bool {
    switch current(at: now) {
    case .up, .warming, .unknown, .held: true
    case .draining, .maintenance, .ejected, .down: false
    }
  }

  /// What its health checks say, whatever else holds.
  var reportedHealth: Report.Health {
    guard checker != nil else { return .off }
    return switch health.status {
    case .up: .up
    case .down: .down
    case .unknown: .unknown
    }
  }

  /// How far its warm-up has come, 0…1; 1 when it isn't warming.
  func progress(at now: Instant) -> Double {
    warmingSince.map { slowStart.progress(since: $0, at: now) } ?? 1
  }

  /// How long until it changes by itself: it comes back from its ejection, or warms by a step; nil if it doesn't.
  func nextChange(at now: Instant) -> Duration? {
    if state == .ejected, let ejectedUntil { return max(ejectedUntil - now, .zero) }
    return progress(at: now) < 1 ? slowStart.step : nil
  }

  /// Takes it out for a while, because sessions can't connect to it.
  func eject(at now: Instant) -> Duration {
    let until = ejection.eject(at: now)
    ejectedUntil = until
    return until - now
  }

  /// It's back, and starts with a small share. What its check has found counts for more than old failures to connect.
  func comeBack(at now: Instant) {
    warmingSince = now
    ejectedUntil = nil
    ejection = Ejection(policy: ejection.policy)
    backend.load.connectSucceeded()
  }

  /// Its time out is over, and it starts with a small share.
  func comeBackOnTrial(at now: Instant) {
    warmingSince = now
    ejectedUntil = nil
  }

  /// Compares what it is now with what it was found to be last.
  ///
  /// - Returns: the state it was in, if that has changed.
  func update(at now: Instant, because reason: String) -> Report.Backend.State? {
    let previous = state
    state = current(at: now)
    guard state != previous else { return nil }
    since = .now
    self.reason = reason
    return previous
  }

  private func current(at now: Instant) -> Report.Backend.State {
    if configuration.weight == 0 { return .draining }
    if health.status == .down { return .down }
    if ejection.isEjected(at: now) { return .ejected }
    if isHeld { return .held }
    if progress(at: now) < 1 { return .warming }
    return checker != nil && health.status == .unknown ? .unknown : .up
  }
}

extension Instant {
  /// The time now.
  static var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }
}

extension HealthCheck {
  /// The check's `type` in the configuration.
  var name: String {
    switch self {
    case .none: "none"
    case .tcp: "tcp"
    case .http: "http"
    case .script: "tcp-script"
    }
  }
}

extension ProbeOutcome {
  /// How long the check took.
  var time: Duration {
    switch self {
    case .passed(let time, _): time
    case .failed(let failure): failure.time
    }
  }

  /// What it found, for people.
  var text: String {
    switch self {
    case .passed(_, let detail): detail
    case .failed(let failure): failure.detail
    }
  }
}
