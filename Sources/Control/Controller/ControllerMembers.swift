import Balancing
import Config
import Libevent
import Proxy
import Sockets

// MARK: - Members

extension Controller {
  /// Backends of a configuration that is to come: made, and perhaps probed, but not used yet.
  struct Stage {
    /// What is to come.
    let configuration: Configuration
    /// Addresses of host names that aren't watched yet.
    var addresses: [String: [SocketAddress]] = [:]
    /// The backends that aren't there yet.
    var members: [BackendKey: Member] = [:]
    /// What belongs to the pools that aren't there yet.
    var statuses: [String: PoolStatus] = [:]
    /// Where this process answers, with what the configuration adds to that.
    let doors: OwnDirectory

    init(_ configuration: Configuration, doors: OwnDirectory) {
      self.configuration = configuration
      self.doors = doors
    }
  }

  /// Makes what a configuration needs and this process doesn't have yet; changes nothing.
  func stage(_ configuration: Configuration, addresses: [String: [SocketAddress]] = [:]) -> Stage {
    var stage = Stage(configuration, doors: own.directory(with: configuration.doors))
    stage.addresses = addresses
    for pool in configuration.pools {
      if known(pool.name) == nil { stage.statuses[pool.name] = makeStatus(pool.name) }
      _ = members(of: pool, in: &stage)
    }
    return stage
  }

  /// The table that workers would get now if the stage were there.
  func preview(_ stage: Stage) -> RoutingTable {
    var stage = stage
    let now = Instant.now
    var snapshots: [String: Pool] = [:]
    for configuration in stage.configuration.pools {
      let members = members(of: configuration, in: &stage)
      let controller = known(configuration.name) ?? makePool(configuration, in: stage)
      let policy = PoolPolicy(
        configuration, status: controller.status, patience: stage.configuration.eviction.patience)
      snapshots[configuration.name] = controller.snapshot(
        of: members, configuration: configuration, policy: policy, doors: stage.doors, at: now)
    }
    return makeTable(of: stage.configuration, snapshots)
  }

  /// Makes the stage's configuration the one that holds, all at once; the table is the caller's to send.
  func adopt(_ stage: Stage, _ cause: Report.Transition.Cause, because reason: String) {
    var stage = stage
    let before = (pools: pools, configuration: configuration)
    configuration = stage.configuration
    names.learn(stage.addresses)
    evictions.rate = configuration.eviction.rate
    if configuration.slowestCheck != before.configuration.slowestCheck {
      correlation = CorrelatedFailure(window: configuration.slowestCheck)
    }
    pools = configuration.pools.map { settings in
      let pool = known(settings.name) ?? makePool(settings, in: stage)
      pool.adopt(settings, patience: configuration.eviction.patience)
      return pool
    }
    leavingPools.removeAll { pool in pools.contains { $0 === pool } }
    for pool in before.pools where !pools.contains(where: { $0 === pool }) {
      for member in pool.replaceMembers(by: []) { retire(member, of: pool) }
      snapshots[pool.name] = nil
      leavingPools.append(pool)
    }
    for pool in pools {
      replaceMembers(of: pool, in: &stage)
      noteChanges(in: pool, cause, because: reason)
    }
    own.lookSoon()
    inheritance = nil
    names.watch(hostNames(of: configuration), settings: configuration.resolver)
    scheduleNextChange(after: .now)
    watchDepartures()
  }

  /// How many backends of each pool would be eligible if the stage were there.
  func eligible(in stage: Stage) -> [String: Int] {
    var stage = stage
    let now = Instant.now
    let counts = stage.configuration.pools.map { pool in
      (
        pool.name,
        members(of: pool, in: &stage).count {
          $0.member.isEligible(at: now) && stage.doors.door(at: $0.member.key.address) == nil
        }
      )
    }
    return Dictionary(uniqueKeysWithValues: counts)
  }

  /// The backends that would be this process itself if the stage were there, in words.
  func ownMembers(in stage: Stage) -> [String] {
    var stage = stage
    return stage.configuration.pools.flatMap { pool in
      members(of: pool, in: &stage).compactMap { member, _ in
        stage.doors.door(at: member.key.address).map {
          "\(pool.name)/\(member.backend.name) gets no sessions: \($0.reason)"
        }
      }
    }
  }

  /// The host names that a configuration's backends are given by, with what leases say.
  func hostNames(of configuration: Configuration) -> Set<String> {
    var names: Set<String> = []
    for pool in configuration.pools {
      for backend in book.applied(to: pool).backends {
        if case .name(let name, _) = backend.endpoint { names.insert(name) }
      }
    }
    return names
  }

  private func known(_ pool: String) -> PoolController? {
    pools.first { $0.name == pool } ?? leavingPools.first { $0.name == pool }
  }

  private func makeStatus(_ pool: String) -> PoolStatus {
    let cursor = inheritance?.pools.first { $0.name == pool }?.cursor
    return PoolStatus(
      name: pool, cursorStart: cursor ?? UInt64.random(in: 0..<UInt64(UInt32.max)), workers: workforce.count)
  }

  private func makePool(_ configuration: PoolConfiguration, in stage: Stage) -> PoolController {
    PoolController(
      configuration, status: stage.statuses[configuration.name] ?? makeStatus(configuration.name),
      patience: stage.configuration.eviction.patience)
  }

  /// The members that a pool has by a configuration, by the addresses of names and by leases; those that aren't there yet
  /// are made and kept in the stage.
  private func members(
    of pool: PoolConfiguration, in stage: inout Stage
  ) -> [(member: Member, configuration: BackendConfiguration)] {
    let controller = known(pool.name)
    let present = (controller?.members ?? []) + (controller?.leaving ?? [])
    var result: [(member: Member, configuration: BackendConfiguration)] = []
    for entry in book.applied(to: pool).backends {
      for address in addresses(of: entry.endpoint, in: stage) {
        let key = BackendKey(pool: pool.name, endpoint: entry.endpoint, address: address)
        let member =
          present.first { $0.key == key } ?? stage.members[key]
          ?? makeMember(entry, key: key, of: pool, doors: stage.doors)
        if !present.contains(where: { $0 === member }) { stage.members[key] = member }
        result.append((member, entry))
      }
    }
    return result
  }

  private func addresses(of endpoint: Endpoint, in stage: Stage) -> [SocketAddress] {
    switch endpoint {
    case .address(let address): [address]
    case .name(let name, let port):
      (stage.addresses[name] ?? names.addresses(of: name)).map { $0.with(port: port) }
    }
  }

  private func makeMember(
    _ entry: BackendConfiguration, key: BackendKey, of pool: PoolConfiguration, doors: OwnDirectory
  ) -> Member {
    backendsMade += 1
    let backend = Backend(
      id: backendsMade, pool: pool.name, name: Member.name(of: entry, at: key.address), address: key.address,
      workers: workforce.count)
    let member = Member(entry, backend: backend, key: key, pool: pool)
    member.door = doors.door(at: key.address)
    if let known = inheritance?.members.first(where: { $0.pool == key.pool && $0.key == key.text }) {
      member.restore(known)
    }
    return member
  }

  private func replaceMembers(of pool: PoolController, in stage: inout Stage) {
    let before = pool.members
    let members = members(of: pool.configuration, in: &stage)
    let checks = members.map { $0.member.check }
    for (member, entry) in members { member.adopt(entry, pool: pool.configuration) }
    for gone in pool.replaceMembers(by: members.map(\.member)) { retire(gone, of: pool) }
    for (index, (member, _)) in members.enumerated() {
      refreshLeases(of: member)
      let isNew = !before.contains { $0 === member }
      if isNew { evictions.cancelAll(of: .backend(member.backend.id)) }
      let isChecked = member.checker != nil
      if isNew || member.check != checks[index] || isChecked != member.isToBeChecked {
        startChecking(member, in: pool)
      }
    }
    recogniseOwn(in: pool, by: stage.doors)
    snapshots[pool.name] = nil
  }

  private func retire(_ member: Member, of pool: PoolController) {
    member.checker?.stop()
    member.checker = nil
    correlation.forget(backend: member.key.whole)
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
  private func watchDepartures() {
    guard departureTimer?.isScheduled == false, !leavingPools.isEmpty || pools.contains(where: { !$0.leaving.isEmpty })
    else { return }
    departureTimer?.schedule(after: Self.farewell)
  }

  func lookForDepartures() {
    let then = Instant.now - Self.farewell
    for pool in pools + leavingPools { pool.forgetLeft(by: then) }
    leavingPools.removeAll { $0.leaving.isEmpty }
    watchDepartures()
  }

  func nameChanged(_ name: String) {
    for pool in pools where hostNames(of: pool).contains(name) { refresh(pool, .names, because: "\(name) resolved") }
  }

  private func hostNames(of pool: PoolController) -> Set<String> {
    Set(
      book.applied(to: pool.configuration).backends.compactMap { backend in
        if case .name(let name, _) = backend.endpoint { name } else { nil }
      })
  }

  /// Finds out anew who a pool's members are.
  func refresh(_ pool: PoolController, _ cause: Report.Transition.Cause, because reason: String) {
    var stage = Stage(configuration, doors: own.directory())
    replaceMembers(of: pool, in: &stage)
    reassess(pool, cause, because: reason)
    watchDepartures()
  }
}
