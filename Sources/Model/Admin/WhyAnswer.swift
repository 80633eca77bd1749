extension AdminAnswer {
  /// `GET /v1/why`: what the strategy would decide now.
  package struct Why: Codable, Equatable, Sendable {
    /// One backend's part in the decision.
    package struct Backend: Codable, Equatable, Sendable {
      /// Its name.
      package var name: String
      /// Its address.
      package var address: String
      /// Its tier.
      package var tier: Int
      /// Whether new sessions may go to it.
      package var isEligible: Bool
      /// Why, or why not, in words.
      package var reason: String
      /// Its weight now.
      package var weight: Double
      /// Its sessions now.
      package var active: Int
      /// The probability that the next session goes to it, 0…1, as far as the strategy lets it be known.
      package var chance: Double?

      /// With all its parts.
      package init(
        name: String, address: String, tier: Int, isEligible: Bool, reason: String, weight: Double, active: Int,
        chance: Double? = nil
      ) {
        self.name = name
        self.address = address
        self.tier = tier
        self.isEligible = isEligible
        self.reason = reason
        self.weight = weight
        self.active = active
        self.chance = chance
      }
    }

    /// What a listener does with the client, before a backend is looked for.
    package struct Admission: Codable, Equatable, Sendable {
      /// The listener's name.
      package var listener: String
      /// Whether it lets the client in.
      package var isLetIn: Bool
      /// Why, or why not, in words.
      package var reason: String

      /// With all its parts.
      package init(listener: String, isLetIn: Bool, reason: String) {
        self.listener = listener
        self.isLetIn = isLetIn
        self.reason = reason
      }
    }

    /// What a listener's route does with the client.
    package struct Route: Codable, Equatable, Sendable {
      /// The listener's name.
      package var listener: String
      /// The route's name.
      package var name: String
      /// Whom it takes, as the configuration says it; nil for all whom none before it takes.
      package var takes: String?
      /// The pool that it leads to; nil if who gets here is turned away.
      package var pool: String?
      /// Whether it's the one by which the client goes.
      package var isTaken: Bool
      /// Why, or why not, in words.
      package var reason: String

      /// With all its parts.
      package init(
        listener: String, name: String, takes: String? = nil, pool: String?, isTaken: Bool, reason: String
      ) {
        self.listener = listener
        self.name = name
        self.takes = takes
        self.pool = pool
        self.isTaken = isTaken
        self.reason = reason
      }
    }

    /// The pool's name; nil if the client goes to none.
    package var pool: String?
    /// Its strategy.
    package var strategy: String?
    /// The client that was asked about.
    package var client: String?
    /// Every backend of the pool.
    package var backends: [Backend]
    /// Where the strategy stands, in words: the position in the schedule, the entry in the table.
    package var position: String
    /// The names of the backends whose turn comes next, in order, as far as the strategy lets them be known.
    package var next: [String]
    /// The backend that a session would go to now; nil where it's drawn, and where nobody can serve it.
    package var pick: String?
    /// The decision in a sentence.
    package var sentence: String
    /// What the listeners do with the client that don't let in everybody; nil if no client was asked about.
    package var admission: [Admission]?
    /// What each of the listener's routes does with the client; nil if it has none, or no listener was asked about.
    package var routes: [Route]?
    /// What to mind: idle time-outs that cut off clients who come back, a limit that is near.
    package var hints: [String]

    /// With all its parts.
    package init(
      pool: String? = nil, strategy: String? = nil, client: String? = nil, backends: [Backend], position: String,
      next: [String], pick: String? = nil, sentence: String, admission: [Admission]? = nil, routes: [Route]? = nil,
      hints: [String]
    ) {
      self.pool = pool
      self.strategy = strategy
      self.client = client
      self.backends = backends
      self.position = position
      self.next = next
      self.pick = pick
      self.sentence = sentence
      self.admission = admission
      self.routes = routes
      self.hints = hints
    }
  }
}
