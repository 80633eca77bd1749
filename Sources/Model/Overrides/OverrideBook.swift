package import Config
import Sockets

/// All leases that hold. Pure: the time is passed in, and whoever holds the book acts on what it says.
///
/// On a node of a fleet they lie in two layers: where both have a lease of a backend about the same, this node's own is what holds.
package struct OverrideBook: Codable, Equatable, Sendable {
  /// The leases, in the order in which they were made.
  package private(set) var leases: [Lease] = [] { didSet { index = LeaseIndex(leases) } }
  /// Where which of them are.
  private var index = LeaseIndex([])
  /// What holds of who may come in, in the order in which it was said.
  package internal(set) var admissions: [AdmissionLease] = []

  private enum CodingKeys: CodingKey { case leases, admissions }

  /// Nothing holds.
  package init() {}

  /// Reads the leases.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    leases = try values.decode([Lease].self, forKey: .leases)
    admissions = try values.decodeIfPresent([AdmissionLease].self, forKey: .admissions) ?? []
    index = LeaseIndex(leases)
  }

  /// Whether the same leases hold, in the same order.
  package static func == (one: OverrideBook, other: OverrideBook) -> Bool {
    one.leases == other.leases && one.admissions == other.admissions
  }

  /// Takes a lease; one in its layer of the same backend about the same subject gives way to it, and is given.
  @discardableResult
  package mutating func take(_ lease: Lease) -> Lease? {
    let replaced = end(pool: lease.pool, endpoint: lease.endpoint, about: lease.term.subject, in: lease.layer).first
    leases.append(lease)
    return replaced
  }

  /// Ends the leases of a backend in a layer about a subject, or all of them; gives those that have ended.
  @discardableResult
  package mutating func end(
    pool: String, endpoint: String, about subject: Lease.Subject? = nil, in layer: Lease.Layer = .node
  ) -> [Lease] {
    let places = index.places(pool: pool, endpoint: endpoint).filter { place in
      leases[place].layer == layer && (subject == nil || leases[place].term.subject == subject)
    }
    guard !places.isEmpty else { return [] }
    let ended = places.map { leases[$0] }
    leases = leases.indices.filter { !places.contains($0) }.map { leases[$0] }
    return ended
  }

  /// Ends the leases whose time is over; gives them. The fleet's end by an entry of its log.
  package mutating func expire(at now: Timestamp) -> [Lease] {
    let isOver = { (lease: Lease) in
      lease.layer == .node && lease.until.map { $0.milliseconds <= now.milliseconds } ?? false
    }
    let ended = leases.filter(isOver)
    if !ended.isEmpty { leases.removeAll(where: isOver) }
    return ended
  }

  /// What is different between two books.
  package struct Changes: Codable, Equatable, Sendable {
    /// Leases that hold, and didn't.
    package var taken: [Lease]
    /// Leases that hold no more.
    package var ended: [Lease]
    /// The same of who may come in; nil of a process that knows nothing of that.
    package var letIn: [AdmissionLease]?
    package var letInEnded: [AdmissionLease]?

    /// Nothing, if nothing is given.
    package init(
      taken: [Lease] = [], ended: [Lease] = [], letIn: [AdmissionLease]? = nil, letInEnded: [AdmissionLease]? = nil
    ) {
      self.taken = taken
      self.ended = ended
      self.letIn = letIn
      self.letInEnded = letInEnded
    }

    /// Whether there's nothing.
    package var isEmpty: Bool {
      taken.isEmpty && ended.isEmpty && letIn?.isEmpty != false && letInEnded?.isEmpty != false
    }
  }

  /// What has changed since the book was another.
  package func changes(since before: OverrideBook) -> Changes {
    Changes(
      taken: leases.filter { !before.holds($0) }, ended: before.leases.filter { !holds($0) },
      letIn: admissions.filter { !before.admissions.contains($0) },
      letInEnded: before.admissions.filter { !admissions.contains($0) })
  }

  private func holds(_ lease: Lease) -> Bool {
    index.places(pool: lease.pool, endpoint: lease.endpoint).contains { leases[$0] == lease }
  }

  /// What of the changes of another book this one has still to make: it may have got newer leases by itself.
  package func missing(of changes: Changes) -> Changes {
    Changes(
      taken: changes.taken.filter { lease in
        !index.places(pool: lease.pool, endpoint: lease.endpoint).map { leases[$0] }.contains {
          $0.isInPlace(of: lease) && $0.since.milliseconds >= lease.since.milliseconds && !changes.ended.contains($0)
        }
      },
      // What another lease takes the place of ends with that.
      ended: changes.ended.filter { lease in
        holds(lease) && !changes.taken.contains { $0.isInPlace(of: lease) }
      },
      letIn: changes.letIn?.filter { lease in
        !admissions.contains {
          $0.isInPlace(of: lease) && $0.since.milliseconds >= lease.since.milliseconds
            && changes.letInEnded?.contains($0) != true
        }
      },
      letInEnded: changes.letInEnded?.filter { admissions.contains($0) })
  }

  /// When the next lease ends by itself, of this node's own; nil if none does.
  package var nextEnd: Timestamp? {
    let ends = leases.lazy.filter { $0.layer == .node }.compactMap(\.until) + admissions.compactMap(\.until)
    return ends.min { $0.milliseconds < $1.milliseconds }
  }

  /// The leases of a layer alone.
  package func layer(_ layer: Lease.Layer) -> OverrideBook {
    var book = self
    if layer == .fleet { book.admissions = [] }
    guard leases.contains(where: { $0.layer != layer }) else { return book }
    book.leases.removeAll { $0.layer != layer }
    return book
  }

  /// What has to change for the fleet's layer to be these leases, of which no two are in each other's place.
  package func changes(toFleet agreed: [Lease]) -> Changes {
    let places = Set(agreed.map { Place($0) })
    return Changes(
      taken: agreed.filter { !holds($0) },
      ended: leases.filter { $0.layer == .fleet && !places.contains(Place($0)) })
  }

  /// Lets the fleet's layer be these leases.
  package mutating func follow(_ agreed: [Lease]) {
    let changes = changes(toFleet: agreed)
    for lease in changes.ended {
      end(pool: lease.pool, endpoint: lease.endpoint, about: lease.term.subject, in: .fleet)
    }
    for lease in changes.taken { take(lease) }
  }

  /// What a lease is in place of.
  private struct Place: Hashable {
    let pool: String, endpoint: String, subject: Lease.Subject

    init(_ lease: Lease) { (pool, endpoint, subject) = (lease.pool, lease.endpoint, lease.term.subject) }
  }

  /// The first lease of a backend, whatever it's about; this node's own before the fleet's.
  package func lease(pool: String, endpoint: String) -> Lease? {
    first(of: index.places(pool: pool, endpoint: endpoint))
  }

  private func first(of places: [Int]) -> Lease? {
    let first = places.filter { leases[$0].layer == .node }.min() ?? places.min()
    return first.map { leases[$0] }
  }

  /// The lease of a backend about a subject.
  ///
  /// - Parameter endpoints: what the backend may be called in a lease: its address, and the host name that it comes from.
  package func lease(pool: String, endpoints: [String], about subject: Lease.Subject) -> Lease? {
    guard index.concerns(pool) else { return nil }
    let places = endpoints.flatMap { index.places(pool: pool, endpoint: $0) }
    return first(of: places.filter { leases[$0].term.subject == subject })
  }

  /// The pool with the backends that leases add to it, and without those that they remove. What the configuration says
  /// of a backend that a lease adds as well is what holds.
  package func applied(to pool: PoolConfiguration) -> PoolConfiguration {
    let memberships = index.memberships(of: pool.name)
    guard !memberships.isEmpty else { return pool }
    var names = Dictionary(pool.backends.map { ($0.endpoint, $0.name) }) { first, _ in first }
    var taken = Set(names.values)
    var removed: Set<Endpoint> = []
    var added: [BackendConfiguration] = []
    let checks = pool.commonCheck
    for lease in memberships.lazy.map({ leases[$0] }) {
      guard let endpoint = try? Endpoint(text: lease.endpoint) else { continue }
      switch lease.term {
      case .add(let backend):
        guard names[endpoint] == nil else { continue }
        let name = taken.contains(backend.name) ? lease.endpoint : backend.name
        names[endpoint] = name
        taken.insert(name)
        added.append(
          BackendConfiguration(
            name: name, endpoint: endpoint, weight: backend.weight, tier: backend.tier,
            maxSessions: backend.maxSessions ?? .max, healthEndpoint: checks.endpoint(for: endpoint),
            sendProxy: pool.common(\.sendProxy) ?? nil, egress: pool.common(\.egress) ?? EgressRules()))
      case .remove:
        // A pool has at least one backend, whatever leases say.
        guard names.count > 1, let name = names.removeValue(forKey: endpoint) else { continue }
        taken.remove(name)
        removed.insert(endpoint)
        added.removeAll { $0.endpoint == endpoint }
      case .drain, .maintain, .serve, .weight: continue
      }
    }
    var result = pool
    result.backends.removeAll { removed.contains($0.endpoint) }
    result.backends += added
    return result
  }
}

/// Where in a list the leases of a pool and of a backend are.
private struct LeaseIndex: Sendable {
  private struct Places: Sendable {
    var byEndpoint: [String: [Int]] = [:]
    /// Of those that add and remove backends, and hold.
    var memberships: [Int] = []

    /// What this node says of a backend itself hides what the fleet says.
    mutating func dropHidden(of leases: [Lease]) {
      guard memberships.contains(where: { leases[$0].layer == .fleet }) else { return }
      let own = Set(memberships.lazy.filter { leases[$0].layer == .node }.map { leases[$0].endpoint })
      memberships.removeAll { leases[$0].layer == .fleet && own.contains(leases[$0].endpoint) }
    }
  }

  private var pools: [String: Places] = [:]

  init(_ leases: [Lease]) {
    for (place, lease) in leases.enumerated() {
      pools[lease.pool, default: Places()].byEndpoint[lease.endpoint, default: []].append(place)
      if lease.term.subject == .membership { pools[lease.pool]?.memberships.append(place) }
    }
    for pool in pools.keys { pools[pool]?.dropHidden(of: leases) }
  }

  func concerns(_ pool: String) -> Bool { pools[pool] != nil }

  func places(pool: String, endpoint: String) -> [Int] { pools[pool]?.byEndpoint[endpoint] ?? [] }

  func memberships(of pool: String) -> [Int] { pools[pool]?.memberships ?? [] }
}

extension Lease {
  fileprivate func isOf(_ pool: String, _ endpoint: String) -> Bool {
    self.pool == pool && self.endpoint == endpoint
  }

  /// Whether only one of the two can hold.
  fileprivate func isInPlace(of other: Lease) -> Bool {
    isOf(other.pool, other.endpoint) && term.subject == other.term.subject && layer == other.layer
  }
}

/// Where the checks of a pool's backends go.
private enum CommonCheck {
  /// Each to its own backend, or as each one says; at this port where all have one, and a backend has none of its own.
  case own(UInt16?)
  /// All to one place.
  case endpoint(Endpoint)
  /// Each to its own backend, at this port.
  case port(UInt16)

  /// Where the check of a backend goes that isn't in the file: as its neighbours' do, if they all go to one place or to
  /// one port.
  func endpoint(for backend: Endpoint) -> Endpoint {
    switch self {
    case .own(let port): backend.hasSamePort ? port.flatMap { backend.with(port: $0) } ?? backend : backend
    case .endpoint(let endpoint): endpoint
    case .port(let port): backend.with(port: port) ?? backend
    }
  }
}

extension PoolConfiguration {
  /// What is said of all its backends alike, and so of one that is added; nil if they differ.
  fileprivate func common<Value: Equatable>(_ part: KeyPath<BackendConfiguration, Value>) -> Value? {
    let first = backends.first?[keyPath: part]
    return backends.allSatisfy { $0[keyPath: part] == first } ? first : nil
  }

  /// Where a backend would be checked that isn't in the file and is added.
  package func healthEndpoint(ofAdded backend: Endpoint) -> Endpoint { commonCheck.endpoint(for: backend) }

  /// Where all are checked.
  fileprivate var commonCheck: CommonCheck {
    let port = common(\.healthEndpoint.port) ?? nil
    guard let first = backends.first?.healthEndpoint, backends.allSatisfy({ $0.healthEndpoint != $0.endpoint }) else {
      return .own(port)
    }
    if backends.count > 1, backends.allSatisfy({ $0.healthEndpoint == first }) { return .endpoint(first) }
    return port.map { .port($0) } ?? .own(nil)
  }
}
