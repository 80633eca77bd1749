extension Report {
  /// A way from a listener to a pool.
  package struct Route: Codable, Equatable, Sendable {
    /// What its sessions are counted under; several may have the same name.
    package var name: String
    /// Whom it takes, as the configuration says it; nil for all whom none before it takes.
    package var takes: String?
    /// The pool that they go to.
    package var pool: String
    /// How many sessions it took, with those of the same name.
    package var sessions: Int

    /// With all its parts.
    package init(name: String, takes: String? = nil, pool: String, sessions: Int) {
      self.name = name
      self.takes = takes
      self.pool = pool
      self.sessions = sessions
    }
  }
}

extension Report.Listener {
  /// The pools that its clients go to, each once.
  package var pools: [String] {
    var names: [String] = []
    for name in (routes ?? []).map(\.pool) + [pool].compactMap(\.self) where !names.contains(name) {
      names.append(name)
    }
    return names
  }

  /// How many sessions its routes took, by their names.
  package var sessionsByRoute: [String: Int] {
    Dictionary((routes ?? []).map { ($0.name, $0.sessions) }) { first, _ in first }
  }

  /// Where its clients go, in a word or two: `web`, `3 routes`.
  package var destination: String {
    guard let routes else { return pool ?? "-" }
    let count = routes.count { $0.takes != nil }
    return (pool.map { "\($0), " } ?? "") + "\(count) route\(count == 1 ? "" : "s")"
  }
}
