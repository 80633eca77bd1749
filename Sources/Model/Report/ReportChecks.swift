// What checks and agents find out about a backend beside its health.
extension Report {
  /// A server's certificate.
  package struct Certificate: Codable, Equatable, Sendable {
    /// Whose it is, such as `CN=db1.example`.
    package var subject: String
    /// For which names and addresses it is.
    package var names: String
    /// Who has signed it.
    package var issuer: String
    /// When it ends.
    package var until: Timestamp

    /// With all its parts.
    package init(subject: String, names: String, issuer: String, until: Timestamp) {
      self.subject = subject
      self.names = names
      self.issuer = issuer
      self.until = until
    }

    /// How long before its end that is a concern.
    private static let notice = 14 * 86_400.0

    /// When it ends, in words that go behind "its certificate", if that's a concern at this time; nil if it isn't.
    package func concern(at now: Timestamp) -> String? {
      let left = until.seconds(since: now)
      guard left <= Self.notice else { return nil }
      return "\(left <= 0 ? "has ended" : "ends"): \(subject), \(until)"
    }
  }

  /// The agent beside a backend.
  package struct Agent: Codable, Equatable, Sendable {
    /// What holds of its words, such as `50% drain up`; nil if it has said none yet.
    package var says: String?
    /// The share of the configured weight that it wants, in percent; nil if it has said none.
    package var percent: Int?
    /// Whether it finds that the backend works; nil if it hasn't said.
    package var isUp: Bool?
    /// Why, in its words.
    package var reason: String?
    /// When it was asked last.
    package var lastTime: Timestamp?
    /// Why that brought nothing, or not all; nil if it did.
    package var trouble: String?

    /// With all its parts.
    package init(
      says: String? = nil, percent: Int? = nil, isUp: Bool? = nil, reason: String? = nil, lastTime: Timestamp? = nil,
      trouble: String? = nil
    ) {
      self.says = says
      self.percent = percent
      self.isUp = isUp
      self.reason = reason
      self.lastTime = lastTime
      self.trouble = trouble
    }
  }
}
