package import Balancing
package import Config
package import Health
package import Model
package import Proxy
package import Sockets
import TLS

/// What tells backends apart: a backend of the same pool and address is the same one, whatever else is said of it, and
/// whichever names it's given by.
package struct BackendKey: Hashable {
  /// Its pool's name.
  package let pool: String
  /// Its address.
  package let address: SocketAddress

  /// All of it in words.
  var whole: String { "\(pool) \(address.backendText)" }
}

/// A backend as the control plane sees it: its configuration, its health and where it stands.
package final class Member {
  /// What it is, whatever the configuration says of it.
  package let key: BackendKey
  /// Its address in words.
  package let address: String
  /// What the configuration says of it.
  package private(set) var configuration: BackendConfiguration
  /// What in the configuration gives its address: the address itself, or names.
  package private(set) var origins: [Endpoint] {
    didSet { if origins != oldValue { endpoints = Self.endpoints(address, origins) } }
  }
  /// What it may be called in a lease: its address, or a host name that it comes from.
  package private(set) var endpoints: [String]
  /// Whether its address is found out, and not said.
  var isFound: Bool {
    configuration.isNamed || origins.contains { if case .targets = $0 { true } else { false } }
  }
  /// Whether no name gives its address any more: it stays until another backend is up, as its pool would have nobody.
  var isVanished = false
  /// What workers see of it.
  package private(set) var backend: Backend
  /// What its checks say.
  package var health: HealthState
  var ejection: Ejection
  /// What the agent beside it says.
  package internal(set) var agent = MemberAgent()
  /// How long its certificate lasts.
  package internal(set) var certificate = CertificateWatch()
  /// What checks it; nil if it isn't checked.
  package var checker: HealthChecker?
  /// What of this process answers at its address; nil if it's somebody else, as it should be.
  var door: OwnDoor?
  /// The result of its last check is held back: too many fail at once.
  var isHeld = false
  /// What operators have set; the configuration and the health are as they are beside it.
  package var service: Lease?
  /// The lease on its weight.
  package var weightLease: Lease?
  /// What was counted here before it went, if it has come back.
  var earlier = BackendCounts()
  /// What has become of it so far.
  package private(set) var tally = MemberTally()
  /// Until when it's out because sessions couldn't connect to it.
  private var ejectedUntil: Instant?
  /// Since when it warms up; nil if it never had to.
  private(set) var warmingSince: Instant?
  /// What it was found to be last, and since when.
  package private(set) var state: Report.Backend.State
  /// Since when it is in its state.
  package private(set) var since = Timestamp.now

  /// What its health check does; a change makes another checker necessary.
  package private(set) var check: CheckPlan
  private var slowStart: SlowStart

  /// A backend that is checked from when it has a checker.
  ///
  /// - Parameter ports: those that the pool's clients may ask for.
  init(
    _ place: Roster.Place, backend: Backend, key: BackendKey, pool: PoolConfiguration,
    askedAt ports: [ClosedRange<UInt16>]
  ) {
    self.key = key
    address = key.address.backendText
    configuration = place.configuration
    origins = place.origins
    endpoints = Self.endpoints(address, place.origins)
    self.backend = backend
    check = CheckPlan(of: configuration, at: key.address, pool: pool, askedAt: ports)
    slowStart = SlowStart(duration: pool.slowStart)
    health = HealthState(policy: pool.healthPolicy, at: .now)
    ejection = Ejection(policy: pool.ejectionPolicy)
    let isChecked = check.check != .none
    state = configuration.weight == 0 ? .draining : isChecked ? .unknown : .up
  }

  /// Takes another configuration of the same backend; what it is and was stays.
  func use(_ place: Roster.Place, pool: PoolConfiguration, askedAt ports: [ClosedRange<UInt16>]) {
    configuration = place.configuration
    origins = place.origins
    if backend.name != place.name || backend.header?.configuration != configuration.sendProxy
      || !backend.leaves(by: configuration.egress)
    {
      backend = backend.with(
        name: place.name, header: configuration.sendProxy.map { HeaderRules($0) }, egress: configuration.egress)
    }
    let before = check
    check = CheckPlan(of: configuration, at: key.address, pool: pool, askedAt: ports)
    // Another server's, or nobody's: what was seen says nothing of it.
    if check.tls == nil || check.address != before.address || check.serverName != before.serverName {
      certificate = CertificateWatch()
    }
    slowStart = SlowStart(duration: pool.slowStart)
    health.policy = pool.healthPolicy
    ejection.policy = pool.ejectionPolicy
    if check.check == .none { health = HealthState(policy: pool.healthPolicy, at: .now) }
  }

  /// What is said of it now.
  var circumstances: Circumstances {
    Circumstances(
      configuration: configuration, isChecked: check.check != .none, slowStart: slowStart, service: service,
      weightLease: weightLease, isVanished: isVanished, agent: agent.state, door: door)
  }

  /// The weight that holds, before any warm-up.
  package var weight: Weight { circumstances.weight }

  /// Whether it's to be checked: backends that get no sessions on purpose aren't, nor is this process by itself.
  package var isToBeChecked: Bool {
    check.check != .none && weight > 0 && service?.term != .maintain && agent.state.service != .maint && door == nil
  }

  /// What it may be called in a lease if these give its address.
  func endpoints(from origins: [Endpoint]) -> [String] {
    origins == self.origins ? endpoints : Self.endpoints(address, origins)
  }

  private static func endpoints(_ address: String, _ origins: [Endpoint]) -> [String] {
    [address] + origins.map(\.description).filter { $0 != address }
  }

  /// Its origins with its address, in words, for other processes: the first names it, any of them is understood.
  package var texts: [String] { origins.map { "\($0) \(address)" } }

  /// A host name that it comes from, or the address itself: what a lease is on that means all of its kind.
  var origin: String { (origins.first ?? configuration.endpoint).description }

  /// Whether it's known to answer, as far as anybody looks.
  func isProven(at now: Instant) -> Bool { isProven(at: now, under: circumstances) }

  /// The same if this were said of it.
  func isProven(at now: Instant, under circumstances: Circumstances) -> Bool {
    isEligible(at: now, under: circumstances) && (!circumstances.isChecked || health.status == .up)
  }

  /// What was counted by this process.
  var counts: BackendCounts {
    var counts = earlier
    counts.add(BackendCounts(backend.counters))
    return counts
  }

  /// The same in short.
  var sums: BackendSums {
    var sums = BackendSums(earlier)
    sums.add(BackendSums(backend.counters))
    return sums
  }

  // MARK: State

  /// Whether new sessions may go to it.
  package func isEligible(at now: Instant) -> Bool {
    isEligible(at: now, under: circumstances)
  }

  /// Whether new sessions could go to it if this were said of it.
  func isEligible(at now: Instant, under circumstances: Circumstances) -> Bool {
    current(at: now, under: circumstances).isEligible
  }

  /// What its health checks say, whatever else holds.
  package var reportedHealth: Report.Health {
    guard check.check != .none else { return .off }
    return switch health.status {
    case .up: .up
    case .down: .down
    case .unknown: .unknown
    }
  }

  /// How far its warm-up has come, 0…1; 1 when it isn't warming.
  package func progress(at now: Instant) -> Double { progress(at: now, under: circumstances) }

  /// The same if this were said of it.
  func progress(at now: Instant, under circumstances: Circumstances) -> Double {
    warmingSince.map { circumstances.slowStart.progress(since: $0, at: now) } ?? 1
  }

  /// How long until it changes by itself: it comes back from its ejection, or warms by a step; nil if it doesn't.
  func nextChange(at now: Instant) -> Duration? {
    if state == .ejected, let ejectedUntil { return max(ejectedUntil - now, .zero) }
    return progress(at: now) < 1 ? slowStart.step : nil
  }

  /// Takes it out for a while, because sessions can't connect to it; gives why and for how long, in words.
  func eject(at now: Instant, because reason: String) -> String {
    ejectedUntil = ejection.eject(at: now, because: reason)
    tally.ejected()
    return ejectionText ?? reason
  }

  /// Takes in what a check has found.
  ///
  /// - Returns: what has changed by it.
  package func observe(_ outcome: ProbeOutcome, at now: Instant, trust: Trust = .believed) -> HealthTransition? {
    tally.checked(outcome)
    return health.observe(outcome, at: now, trust: trust)
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
  package func update(at now: Instant) -> Report.Backend.State? {
    let previous = state
    state = current(at: now, under: circumstances)
    guard state != previous else { return nil }
    since = .now
    tally.changed(to: state, at: now)
    return previous
  }

  /// Why it's in its state, for people: made from what is known by now of its leases, its health and its ejection, each
  /// of which goes on for itself.
  package var reason: String {
    switch state {
    case .maintenance, .draining:
      let purpose = (service?.term == .serve ? nil : service?.text) ?? agentsPurpose ?? weightLease?.text ?? "weight 0"
      return isToBeChecked && health.status == .down ? "\(purpose); \(health.reason)" : purpose
    case .ourselves: return door?.reason ?? "this process itself answers there"
    case .ejected: return ejectionText ?? "connects failed"
    case .held: return "most backends are silent at once: the fault may be on this side, so the last state is held"
    case .vanished: return "no name gives its address any more; it stays until another backend is up"
    case .unresolved, .absent: return "no backend"
    case .warming: return ejectionText.map { "its time out is over: \($0)" } ?? healthText
    case .down where !agent.state.isUp: return health.status == .down ? "\(agent.reason); \(healthText)" : agent.reason
    case .down, .unknown, .up: return healthText
    }
  }

  /// Why its agent takes it out; nil if it doesn't.
  private var agentsPurpose: String? {
    let isOut = agent.state.service == .drain || agent.state.service == .maint
    return isOut || agent.state.percent == 0 && weightLease == nil ? agent.reason : nil
  }

  private var healthText: String {
    check.check == .none ? "health checks are off" : health.reason
  }

  private var ejectionText: String? {
    ejection.last.flatMap { term in term.reason.map { "\($0): out for \(term.length.configured)" } }
  }

  private func current(at now: Instant, under circumstances: Circumstances) -> Report.Backend.State {
    if circumstances.door != nil { return .ourselves }
    switch circumstances.service?.term {
    case .maintain: return .maintenance
    case .drain: return .draining
    default: break
    }
    switch circumstances.agent.service {
    case .maint: return .maintenance
    case .drain: return .draining
    case .ready, nil: break
    }
    if circumstances.weight == 0 { return .draining }
    if !circumstances.agent.isUp { return .down }
    if circumstances.isChecked, health.status == .down { return .down }
    if ejection.isEjected(at: now) { return .ejected }
    if isHeld { return .held }
    if circumstances.isVanished { return .vanished }
    if progress(at: now, under: circumstances) < 1 { return .warming }
    return circumstances.isChecked && health.status == .unknown ? .unknown : .up
  }
}

// MARK: - To another process

extension Member {
  /// What another process needs to go on where this one is. Instants are of the machine's monotonic clock, which is the
  /// same for all its processes until it's booted again.
  struct Snapshot: Codable {
    var pool: String
    /// The text of its key.
    var key: String
    var health: HealthState.Snapshot
    var ejection: Ejection.Snapshot
    var ejectedUntil: Instant?
    var warmingSince: Instant?
    var state: Report.Backend.State
    var since: Timestamp
    /// For processes of versions that don't make it from the rest.
    var reason: String
    /// Nil of versions that don't count it.
    var tally: MemberTally?
    /// What its agent has said; nil if it has none.
    var agent: AgentState?
    /// The port at which that one is asked.
    var agentPort: UInt16?
    /// Nil if it has shown none.
    var certificate: CertificateFacts?
  }

  var snapshot: Snapshot {
    Snapshot(
      pool: key.pool, key: texts.first ?? "", health: health.snapshot,
      ejection: ejection.snapshot, ejectedUntil: ejectedUntil, warmingSince: warmingSince, state: state, since: since,
      reason: reason, tally: tally, agent: agent.state == AgentState() ? nil : agent.state,
      agentPort: agent.asked?.port,
      certificate: certificate.facts)
  }

  /// Goes on where another process was.
  ///
  /// - Parameter agentPort: where its agent is asked now; nil if it has none. What another one has said holds no more.
  func restore(_ snapshot: Snapshot, agentPort: UInt16?) {
    health = HealthState(policy: health.policy, restoring: snapshot.health)
    ejection = Ejection(policy: ejection.policy, restoring: snapshot.ejection)
    ejectedUntil = snapshot.ejectedUntil
    warmingSince = snapshot.warmingSince
    state = snapshot.state
    since = snapshot.since
    tally = snapshot.tally ?? MemberTally()
    if let agentPort, snapshot.agentPort ?? agentPort == agentPort { agent.restore(snapshot.agent) }
    if check.tls != nil { certificate.restore(snapshot.certificate, now: Timestamp.now.milliseconds / 1000) }
  }
}
