import Balancing
package import Config
import Libevent
package import Model
package import Proxy
import Sockets

// MARK: - Members

extension Controller {
  /// Backends of a configuration that is to come: made, and perhaps probed, but not used yet.
  package struct Stage {
    /// What is to come.
    package let configuration: Configuration
    /// Addresses of host names that aren't watched yet.
    var addresses: [String: NameAnswer] = [:]
    /// What was found at sources that aren't watched yet.
    var targets: [TargetSource: [Target]] = [:]
    /// Lists of addresses that aren't in use yet.
    var lists = ReadLists()
    /// Files for TLS of checks that aren't in use yet.
    package var tls = CheckTLS.Read()
    /// The backends that aren't there yet.
    package var members: [BackendKey: Member] = [:]
    /// What belongs to the pools that aren't there yet.
    var statuses: [String: PoolStatus] = [:]
    /// Where this process answers, with what the configuration adds to that.
    let doors: OwnDirectory

    /// A stage without members yet.
    package init(_ configuration: Configuration, doors: OwnDirectory) {
      self.configuration = configuration
      self.doors = doors
    }
  }

  /// Makes what a configuration needs and this process doesn't have yet; changes nothing.
  package func stage(
    _ configuration: Configuration, targets: [TargetSource: [Target]] = [:], addresses: [String: NameAnswer] = [:],
    lists: ReadLists? = nil, tls: CheckTLS.Read = CheckTLS.Read()
  ) -> Stage {
    var stage = Stage(configuration, doors: own.directory(for: configuration, with: configuration.doors))
    (stage.targets, stage.addresses) = (targets, addresses)
    if let lists { stage.lists = lists }
    stage.tls = tls
    for pool in configuration.pools {
      if register.known(pool.name) == nil { stage.statuses[pool.name] = makeStatus(pool.name) }
      _ = members(of: pool, in: &stage)
    }
    return stage
  }

  /// The table that workers would get now if the stage were there.
  package func preview(_ stage: Stage) -> RoutingTable {
    var stage = stage
    let now = Instant.now
    var snapshots: [String: Pool] = [:]
    for configuration in stage.configuration.pools {
      let members = members(of: configuration, in: &stage)
      let controller = register.known(configuration.name) ?? makePool(configuration, in: stage)
      let policy = PoolPolicy(
        configuration, status: controller.status, patience: stage.configuration.eviction.patience,
        stick: configuration.stick == nil ? nil : controller.stick.table)
      snapshots[configuration.name] = controller.snapshot(
        of: members.map { ($0.member, $0.circumstances) }, configuration: configuration, policy: policy, at: now)
    }
    return tables.next(of: snapshots, stage.configuration) { admission.rules(of: $0, with: stage.lists) }
  }

  /// The pools that serve now, and of which no backend would be eligible if the stage were there.
  package func poolsLeftAlone(by stage: Stage) -> [String] {
    var stage = stage
    let now = Instant.now
    let served = Set(stage.configuration.listeners.flatMap(\.pools))
    return stage.configuration.pools.filter { settings in
      guard served.contains(settings.name), let present = pool(settings.name),
        present.members.contains(where: { $0.isEligible(at: now) })
      else { return false }
      return !members(of: settings, in: &stage).contains { $0.member.isEligible(at: now, under: $0.circumstances) }
    }.map(\.name).sorted()
  }

  /// The backends that would be this process itself if the stage were there, in words.
  package func ownMembers(in stage: Stage) -> [String] {
    var stage = stage
    return stage.configuration.pools.flatMap { pool in
      members(of: pool, in: &stage).compactMap { appointment in
        appointment.circumstances.door.map {
          "\(pool.name)/\(appointment.member.backend.name) gets no sessions: \($0.reason)"
        }
      }
    }
  }

  /// The host names that a configuration's backends are given by, with what leases say.
  ///
  /// - Parameter found: what was found at sources that nothing is known of yet.
  package func hostNames(of configuration: Configuration, with found: [TargetSource: [Target]] = [:]) -> Set<String> {
    configuration.pools.reduce(into: []) { names, pool in
      names.formUnion(
        Roster.names(of: book.applied(to: pool).backends) { found[$0] ?? targets.targets(of: $0) })
    }
  }

  private func makeStatus(_ pool: String) -> PoolStatus {
    let cursor = inheritance?.cursor(of: pool)
    return PoolStatus(
      name: pool, cursorStart: cursor ?? UInt64.random(in: 0..<UInt64(UInt32.max)), workers: workforce.count)
  }

  func makePool(_ configuration: PoolConfiguration, in stage: Stage) -> PoolController {
    PoolController(
      configuration, status: stage.statuses[configuration.name] ?? makeStatus(configuration.name),
      heritage: heritage, patience: stage.configuration.eviction.patience)
  }

  /// The members that a pool has by a configuration, by the addresses of names and by leases, and those that stay though
  /// their names no longer give them; those that aren't there yet are made and kept in the stage.
  private func members(of pool: PoolConfiguration, in stage: inout Stage) -> [Appointment] {
    let controller = register.known(pool.name)
    let known = (controller?.members ?? []) + (controller?.leaving ?? [])
    let present = Dictionary(known.map { ($0.key, $0) }) { first, _ in first }
    let backends = book.applied(to: pool).backends
    var result: [Appointment] = []
    let roster = Roster(
      backends, targets: { stage.targets[$0] ?? targets.targets(of: $0) },
      addresses: { stage.addresses[$0]?.addresses ?? names.addresses(of: $0) })
    for place in roster.places {
      let key = BackendKey(pool: pool.name, address: place.address)
      let member =
        present[key] ?? stage.members[key] ?? makeMember(place, key: key, of: pool, in: stage)
      if present[key] == nil { stage.members[key] = member }
      let circumstances = circumstances(of: member, at: place, in: pool, doors: stage.doors)
      result.append(Appointment(member: member, place: place, circumstances: circumstances))
    }
    let staying = controller?.staying(
      beside: result.map { ($0.member, $0.circumstances) }, of: Set(backends.map(\.endpoint)), at: .now)
    return result
      + (staying ?? []).map { member in
        var circumstances = member.circumstances
        (circumstances.isVanished, circumstances.door) = (true, stage.doors.door(at: member.key.address, of: pool.name))
        return Appointment(member: member, place: nil, circumstances: circumstances)
      }
  }

  /// What a pool's configuration and leases say of a member.
  private func circumstances(
    of member: Member, at place: Roster.Place, in pool: PoolConfiguration, doors: OwnDirectory
  ) -> Circumstances {
    let endpoints = member.endpoints(from: place.origins)
    return Circumstances(
      configuration: place.configuration, isChecked: pool.health.check != .none,
      slowStart: SlowStart(duration: pool.slowStart),
      service: book.lease(pool: pool.name, endpoints: endpoints, about: .service),
      weightLease: book.lease(pool: pool.name, endpoints: endpoints, about: .weight), isVanished: false,
      agent: pool.agent == nil ? AgentState() : member.agent.state,
      door: doors.door(at: member.key.address, of: pool.name))
  }

  /// A member that a pool is to have.
  private struct Appointment {
    let member: Member
    /// Where it comes from; nil if nothing gives its address any more, and it stays as it is.
    let place: Roster.Place?
    /// What is said of it then.
    let circumstances: Circumstances
  }

  private func makeMember(
    _ place: Roster.Place, key: BackendKey, of pool: PoolConfiguration, in stage: Stage
  ) -> Member {
    backendsMade += 1
    let backend = Backend(
      id: backendsMade, pool: pool.name, name: place.name, address: key.address,
      header: place.configuration.sendProxy.map { HeaderRules($0) }, egress: place.configuration.egress,
      workers: workforce.count)
    let member = Member(
      place, backend: backend, key: key, pool: pool, askedAt: stage.configuration.ports(askedOf: pool.name))
    refreshLeases(of: member)
    member.door = stage.doors.door(at: key.address, of: pool.name)
    if let known = inheritance?.snapshot(of: member) { member.restore(known, agentPort: pool.agent?.port) }
    return member
  }

  /// What becomes of a pool's members: who has come and who has gone.
  struct Turnover {
    var come: [Member] = []
    var gone: [Member] = []
  }

  @discardableResult
  func replaceMembers(of pool: PoolController, in stage: inout Stage) -> Turnover {
    let before = Set(pool.members.map(ObjectIdentifier.init))
    let appointments = members(of: pool.configuration, in: &stage)
    let plans = appointments.map { $0.member.check }
    let ports = stage.configuration.ports(askedOf: pool.name)
    for appointment in appointments {
      appointment.member.isVanished = appointment.place == nil
      if let place = appointment.place { appointment.member.use(place, pool: pool.configuration, askedAt: ports) }
    }
    let members = appointments.map(\.member)
    let gone = pool.replaceMembers(by: members)
    for member in gone { retire(member, of: pool) }
    for (member, check) in zip(members, plans) {
      refreshLeases(of: member)
      let isNew = !before.contains(ObjectIdentifier(member))
      if isNew {
        evictions.cancelAll(of: .backend(member.backend.id))
        pool.welcome(member)
      }
      let isChecked = member.checker != nil
      if isNew || member.check != check || isChecked != member.isToBeChecked { checks.start(member, in: pool) }
    }
    recogniseOwn(in: pool, by: stage.doors)
    for member in members {
      let wasUp = member.agent.state.isUp
      agents.follow(member, in: pool)
      if !wasUp, member.agent.state.isUp, member.health.isEligible {
        evictions.cancel(.backendDown, of: .backend(member.backend.id))
      }
      // What an agent said that isn't asked any more may have kept it from being checked.
      if (member.checker != nil) != member.isToBeChecked { checks.start(member, in: pool) }
    }
    tables.outdate(pool)
    return Turnover(come: members.filter { !before.contains(ObjectIdentifier($0)) }, gone: gone)
  }

  func retire(_ member: Member, of pool: PoolController) {
    checks.forget(member)
    agents.stop(member)
    guard member.backend.load.active > 0 else { return }
    let what = "\(pool.name)/\(member.backend.name) (removed)"
    switch pool.configuration.onRemove {
    case .close:
      evictions.evict(
        .backend(member.backend.id), what, .removed, patience: configuration.eviction.patience,
        standing: member.backend.load.active)
    case .drain:
      evictions.drain(
        .backend(member.backend.id), what, .drained, limit: pool.configuration.drainLimit,
        standing: member.backend.load.active)
    }
  }

  /// How long who has left is remembered at least. Not every worker has the new table at once: a session may still go by
  /// the old one.
  private static let farewell = Duration.seconds(1)

  /// Looks for those who have left and whose sessions have ended, as long as there are any. What comes meanwhile, however
  /// often, doesn't put that off.
  func watchDepartures() {
    guard departureTimer?.isScheduled == false, register.areAnyLeaving else { return }
    departureTimer?.schedule(after: Self.farewell)
  }

  func lookForDepartures() {
    register.forgetLeft(by: .now - Self.farewell)
    watchDepartures()
  }

  /// The backends of a configuration's pool that are given by a name without an address, or a source where nothing was found.
  package func unresolved(by pool: PoolConfiguration) -> [BackendConfiguration] {
    Roster(
      book.applied(to: pool).backends, targets: targets.targets(of:), addresses: names.addresses(of:)
    ).unresolved
  }

  /// The same of a pool, and why.
  package func unresolved(in pool: PoolController) -> [UnresolvedBackend] {
    unresolved(by: pool.configuration).map { backend in
      switch backend.endpoint {
      case .name(let name, _):
        UnresolvedBackend(
          configuration: backend, reason: "unresolved: \(names.trouble(of: name) ?? "not answered yet")",
          since: names.watchedSince(name))
      case .targets(let source, _):
        UnresolvedBackend(
          configuration: backend, reason: "nothing found: \(targets.trouble(of: source) ?? "not answered yet")",
          since: targets.watchedSince(source))
      case .address: preconditionFailure("an address needs no resolving")
      }
    }
  }

  /// Looks a backend's names up again: it doesn't answer, so its address may be another one by now.
  func askAgain(for member: Member) {
    for origin in member.origins {
      switch origin {
      case .address: break
      case .name(let name, _): names.askAgain(name)
      case .targets(let source, _): targets.lookAgain(at: source)
      }
    }
  }

  /// Finds out anew who a pool's members are. Who comes or goes by names is remembered.
  func refresh(_ pool: PoolController, _ cause: Report.Transition.Cause, because reason: String) {
    var stage = Stage(configuration, doors: own.directory(for: configuration))
    let turnover = replaceMembers(of: pool, in: &stage)
    if cause == .names {
      for member in turnover.come { transitions.came(member, to: pool, because: reason) }
      for member in turnover.gone { transitions.went(member, from: pool, because: reason) }
    }
    reassess(pool, cause, because: reason)
    watchDepartures()
  }
}

/// A backend of the configuration whose name has no address.
package struct UnresolvedBackend {
  /// What the file or a lease says of it.
  package let configuration: BackendConfiguration
  /// Why, for people.
  package let reason: String
  /// Since when it's looked up.
  package let since: Timestamp
}
