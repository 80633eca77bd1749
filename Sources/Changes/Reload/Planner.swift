import Config
import Control
import Model
import Proxy
import Sockets

/// Says what a reload would do to the process as it is now, without doing it.
struct Planner {
  let parts: Reload.Parts
  /// Which changes may begin now.
  let changes: ChangeQueue

  /// The blast radius of a configuration.
  func plan(_ configuration: Configuration) -> AdminAnswer.Plan {
    let controller = parts.controller
    let difference = ConfigurationDifference(from: controller.configuration, to: configuration)
    let change = parts.listeners.change(to: configuration.listeners)
    let stage = controller.stage(configuration)
    let removed = removedMembers(by: configuration)
    var obstacles = Reload.obstacles(of: difference, to: configuration, parts).map { problem, _ in
      ([problem.error] + (problem.details ?? [])).joined(separator: "; ")
    }
    if let problem = changes.obstacle(to: .reload) { obstacles.insert(problem.error, at: 0) }
    if let problem = unavailableAddress(change, configuration) { obstacles.append(problem) }
    obstacles += poolsLeftAlone(by: stage).map { "\(Reload.leftAlone($0)): only --force does it" }
    let touched = touchedSessions(removed, change, configuration)
    // Where listeners only change places, somebody answers as ever.
    let closed = change.closed.map(\.description)
    let severity: AdminAnswer.Plan.Severity =
      difference.isEmpty
      ? .none
      : !obstacles.isEmpty || !closed.isEmpty || touched.draining + touched.closing > 0 ? .disruptive : .additive
    return AdminAnswer.Plan(
      severity: severity, changes: difference.lines, binds: change.opened.map(\.description), unbinds: closed,
      added: stage.members.values.map { "\($0.key.pool)/\($0.backend.name)" }.sorted(),
      removed: removed.map { "\($0.key.pool)/\($0.backend.name)" }.sorted(), changed: changed(by: difference),
      draining: touched.draining, closing: touched.closing,
      unknownHealth: stage.members.values.filter(\.isToBeChecked).map { "\($0.key.pool)/\($0.backend.name)" }.sorted(),
      unresolved: unresolved(by: configuration), limits: limits(for: configuration), obstacles: obstacles,
      warnings: configuration.warnings.map(\.description) + leaseWarnings(for: configuration)
        + controller.ownMembers(in: stage) + [parts.limits.shortage(for: configuration)].compactMap(\.self))
  }

  /// What is the matter with an address that is to be taken. Nobody is answered at an address that is only reserved, so taking
  /// it for a moment shows to nobody.
  private func unavailableAddress(_ change: ListenerSetChange, _ configuration: Configuration) -> String? {
    switch changes.gate.underWay {
    // It may have taken the very same.
    case .reload, .revert, .rebinding: return nil
    case .upgrade, nil: break
    }
    do throws(StartError) {
      try parts.listeners.reserve(change).close()
      if let bind = configuration.stats?.bind, bind != parts.controller.configuration.stats?.bind {
        _ = try parts.reserveStats(bind)
      }
      return nil
    } catch {
      return error.description
    }
  }

  /// Pools that would have nobody left, as far as that can be told before new names are looked up and new backends checked.
  private func poolsLeftAlone(by stage: Controller.Stage) -> [String] {
    let new = Reload.newNames(in: stage.configuration, parts.controller)
    return parts.controller.poolsLeftAlone(by: stage).filter { name in
      stage.configuration.pools.first { $0.name == name }?.backends.contains { backend in
        switch backend.endpoint {
        case .address: false
        case .name(let host, _): new.contains(host)
        case .targets(let source, _): !parts.controller.targets.minds(source, in: stage.configuration.registry)
        }
      } == false
    }
  }

  private func removedMembers(by configuration: Configuration) -> [Member] {
    let controller = parts.controller
    return controller.pools.flatMap { pool -> [Member] in
      guard let settings = configuration.pools.first(where: { $0.name == pool.name }) else { return pool.members }
      let endpoints = Set(controller.book.applied(to: settings).backends.map(\.endpoint))
      return pool.members.filter { member in
        !endpoints.contains(.address(member.key.address)) && !member.origins.contains(where: endpoints.contains)
      }
    }
  }

  /// Names that nobody has an address of yet: a reload looks the new ones up.
  private func unresolved(by configuration: Configuration) -> [String] {
    let controller = parts.controller
    return configuration.pools.flatMap { pool in
      controller.unresolved(by: pool).map { "\(pool.name)/\($0.name)" }
    }.sorted()
  }

  private func changed(by difference: ConfigurationDifference) -> [String] {
    difference.backends.compactMap { backend in
      if case .changed = backend.change { "\(backend.pool)/\(backend.name)" } else { nil }
    }.sorted()
  }

  private func touchedSessions(
    _ removed: [Member], _ change: ListenerSetChange, _ configuration: Configuration
  ) -> (draining: Int, closing: Int) {
    var draining = 0
    var closing = 0
    for member in removed {
      // A pool that stays goes by its new rule, one that goes by its last.
      let pool =
        configuration.pools.first { $0.name == member.key.pool }
        ?? parts.controller.pool(member.key.pool)?.configuration
      let manner = pool?.onRemove ?? .drain
      if manner == .close { closing += member.backend.load.active } else { draining += member.backend.load.active }
    }
    var listening = (draining: 0, closing: 0)
    for listener in change.removed {
      let standing = listener.status.sessions.taken
      if listener.configuration.onRemove == .close {
        listening.closing += standing
      } else {
        listening.draining += standing
      }
    }
    // A session of a removed listener on a removed backend is one session.
    return (max(draining, listening.draining), max(closing, listening.closing))
  }

  private func limits(for configuration: Configuration) -> [String] {
    let now = parts.limits
    let then = Limits(for: configuration, descriptors: now.descriptors)
    let standing = parts.controller.workforce.sessionSlots.taken
    return ["sessions: \(standing) stand, \(now.sessions) may, \(then.sessions) would fit after a restart"]
  }

  private func leaseWarnings(for configuration: Configuration) -> [String] {
    let controller = parts.controller
    return zip(controller.book.leases, controller.missing(in: configuration)).compactMap { lease, missing in
      missing.map { missing in
        "the override of \(lease.pool)/\(lease.endpoint) (\(lease.text)) would have no \(missing.rawValue)"
      }
    }
  }
}
