/// What nodes say to each other directly. Any of it may be lost, late or twice; nothing that must not be lost goes this way.
package enum FleetMessage: Equatable, Sendable {
  /// How a node is, said four times a second.
  case status(NodeStatus)
  /// May I go on without the store?
  case mayGoOn(GrantRequest)
  /// What is said to that.
  case leave(GrantAnswer)
}

/// How a node is, as it says so itself.
package struct NodeStatus: Equatable, Sendable {
  /// The memory that it acts with.
  package var incarnation: Incarnation
  /// The generation that it serves.
  package var generation: UInt64
  /// The last entry of the log that it knows.
  package var position: UInt64
  /// Whether it would own an address.
  package var mayOwn: Bool
}
