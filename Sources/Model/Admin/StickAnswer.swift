extension AdminAnswer {
  /// `GET /v1/stick`: which backends clients of a pool had, and get again.
  package struct Stick: Codable, Equatable, Sendable {
    /// A client.
    package struct Client: Codable, Equatable, Sendable {
      /// Its address; of IPv6 its network, `…/64`.
      package var client: String
      /// Its backend's name.
      package var backend: String
      /// For how many seconds it hasn't been seen.
      package var idle: Int

      /// With all its parts.
      package init(client: String, backend: String, idle: Int) {
        self.client = client
        self.backend = backend
        self.idle = idle
      }
    }

    /// The pool's name.
    package var pool: String
    /// What is known and was counted.
    package var figures: Report.Stick
    /// How many clients each backend has, by its name.
    package var backends: [String: Int]
    /// The client that was asked about, or those seen last, the latest first.
    package var clients: [Client]

    /// With all its parts.
    package init(pool: String, figures: Report.Stick, backends: [String: Int], clients: [Client]) {
      self.pool = pool
      self.figures = figures
      self.backends = backends
      self.clients = clients
    }
  }
}
