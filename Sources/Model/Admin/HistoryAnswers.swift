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
    /// The pool's name.
    package var pool: String
    /// The backend's name; nil if it reached none.
    package var backend: String?
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
      id: String, client: String, listener: String, pool: String, backend: String? = nil, began: Timestamp,
      duration: Double, connectTime: Double? = nil, attempts: Int, bytes: Report.Bytes, cause: String, text: String
    ) {
      self.id = id
      self.client = client
      self.listener = listener
      self.pool = pool
      self.backend = backend
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
