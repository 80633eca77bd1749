/// What nodes say to each other directly. Any of it may be lost, late or twice; nothing that must not be lost goes this way.
package enum FleetMessage: Equatable, Sendable {
  /// How a node is, said four times a second.
  case status(NodeStatus)
  /// May I go on without the store?
  case mayGoOn(GrantRequest)
  /// What is said to that.
  case leave(GrantAnswer)
  /// An address that the other node owns is to go to this one.
  case handOn(name: String, generation: UInt64, heir: NodeName)
  /// Something about a table of clients, by its name: nodes that were started with other configurations count others.
  case table(String, ReplicaMessage)
  /// Something of the embedded engine.
  case embedded(EmbeddedMessage)
  /// By which engine a node goes, and would go; said where that changes or has changed.
  case era(FleetNode.EraWord)
  /// What a log came to that is over, as a snapshot has it; to who doesn't know that.
  case ended([UInt8])
  /// The backends that a node sees down, each by a number that it's known by; said once a second. No protocol goes by it.
  case down([UInt64])
  /// What would this configuration change at the other node? For people; no protocol goes by it either.
  case plan(number: UInt64, text: [UInt8])
  /// What is said to that, in the words of the admin socket.
  case planned(number: UInt64, [UInt8])
}

/// How a node is, as it says so itself.
package struct NodeStatus: Equatable, Sendable {
  /// The memory that it acts with.
  package var incarnation: Incarnation
  /// The generation that it serves.
  package var generation: UInt64
  /// The last entry of the log that it knows.
  package var position: UInt64
  /// The last entry of the log up to which the overrides that hold on it, and will after a crash, are the fleet's.
  package var applied: UInt64
  /// Whether it would own each address.
  package var mayOwn: [Bool]
  /// The largest stamp of the table of each address.
  package var stamps: [Stamp]
  /// What it sees of each pool's backends.
  package var pools: [PoolView]
  /// What holds on it alone.
  package var own: Own
  /// The longest lease that it knows of, where the nodes agree by themselves; nil by a program that doesn't say.
  package var term: Span?

  /// What somebody wanted of one node alone, without asking the fleet. For people; no protocol goes by it.
  package struct Own: Equatable, Sendable {
    /// Whether it serves another configuration than the fleet has agreed on.
    package var hasConfiguration: Bool
    /// How many overrides hold there alone.
    package var overrides: UInt32

    /// Nothing, if nothing is given.
    package init(hasConfiguration: Bool = false, overrides: UInt32 = 0) {
      self.hasConfiguration = hasConfiguration
      self.overrides = overrides
    }
  }

  /// With all its parts.
  package init(
    incarnation: Incarnation, generation: UInt64, position: UInt64, applied: UInt64, mayOwn: [Bool], stamps: [Stamp],
    pools: [PoolView] = [], own: Own = Own(), term: Span? = nil
  ) {
    self.incarnation = incarnation
    self.generation = generation
    self.position = position
    self.applied = applied
    self.mayOwn = mayOwn
    self.stamps = stamps
    self.pools = pools
    self.own = own
    self.term = term
  }
}
