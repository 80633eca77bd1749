package import TLS

/// Looks how long a backend's certificate lasts, and tells it in time, and not with each check.
package struct CertificateWatch {
  /// So many days before its end it's told: once each.
  private static let days = [14, 3, 1, 0]

  /// What is known of it; nil before a check has seen it.
  package private(set) var facts: CertificateFacts?
  /// The fewest days for which it was told of this certificate.
  private var told = Int.max

  /// A check has seen it.
  ///
  /// - Parameter now: the time, in seconds since 1970.
  /// - Returns: what people should know, in words that go behind "its certificate"; nil if there's no news.
  mutating func look(at seen: CertificateFacts, now: Int) -> String? {
    let left = seen.end - now
    // Of servers that have the address in turn, with certificates that end soon, it's told once as well.
    if seen != facts, left > Self.days[0] * 86_400 { told = .max }
    facts = seen
    guard let step = Self.days.last(where: { left <= $0 * 86_400 }), step < told else { return nil }
    told = step
    return Self.words(left)
  }

  /// Goes on where another process was, which has told what there was to tell.
  mutating func restore(_ known: CertificateFacts?, now: Int) {
    if let known { _ = look(at: known, now: now) }
  }

  /// When it ends, in words.
  private static func words(_ left: Int) -> String {
    if left <= 0 { return "has ended" }
    let days = left / 86_400
    return days == 0 ? "ends within a day" : "ends in \(days) \(days == 1 ? "day" : "days")"
  }
}
