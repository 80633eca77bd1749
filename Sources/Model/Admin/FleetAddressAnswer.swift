extension AdminAnswer.Fleet {
  /// An address that is one node's at a time.
  package struct Address: Codable, Equatable, Sendable {
    /// How it stands with the node that answers.
    package enum State: String, Codable, CaseIterable, Sendable {
      /// It's that node's.
      case owned
      /// It's that node's by the log, but it couldn't be renewed in time: nobody has it.
      case lapsed
      /// The same, and it's kept there all the same, because the configuration wants it so.
      case kept
      /// That node is giving it up.
      case leaving
      /// It's another node's.
      case elsewhere
      /// It's nobody's, as far as that node has seen.
      case nobodys
    }

    /// Its name.
    package var name: String
    /// The address itself.
    package var address: String
    /// How it stands with the node that answers.
    package var state: State
    /// Whose it is, as far as that node has seen.
    package var owner: String?
    /// Grows by one with each owner.
    package var generation: Int
    /// Since when that node has seen that.
    package var since: Timestamp?
    /// Until when the node that answers counts on it, unless it renews it.
    package var until: Timestamp?
    /// How often it went to another node, as far as the process that answers has seen.
    package var moves: Int
    /// The nodes that are there and may own it, those first that should rather have it.
    package var candidates: [String]
    /// What is in its way on the node that answers.
    package var problem: String?
    /// How many of its clients the node that answers knows, with the backends they had.
    package var clients: Int
    /// How far the others are with those, a second ago or less; nil unless the node that answers tells them.
    package var followers: [Follower]?

    /// Whether the node that answers has it.
    package var isHere: Bool { state == .owned || state == .kept }

    /// The nodes that may own it after its owner.
    package var heirs: [String] { candidates.filter { $0 != owner } }

    /// With all its parts.
    package init(
      name: String, address: String, state: State, owner: String?, generation: Int, since: Timestamp?,
      until: Timestamp?, moves: Int = 0, candidates: [String], problem: String?, clients: Int = 0,
      followers: [Follower]? = nil
    ) {
      self.name = name
      self.address = address
      self.state = state
      self.owner = owner
      self.generation = generation
      self.since = since
      self.until = until
      self.moves = moves
      self.candidates = candidates
      self.problem = problem
      self.clients = clients
      self.followers = followers
    }
  }
  /// Whether nobody has an address that somebody should, as far as this node knows: clients can't come in by it.
  package func isMissed(_ address: Address) -> Bool {
    switch address.state {
    case .lapsed: true
    // Nothing is known before the first look.
    case .nobodys: address.since != nil
    case .elsewhere: address.owner.map(isAway) ?? false
    case .owned, .kept, .leaving: false
    }
  }
}
