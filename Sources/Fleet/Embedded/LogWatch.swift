import Agreement

/// Whether people should hear that the log can't be reached: a new leader is found within a moment, and nobody is to be told of that.
struct LogWatch {
  /// What there is to say.
  enum News: Equatable {
    case away(because: String)
    case back
  }

  /// For how long it isn't worth a word.
  static let patience = Span.seconds(2)

  private var awaySince: Moment?
  private var told: String?
  private var hasBeenLive = false

  /// Takes how it is.
  mutating func see(_ isLive: Bool, because why: String?, at now: Moment) -> News? {
    guard !isLive else {
      awaySince = nil
      defer { (hasBeenLive, told) = (true, nil) }
      return hasBeenLive && told == nil ? nil : .back
    }
    let since = awaySince ?? now
    awaySince = since
    let why = why ?? "no leader"
    guard now - since >= Self.patience, told != why else { return nil }
    told = why
    return .away(because: why)
  }
}
