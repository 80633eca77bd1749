import Config

/// All leases that hold. Pure: the time is passed in, and whoever holds the book acts on what it says.
struct OverrideBook: Codable, Equatable, Sendable {
  /// The leases, in the order in which they were made.
  private(set) var leases: [Lease] = []

  /// Takes a lease; one of the same backend about the same subject gives way to it, and is given.
  @discardableResult
  mutating func take(_ lease: Lease) -> Lease? {
    let replaced = end(pool: lease.pool, endpoint: lease.endpoint, about: lease.term.subject).first
    leases.append(lease)
    return replaced
  }

  /// Ends the leases of a backend about a subject, or all of them; gives those that have ended.
  @discardableResult
  mutating func end(pool: String, endpoint: String, about subject: Lease.Subject? = nil) -> [Lease] {
    let ended = leases.filter { $0.isOf(pool, endpoint) && (subject == nil || $0.term.subject == subject) }
    leases.removeAll { ended.contains($0) }
    return ended
  }

  /// Ends the leases whose time is over; gives them.
  mutating func expire(at now: Timestamp) -> [Lease] {
    let ended = leases.filter { lease in lease.until.map { $0.milliseconds <= now.milliseconds } ?? false }
    leases.removeAll { ended.contains($0) }
    return ended
  }

  /// What is different between two books.
  struct Changes: Codable, Equatable, Sendable {
    var taken: [Lease] = []
    var ended: [Lease] = []

    var isEmpty: Bool { taken.isEmpty && ended.isEmpty }
  }

  /// What has changed since the book was another.
  func changes(since before: OverrideBook) -> Changes {
    Changes(
      taken: leases.filter { !before.leases.contains($0) }, ended: before.leases.filter { !leases.contains($0) })
  }

  /// What of the changes of another book this one has still to make: it may have got newer leases by itself.
  func missing(of changes: Changes) -> Changes {
    Changes(
      taken: changes.taken.filter { lease in
        !leases.contains {
          $0.isInPlace(of: lease) && $0.since.milliseconds >= lease.since.milliseconds && !changes.ended.contains($0)
        }
      },
      // What another lease takes the place of ends with that.
      ended: changes.ended.filter { lease in
        leases.contains(lease) && !changes.taken.contains { $0.isInPlace(of: lease) }
      })
  }

  /// When the next lease ends by itself; nil if none does.
  var nextEnd: Timestamp? {
    leases.compactMap(\.until).min { $0.milliseconds < $1.milliseconds }
  }

  /// The lease of a backend about a subject.
  ///
  /// - Parameter endpoints: what the backend may be called in a lease: its address, and the host name that it comes from.
  func lease(pool: String, endpoints: [String], about subject: Lease.Subject) -> Lease? {
    leases.first { $0.pool == pool && endpoints.contains($0.endpoint) && $0.term.subject == subject }
  }

  /// The pool with the backends that leases add to it, and without those that they remove. What the configuration says
  /// of a backend that a lease adds as well is what holds.
  func applied(to pool: PoolConfiguration) -> PoolConfiguration {
    var result = pool
    for lease in leases where lease.pool == pool.name {
      switch lease.term {
      case .add(let added):
        guard let endpoint = try? Endpoint(text: lease.endpoint),
          !result.backends.contains(where: { $0.endpoint == endpoint })
        else { continue }
        let taken = result.backends.contains { $0.name == added.name }
        result.backends.append(
          BackendConfiguration(
            name: taken ? lease.endpoint : added.name, endpoint: endpoint, weight: added.weight, tier: added.tier,
            maxSessions: added.maxSessions ?? .max, healthEndpoint: pool.checkEndpoint(for: endpoint)))
      case .remove:
        // A pool has at least one backend, whatever leases say.
        let rest = result.backends.filter { $0.endpoint.description != lease.endpoint }
        if !rest.isEmpty { result.backends = rest }
      case .drain, .maintain, .weight: continue
      }
    }
    return result
  }
}

extension Lease {
  fileprivate func isOf(_ pool: String, _ endpoint: String) -> Bool {
    self.pool == pool && self.endpoint == endpoint
  }

  /// Whether only one of the two can hold.
  fileprivate func isInPlace(of other: Lease) -> Bool {
    isOf(other.pool, other.endpoint) && term.subject == other.term.subject
  }
}

extension PoolConfiguration {
  /// Where the check of a backend goes that isn't in the file: as its neighbours' do, if they all go to one place or to
  /// one port.
  fileprivate func checkEndpoint(for endpoint: Endpoint) -> Endpoint {
    let moved = backends.filter { $0.healthEndpoint != $0.endpoint }
    guard let first = moved.first, moved.count == backends.count else { return endpoint }
    if backends.count > 1, backends.allSatisfy({ $0.healthEndpoint == first.healthEndpoint }) {
      return first.healthEndpoint
    }
    let ports = Set(backends.map { $0.healthEndpoint.port })
    guard ports.count == 1, let port = first.healthEndpoint.port else { return endpoint }
    return endpoint.with(port: port) ?? endpoint
  }
}
