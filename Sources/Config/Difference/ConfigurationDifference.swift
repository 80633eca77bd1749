/// What must change for one configuration to become another: exactly what a reload does.
///
/// The order in which listeners, pools and backends stand in the file doesn't count.
package struct ConfigurationDifference: Codable, Equatable, Sendable {
  /// The listeners: those of the new configuration in their order, then those that are removed.
  package private(set) var listeners: [ListenerChange] = []
  /// The pools, likewise.
  package private(set) var pools: [PoolChange] = []
  /// The backends, likewise; those of a pool that is added or removed are among them.
  package private(set) var backends: [BackendChange] = []
  /// What concerns the program as a whole and can be changed while it runs.
  package private(set) var settings: [FieldChange] = []
  /// What can't.
  package private(set) var needsRestart: [RestartChange] = []

  /// Compares two configurations; what is doubtful in their files doesn't count.
  package init(from old: Configuration, to new: Configuration) {
    guard !old.isSame(as: new) else { return }
    listeners = Self.listeners(from: old.listeners, to: new.listeners)
    pools = Self.changes(from: old.pools, to: new.pools, by: \.name, keys: \.keys) { pool, change, fields in
      PoolChange(name: pool.name, change: change, fields: fields)
    }
    backends = Self.changes(from: old.members, to: new.members, by: \.identity, keys: \.backend.keys) {
      member, change, fields in
      let backend = member.backend
      return BackendChange(
        pool: member.pool, endpoint: backend.endpoint.description, name: backend.name, change: change,
        tier: backend.tier, weight: backend.weight, fields: fields)
    }
    for change in FieldChange.all(from: old.keys, to: new.keys) {
      if let hint = Self.fixed[change.key.prefix { $0 != "." }] {
        let special = change.key == Self.engine || change.key.hasPrefix("\(Self.engine).") ? Self.engineHint : hint
        needsRestart.append(RestartChange(key: change.key, from: change.from, to: change.to, hint: special))
      } else {
        settings.append(change)
      }
    }
  }

  /// What names a fleet's engine, to which nodes come over by an upgrade as well.
  private static let engine = "fleet.engine"
  private static let engineHint = "upgrade or restart node by node: the fleet comes to it when all have come over"

  /// The keys at the top that are only read at the start, and why.
  static let fixed: [Substring: String] = [
    "workers": "the workers are started with the program: restart it",
    "admin": "the admin socket is opened when the program starts: restart it",
    "fleet": "a node knows its fleet from its start on: restart it, node by node",
  ]
}

extension ConfigurationDifference {
  /// What a change means for the sessions that are there.
  package enum Severity: String, Codable, Sendable {
    /// Nothing changes.
    case none
    /// No session ends: something is added, or new sessions are treated in another way.
    case additive
    /// Something is removed or moved, whose sessions have to go; or it takes a restart.
    case disruptive
  }

  /// Whether nothing changes.
  package var isEmpty: Bool {
    listeners.isEmpty && pools.isEmpty && backends.isEmpty && settings.isEmpty && needsRestart.isEmpty
  }

  /// What it means for the sessions that are there.
  package var severity: Severity {
    if isEmpty { return .none }
    let changes = listeners.map(\.change) + pools.map(\.change) + backends.map(\.change)
    return needsRestart.isEmpty && !changes.contains(where: \.endsSessions) ? .additive : .disruptive
  }
}

// MARK: - Comparing

extension ConfigurationDifference {
  /// What changes between two lists whose elements are told apart by something: nothing for those with the same keys.
  private static func changes<Element: Equatable, Identity: Hashable, Change>(
    from old: [Element], to new: [Element], by identity: (Element) -> Identity, keys: (Element) -> JSONNode,
    make: (Element, ElementChange, [FieldChange]) -> Change
  ) -> [Change] {
    var rest = Dictionary(old.map { (identity($0), $0) }) { first, _ in first }
    var result: [Change] = []
    for element in new {
      guard let before = rest.removeValue(forKey: identity(element)) else {
        result.append(make(element, .added, []))
        continue
      }
      guard before != element else { continue }
      let fields = FieldChange.all(from: keys(before), to: keys(element))
      if !fields.isEmpty { result.append(make(element, .changed, fields)) }
    }
    return result + old.filter { rest[identity($0)] != nil }.map { make($0, .removed, []) }
  }

  private static func listeners(
    from old: [ListenerConfiguration], to new: [ListenerConfiguration]
  ) -> [ListenerChange] {
    var result = changes(from: old, to: new, by: \.name, keys: \.keys) { listener, change, fields in
      let isMoved = fields.contains { $0.key == "bind" }
      return ListenerChange(
        name: listener.name, change: isMoved ? .moved : change, bind: listener.bind.description, fields: fields)
    }
    // The addresses that are left, each for one newcomer.
    let leaving = Set(result.filter(\.change.endsSessions).map(\.name))
    var left = old.filter { leaving.contains($0.name) }
    for index in result.indices where result[index].change == .added || result[index].change == .moved {
      guard let place = left.firstIndex(where: { $0.bind.description == result[index].bind }) else { continue }
      result[index].keepsSocketOf = left.remove(at: place).name
    }
    return result
  }
}

extension Configuration {
  /// A backend and the name of its pool.
  fileprivate struct Member: Equatable {
    let pool: String
    let backend: BackendConfiguration

    /// What tells it from others.
    struct Identity: Hashable {
      let pool: String
      let endpoint: Endpoint
    }

    var identity: Identity { Identity(pool: pool, endpoint: backend.endpoint) }
  }

  fileprivate var members: [Member] {
    pools.flatMap { pool in pool.backends.map { Member(pool: pool.name, backend: $0) } }
  }

  /// The keys of the program as a whole.
  fileprivate var keys: JSONNode { Document.long.render(Document(self)) }
}

extension ListenerConfiguration {
  fileprivate var keys: JSONNode { ListenerDocument.shape.render(ListenerDocument(self)) }
}

extension PoolConfiguration {
  fileprivate var keys: JSONNode { PoolDocument.shape.render(PoolDocument(self)) }
}

extension BackendConfiguration {
  /// All keys, those too that a file leaves out because the address stands for them.
  fileprivate var keys: JSONNode {
    let given = BackendDocument.shape.render(BackendDocument(self))
    var implied = [("name", JSONNode(name))]
    switch healthEndpoint {
    case .targets: break
    case .address, .name: implied.append(("healthAddress", JSONNode(healthEndpoint.description)))
    }
    return given.adding(implied.filter { given[$0.0] == nil })
  }
}
