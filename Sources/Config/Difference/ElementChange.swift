/// What happens to a listener, a pool or a backend.
package enum ElementChange: String, Codable, Sendable {
  case added, removed
  /// Only a listener: it is bound to another address.
  case moved
  /// What it is called or told, but not what it is.
  case changed

  /// Whether sessions have to go because of it.
  var endsSessions: Bool {
    switch self {
    case .added, .changed: false
    case .removed, .moved: true
    }
  }
}

/// What happens to a listener; its name tells it from others.
package struct ListenerChange: Codable, Equatable, Sendable {
  /// Its name in the old configuration, or in the new one if it's new there.
  package var name: String
  /// What becomes of it.
  package var change: ElementChange
  /// Its address afterwards, or the last one if it is removed, as in the file.
  package var bind: String
  /// What is different in it; empty if it is added or removed.
  package var fields: [FieldChange] = []
  /// If it comes to an address that another listener leaves: that one's old name. The socket can stay open, so that
  /// no client is refused.
  package var keepsSocketOf: String?
}

/// What happens to a pool, its backends left out; its name tells it from others.
package struct PoolChange: Codable, Equatable, Sendable {
  /// Its name in the old configuration, or in the new one if it's new there.
  package var name: String
  /// What becomes of it.
  package var change: ElementChange
  /// What is different in it; empty if it is added or removed.
  package var fields: [FieldChange] = []
}

/// What happens to a backend; its pool and its address tell it from others, whatever it is called.
package struct BackendChange: Codable, Equatable, Sendable {
  /// The name of its pool.
  package var pool: String
  /// Its address, as in the file.
  package var endpoint: String
  /// Its name afterwards, or the last one if it is removed.
  package var name: String
  /// What becomes of it.
  package var change: ElementChange
  /// Its tier, like the name.
  package var tier: Int
  /// Its weight, like the name.
  package var weight: Int
  /// What is different in it; empty if it is added or removed.
  package var fields: [FieldChange] = []
}
