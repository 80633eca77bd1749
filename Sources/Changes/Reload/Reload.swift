import Balancing
package import Config
package import Control
import Health
package import Libevent
package import Model
import Proxy
package import Sockets

/// One reload under way: everything that can fail is done first, and then everything that changes, all at once.
///
/// Prepare: compare, check limits, look new names up, take new addresses, probe new backends once, let the workers make
/// what they need. Commit: let clients in at new listeners, swap the tables, drain what is gone. Whatever fails in the first
/// part is undone, and nobody has noticed.
package final class Reload {
  /// What came of it.
  package enum Outcome {
    case committed(AdminAnswer.Reloaded)
    /// Nothing has changed.
    case refused(AdminAnswer.Problem, Prospect)
  }

  /// Whether it's any use to try again what was refused.
  package enum Prospect {
    /// Not before somebody has changed something of it.
    case lasting
    /// Perhaps: what stood against it may pass by itself, as a name that isn't known yet.
    case passing
  }

  /// How long each of the workers' two phases may take.
  static let limit = Duration.seconds(5)

  private let configuration: Configuration
  private let difference: ConfigurationDifference
  private let parts: Parts
  private let author: String
  private let isForced: Bool
  private let givenUp: ListenerSet.GivenUp
  /// Takes what came of it. Then it's let go, and with it whoever has asked.
  private var done: ((Outcome) -> Void)?
  private let began = MonotonicClock.now()
  private var lookup: NameLookup?
  private var targetLookup: TargetLookup?
  private var targets: [TargetSource: [Target]] = [:]
  private var lists = ReadLists()
  private var tls = CheckTLS.Read()
  private var stage: Controller.Stage
  private var reservation: ListenerSet.Reservation?
  private var stats: DoorReservation?
  private var probes: [Probe] = []
  private var transaction: TwoPhaseCommit<WorkerParticipant>?
  /// Takes what is prepared.
  private let prepared: (Prepared) -> Void
  private var warnings: [String] = []
  /// Why it was given up.
  private var abandoned: AdminAnswer.Problem?

  /// What a reload works on.
  package struct Parts {
    let loop: EventLoop
    let controller: Controller
    let listeners: ListenerSet
    let participants: [WorkerParticipant]
    let limits: Limits
    /// Takes an address for a stats port.
    let reserveStats: (SocketAddress) throws(StartError) -> DoorReservation
    /// Tells the change from all others.
    let rollout: Int
    /// The new configuration has just taken effect: called once, before the outcome is told.
    let committed: (_ configuration: Configuration, _ stats: StatsChange) -> Void

    /// With all its parts.
    package init(
      loop: EventLoop, controller: Controller, listeners: ListenerSet, participants: [WorkerParticipant],
      limits: Limits, reserveStats: @escaping (SocketAddress) throws(StartError) -> DoorReservation, rollout: Int,
      committed: @escaping (_ configuration: Configuration, _ stats: StatsChange) -> Void
    ) {
      self.loop = loop
      self.controller = controller
      self.listeners = listeners
      self.participants = participants
      self.limits = limits
      self.reserveStats = reserveStats
      self.rollout = rollout
      self.committed = committed
    }
  }

  /// What becomes of the stats port.
  package enum StatsChange {
    case kept
    /// Another one is opened now, or none.
    case replaced(DoorReservation?)
  }

  /// Begins. Dropping it before it has committed gives everything back.
  init(
    to configuration: Configuration, with parts: Parts, by author: String, isForced: Bool,
    givenUp: ListenerSet.GivenUp = .free,
    prepared: @escaping (Prepared) -> Void = { $0.commit() }, done: @escaping (Outcome) -> Void
  ) {
    self.configuration = configuration
    self.prepared = prepared
    self.parts = parts
    self.author = author
    self.isForced = isForced
    self.givenUp = givenUp
    self.done = done
    stage = Controller.Stage(
      configuration, doors: parts.controller.own.directory(for: configuration, with: configuration.doors))
    difference = ConfigurationDifference(from: parts.controller.configuration, to: configuration)
    warnings =
      configuration.warnings.map(\.description)
      + [parts.limits.shortage(for: configuration)].compactMap(\.self)
  }

  /// Starts the first phase; the outcome may come before this returns.
  func start() {
    if let problem = Self.obstacles(of: difference, to: configuration, parts).first {
      return refuse(problem.0, problem.1)
    }
    parts.controller.admission.read(for: configuration) { [weak self] in self?.listsRead($0) }
  }

  private func listsRead(_ lists: ReadLists) {
    // It may have been given up meanwhile.
    guard done != nil else { return }
    guard lists.failures.isEmpty else {
      return refuse(
        AdminAnswer.Problem(
          "a list of addresses isn't right", hint: "correct the file, or see to it that it can be read",
          details: lists.failures.map(\.description)), .passing)
    }
    self.lists = lists
    parts.controller.checkTLS.read(for: configuration) { [weak self] in self?.tlsRead($0) }
  }

  private func tlsRead(_ tls: CheckTLS.Read) {
    guard done != nil else { return }
    guard tls.failures.isEmpty else {
      return refuse(
        AdminAnswer.Problem(
          "health checks can't speak TLS", hint: "it's what \"tls\" of a pool's \"health\" says",
          details: tls.failures), .passing)
    }
    self.tls = tls
    let controller = parts.controller
    let unknown = configuration.targetSources.filter { !controller.targets.minds($0, in: configuration.registry) }
    guard !unknown.isEmpty else { return targetsFound([:], [:]) }
    targetLookup = controller.targets.lookUp(
      unknown, settings: configuration.resolver, zooKeeper: configuration.registry
    ) { [unowned self] in targetsFound($0, $1) }
  }

  private func targetsFound(_ found: [TargetSource: [Target]], _ failures: [TargetSource: String]) {
    targetLookup = nil
    guard done != nil else { return }
    guard failures.isEmpty else {
      let details = failures.map { "\($0): \($1)" }.sorted()
      return refuse(
        AdminAnswer.Problem(
          "no backends are found at \(failures.keys.map(\.description).sorted().joined(separator: ", "))",
          hint: "correct the name, the file or the path, or see to who is asked for it", details: details), .passing)
    }
    targets = found
    let unknown = Self.newNames(in: configuration, parts.controller, with: found)
    guard !unknown.isEmpty else { return resolved([:], [:]) }
    lookup = parts.controller.names.lookUp(unknown, settings: configuration.resolver) {
      [unowned self] in resolved($0, $1)
    }
  }

  /// What can't be done in place, or doesn't fit.
  static func obstacles(
    of difference: ConfigurationDifference, to configuration: Configuration, _ parts: Parts
  ) -> [(AdminAnswer.Problem, Prospect)] {
    var problems: [(AdminAnswer.Problem, Prospect)] = []
    if !difference.needsRestart.isEmpty {
      let problem = AdminAnswer.Problem(
        "this can't change in a running process: \(difference.needsRestart.map(\.key).joined(separator: ", "))",
        hint: "undo that, or restart with a drain",
        details: difference.needsRestart.map { "\($0.key): \($0.from) → \($0.to)" })
      problems.append((problem, .lasting))
    }
    let limits = Limits(for: configuration, descriptors: parts.limits.descriptors)
    let standing = parts.controller.workforce.sessionSlots.taken
    if limits.sessions < standing {
      let problem = AdminAnswer.Problem(
        "\(limits.sessions) sessions would fit, and \(standing) stand",
        hint: "raise the limit of open files (RLIMIT_NOFILE), or configure fewer listeners and backends")
      problems.append((problem, .passing))
    }
    return problems
  }

  /// What is the matter with a pool that would have nobody left.
  static func leftAlone(_ pool: String) -> String {
    "pool \(pool) serves now, and no backend of it would be eligible"
  }

  /// The names that a configuration brings. What this process goes on looking up is no news, and nothing to refuse a change
  /// for.
  static func newNames(
    in configuration: Configuration, _ controller: Controller, with found: [TargetSource: [Target]] = [:]
  ) -> Set<String> {
    let names = controller.names
    return controller.hostNames(of: configuration, with: found).filter { !names.knows($0) && !names.watches($0) }
  }

  private func resolved(_ answers: [String: NameAnswer], _ failures: [String: String]) {
    lookup = nil
    guard done != nil else { return }
    // A host that only a record names may come later: it's looked up until it's there.
    let given = parts.controller.hostNames(of: configuration)
    let failures = failures.filter { given.contains($0.key) }
    guard failures.isEmpty else {
      let names = failures.keys.sorted()
      return refuse(
        AdminAnswer.Problem(
          "\(names.joined(separator: ", ")) can't be resolved", hint: "correct the name, or see to the name server",
          details: names.map { "\($0): \(failures[$0] ?? "")" }), .passing)
    }
    stage = parts.controller.stage(configuration, targets: targets, addresses: answers, lists: lists, tls: tls)
    do throws(StartError) {
      reservation = try parts.listeners.reserve(
        parts.listeners.change(to: configuration.listeners), givenUp: givenUp)
      if let bind = configuration.stats?.bind, bind != parts.controller.configuration.stats?.bind {
        stats = try parts.reserveStats(bind)
      }
    } catch {
      return refuse(AdminAnswer.Problem(error.problem, hint: error.hint), .passing)
    }
    probe()
  }

  /// Checks each new backend once. Its first check decides how it is, so it starts as what it is.
  private func probe() {
    var left = 0
    for member in stage.members.values where member.isToBeChecked {
      guard let task = try? member.check.task(by: parts.controller.checkTLS, with: stage.tls) else { continue }
      left += 1
      probes.append(
        Probe(
          task, to: member.check.address, by: member.check.egress, timeout: member.check.timeout, on: parts.loop
        ) { [unowned self] outcome in
          if case .failed(let failure) = outcome {
            let verb = failure.kind == .localResource ? "can't have its first check" : "fails its first check"
            warnings.append("\(member.key.pool)/\(member.backend.name) \(verb): \(failure.detail)")
          }
          _ = member.observe(outcome, at: .now)
          _ = member.update(at: .now)
          left -= 1
          if left == 0 { probed() }
        })
    }
    if left == 0 { probed() }
  }

  private func probed() {
    let table = parts.controller.preview(stage)
    warnings += parts.controller.ownMembers(in: stage)
    for pool in parts.controller.poolsLeftAlone(by: stage) {
      let problem = Self.leftAlone(pool)
      if isForced {
        warnings.append(problem)
      } else {
        return refuse(
          AdminAnswer.Problem(
            problem, hint: "see to the backends, or use --force", details: warnings.isEmpty ? nil : warnings), .passing)
      }
    }
    // From here on the workers may hold the sockets, and only their word gives them back.
    guard let reservation = reservation.take() else { return }
    parts.controller.prepare(stage, as: parts.rollout)
    transaction = TwoPhaseCommit(
      rollout: parts.rollout, participants: parts.participants,
      proposals: parts.listeners.rollouts(reservation, id: parts.rollout, table: table), limit: Self.limit,
      on: parts.loop, prepared: { [unowned self] in tell($0) }, willCommit: { [unowned self] in commit(reservation) },
      released: { reservation.close() }, ended: { [unowned self] in ended($0) })
  }

  /// The workers have prepared it as well: from here on it's for others to decide.
  private func tell(_ transaction: TwoPhaseCommit<WorkerParticipant>) {
    prepared(
      Prepared { [weak self, weak transaction] decision in
        guard let self, let transaction, abandoned == nil else { return }
        switch decision {
        case .commit:
          transaction.commit()
          // Health, names and leases may have changed since the tables were prepared. Who changes later posts a table of its own.
          parts.controller.workforce.post(.adopt(parts.controller.makeTable()))
        case .abort(let problem):
          abandoned = problem
          transaction.abandon()
        }
      })
  }

  private var answer: AdminAnswer.Reloaded?

  private func commit(_ reservation: ListenerSet.Reservation) {
    let controller = parts.controller
    let statsBind = controller.configuration.stats?.bind
    controller.apply(Change(.configuration(rollout: parts.rollout), by: author, because: "configuration reloaded"))
    for gone in parts.listeners.commit(reservation) { retire(gone) }
    for listener in parts.listeners.listeners {
      controller.evictions.cancelAll(of: .listener(listener.configuration.name))
    }
    let change: StatsChange =
      configuration.stats?.bind == statsBind ? .kept : .replaced(stats)
    stats = nil
    warnings += zip(controller.book.leases, controller.missing(in: configuration)).compactMap { lease, missing in
      missing.map { missing in
        let backend = "\(lease.pool)/\(lease.endpoint)"
        return "the override of \(backend) (\(lease.text)) has no \(missing.rawValue): "
          + "`martlet overrides --remove \(backend)` takes it back"
      }
    }
    parts.committed(configuration, change)
    answer = AdminAnswer.Reloaded(
      generation: 0,
      changes: difference.lines
        + reservation.rebound.map { "listener \($0): bound again, as its socket's file was gone" },
      draining: draining(.drain), closing: draining(.close),
      warnings: warnings, confirmUntil: nil, seconds: 0)
  }

  private func retire(_ listener: BoundListener) {
    let standing = listener.status.sessions.taken
    guard standing > 0 else { return }
    let name = listener.configuration.name
    let evictions = parts.controller.evictions
    switch listener.configuration.onRemove {
    case .close:
      evictions.evict(
        .listener(name), "listener \(name) (removed)", .removed, patience: configuration.eviction.patience,
        standing: standing)
    case .drain:
      evictions.drain(
        .listener(name), "listener \(name) (removed)", .drained, limit: listener.configuration.drainLimit,
        standing: standing)
    }
  }

  /// The sessions that are on their way out after the change.
  private func draining(_ manner: OnRemove) -> Int {
    let controller = parts.controller
    let backends = (controller.pools + controller.leavingPools).filter { $0.configuration.onRemove == manner }
      .flatMap(\.leaving).reduce(0) { $0 + $1.backend.load.active }
    let listeners = parts.listeners.leaving.filter { $0.configuration.onRemove == manner }
      .reduce(0) { $0 + $1.status.sessions.taken }
    return max(backends, listeners)
  }

  private func ended(_ outcome: TwoPhaseCommit<WorkerParticipant>.Outcome) {
    switch outcome {
    case .aborted(let reasons):
      if let abandoned { return refuse(abandoned, .lasting) }
      refuse(
        AdminAnswer.Problem(
          "a worker can't prepare the change", hint: "see the log",
          details: reasons.map { "worker \($0.participant): \($0.reason)" }), .passing)
    case .committed, .committing:
      guard var answer else { return }
      if case .committing(let unheard) = outcome { answer.warnings.append("\(unheard) workers are slow to follow") }
      answer.seconds = Double(MonotonicClock.now() &- began) / 1e9
      done.take()?(.committed(answer))
    }
  }

  /// Gives up, for a reason that isn't the configuration's; does nothing if it's decided already.
  func abandon(_ problem: AdminAnswer.Problem) {
    abandoned = problem
    if let transaction {
      // The workers have to give back what they hold first.
      transaction.abandon()
    } else {
      (lookup, targetLookup) = (nil, nil)
      refuse(problem, .lasting)
    }
  }

  private func refuse(_ problem: AdminAnswer.Problem, _ prospect: Prospect) {
    giveBack()
    done.take()?(.refused(problem, prospect))
  }

  private func giveBack() {
    reservation?.close()
    reservation = nil
    stats = nil
    probes = []
    parts.controller.abort(parts.rollout)
  }

  deinit {
    giveBack()
  }
}
