import Balancing
package import Config
import Libevent
import Logging
package import Model
import Proxy

// MARK: - Leases

extension Controller {
  /// A lease that has begun or ended, and why.
  private struct LeaseChange {
    let lease: Lease
    let reason: String
  }

  /// An override holds, in place of an earlier one about the same; gives that one.
  func take(_ lease: Lease) -> Lease? {
    let (change, replaced) = note(lease)
    leasesChanged([change])
    return replaced
  }

  private func note(_ lease: Lease) -> (change: LeaseChange, replaced: Lease?) {
    let replaced = book.take(lease)
    let inPlace = replaced.map { ", in place of: \($0.text)" } ?? ""
    return (LeaseChange(lease: lease, reason: lease.text + inPlace), replaced)
  }

  /// Overrides of backends about a subject, or all, hold no more; gives those that did.
  func takeBack(pool: String, endpoints: [String], about subject: Lease.Subject?, by author: String) -> [Lease] {
    let ended = endpoints.flatMap { end(pool: pool, endpoint: $0, about: subject, by: author) }
    leasesChanged(ended)
    return ended.map(\.lease)
  }

  private func end(
    pool: String, endpoint: String, about subject: Lease.Subject?, in layer: Lease.Layer = .node, by author: String
  ) -> [LeaseChange] {
    book.end(pool: pool, endpoint: endpoint, about: subject, in: layer).map {
      LeaseChange(lease: $0, reason: "no longer \($0.text), taken back by \(author)")
    }
  }

  /// Takes what was changed in another process's book; gives what holds no more.
  func merge(_ changes: OverrideBook.Changes, from author: String) -> [Lease] {
    let missing = book.missing(of: changes)
    let (letIn, ended) = (missing.letIn ?? [], missing.letInEnded ?? [])
    for lease in ended { book.endAdmission(of: lease.range, at: lease.listener) }
    for lease in letIn { book.take(lease) }
    if !letIn.isEmpty || !ended.isEmpty { admissionsChanged() }
    return make(missing, by: author)
  }

  /// Brings the fleet's layer of the book in line with what the fleet has agreed on; gives what holds no more.
  func follow(_ leases: [Lease], of author: String) -> [Lease] {
    make(book.changes(toFleet: leases), by: author)
  }

  private func make(_ changes: OverrideBook.Changes, by author: String) -> [Lease] {
    let ended = changes.ended.flatMap { lease in
      end(pool: lease.pool, endpoint: lease.endpoint, about: lease.term.subject, in: lease.layer, by: author)
    }
    leasesChanged(ended + changes.taken.map { note($0).change })
    return ended.map(\.lease)
  }

  /// Tells the workers what is said by now of who may come in.
  func admissionsChanged() {
    admission.overrides = book.admissions
    workforce.post(.adopt(makeTable()))
    scheduleNextChange(after: .now)
  }

  func expireLeases() {
    let ended = book.expire(at: .now)
    let letIn = book.expireAdmissions(at: .now)
    for lease in letIn { logger.notice("an override is over: \(lease.range) \(lease.text)") }
    if !letIn.isEmpty {
      admissionsChanged()
      if ended.isEmpty { leasesExpired?() }
    }
    guard !ended.isEmpty else { return }
    for lease in ended {
      logger.notice(
        "lease is over: \(lease.pool)/\(lease.endpoint) \(lease.text)", metadata: ["pool": "\(lease.pool)"])
    }
    leasesChanged(ended.map { LeaseChange(lease: $0, reason: "time is over: \($0.text)") })
    leasesExpired?()
  }

  /// Does what leases say that have begun or ended: once for each pool, however many they are.
  private func leasesChanged(_ changes: [LeaseChange]) {
    if changes.contains(where: { $0.lease.term.subject == .membership }) {
      watchSources()
    }
    let byPool = Dictionary(grouping: changes, by: \.lease.pool)
    for pool in pools {
      guard let changes = byPool[pool.name] else { continue }
      let others = changes.filter { $0.lease.term.subject != .membership }
      if !others.isEmpty { serviceChanged(others, in: pool) }
      let memberships = changes.filter { $0.lease.term.subject == .membership }
      guard let first = memberships.first else { continue }
      let more = memberships.count > 1 ? " (and \(memberships.count - 1) more)" : ""
      refresh(pool, .override, because: first.reason + more)
    }
  }

  /// Whether backends get new sessions, or how many, has changed.
  private func serviceChanged(_ changes: [LeaseChange], in pool: PoolController) {
    let byEndpoint = Dictionary(grouping: changes, by: \.lease.endpoint)
    var reasons: [ObjectIdentifier: String] = [:]
    for member in pool.members {
      let its = member.endpoints.flatMap { byEndpoint[$0] ?? [] }
      guard !its.isEmpty else { continue }
      reasons[ObjectIdentifier(member)] = its.map(\.reason).joined(separator: "; ")
      let wasChecked = member.checker != nil
      refreshLeases(of: member)
      if wasChecked != member.isToBeChecked { checks.start(member, in: pool) }
      if member.service?.term == .maintain {
        evictions.evict(
          .backend(member.backend.id), "\(pool.name)/\(member.backend.name) (maintenance)", .drained,
          patience: configuration.eviction.patience, standing: member.backend.load.active)
      } else {
        evictions.cancel(.drained, of: .backend(member.backend.id))
      }
    }
    reassess(pool, .override, because: .members(reasons))
  }

  /// Whether a pool that serves now would have nobody left with these leases.
  package func wouldStopServing(_ pool: PoolController, with book: OverrideBook) -> Bool {
    let now = Instant.now
    guard configuration.listeners.contains(where: { $0.pools.contains(pool.name) }),
      pool.members.contains(where: { $0.isEligible(at: now) })
    else { return false }
    let endpoints = Set(book.applied(to: pool.configuration).backends.map(\.endpoint))
    return !pool.members.contains { member in
      var circumstances = member.circumstances
      circumstances.service = book.lease(pool: pool.name, endpoints: member.endpoints, about: .service)
      circumstances.weightLease = book.lease(pool: pool.name, endpoints: member.endpoints, about: .weight)
      return member.origins.contains(where: endpoints.contains) && member.isEligible(at: now, under: circumstances)
    }
  }

  /// What each of the book's leases is about and isn't there by a configuration, so that it changes nothing; nil for those
  /// of which it's there.
  package func missing(in configuration: Configuration) -> [Report.Override.Missing?] {
    let pools = Dictionary(configuration.pools.map { ($0.name, $0) }) { first, _ in first }
    var known: [String: LeaseTargets] = [:]
    return book.leases.map { lease in
      guard let pool = pools[lease.pool] else { return .pool }
      if case .add = lease.term { return nil }
      let its = known[pool.name] ?? LeaseTargets(pool.backends + book.applied(to: pool).backends, targets, names)
      known[pool.name] = its
      return its.has(lease.endpoint) ? nil : .backend
    }
  }

  func refreshLeases(of member: Member) {
    member.service = book.lease(pool: member.key.pool, endpoints: member.endpoints, about: .service)
    member.weightLease = book.lease(pool: member.key.pool, endpoints: member.endpoints, about: .weight)
  }
}

/// What leases of a pool can be about.
private struct LeaseTargets {
  private var endpoints: Set<String> = []
  /// Which addresses a new name has isn't known yet: it may be any.
  private var isOpen = false

  init(_ backends: [BackendConfiguration], _ targets: TargetBook, _ names: NameBook) {
    for backend in backends {
      endpoints.insert(backend.endpoint.description)
      switch backend.endpoint {
      case .address: break
      case .name(let name, let port): note(name, port, names)
      case .targets(let source, _):
        let found = targets.targets(of: source)
        isOpen = isOpen || found.isEmpty
        for target in found {
          endpoints.insert(target.endpoint.description)
          if case .name(let name, let port) = target.endpoint { note(name, port, names) }
        }
      }
    }
  }

  private mutating func note(_ name: String, _ port: UInt16, _ names: NameBook) {
    isOpen = isOpen || !names.knows(name)
    for address in names.addresses(of: name) { endpoints.insert(address.with(port: port).backendText) }
  }

  func has(_ endpoint: String) -> Bool { isOpen || endpoints.contains(endpoint) }
}
