extension ConfigurationDifference {
  /// The difference for people, a line for each thing: `+` is added, `-` removed, `~` changed, `!` needs a restart.
  package var lines: [String] {
    listeners.flatMap(\.lines) + pools.flatMap(\.lines) + backends.flatMap(\.lines) + settings.map { "~ \($0)" }
      + needsRestart.map { "! \(FieldChange(key: $0.key, from: $0.from, to: $0.to)) (\($0.hint))" }
  }
}

extension FieldChange: CustomStringConvertible {
  /// Such as `health.interval 2s → 5s`, on one line.
  package var description: String {
    // A secret that is another, and looks the same.
    from == to ? "\(key) is another: \(Self.shown(to))" : "\(key) \(Self.shown(from)) → \(Self.shown(to))"
  }

  private static func shown(_ text: String) -> String { text.isEmpty ? "none" : JSONNode.shortened(text) }
}

extension ElementChange {
  /// The lines of an element: one if it comes or goes, one for each of its changes otherwise.
  fileprivate func lines(_ element: String, details: [String], _ fields: [FieldChange]) -> [String] {
    let whole = details.isEmpty ? element : "\(element) (\(details.joined(separator: ", ")))"
    return switch self {
    case .added: ["+ \(whole)"]
    case .removed: ["- \(whole)"]
    case .moved, .changed: fields.map { "~ \(element): \($0)" }
    }
  }
}

extension ListenerChange {
  fileprivate var lines: [String] {
    let kept = keepsSocketOf.map { "keeps the socket of \($0)" }
    guard change == .moved, let kept else {
      return change.lines("listener \(name)", details: [bind] + (kept.map { [$0] } ?? []), fields)
    }
    return change.lines("listener \(name)", details: [], fields) + ["~ listener \(name): \(kept)"]
  }
}

extension PoolChange {
  fileprivate var lines: [String] { change.lines("pool \(name)", details: [], fields) }
}

extension BackendChange {
  fileprivate var lines: [String] {
    let details = (name == endpoint ? [] : [name]) + ["tier \(tier)", "weight \(weight)"]
    return change.lines("backend \(pool)/\(endpoint)", details: details, fields)
  }
}
