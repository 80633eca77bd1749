import Libevent
import Logging
import Proxy

// MARK: - Leases

extension Controller {
  /// Takes a lease, in place of an earlier one about the same.
  func take(_ lease: Lease) {
    book.take(lease)
    leaseChanged(lease, because: lease.text)
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
    for lease in missing.taken { take(lease) }
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
      for member in pool.members where member.endpoints.contains(lease.endpoint) {
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
      reassess(pool, .override, because: reason)
    }
  }

  func refreshLeases(of member: Member) {
    member.service = book.lease(pool: member.key.pool, endpoints: member.endpoints, about: .service)
    member.weightLease = book.lease(pool: member.key.pool, endpoints: member.endpoints, about: .weight)
  }
}
