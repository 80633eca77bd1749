extension AdminAnswer {
  /// `GET /v1/sessions`.
  package struct Sessions: Codable, Equatable, Sendable {
    /// How many sessions match.
    package var total: Int
    /// The oldest of them, up to the limit.
    package var sessions: [Session]

    /// With all its parts.
    package init(total: Int, sessions: [Session]) {
      self.total = total
      self.sessions = sessions
    }
  }

  /// A session that stands.
  package struct Session: Codable, Equatable, Sendable {
    /// Its id, for as long as the process runs.
    package var id: String
    /// The client's address.
    package var client: String
    /// The listener's name.
    package var listener: String
    /// The pool's name; nil as long as it isn't known.
    package var pool: String?
    /// The backend's name; nil while there is none.
    package var backend: String?
    /// The server that the client asked for by TLS; nil where that isn't looked at, and if it named none.
    package var sni: String?
    /// The protocols that it would speak within TLS, in its order; nil likewise.
    package var alpn: [String]?
    /// `introducing`, `queued`, `connecting`, `relaying` or `resetting`.
    package var phase: String
    /// For how many seconds it has stood.
    package var age: Double
    /// For how many seconds nothing has moved.
    package var idle: Double
    /// What it has moved.
    package var bytes: Report.Bytes
    /// The worker that it lives on.
    package var worker: Int

    /// With all its parts.
    package init(
      id: String, client: String, listener: String, pool: String?, backend: String? = nil, sni: String? = nil,
      alpn: [String]? = nil, phase: String, age: Double, idle: Double, bytes: Report.Bytes, worker: Int
    ) {
      self.id = id
      self.client = client
      self.listener = listener
      self.pool = pool
      self.backend = backend
      self.sni = sni
      self.alpn = alpn
      self.phase = phase
      self.age = age
      self.idle = idle
      self.bytes = bytes
      self.worker = worker
    }
  }

  /// `POST /v1/sessions/close`.
  package struct Closing: Codable, Equatable, Sendable {
    /// How many sessions the selection matched.
    package var matching: Int
    /// At most how many of them are ended in a second; nil if all are ended at once.
    package var perSecond: Int?

    /// With all its parts.
    package init(matching: Int, perSecond: Int? = nil) {
      self.matching = matching
      self.perSecond = perSecond
    }
  }

  /// `POST /v1/rebalance`.
  package struct Rebalance: Codable, Equatable, Sendable {
    /// One backend's part.
    package struct Share: Codable, Equatable, Sendable {
      /// The backend's name.
      package var backend: String
      /// Its sessions now.
      package var active: Int
      /// How many of them are over its fair share, and are ended.
      package var excess: Int

      /// With all its parts.
      package init(backend: String, active: Int, excess: Int) {
        self.backend = backend
        self.active = active
        self.excess = excess
      }
    }

    /// The pool's name.
    package var pool: String
    /// The eligible backends of the tier that serves.
    package var shares: [Share]
    /// At most how many sessions are ended in a second.
    package var perSecond: Int

    /// With all its parts.
    package init(pool: String, shares: [Share], perSecond: Int) {
      self.pool = pool
      self.shares = shares
      self.perSecond = perSecond
    }
  }
}
