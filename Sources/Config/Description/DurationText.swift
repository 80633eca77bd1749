internal import Sockets

/// A length of time as it is written in the file: numbers with units, such as `2s`, `250ms`, `1.5s` or `1h30m`.
package enum DurationText {
  static let units: [(name: String, nanoseconds: Int128)] = [
    ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
  ]

  /// Some 30,000 years, in nanoseconds: whatever unit it's written in, its number has no more than twelve digits.
  private static let longest: Int128 = 999_999_999_999 * 1_000_000_000

  /// What a text comes to.
  enum Reading: Equatable {
    case duration(Duration)
    /// One below zero, or one that is longer than anything that can be meant.
    case outOfReach
    case none
  }

  /// Reads a duration; nil if the text isn't one. Units stand from the largest to the smallest, each at most once.
  package static func read(_ text: String) -> Duration? {
    if case .duration(let duration) = reading(of: text) { duration } else { nil }
  }

  /// Reads a text, and tells what is out of reach from what is no duration.
  static func reading(of text: String) -> Reading {
    guard text.hasPrefix("-") else { return reading(of: text.utf8[...]) }
    return reading(of: text.utf8.dropFirst()) == .none ? .none : .outOfReach
  }

  private static func reading(of unsigned: Substring.UTF8View) -> Reading {
    var rest = unsigned
    var total: Int128? = 0
    var units = Self.units[...]
    guard !rest.isEmpty else { return .none }
    while !rest.isEmpty {
      let digits = rest.prefix(while: isDigit)
      guard !digits.isEmpty else { return .none }
      rest = rest.dropFirst(digits.count)
      let whole = digits.count > 12 ? nil : Int128(digits: Substring(digits))
      var fraction: Int128 = 0
      if rest.first == UInt8(ascii: ".") {
        let digits = rest.dropFirst().prefix(while: isDigit)
        guard (1...9).contains(digits.count), let value = Int128(digits: Substring(digits)) else { return .none }
        fraction = (digits.count..<9).reduce(value) { value, _ in value * 10 }
        rest = rest.dropFirst(digits.count + 1)
      }
      let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
      rest = rest.dropFirst(letters.count)
      guard let index = units.firstIndex(where: { $0.name.utf8.elementsEqual(letters) }) else { return .none }
      let part = whole.map { $0 * units[index].nanoseconds + fraction * units[index].nanoseconds / 1_000_000_000 }
      total = total.flatMap { sum in part.map { sum + $0 } }
      units = units[(index + 1)...]
    }
    guard let total, total <= longest else { return .outOfReach }
    return .duration(
      Duration(
        secondsComponent: Int64(total / 1_000_000_000),
        attosecondsComponent: Int64(total % 1_000_000_000) * 1_000_000_000))
  }

  /// What was probably meant by a text that isn't a duration: the same with units as they are written here.
  static func meant(by text: String) -> String? {
    var rest = text.lowercased().filter { !$0.isWhitespace }[...]
    var result = ""
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." || $0 == "," }
      rest = rest.dropFirst(number.count)
      let word = String(rest.prefix(while: \.isLetter))
      rest = rest.dropFirst(word.count)
      guard let unit = words.first(where: { $0.words.contains(word) })?.unit else { return nil }
      // .5s is 0.5s, and some write 1,5s.
      result += (number.first == "." ? "0" : "") + number.replacing(",", with: ".") + unit
    }
    return read(result) == nil ? nil : result
  }

  private static let words: [(unit: String, words: [String])] = [
    ("d", ["d", "day", "days"]), ("h", ["h", "hr", "hrs", "hour", "hours"]),
    ("m", ["m", "min", "mins", "minute", "minutes"]), ("s", ["s", "sec", "secs", "second", "seconds"]),
    ("ms", ["ms", "msec", "msecs", "millis", "millisecond", "milliseconds"]),
  ]

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Writes a duration as ``read(_:)`` reads it, such as `1h30m` or `1.5s`; what is below a nanosecond is lost.
  package static func write(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    var rest = Int128(seconds) * 1_000_000_000 + Int128(attoseconds / 1_000_000_000)
    var result = ""
    for unit in units where unit.nanoseconds > 1_000_000_000 && rest >= unit.nanoseconds {
      // An hour and a half is 1h30m, but a day and an hour is 25h.
      if unit.name == "d", rest % unit.nanoseconds != 0 { continue }
      result += "\(rest / unit.nanoseconds)\(unit.name)"
      rest %= unit.nanoseconds
    }
    if rest >= 1_000_000_000 {
      result += decimal(rest, of: 1_000_000_000) + "s"
    } else if rest > 0 {
      result += decimal(rest, of: 1_000_000) + "ms"
    }
    return result.isEmpty ? "0s" : result
  }

  private static func decimal(_ value: Int128, of unit: Int128) -> String {
    var fraction = ""
    var (rest, place) = (value % unit, unit / 10)
    while rest > 0 {
      fraction += String(rest / place)
      (rest, place) = (rest % place, place / 10)
    }
    return "\(value / unit)" + (fraction.isEmpty ? "" : ".\(fraction)")
  }
}

extension Duration {
  /// The duration as it is written in the configuration, such as `1h30m` or `1.5s`.
  package var configured: String { DurationText.write(self) }
}
