extension AdminAnswer {
  /// `GET /v1/fleet`: a fleet as one of its nodes sees it.
  package struct Fleet: Codable, Equatable, Sendable {
    /// The log by which the nodes agree.
    package struct Log: Codable, Equatable, Sendable {
      /// Whether what is said to all now is likely to be taken up.
      package var live: Bool
      /// The last entry that this node knows.
      package var position: Int
      /// The last entry, as far as this node knows.
      package var end: Int
      /// Why it can't be reached, or doesn't do as it's asked, where that is known.
      package var trouble: String?
      /// The node that leads it, where the nodes keep it themselves and that is known.
      package var leader: String?
      /// How long it took what was wanted at this node to have its place in the log, since the process began; nil of a version before.
      package var appends: Report.Histogram?

      /// With all its parts.
      package init(
        live: Bool, position: Int, end: Int, trouble: String? = nil, leader: String? = nil,
        appends: Report.Histogram? = nil
      ) {
        self.leader = leader
        self.appends = appends
        self.live = live
        self.position = position
        self.end = end
        self.trouble = trouble
      }
    }

    /// How far another node is with what is known of the clients of an address, or of a node where there's no address.
    package struct Follower: Codable, Equatable, Sendable {
      /// Which node.
      package var node: String
      /// How many changes it hasn't said to have; nil as long as it lacks all that is known.
      package var behind: Int?

      /// With all its parts.
      package init(node: String, behind: Int?) {
        self.node = node
        self.behind = behind
      }
    }

    /// A node.
    package struct Node: Codable, Equatable, Sendable {
      /// Its name.
      package var name: String
      /// What it's for, if it isn't to serve clients.
      package var role: Role?
      /// Whether it was heard a moment ago.
      package var present: Bool
      /// The generation that it serves, as it says.
      package var generation: Int?
      /// The last entry of the log that it knows, as it says.
      package var position: Int?
      /// The last entry up to which its overrides are the fleet's, as it says.
      package var applied: Int?
      /// Why it can't serve what is in force.
      package var outOfStep: String?
      /// What holds on it alone, as it says; nil if nothing does.
      package var own: Own?
      /// Whether its word counts; nil where a store keeps the log.
      package var voice: Voice?
      /// Up to which form its program knows what nodes agree on; nil while all know the same.
      package var form: Int?
      /// How many of the clients that come to it the node that answers knows, with the backends they had; nil where there are addresses.
      package var clients: Int?
      /// How far the others are with those, a second ago or less; nil unless it's the node that answers, which tells them.
      package var followers: [Follower]?

      /// What a node is for.
      package enum Role: String, Codable, Equatable, Sendable, CaseIterable {
        /// It votes, and serves nobody.
        case witness
      }

      /// What a node's word is worth where the nodes agree by themselves.
      package enum Voice: String, Codable, Equatable, Sendable, CaseIterable {
        /// It's counted.
        case votes
        /// It's told everything, and not counted yet.
        case learns
        /// It's told nothing: the others know it by another memory, or not at all.
        case none
      }

      /// What was wanted of one node alone, by `--this-node`.
      package struct Own: Codable, Equatable, Sendable {
        /// Whether it serves another configuration than the fleet has agreed on.
        package var configuration: Bool
        /// How many overrides hold there alone.
        package var overrides: Int

        /// With both.
        package init(configuration: Bool, overrides: Int) {
          self.configuration = configuration
          self.overrides = overrides
        }

        /// A clause for people.
        package var text: String {
          let overrides = self.overrides == 1 ? "1 override holds" : "\(self.overrides) overrides hold"
          return [
            configuration ? "it serves a configuration of its own" : nil,
            self.overrides > 0 ? "\(overrides) there alone" : nil,
          ]
          .compactMap(\.self).joined(separator: ", and ")
        }
      }

      /// With all its parts.
      package init(
        name: String, role: Role? = nil, present: Bool, generation: Int?, position: Int?, applied: Int? = nil,
        outOfStep: String?, own: Own? = nil, voice: Voice? = nil, form: Int? = nil, clients: Int? = nil,
        followers: [Follower]? = nil
      ) {
        self.name = name
        self.role = role
        self.present = present
        self.generation = generation
        self.position = position
        self.applied = applied
        self.outOfStep = outOfStep
        self.own = own
        self.voice = voice
        self.form = form
        self.clients = clients
        self.followers = followers
      }
    }

    /// Programs of which some know later forms of what nodes agree on than others.
    package struct Forms: Codable, Equatable, Sendable {
      /// The form in use: the last that all know.
      package var inUse: Int
      /// The nodes whose programs know no later one.
      package var heldBackBy: [String]

      /// With both.
      package init(inUse: Int, heldBackBy: [String]) {
        self.inUse = inUse
        self.heldBackBy = heldBackBy
      }

      /// A clause for people.
      package var text: String {
        "programs differ: form \(inUse) is in use until \(heldBackBy.joined(separator: ", ")) \(heldBackBy.count == 1 ? "is" : "are") upgraded"
      }
    }

    /// A rollout: under way, or how it ended.
    package struct Rollout: Codable, Equatable, Sendable {
      /// How far it is, or how it ended.
      package enum Outcome: String, Codable, CaseIterable, Sendable {
        case voting, soaking, unconfirmed, committed, aborted, reverted

        /// How one can end.
        package static let ends: [Self] = [.committed, .aborted, .reverted]
      }

      /// What a node said.
      package struct Vote: Codable, Equatable, Sendable {
        /// Which node.
        package var node: String
        /// `yes` or `no`, as soon as it has said something.
        package var vote: String?
        /// Why not.
        package var reason: String?

        /// With all its parts.
        package init(node: String, vote: String?, reason: String?) {
          self.node = node
          self.vote = vote
          self.reason = reason
        }
      }

      /// Its number.
      package var number: Int
      /// Who wanted it.
      package var author: String
      /// How far it is, or how it ended.
      package var outcome: Outcome
      /// The generation that it has become, or that it made way for.
      package var generation: Int?
      /// Why it isn't in force.
      package var reason: String?
      /// What was said to it, in the order of the nodes' names.
      package var votes: [Vote]

      /// With all its parts.
      package init(
        number: Int, author: String, outcome: Outcome, generation: Int?, reason: String?, votes: [Vote]
      ) {
        self.number = number
        self.author = author
        self.outcome = outcome
        self.generation = generation
        self.reason = reason
        self.votes = votes
      }
    }

    /// The fleet's name.
    package var name: String
    /// Which node this is.
    package var node: String
    /// The generation in force; 0 before the first.
    package var generation: Int
    /// The log.
    package var log: Log
    /// All nodes, in the order of their names.
    package var nodes: [Node]
    /// The rollout under way.
    package var rollout: Rollout?
    /// How the last one ended.
    package var last: Rollout?
    /// The addresses, in the order of the configuration; nil if there are none.
    package var addresses: [Address]?
    /// Whether the node that answers owns none, because an operator wants it so.
    package var hasLeft: Bool?
    /// Whether the node that answers sees backends down that most others see up, and so owns no address that another one may have.
    package var isIsolated: Bool?

    /// What the nodes' programs know, while that differs.
    package var forms: Forms?

    /// Why this node can't serve what is in force; nil if it can.
    package var outOfStep: String? {
      nodes.first { $0.name == node }?.outOfStep
    }

    /// The nodes that serve clients.
    package var servers: [Node] { nodes.filter { $0.role == nil } }

    /// Whether a node wasn't heard a moment ago.
    package func isAway(_ node: String) -> Bool {
      nodes.contains { $0.name == node && !$0.present }
    }

    /// The nodes on which something holds alone, for a line of others: `lb2 differs`; empty if there are none.
    package var differing: String {
      let names = nodes.filter { $0.own != nil }.map(\.name)
      return names.isEmpty ? "" : names.joined(separator: ", ") + (names.count == 1 ? " differs" : " differ")
    }

    /// With all its parts.
    package init(
      name: String, node: String, generation: Int, log: Log, nodes: [Node], rollout: Rollout?, last: Rollout?,
      addresses: [Address]? = nil, hasLeft: Bool? = nil, isIsolated: Bool? = nil, forms: Forms? = nil
    ) {
      self.name = name
      self.node = node
      self.generation = generation
      self.log = log
      self.nodes = nodes
      self.rollout = rollout
      self.last = last
      self.addresses = addresses
      self.hasLeft = hasLeft
      self.isIsolated = isIsolated
      self.forms = forms
    }
  }
}
