/// Notices when it is more likely that we are cut off than that most backends died at once, in which case taking them
/// all out would turn our fault into an outage.
///
/// The sign is that, of the backends that weren't failing before, more than half, at least three of them on at least
/// two hosts, begin to fail *silently* (`ProbeFailure.Kind.isSilent`) within one window. Then silent failures are held:
/// they change no state. The hold ends as soon as half of those backends are heard again, and after `longestHold` in any
/// case: then the failures are believed, and only fresh ones can start another hold. A failure that isn't silent proves
/// that the path works, and is believed at once.
package struct CorrelatedFailure: Sendable {
  fileprivate struct Record: Codable, Equatable {
    var host: String
    /// Since when it has failed silently, check after check; nil when it was heard the last time.
    var silentSince: Instant?
  }

  /// The fewest backends and hosts whose failure together can be a sign.
  private static let fewestBackends = 3
  private static let fewestHosts = 2

  private let window: Duration
  private let longestHold: Duration
  private var records: [String: Record] = [:]
  private var heldSince: Instant?
  /// Failures that began up to here have been held long enough.
  private var believedUntil: Instant?

  /// Starts with nothing known.
  ///
  /// - Parameters:
  ///   - window: how far apart the failures may begin: one interval of the checks with its jitter, and their timeout.
  ///   - longestHold: how long silent failures are held at most.
  package init(window: Duration, longestHold: Duration = .seconds(30)) {
    self.window = window
    self.longestHold = longestHold
  }

  /// Takes the result of a check, and says whether to believe it.
  ///
  /// - Parameters:
  ///   - backend: an identity, such as pool and name.
  ///   - host: the address without the port; backends on one host can fail together for a reason of that host's.
  package mutating func observe(_ outcome: ProbeOutcome, backend: String, host: String, at now: Instant) -> Trust {
    let isSilent =
      switch outcome {
      case .passed: false
      case .failed(let failure): failure.kind.isSilent
      }
    records[backend] = Record(host: host, silentSince: isSilent ? records[backend]?.silentSince ?? now : nil)
    if isSilent || heldSince != nil { judge(at: now) }
    return isSilent && heldSince != nil ? .held : .believed
  }

  /// Forgets a backend that is checked no more.
  package mutating func forget(backend: String) {
    records[backend] = nil
  }

  /// Since when silent failures are held, if they are.
  package func heldSince(at now: Instant) -> Instant? {
    heldSince.flatMap { now - $0 < longestHold ? $0 : nil }
  }

  private mutating func judge(at now: Instant) {
    if heldSince != nil, heldSince(at: now) == nil {
      heldSince = nil
      believedUntil = now
    }
    let earliest = (heldSince ?? now) - window
    var heard = 0
    var silent = 0
    var hosts: Set<String> = []
    for record in records.values {
      guard let since = record.silentSince else {
        heard += 1
        continue
      }
      // One that has failed for longer says nothing, neither for nor against.
      guard since >= earliest, believedUntil.map({ since > $0 }) ?? true else { continue }
      silent += 1
      hosts.insert(record.host)
    }
    let isSign = silent >= Self.fewestBackends && hosts.count >= Self.fewestHosts && silent > heard
    heldSince = isSign ? heldSince ?? now : nil
  }
}

extension CorrelatedFailure {
  /// What is known of all backends, for a process that takes over. Without it, a hold would end there, and the next
  /// silent failure of each backend would bring it down.
  package struct Snapshot: Codable, Equatable, Sendable {
    fileprivate let records: [String: Record]
    fileprivate let heldSince: Instant?
    fileprivate let believedUntil: Instant?
  }

  /// What is known now.
  package var snapshot: Snapshot {
    Snapshot(records: records, heldSince: heldSince, believedUntil: believedUntil)
  }

  /// Goes on where another process left off, on the same machine and since the same boot. Who isn't checked any more has
  /// to be forgotten here, too.
  package init(window: Duration, longestHold: Duration = .seconds(30), restoring snapshot: Snapshot) {
    self.init(window: window, longestHold: longestHold)
    records = snapshot.records
    heldSince = snapshot.heldSince
    believedUntil = snapshot.believedUntil
  }
}
