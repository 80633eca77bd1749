/// A point on one node's own clock: nanoseconds of CLOCK_BOOTTIME (clock_gettime(2)), which goes on while the machine sleeps.
///
/// It means nothing to another node: what nodes tell each other are durations. Arithmetic saturates at both ends.
package struct Moment: Comparable, Hashable, Sendable {
  /// Nanoseconds since the start of the clock.
  package var nanoseconds: Int64

  /// Takes nanoseconds since the start of the clock.
  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The start of the clock: before everything that happens.
  package static let start = Moment(nanoseconds: 0)

  /// Later than everything that happens.
  package static let never = Moment(nanoseconds: .max)

  /// Whether one moment is before another.
  package static func < (left: Moment, right: Moment) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The moment that lies a span later, or earlier if it's negative.
  package static func + (moment: Moment, span: Span) -> Moment {
    let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(span.nanoseconds)
    return overflow ? (span.nanoseconds < 0 ? .start : .never) : Moment(nanoseconds: sum)
  }

  /// The moment that lies a span earlier.
  package static func - (moment: Moment, span: Span) -> Moment {
    moment + Span(nanoseconds: -span.nanoseconds)
  }

  /// The next whole multiple of a span by this clock. What is done every so often is done then, so that a node wakes once for all that it
  /// has to say again, says it at once, and wakes others once.
  package func next(every span: Span) -> Moment {
    Moment.start + span * (nanoseconds / span.nanoseconds + 1)
  }

  /// The time from the right moment to the left one; negative if the right one is later.
  package static func - (left: Moment, right: Moment) -> Span {
    Span(nanoseconds: left.nanoseconds - right.nanoseconds)
  }
}

/// A length of time in nanoseconds: what `Duration` is, in 8 bytes and plain arithmetic, as the cores are stepped a million
/// times a second when they are simulated.
package struct Span: Comparable, Hashable, Sendable {
  /// Nanoseconds; negative if it leads back.
  package var nanoseconds: Int64

  /// Takes nanoseconds.
  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// No time at all.
  package static let zero = Span(nanoseconds: 0)

  /// So many milliseconds.
  package static func milliseconds(_ count: Int64) -> Span {
    Span(nanoseconds: count * 1_000_000)
  }

  /// So many seconds.
  package static func seconds(_ count: Int64) -> Span {
    Span(nanoseconds: count * 1_000_000_000)
  }

  /// Whether one is shorter than another.
  package static func < (left: Span, right: Span) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// Both, one after the other.
  package static func + (left: Span, right: Span) -> Span {
    Span(nanoseconds: left.nanoseconds + right.nanoseconds)
  }

  /// What is left of the one without the other.
  package static func - (left: Span, right: Span) -> Span {
    Span(nanoseconds: left.nanoseconds - right.nanoseconds)
  }

  /// A whole number of them.
  package static func * (span: Span, count: Int64) -> Span {
    Span(nanoseconds: span.nanoseconds * count)
  }

  /// A whole part of it, rounded down.
  package static func / (span: Span, parts: Int64) -> Span {
    Span(nanoseconds: span.nanoseconds / parts)
  }
}
