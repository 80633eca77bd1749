package import Balancing

/// What happened lately to clients and backends that no count explains, for whoever asks why: the last of each kind at each place.
package struct Incidents {
  /// What happened.
  package enum Kind: Hashable, Sendable {
    /// A client of a listener was refused for how it began.
    case beginning
    /// A client of a listener wasn't let in.
    case admission
    /// A backend ended a session right after the header that it got.
    case silence
  }

  private struct Place: Hashable {
    var kind: Kind
    /// The listener's name, or the pool's.
    var name: String
  }

  /// For how long one is worth telling.
  private static let memory = Duration.seconds(600)

  private var last: [Place: (words: String, at: Instant)] = [:]

  /// Knows of none.
  package init() {}

  /// Takes note of one.
  ///
  /// - Parameters:
  ///   - name: the listener's, or the pool's.
  ///   - words: what happened; "ago" is to come behind it.
  package mutating func note(_ kind: Kind, at name: String, _ words: String, now: Instant) {
    last = last.filter { now - $0.value.at <= Self.memory }
    last[Place(kind: kind, name: name)] = (words, now)
  }

  /// Those of some listeners and of a pool, the latest first, with how long ago each was.
  package func recent(
    at listeners: [String], of pool: String, now: Instant
  ) -> [(words: String, age: Duration)] {
    last.filter { place, incident in
      now - incident.at <= Self.memory && (place.kind == .silence ? place.name == pool : listeners.contains(place.name))
    }.map { (words: $0.value.words, age: now - $0.value.at) }.sorted { $0.age < $1.age }
  }
}
