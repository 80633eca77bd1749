package import Introduction

/// A way from a listener to a pool, for the clients that a condition holds for.
package struct RouteConfiguration: Equatable, Sendable {
  /// What its sessions are counted under; several may have the same name.
  package var name: String
  /// What a client has to be like.
  package var condition: RouteCondition
  /// The name of the pool, which exists.
  package var pool: String

  /// With all its parts.
  package init(name: String, condition: RouteCondition, pool: String) {
    self.name = name
    self.condition = condition
    self.pool = pool
  }
}

extension RouteConfiguration: CustomStringConvertible {
  /// Such as `sni db.example, *.db.example; alpn h2 → db`.
  package var description: String { "\(condition.text) → \(pool)" }
}

extension RouteCondition {
  /// Such as `sni db.example, *.db.example; alpn h2`.
  package var text: String {
    let parts: [(Key, [String])] = [
      (.from, from.map(\.description)), (.protocol, protocols.map(\.rawValue)), (.sni, sni), (.alpn, alpn),
    ]
    return parts.filter { !$1.isEmpty }.map { key, values in
      "\(key.rawValue) \(values.prefix(8).joined(separator: ", "))" + (values.count > 8 ? ", …" : "")
    }.joined(separator: "; ")
  }
}

extension ListenerConfiguration {
  /// The names of the pools that its clients go to, each once.
  package var pools: [String] {
    var names: [String] = []
    for name in routes.map(\.pool) + [pool].compactMap(\.self) where !names.contains(name) { names.append(name) }
    return names
  }
}
