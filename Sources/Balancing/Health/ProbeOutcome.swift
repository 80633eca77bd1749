/// What one health check came to.
package enum ProbeOutcome: Codable, Equatable, Sendable {
  /// The backend answered as expected, after so long; the detail says what, such as an HTTP status.
  case passed(time: Duration, detail: String)
  /// It did not.
  case failed(ProbeFailure)

  /// How long the check took.
  package var time: Duration {
    switch self {
    case .passed(let time, _): time
    case .failed(let failure): failure.time
    }
  }

  /// What it found, for people.
  package var text: String {
    switch self {
    case .passed(_, let detail): detail
    case .failed(let failure): failure.detail
    }
  }
}

/// Why a health check failed.
package struct ProbeFailure: Codable, Equatable, Sendable {
  /// What kind of failure. The raw value is the word used in statistics and logs.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    /// The backend's host refused the connection.
    case refused
    /// No connection, or no answer, in time.
    case timeout
    /// There is no way to the host, by the word of this host or of a router.
    case unreachable
    /// The connection was reset before the answer was complete.
    case reset
    /// An answer came, but another one than expected; an early end of the connection is one, too.
    case wrongAnswer = "wrong-answer"
    /// This process couldn't make the check: no descriptor, port or memory left.
    case localResource = "local-resource"

    /// Whether nothing was heard from the backend's host. Such a failure may as well be on our side of the path,
    /// whereas a refusal or a wrong answer proves that the path works.
    package var isSilent: Bool {
      switch self {
      case .timeout, .unreachable, .localResource: true
      case .refused, .reset, .wrongAnswer: false
      }
    }
  }

  /// What kind of failure.
  package let kind: Kind
  /// What was seen, in words for an operator.
  package let detail: String
  /// From the start of the check to its failure.
  package let time: Duration

  /// Describes a failure.
  package init(_ kind: Kind, detail: String, time: Duration) {
    self.kind = kind
    self.detail = detail
    self.time = time
  }
}
