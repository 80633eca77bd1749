import Model

// What each request to the admin door may say: a key that isn't here is a typing error, and is told to whoever made it.

extension AdminRequest.Override: KnownKeys {
  static let knownKeys = ["pool", "backend", "action", "weight", "seconds", "reason", "force", "thisNode"]
}

extension AdminRequest.Admission: KnownKeys {
  static let knownKeys = ["range", "action", "listener", "seconds", "reason", "close", "thisNode"]
}

extension AdminRequest.AddBackend: KnownKeys {
  static let knownKeys = ["pool", "address", "name", "weight", "tier", "maxSessions", "seconds", "reason", "thisNode"]
}

extension AdminRequest.CloseSessions: KnownKeys {
  static let knownKeys = ["pool", "backend", "listener", "client", "olderThan", "ids", "all", "now"]
}

extension AdminRequest.Rebalance: KnownKeys {
  static let knownKeys = ["pool"]
}

extension AdminRequest.Reload: KnownKeys {
  static let knownKeys = ["content", "name", "confirm", "force", "thisNode", "requireAll", "canary", "soak"]
}

extension AdminRequest.Upgrade: KnownKeys {
  static let knownKeys = ["program", "force"]
}

extension AdminRequest.MoveAddress: KnownKeys {
  static let knownKeys = ["address", "node"]
}

extension AdminRequest.VotingNode: KnownKeys {
  static let knownKeys = ["node"]
}

extension AdminRequest.Restore: KnownKeys {
  static let knownKeys = ["acceptLoss"]
}

extension AdminRequest.Log: KnownKeys {
  static let knownKeys = ["level"]
}

/// A request without anything to say.
struct NoContent: Decodable, KnownKeys {
  static let knownKeys: [String] = []
}
