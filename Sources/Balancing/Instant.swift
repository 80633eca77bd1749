/// A point in monotonic time: nanoseconds since a start that is the same for all processes until the machine boots again,
/// since they are those of CLOCK_MONOTONIC (clock_gettime(2)).
///
/// So it's encoded as it is, a single number, and still the same moment to the process that takes over from this one. It
/// means nothing on another machine or after a boot.
///
/// Arithmetic saturates at both ends, so that no duration from a configuration can trap.
package struct Instant: Comparable, Hashable, Sendable {
  /// Nanoseconds since the start.
  package var nanoseconds: UInt64

  /// Takes nanoseconds since the start, as a monotonic clock gives them.
  package init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  /// Whether one instant is before another.
  package static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The instant that lies a duration later (or earlier, if it is negative).
  package static func + (instant: Instant, duration: Duration) -> Instant {
    let amount = duration.saturatedNanoseconds
    return amount < 0 ? instant.earlier(by: amount.magnitude) : instant.later(by: amount.magnitude)
  }

  /// The instant that lies a duration earlier (or later, if it is negative).
  package static func - (instant: Instant, duration: Duration) -> Instant {
    let amount = duration.saturatedNanoseconds
    return amount < 0 ? instant.later(by: amount.magnitude) : instant.earlier(by: amount.magnitude)
  }

  /// The time from the right instant to the left one; negative if the right one is later.
  package static func - (left: Instant, right: Instant) -> Duration {
    left >= right
      ? .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
      : .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
  }

  private func later(by amount: UInt64) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(amount)
    return Instant(nanoseconds: overflow ? .max : sum)
  }

  private func earlier(by amount: UInt64) -> Instant {
    Instant(nanoseconds: nanoseconds - min(amount, nanoseconds))
  }
}

extension Instant: Codable {
  /// Takes the nanoseconds as they were encoded.
  package init(from decoder: any Decoder) throws {
    nanoseconds = try decoder.singleValueContainer().decode(UInt64.self)
  }

  /// Gives the nanoseconds as they are.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(nanoseconds)
  }
}

extension Duration {
  /// Whole nanoseconds, held within what 64 bits can say (292 years either way).
  var saturatedNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflowToo) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    guard overflow || overflowToo else { return sum }
    return seconds < 0 ? .min : .max
  }
}
