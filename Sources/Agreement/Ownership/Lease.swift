/// How long an owner may count on a name, and how long others wait.
///
/// The owner counts from the moment at which it sent what succeeded, and stops a little early; others count from a moment at
/// which they saw it, so later. Clocks needn't agree about the time, only about its pace, to within 500 ppm.
package struct Lease: Equatable, Sendable {
  /// How long others wait: T.
  package var term: Span

  /// No file names a longer term, and nobody is listened to who says one.
  package static let longest = Span.seconds(600)

  /// With a term, which is at least a second.
  package init(term: Span) {
    self.term = term
  }

  /// What the owner doesn't use: 100 ms, or what two clocks may differ by in a term.
  package var margin: Span {
    max(.milliseconds(100), term / 1_000)
  }

  /// How often the owner renews it.
  package var beat: Span { term / 6 }

  /// For how long it counts, by anybody's clock, what voters have promised of things with some of these leases: as long others are asked
  /// beside those who vote no more.
  package static func quiet(after leases: [Lease], _ mutants: Mutants = Mutants()) -> Span {
    guard let longest = leases.map(\.term).max(), !mutants.have(.formerLetGoAtOnce) else { return .zero }
    return longest + longest / 500 + .milliseconds(100)
  }

  /// The end of what was sent at a moment and succeeded.
  package func end(sentAt: Moment) -> Moment {
    sentAt + term - margin
  }
}

/// How long the kernel keeps an address for an owner that doesn't run any more (ifa_cacheinfo, in whole seconds).
///
/// The kernel looks at lifetimes now and then only, so an address goes a little late: 0.37 s at most if all that have a lifetime in
/// a network namespace were put with one message, else up to 0.96 s.
package struct KernelLifetime: Equatable, Sendable {
  /// How late the kernel may be.
  package enum Slack: Equatable, Sendable {
    /// All addresses with a lifetime are ours, and put at once.
    case alone
    /// There are others (DHCP, router advertisements).
    case shared

    var span: Span {
      switch self {
      case .alone: .milliseconds(500)
      case .shared: .milliseconds(1_300)
      }
    }
  }

  /// Whole seconds for which an address may be put now, so that it's gone by the end of the lease; none for less than a second.
  package static func seconds(until end: Moment, at now: Moment, _ slack: Slack, mutants: Mutants = Mutants()) -> Int64?
  {
    let left = end - now - (mutants.have(.kernelBeyondLease) ? .milliseconds(-1_000) : slack.span)
    let seconds = left.nanoseconds / 1_000_000_000
    return seconds >= 1 ? seconds : nil
  }
}
