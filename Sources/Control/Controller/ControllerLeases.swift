import Balancing
import Config
import Libevent
import Logging
import Proxy

// MARK: - Leases

extension Controller {
  /// Takes a lease, in place of an earlier one about the same; gives that one.
  @discardableResult
  func take(_ lease: Lease) -> Lease? {
    let replaced = book.take(lease)
    leaseChanged(lease, because: lease.text + (replaced.map { ", in place of: \($0.text)" } ?? ""))
    return replaced
  }

  /// Ends the leases of a backend about a subject, or all; gives those that have ended.
  func endLeases(pool: String, endpoint: String, about subject: Lease.Subject?, by author: String) -> [Lease] {
    let ended = book.end(pool: pool, endpoint: endpoint, about: subject)
    for lease in ended { leaseChanged(lease, because: "no longer \(lease.text), taken back by \(author)") }
    return ended
  }

  /// Takes what was changed in another process's book.
  func take(_ changes: OverrideBook.Changes, from author: String) {
    let missing = book.missing(of: changes)
    for lease in missing.ended {
      _ = endLeases(pool: lease.pool, endpoint: lease.endpoint, about: lease.term.subject, by: author)
    }
    for lease in missing.taken { _ = take(lease) }
  }

  func expireLeases() {
    let ended = book.expire(at: .now)
    guard !ended.isEmpty else { return }
    for lease in ended {
      logger.notice(
        "lease is over: \(lease.pool)/\(lease.endpoint) \(lease.text)", metadata: ["pool": "\(lease.pool)"])
      leaseChanged(lease, because: "time is over: \(lease.text)")
    }
    leasesExpired?()
  }

  private func leaseChanged(_ lease: Lease, because reason: String) {
    guard let pool = pool(lease.pool) else { return }
    switch lease.term.subject {
    case .membership:
      names.watch(hostNames(of: configuration), settings: configuration.resolver)
      refresh(pool, .override, because: reason)
    case .service, .weight:
      let members = pool.members.filter { $0.endpoints.contains(lease.endpoint) }
      for member in members {
        let wasChecked = member.checker != nil
        refreshLeases(of: member)
        if wasChecked != member.isToBeChecked { startChecking(member, in: pool) }
        if member.service?.term == .maintain {
          evictions.evict(
            .backend(member.backend.id), "\(pool.name)/\(member.backend.name) (maintenance)", .drained,
            patience: configuration.eviction.patience, standing: member.backend.load.active)
        } else {
          evictions.cancel(.drained, of: .backend(member.backend.id))
        }
      }
      reassess(pool, .override, because: reason, of: members)
    }
  }

  /// Whether a pool that serves now would have nobody left with these leases.
  func wouldStopServing(_ pool: PoolController, with book: OverrideBook) -> Bool {
    let now = Instant.now
    guard configuration.listeners.contains(where: { $0.pool == pool.name }),
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

  /// What a lease is about and isn't there by a configuration, so that it changes nothing; nil if it's there.
  func missing(_ lease: Lease, in configuration: Configuration) -> Report.Override.Missing? {
    guard let pool = configuration.pools.first(where: { $0.name == lease.pool }) else { return .pool }
    if case .add = lease.term { return nil }
    let isThere = (pool.backends + book.applied(to: pool).backends).contains { backend in
      if backend.endpoint.description == lease.endpoint { return true }
      // Which addresses a new name has isn't known yet.
      guard case .name(let name, let port) = backend.endpoint else { return false }
      return !names.knows(name) || names.addresses(of: name).contains { "\($0.with(port: port))" == lease.endpoint }
    }
    return isThere ? nil : .backend
  }

  func refreshLeases(of member: Member) {
    member.service = book.lease(pool: member.key.pool, endpoints: member.endpoints, about: .service)
    member.weightLease = book.lease(pool: member.key.pool, endpoints: member.endpoints, about: .weight)
  }
}
