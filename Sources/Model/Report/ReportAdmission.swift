extension Report {
  /// Whom a listener lets in.
  package struct Admission: Codable, Equatable, Sendable {
    /// A file with ranges of addresses.
    package struct File: Codable, Equatable, Sendable {
      /// Its path.
      package var path: String
      /// How many ranges hold.
      package var ranges: Int
      /// When they were read.
      package var since: Timestamp
      /// What has been wrong with it since; nil if nothing is.
      package var problem: String?

      /// With all its parts.
      package init(path: String, ranges: Int, since: Timestamp, problem: String? = nil) {
        self.path = path
        self.ranges = ranges
        self.since = since
        self.problem = problem
      }
    }

    /// A client of a listener that counts them.
    package struct Client: Codable, Equatable, Sendable {
      /// Its address, or the first one of those that are counted together.
      package var address: String
      /// The sessions that it has.
      package var sessions: Int
      /// How often it was let in since it's known.
      package var letIn: Int
      /// How often it wasn't.
      package var turnedAway: Int

      /// With all its parts.
      package init(address: String, sessions: Int, letIn: Int, turnedAway: Int) {
        self.address = address
        self.sessions = sessions
        self.letIn = letIn
        self.turnedAway = turnedAway
      }
    }

    /// The clients of a listener that counts them.
    package struct Clients: Codable, Equatable, Sendable {
      /// How many are known.
      package var known: Int
      /// How many were let in without being counted, as there was no room for them.
      package var leftOut: Int
      /// Those that were turned away most often, then those with the most sessions.
      package var loudest: [Client]

      /// With all its parts.
      package init(known: Int, leftOut: Int, loudest: [Client]) {
        self.known = known
        self.leftOut = leftOut
        self.loudest = loudest
      }
    }

    /// How many ranges may come in; nil if all may that aren't denied.
    package var allowed: Int?
    /// How many ranges may not; nil if none is named.
    package var denied: Int?
    /// The files among them.
    package var files: [File]
    /// How many ranges an operator has said something else of at run time; nil for none.
    package var overrides: Int?
    /// The clients, where each has limits of its own; nil where they aren't counted.
    package var clients: Clients?

    /// With all its parts.
    package init(
      allowed: Int? = nil, denied: Int? = nil, files: [File] = [], overrides: Int? = nil, clients: Clients? = nil
    ) {
      self.allowed = allowed
      self.denied = denied
      self.files = files
      self.overrides = overrides
      self.clients = clients
    }
  }
}
