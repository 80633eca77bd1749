/// What a node is told about its fleet when it starts.
package struct FleetPlan: Equatable, Sendable {
  /// A floating address.
  package struct Address: Equatable, Sendable {
    /// What it's called.
    package var name: String
    /// Who should have it rather than others, the first ones first.
    package var prefer: [NodeName]
    /// How long an owner may count on it.
    package var lease: Lease

    /// With all its parts.
    package init(name: String, prefer: [NodeName] = [], lease: Lease) {
      self.name = name
      self.prefer = prefer
      self.lease = lease
    }
  }

  /// What the nodes agree by.
  package enum Engine: Equatable, Sendable {
    /// An ordered store that others run.
    case store(StoreLog.Timing)
    /// The nodes themselves.
    case embedded(EmbeddedLog.Timing)
  }

  /// The node's own name.
  package let me: NodeName
  /// All nodes, this one too, in the order of their names.
  package let nodes: [NodeName]
  /// Those of them that vote and serve nobody: they own no address, take part in no rollout and keep no table.
  package let witnesses: [NodeName]
  /// The nodes that serve clients, in the order of their names.
  package let servers: [NodeName]
  /// Whether this node votes and serves nobody.
  package let isWitness: Bool
  /// The addresses that nodes of this fleet may own.
  package let addresses: [Address]
  /// The table that is this node's whatever happens.
  package let ownTable: Int?
  /// For each address, which of the others should have it rather than this node: whoever is preferred, then by name.
  let goesFirst: [[Bool]]
  /// What they agree by.
  package var engine: Engine
  /// How tables of stuck clients mind the time.
  package var replication: Replication.Timing
  /// What the node's program knows.
  package var known: Form
  /// Another engine that the node's file names, as all nodes call it, once it can be begun with.
  package var wanted: String?

  /// With all its parts.
  package init(
    me: NodeName, nodes: [NodeName], witnesses: [NodeName] = [], addresses: [Address],
    engine: Engine = .store(StoreLog.Timing()), replication: Replication.Timing = Replication.Timing(),
    knowing known: Form = .latest
  ) {
    self.me = me
    self.nodes = nodes.sorted()
    self.witnesses = witnesses.sorted()
    servers = self.nodes.filter { !witnesses.contains($0) }
    isWitness = witnesses.contains(me)
    self.addresses = addresses
    ownTable = addresses.isEmpty ? servers.firstIndex(of: me) : nil
    let others = self.nodes.filter { $0 != me }
    goesFirst = addresses.map { address in
      let place = { (node: NodeName) in (address.prefer.firstIndex(of: node) ?? address.prefer.count, node) }
      return others.map { place($0) < place(me) }
    }
    self.engine = engine
    self.replication = replication
    self.known = known
  }
}

/// What a node's data folder holds, and so what it knows after a crash.
package struct FleetMemory: Equatable, Sendable {
  /// Drawn when the folder was empty.
  package var incarnation: Incarnation
  /// Counts the starts of the process; stored before anything is said.
  package var run: UInt32
  /// The configuration that was served last of those in force.
  package var stored: FleetState.Committed
  /// The overrides that held last of those that all agreed about.
  package var overrides: AgreedOverrides
  /// The log by which it goes.
  package var era = Era()
  /// What it has promised to others, where the nodes agree by themselves.
  package var embedded = EmbeddedMemory()

  /// With all its parts.
  package init(
    incarnation: Incarnation, run: UInt32, stored: FleetState.Committed = .none, overrides: AgreedOverrides = .none
  ) {
    self.incarnation = incarnation
    self.run = run
    self.stored = stored
    self.overrides = overrides
  }
}
