extension AdminAnswer {
  /// `GET /v1/history`.
  package struct History: Codable, Equatable, Sendable {
    /// Changes of state, the newest first.
    package var transitions: [Report.Transition]

    /// With all its parts.
    package init(transitions: [Report.Transition]) {
      self.transitions = transitions
    }
  }

  /// `GET /v1/recent`.
  package struct Recent: Codable, Equatable, Sendable {
    /// The sessions that ended last, the newest first.
    package var sessions: [EndedSession]

    /// With all its parts.
    package init(sessions: [EndedSession]) {
      self.sessions = sessions
    }
  }

  /// A session that has ended.
  package struct EndedSession: Codable, Equatable, Sendable {
    /// Its id.
    package var id: String
    /// The client's address.
    package var client: String
    /// The listener's name.
    package var listener: String
    /// The pool's name; nil if it came to none.
    package var pool: String?
    /// The backend's name; nil if it reached none.
    package var backend: String?
    /// The server that the client asked for by TLS; nil where that isn't looked at, and if it named none.
    package var sni: String?
    /// The protocols that it would speak within TLS, in its order; nil likewise.
    package var alpn: [String]?
    /// When it was accepted.
    package var began: Timestamp
    /// How many seconds it lasted.
    package var duration: Double
    /// How many seconds it took to connect to the backend; nil if none was reached.
    package var connectTime: Double?
    /// How many backends were tried.
    package var attempts: Int
    /// What it moved.
    package var bytes: Report.Bytes
    /// Why it ended: a key of `closes` or `refused` in the statistics.
    package var cause: String
    /// The same in words.
    package var text: String

    /// With all its parts.
    package init(
      id: String, client: String, listener: String, pool: String?, backend: String? = nil, sni: String? = nil,
      alpn: [String]? = nil, began: Timestamp, duration: Double, connectTime: Double? = nil, attempts: Int,
      bytes: Report.Bytes, cause: String, text: String
    ) {
      self.id = id
      self.client = client
      self.listener = listener
      self.pool = pool
      self.backend = backend
      self.sni = sni
      self.alpn = alpn
      self.began = began
      self.duration = duration
      self.connectTime = connectTime
      self.attempts = attempts
      self.bytes = bytes
      self.cause = cause
      self.text = text
    }
  }
}
