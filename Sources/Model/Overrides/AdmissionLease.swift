/// What an operator has said at run time of who may come in: it comes before the lists of the configuration, until it's taken back or its
/// time is over. It holds in this process, and of a fleet on this node alone.
package struct AdmissionLease: Codable, Equatable, Sendable {
  /// What becomes of the clients.
  package enum Verdict: String, Codable, CaseIterable, Sendable {
    /// They come in.
    case allow
    /// They don't.
    case deny
  }

  /// The clients, by a range of addresses as it's written in a configuration.
  package var range: String
  /// What becomes of them.
  package var verdict: Verdict
  /// The listener at which it holds; nil for all.
  package var listener: String?
  /// Who made it.
  package var author: String
  /// Why.
  package var reason: String?
  /// Since when it holds.
  package var since: Timestamp
  /// When it ends by itself; nil if it doesn't.
  package var until: Timestamp?

  /// With all its parts.
  package init(
    range: String, verdict: Verdict, listener: String? = nil, author: String, reason: String? = nil, since: Timestamp,
    until: Timestamp? = nil
  ) {
    self.range = range
    self.verdict = verdict
    self.listener = listener
    self.author = author
    self.reason = reason
    self.since = since
    self.until = until
  }

  /// The change in words: `denied by ann until 12:00:00 UTC: a scanner`.
  package var text: String {
    let what = verdict == .allow ? "allowed" : "denied"
    let place = listener.map { " at listener \($0)" } ?? ""
    return "\(what)\(place) by \(author)" + (until.map { " until \($0.timeOfDay) UTC" } ?? "")
      + (reason.map { ": \($0)" } ?? "")
  }

  /// Whether only one of the two can hold.
  func isInPlace(of other: AdmissionLease) -> Bool { range == other.range && listener == other.listener }
}

extension OverrideBook {
  /// Takes one; another one about the same range and listener gives way to it, and is given.
  @discardableResult
  package mutating func take(_ lease: AdmissionLease) -> AdmissionLease? {
    let replaced = admissions.first { $0.isInPlace(of: lease) }
    admissions.removeAll { $0.isInPlace(of: lease) }
    admissions.append(lease)
    return replaced
  }

  /// Ends the one about a range at a listener, or at all; gives it, if there was one.
  @discardableResult
  package mutating func endAdmission(of range: String, at listener: String?) -> AdmissionLease? {
    guard let place = admissions.firstIndex(where: { $0.range == range && $0.listener == listener }) else { return nil }
    return admissions.remove(at: place)
  }

  /// Ends those whose time is over; gives them.
  package mutating func expireAdmissions(at now: Timestamp) -> [AdmissionLease] {
    let isOver = { (lease: AdmissionLease) in lease.until.map { $0.milliseconds <= now.milliseconds } ?? false }
    let ended = admissions.filter(isOver)
    if !ended.isEmpty { admissions.removeAll(where: isOver) }
    return ended
  }
}
