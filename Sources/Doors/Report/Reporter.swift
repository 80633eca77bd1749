import Balancing
package import Changes
import Config
package import Control
import Glibc
import Libevent
package import Model
import Proxy
import Sockets
import TLS

/// Adds up what the workers count and what the control plane knows into a report.
package final class Reporter {
  private let controller: Controller
  private let listeners: ListenerSet
  private let reloads: Reloads
  private let limits: Limits
  private let version: String
  private let started = Instant.now
  private let begun = Timestamp.now

  /// How many descriptors were open when they were last counted: that takes too long for the loop if there are many.
  package var openDescriptors = DescriptorLimit.inUse ?? 0
  /// The listeners are closed, or left to another process.
  package var isDraining = false
  /// The process before an upgrade, as long as it has sessions left.
  package var predecessor: () -> Report.Predecessor? = { nil }
  /// The upgrade under way.
  package var upgrade: () -> Report.Upgrade? = { nil }
  /// Since when resources are near their limits, by their names.
  package var nearLimits: () -> [String: Timestamp] = { [:] }
  /// Where the access log goes.
  package var accessLogs: () -> [Report.AccessLog] = { [] }
  /// Adds what is known of the fleet.
  package var completeByFleet: (inout Report) -> Void = { _ in }
  /// Why this node can't serve what its fleet has agreed on; nil if it can, or is of none.
  package var outOfStep: () -> String? = { nil }
  /// The clients that a pool turns away at present; nil if none.
  package var refusing: (_ pool: String) -> Report.Refusing? = { _ in nil }

  /// Since when listeners take no clients that don't, by their names.
  private var listenersOff: [String: Timestamp] = [:]

  /// Reports of these.
  package init(controller: Controller, listeners: ListenerSet, reloads: Reloads, limits: Limits, version: String) {
    self.controller = controller
    self.listeners = listeners
    self.reloads = reloads
    self.limits = limits
    self.version = version
  }

  /// Everything as it is now.
  package func report() -> Report {
    let now = Instant.now
    noteListeners()
    var report = Report(
      version: version, generation: reloads.history.generation, time: .now, uptime: (now - started).inSeconds,
      process: process,
      workers: controller.workforce.counts.enumerated().map { index, counts in
        Report.Worker(
          index: index, sessions: Report.Sessions(active: counts.active, total: counts.begun, max: nil),
          accepted: counts.accepted, refused: counts.refused, turns: counts.turns, promotions: counts.promotions,
          spliced: counts.spliced)
      },
      listeners: listeners.listeners.map { listener($0) }, pools: controller.pools.map { pool($0, at: now) },
      transitions: controller.transitions.ring.reversed().prefix(Self.transitionsShown).map(\.self),
      configuration: Report.Configuration(
        file: reloads.file, source: reloads.history.provenance.file, author: reloads.history.provenance.author,
        since: reloads.history.provenance.since, confirmUntil: reloads.confirmUntil,
        revert: reloads.revert, lastReload: reloads.history.last, waiting: reloads.waiting, nextTry: reloads.nextTry,
        reloads: reloads.history.tally.report),
      overrides: overrides, evictions: controller.evictions.report(standing: standing()), headroom: headroom,
      predecessor: predecessor(), upgrade: upgrade(), accessLogs: accessLogs())
    completeByFleet(&report)
    return report
  }

  /// Whether clients can be served now.
  package func readiness() -> ReadinessReport {
    let now = Instant.now
    let down = controller.pools.filter { pool in !pool.members.contains { $0.isEligible(at: now) } }
    return ReadinessReport(
      listeners: listeners.listeners.map { listener($0) }, poolsDown: Set(down.map(\.name)), outOfStep: outOfStep())
  }

  /// The process in one line, as a service manager shows it: `generation 3: 2 listeners, 4 pools; down: mail`.
  package var summary: String {
    func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
    let serving =
      "generation \(reloads.history.generation): \(count(listeners.listeners.count, "listener")), "
      + count(controller.pools.count, "pool")
    let down = readiness().poolsDown.sorted()
    return
      ([serving] + (down.isEmpty ? [] : ["down: \(down.joined(separator: ", "))"])
      + (reloads.confirmUntil == nil ? [] : ["to be confirmed"])).joined(separator: "; ")
  }

  /// How many transitions a report has; the admin door tells of more.
  private static let transitionsShown = 200

  /// How near the limits are now.
  package var headroom: Report.Headroom {
    let near = nearLimits()
    let resources = HeadroomAssessment.resources(controller, listeners, limits, openDescriptors: openDescriptors)
    return HeadroomAssessment.assess(
      resources.map { Report.Resource($0.name, used: $0.used, limit: $0.limit, since: near[$0.name]) })
  }

  /// Looks whether the listeners take clients, for reports that will tell since when they don't.
  package func noteListeners() {
    let off = listeners.listeners.filter { state(of: $0) != .listening }.map(\.configuration.name)
    listenersOff = Dictionary(off.map { ($0, listenersOff[$0] ?? .now) }) { first, _ in first }
  }

  /// What operators have said of who may come in; nil for nothing.
  var admission: [AdmissionLease]? {
    let said = controller.book.admissions
    return said.isEmpty ? nil : said
  }

  /// The leases that hold.
  var overrides: [Report.Override] {
    let leases = controller.book.leases
    var members: [String: [String: Member]] = [:]
    for pool in Set(leases.map(\.pool)).compactMap({ controller.pool($0) }) {
      let endpoints = pool.members.flatMap { member in member.endpoints.map { ($0, member) } }
      members[pool.name] = Dictionary(endpoints) { first, _ in first }
    }
    return zip(leases, controller.missing(in: controller.configuration)).map { lease, missing in
      let member = members[lease.pool]?[lease.endpoint]
      let missing = member == nil ? missing : nil
      return Report.Override(lease, backend: member?.backend.name ?? lease.name, missing: missing)
    }
  }

  /// Says how many sessions stand that are to be ended.
  private func standing() -> (EvictionScheduler.Target) -> Int? {
    let members = controller.evictions.count == 0 ? [] : controller.everyMember
    let active = Dictionary(members.map { ($0.backend.id, $0.backend.load.active) }) { first, _ in first }
    return { [self] target in
      switch target {
      case .backend(let id): active[id] ?? 0
      case .listener(let name):
        (listeners.listeners + listeners.leaving).first { $0.configuration.name == name }?.status.sessions.taken ?? 0
      case .everybody: controller.workforce.sessionSlots.taken
      case .address, .selection: nil
      }
    }
  }

  private var process: Report.Process {
    Report.Process(
      pid: Int(getpid()), host: ProcessFigures.machine, program: ProcessFigures.program,
      rssBytes: ProcessFigures.residentBytes, virtualBytes: ProcessFigures.virtualBytes, started: begun,
      openDescriptors: openDescriptors,
      descriptorLimit: limits.descriptors, sessionLimit: limits.sessions, threads: ProcessFigures.threads,
      cpuSeconds: ProcessFigures.processorSeconds, slowTurns: controller.loop.slowTurns,
      features: KernelFeatures.inUse)
  }

  private func listener(_ listener: BoundListener) -> Report.Listener {
    let configuration = listener.configuration
    let counts = listeners.counts(of: listener)
    let state = state(of: listener)
    return Report.Listener(
      name: configuration.name, bind: listener.address.description, pool: configuration.pool,
      routes: routes(of: configuration, counts), state: state,
      since: state == .listening ? nil : listenersOff[configuration.name],
      sessions: Report.Sessions(
        active: counts.active, total: counts.begun,
        max: configuration.maxSessions == .max ? nil : configuration.maxSessions),
      accepted: counts.accepted,
      refused: counts.refused,
      bytes: Report.Bytes(toBackend: counts.bytesToBackend, toClient: counts.bytesToClient),
      admission: controller.admission.report(of: configuration))
  }

  private func routes(of listener: ListenerConfiguration, _ counts: ListenerCounts) -> [Report.Route]? {
    guard !listener.routes.isEmpty else { return nil }
    let own = controller.routes.counts(of: listener.name)
    func sessions(_ name: String) -> Int { own[name, default: 0] + counts.routes[name, default: 0] }
    return listener.routes.map {
      Report.Route(name: $0.name, takes: $0.condition.text, pool: $0.pool, sessions: sessions($0.name))
    }
      + [listener.pool].compactMap(\.self).map {
        Report.Route(name: RouteBook.others, pool: $0, sessions: sessions(RouteBook.others))
      }
  }

  private func state(of listener: BoundListener) -> Report.Listener.State {
    guard !isDraining, !listener.bindings.isEmpty else { return .closed }
    guard listener.isReachable else { return .unreachable }
    let isFull =
      listener.status.sessions.taken >= listener.configuration.maxSessions
      || controller.workforce.sessionSlots.taken >= limits.sessions
    return isFull ? .paused : .listening
  }

  private func pool(_ pool: PoolController, at now: Instant) -> Report.Pool {
    let eligible = pool.members.filter { $0.isEligible(at: now) }
    let meant = pool.members.filter { $0.state != .draining && $0.state != .maintenance }
    let unresolved = controller.unresolved(in: pool)
    let isWhole = eligible.count >= meant.count && !unresolved.contains { $0.configuration.weight > 0 }
    let counts = pool.counts
    let all = pool.sums
    return Report.Pool(
      name: pool.name, strategy: pool.configuration.strategy.rawValue,
      state: eligible.isEmpty ? .down : isWhole ? .up : .degraded,
      sessions: Report.Sessions(active: pool.active, total: all.sessions),
      bytes: Report.Bytes(toBackend: all.bytesToBackend, toClient: all.bytesToClient),
      queue: Report.Queue(
        waiting: pool.status.waiting.taken, size: pool.configuration.queue.size,
        timeouts: counts.refused[Refusal.queueTimeout.rawValue] ?? 0),
      stick: pool.stick.table.map { Report.Stick($0.figures(at: now.nanoseconds)) }, refused: counts.refused,
      refusing: refusing(pool.name), retries: counts.retries, idleRegrets: counts.idleRegrets,
      times: counts.times.map { Report.Times($0) },
      tiersActive: eligible.map(\.configuration.tier).min().map { [$0] } ?? [],
      backends: rows(of: pool, unresolved, at: now))
  }

  /// A pool's backends and its names without an address, in the configuration's order.
  private func rows(
    of pool: PoolController, _ unresolved: [UnresolvedBackend], at now: Instant
  ) -> [Report.Backend] {
    let members = pool.members.map { backend($0, of: pool, at: now) }
    guard !unresolved.isEmpty else { return members }
    let backends = controller.book.applied(to: pool.configuration).backends
    let order = Dictionary(zip(backends.map(\.endpoint), backends.indices)) { first, _ in first }
    let placed =
      zip(pool.members, members).map { (order[$0.configuration.endpoint] ?? backends.count, $1) }
      + unresolved.map { (order[$0.configuration.endpoint] ?? backends.count, backend($0, of: pool)) }
    return placed.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element.1)
  }

  /// A name without an address, in the place of the backends that it would give.
  private func backend(_ unresolved: UnresolvedBackend, of pool: PoolController) -> Report.Backend {
    let configuration = unresolved.configuration
    let address = configuration.endpoint.description
    let nothing = BackendCounts()
    let lease = controller.book.lease(pool: pool.name, endpoint: address)
    return Report.Backend(
      name: configuration.name, address: address, tier: configuration.tier, weight: configuration.weight,
      effectiveWeight: 0, health: pool.configuration.health.check == .none ? .off : .unknown,
      override: lease.map { Report.Override($0, backend: configuration.name) }, state: .unresolved,
      reason: unresolved.reason, since: unresolved.since,
      sessions: Report.Sessions(
        active: 0, total: 0, max: configuration.maxSessions == .max ? nil : configuration.maxSessions),
      bytes: Report.Bytes(toBackend: 0, toClient: 0),
      connect: Report.Connect(attempts: 0, failures: nothing.failures, retries: 0), closes: nothing.closes,
      connectTime: Report.Distribution(nothing.connectTime), sessionTime: Report.Distribution(nothing.sessionTime),
      check: nil)
  }

  private func backend(_ member: Member, of pool: PoolController, at now: Instant) -> Report.Backend {
    let configuration = member.configuration
    let counts = pool.counts(of: member)
    let lease =
      member.service ?? member.weightLease
      ?? controller.book.lease(pool: member.key.pool, endpoints: member.endpoints, about: .membership)
    return Report.Backend(
      name: member.backend.name, address: member.address, tier: configuration.tier,
      weight: configuration.weight,
      effectiveWeight: member.isEligible(at: now) ? member.weight.value * member.progress(at: now) : 0,
      health: member.reportedHealth, override: lease.map { Report.Override($0, backend: member.backend.name) },
      state: member.state, reason: member.reason, since: member.since,
      sessions: Report.Sessions(
        active: pool.active(on: member), total: counts.sessions,
        max: configuration.maxSessions == .max ? nil : configuration.maxSessions),
      bytes: Report.Bytes(toBackend: counts.bytesToBackend, toClient: counts.bytesToClient),
      connect: Report.Connect(attempts: counts.attempts, failures: counts.failures, retries: counts.retries),
      closes: counts.closes, connectTime: Report.Distribution(counts.connectTime),
      sessionTime: Report.Distribution(counts.sessionTime),
      check: check(of: member, at: now), agent: Report.Agent(member.agent), tally: Report.Tally(member.tally, at: now))
  }

  /// The check of a backend that has one, whether it's carried out now or not.
  private func check(of member: Member, at now: Instant) -> Report.Check? {
    guard member.check.check != .none else { return nil }
    let last = member.health.last
    return Report.Check(
      type: member.check.check.name, lastResult: last?.outcome.text, lastDuration: last?.outcome.time.inSeconds,
      lastTime: last.map { Timestamp.now.before(now - $0.at) }, nextIn: member.checker?.nextIn?.inSeconds,
      certificate: member.certificate.facts.map { Report.Certificate($0) })
  }
}

extension Report {
  /// The report with what takes too long to find out on the control loop, and what is wrong by all of that: from any thread.
  package func completed() -> Report {
    var report = self
    if let open = DescriptorLimit.inUse {
      report.process.openDescriptors = open
      let resources = headroom.resources.map { resource in
        resource.name == Self.descriptors
          ? Resource(resource.name, used: open, limit: resource.limit, since: resource.since) : resource
      }
      report.headroom = HeadroomAssessment.assess(resources)
    }
    report.concerns = report.assessed()
    return report
  }
}

extension Report.Distribution {
  /// The figures of a distribution.
  init(_ all: Distribution) {
    self.init(
      count: all.count, sum: all.sum, p50: all.quantile(0.5), p90: all.quantile(0.9), p99: all.quantile(0.99),
      max: all.maximum)
  }
}

extension Report.Times {
  init(_ times: PoolTimes) {
    self.init(
      connect: Report.Histogram(times.connect, .waits), firstByte: Report.Histogram(times.firstByte, .waits),
      session: Report.Histogram(times.session, .lives))
  }
}

extension Report.Histogram {
  fileprivate init(_ counts: TimeCounts, _ scale: TimeBuckets.Scale) {
    let bounds = scale.bounds
    self.init(
      bounds: bounds.indices.map { Double(bounds[$0]) / 1e6 }, counts: counts.buckets, sum: counts.sum)
  }
}

extension Report.Certificate {
  fileprivate init(_ facts: CertificateFacts) {
    self.init(
      subject: facts.subject, names: facts.names, issuer: facts.issuer,
      until: Timestamp(milliseconds: facts.end * 1000))
  }
}

extension Report.Agent {
  /// Nil of a backend without one.
  fileprivate init?(_ agent: MemberAgent) {
    guard agent.asked != nil else { return nil }
    let state = agent.state
    self.init(
      says: state.words, percent: state.percent, isUp: state.operation.map { $0 == .up },
      reason: state.reason?.printable, lastTime: agent.lastTime, trouble: agent.trouble)
  }
}

extension Report.Tally {
  init(_ tally: MemberTally, at now: Instant) {
    self.init(
      checks: tally.checks, checkFailures: tally.checkFailures, transitions: tally.transitions,
      ejections: tally.ejections, secondsDown: tally.secondsDown(at: now))
  }
}

extension Report.Override {
  init(_ lease: Lease, backend: String, missing: Missing? = nil) {
    let (action, weight): (Action, Double?) =
      switch lease.term {
      case .drain: (.drain, nil)
      case .maintain: (.maintain, nil)
      case .serve: (.ready, nil)
      case .weight(let weight): (.weight, weight.value)
      case .add(let added): (.add, Double(added.weight))
      case .remove: (.remove, nil)
      }
    let (fleet, thisNode): (Agreed?, Bool?) =
      switch lease.scope {
      case .fleet(let node, let position): (Agreed(node: node, position: position), nil)
      case .thisNode: (nil, true)
      case nil: (nil, nil)
      }
    self.init(
      pool: lease.pool, backend: backend, address: lease.endpoint, action: action, weight: weight,
      author: lease.author, reason: lease.reason, since: lease.since, until: lease.until, missing: missing,
      fleet: fleet, thisNode: thisNode)
  }
}

extension Lease {
  /// What the backend is called, as far as the lease knows.
  var name: String {
    if case .add(let added) = term { added.name } else { endpoint }
  }
}
