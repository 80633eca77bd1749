import Glibc

/// A moment of wall-clock time, written in ISO 8601 with milliseconds, in UTC: `2026-01-31T12:00:00.250Z`.
package struct Timestamp: Comparable, Hashable, Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  package let milliseconds: Int

  /// The moment so many milliseconds after the start of 1970.
  package init(milliseconds: Int) {
    self.milliseconds = milliseconds
  }

  /// The present.
  package static var now: Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
  }

  /// Whether one moment is before another.
  package static func < (one: Timestamp, other: Timestamp) -> Bool { one.milliseconds < other.milliseconds }

  /// How many seconds later this moment is than the other.
  package func seconds(since other: Timestamp) -> Double {
    Double(milliseconds - other.milliseconds) / 1000
  }

  /// The moment so long before this one.
  package func before(_ duration: Duration) -> Timestamp {
    Timestamp(milliseconds: milliseconds - Int(duration / .milliseconds(1)))
  }
}

extension Timestamp: LosslessStringConvertible {
  private static let day = 86_400_000

  /// The ISO 8601 form.
  package var description: String {
    let day = (milliseconds / Self.day) - (milliseconds % Self.day < 0 ? 1 : 0)
    let time = milliseconds - day * Self.day
    let (year, month, dayOfMonth) = Self.civil(day)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))"
    let clock = "\(padded(time / 3_600_000, 2)):\(padded(time / 60_000 % 60, 2)):\(padded(time / 1000 % 60, 2))"
    return "\(date)T\(clock).\(padded(time % 1000, 3))Z"
  }

  /// The time of the day in UTC, to the second: `12:00:00`.
  package var timeOfDay: String {
    String(description.dropFirst(11).prefix(8))
  }

  /// Reads the form that `description` writes; nil for any other.
  package init?(_ text: String) {
    let words = text.split { "-T:.Z".contains($0) }
    // A year has four digits and all else has fewer: nothing that fits can be too large to reckon with.
    let parts = words.compactMap { $0.utf8.count <= 4 ? Int($0) : nil }
    guard words.count == 7, parts.count == 7 else { return nil }
    let time = ((parts[3] * 60 + parts[4]) * 60 + parts[5]) * 1000 + parts[6]
    self.init(milliseconds: Self.days(parts[0], parts[1], parts[2]) * Self.day + time)
    guard description == text else { return nil }
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  // The calendar as arithmetic, with years that begin in March so that the leap day is a year's last, after H. Hinnant,
  // "chrono-compatible low-level date algorithms": for days from the year 0 on.

  private static func civil(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
    let (era, day) = (daysSince1970 + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let isNextYear = month >= 10
    return (
      era * 400 + year + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3, dayOfYear - (153 * month + 2) / 5 + 1
    )
  }

  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let (era, yearOfEra) = (month > 2 ? year : year - 1).quotientAndRemainder(dividingBy: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension Timestamp: Codable {
  /// Reads the ISO 8601 form.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ISO 8601 time in UTC: \(text)")
    }
    self = time
  }

  /// Writes the ISO 8601 form.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
