package import Agreement
package import Model
package import Sockets

/// What the control plane tells the fleet's thread.
package enum FleetCommand: Sendable {
  /// What came of preparing a target.
  case prepared(origin: UInt64, Vote)
  /// A target is served.
  case served(origin: UInt64)
  /// This node sees these backends down, each by a number that it's known by on all nodes; others are told.
  case down([UInt64])
  /// The overrides up to this position hold on this node.
  case followed(position: UInt64)
  /// What would a configuration change at all other nodes? They are asked; what they say is told by `planned`.
  case plan(number: UInt64, text: [UInt8])
  /// What it would change here, as another node has asked.
  case planned(number: UInt64, [UInt8], to: NodeName)
  /// What came of looking at a canary.
  case soaked(origin: UInt64, Vote)
  /// Somebody wants something of the whole fleet; the number comes back with what came of it.
  case request(FleetRequest, number: UInt64)
  /// An address is to go from whoever owns it to another node.
  case move(address: Int, to: NodeName)
  /// This node shall own no addresses, or may again.
  case leave(Bool)
  /// What this node sees of each pool's backends, in the order of the configuration.
  case view([PoolView])
  /// What holds on this node alone; others are told.
  case own(NodeStatus.Own)
  /// The sessions of an address that is about to go have ended.
  case sessionsEnded(address: Int)
  /// Clients of a table that is this node's have other backends: of an address that it owns, or its own where there's no address.
  ///
  /// - Parameter batch: if somebody waits until another node has these: a number that grows, told by `replicated`.
  case stuck(table: Int, [StuckUpdate], batch: UInt64?)
  /// The process is to end, or another one takes its place.
  case stop(handingOver: Bool)
}

/// What the fleet's thread tells the control plane.
package enum FleetEvent: Sendable {
  /// Prepare a configuration, and hold it; answered by `prepared`.
  ///
  /// - Parameters:
  ///   - inForce: whether it's decided already, and this node only has to follow.
  ///   - isRevocable: whether this node may have to go back from it: it has to be confirmed, or this node tries it for all.
  case prepare(Rollouts.Target, inForce: Bool, isRevocable: Bool)
  /// Give back what is held for a target, or is being prepared.
  case giveBack(origin: UInt64)
  /// Serve what is held; answered by `served`.
  case serve(Rollouts.Target)
  /// Look at how it goes for so long; answered by `soaked`.
  case soak(origin: UInt64, Span)
  /// What came of a request.
  case answer(number: UInt64, FleetAnswer)
  /// These overrides hold from now on, all of them and no others; answered by `followed`.
  case overrides(AgreedOverrides)
  /// Another node asks what a configuration would change here; answered by `planned`.
  case plan(number: UInt64, text: [UInt8], of: NodeName)
  /// What another node says to that question of this one.
  case planned(number: UInt64, [UInt8], by: NodeName)
  /// An entry was taken up, and what it came to.
  case learned(Entry, position: UInt64, FleetState.Outcome)
  /// How the fleet is, as far as this node knows.
  case status(FleetStatus)
  /// An address is about to come to this node.
  case gained(address: Int)
  /// The sessions of an address are to end, as it goes; answered by `sessionsEnded`.
  case lost(address: Int)
  /// What others have known of the clients of a table that is this node's now; what changes is replicated from here on.
  case known(table: Int, [StuckEntry])
  /// What another node says of the clients of its own table.
  case heard([StuckUpdate])
  /// Another node has what was told of a table's clients up to this batch.
  case replicated(table: Int, batch: UInt64)
  /// Something has come to pass that people should know.
  case news(String)
  /// Something that people should know, said once for each time that it begins.
  case trouble(String)
  /// Something that was wrong is well again.
  case relief(String)
  /// The fleet's thread has ended, and calls nobody any more.
  case ended
}

/// How a fleet is, as one node sees it.
package struct FleetStatus: Equatable, Sendable {
  /// A node of the fleet.
  package struct Node: Equatable, Sendable {
    /// Its name.
    package var name: NodeName
    /// Whether it votes and serves nobody; what is said below of a configuration and of overrides isn't known of it then.
    package var isWitness = false
    /// Whether it was heard a short while ago; this node always is.
    package var isPresent: Bool
    /// The generation that it serves, as it says.
    package var generation: UInt64?
    /// The last entry of the log that it knows, as it says.
    package var position: UInt64?
    /// The last entry up to which its overrides are the fleet's, as it says.
    package var applied: UInt64?
    /// The backends that it sees down, as it says; nil if that isn't known.
    package var down: [UInt64]?
    /// Why it can't serve what is in force.
    package var complaint: String?
    /// What holds on it alone, as it says.
    package var own = NodeStatus.Own()
    /// Whether its word counts; nil where a store keeps the log.
    package var voice: AdminAnswer.Fleet.Node.Voice?
    /// What its program is known to know.
    package var known = Form.latest
    /// What is known of the clients that come to it; nil where there are addresses, whose the clients are then.
    package var table: Table?
  }

  /// An address that is one node's at a time.
  package struct Address: Equatable, Sendable {
    /// Its name.
    package var name: String
    /// The address itself.
    package var host: SocketAddress
    /// Whose it is, as far as this node has seen.
    package var owner: NodeName?
    /// Grows by one with each owner; 0 before the first.
    package var generation: UInt64
    /// Since when this node has seen that; nil if it hasn't looked yet.
    package var since: Moment?
    /// How it stands with this node.
    package var mine: Mine
    /// How often another node came to own it than the one before, as far as this process has seen.
    package var moves = 0
    /// The nodes that are present and may own it, those first that should rather have it.
    package var candidates: [NodeName]
    /// What is in its way on this node, for people.
    package var problem: String?
    /// What is known of its clients.
    package var table = Table()

    /// How it stands with this node.
    package enum Mine: Equatable, Sendable {
      /// It isn't this node's.
      case no
      /// It is until then, if it isn't renewed.
      case owned(until: Moment)
      /// It couldn't be renewed in time, though nobody else has claimed it.
      case lapsed
      /// The same, and it's kept all the same.
      case kept
      /// It's being given up.
      case leaving

      /// Whether it may be on this machine.
      package var isHere: Bool {
        switch self {
        case .owned, .kept, .leaving: true
        case .no, .lapsed: false
        }
      }
    }
  }

  /// What is known of the clients of an address or of a node, a second ago or less.
  package struct Table: Equatable, Sendable {
    /// How many clients this node knows.
    package var clients = 0
    /// How far the other nodes are; empty if this node doesn't lead the table.
    package var lags: [Lag] = []
  }

  /// Programs of which some know more than others.
  package struct Forms: Equatable, Sendable {
    /// The form in use.
    package var inUse: Form
    /// The nodes whose programs know no later one.
    package var holders: [NodeName]
  }

  /// Why this node can't serve what is in force; nil if it can.
  package var complaint: String? {
    nodes.first { $0.name == me }?.complaint
  }

  /// The nodes that serve clients.
  package var servers: [Node] { nodes.filter { !$0.isWitness } }

  /// Whether this node is a witness.
  package var isWitness: Bool { nodes.contains { $0.name == me && $0.isWitness } }

  /// Which node this is.
  package var me: NodeName
  /// All nodes, in the order of their names.
  package var nodes: [Node]
  /// Whether what is said to all now is likely to be taken up.
  package var isLogLive: Bool
  /// Why the log can't be reached, or doesn't do as it's asked, where that is known: a clause that names its servers. Else who has come over
  /// to another engine, while that is so of some.
  package var logTrouble: String?
  /// The node that leads the log, where the nodes keep it themselves and that is known.
  package var leader: NodeName?
  /// The last entry of the log that this node knows.
  package var position: UInt64
  /// The end of the log, as far as it knows.
  package var end: UInt64
  /// The generation in force.
  package var generation: UInt64
  /// The entry that it came by.
  package var origin: UInt64
  /// What the configuration in force comes to.
  package var digest: Digest
  /// The rollout under way.
  package var rollout: Rollout?
  /// How the last one ended.
  package var last: Rollout.Ended?
  /// The addresses, in the order of the configuration.
  package var addresses: [Address] = []
  /// Whether this node owns none because an operator wants it so.
  package var hasLeft = false
  /// Whether this node sees backends down that most others see up, and so owns no address that another one may have.
  package var isIsolated = false
  /// What the nodes' programs know, while that differs.
  package var forms: Forms?
  /// How long it took what was wanted at this node to have its place in the log, since the process began.
  package var appends = AppendTimes().report
}
