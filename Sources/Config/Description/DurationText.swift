/// A length of time as it is written in the file: numbers with units, such as `2s`, `250ms`, `1.5s` or `1h30m`.
package enum DurationText {
  private static let units: [(name: String, nanoseconds: Int128)] = [
    ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
  ]

  /// Reads a duration; nil if the text isn't one. Units stand from the largest to the smallest, each at most once.
  package static func read(_ text: String) -> Duration? {
    var rest = text.utf8[...]
    var total: Int128 = 0
    var units = Self.units[...]
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      guard let whole = digits(&rest, atMost: 12) else { return nil }
      var fraction: Int128 = 0
      if rest.first == UInt8(ascii: ".") {
        rest = rest.dropFirst()
        let before = rest.count
        guard let digits = digits(&rest, atMost: 9) else { return nil }
        fraction = (before - rest.count..<9).reduce(digits) { value, _ in value * 10 }
      }
      let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
      rest = rest.dropFirst(letters.count)
      guard let index = units.firstIndex(where: { $0.name.utf8.elementsEqual(letters) }) else { return nil }
      total += whole * units[index].nanoseconds + fraction * units[index].nanoseconds / 1_000_000_000
      units = units[(index + 1)...]
    }
    return Duration(
      secondsComponent: Int64(total / 1_000_000_000), attosecondsComponent: Int64(total % 1_000_000_000) * 1_000_000_000
    )
  }

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

  private static func digits(_ rest: inout Substring.UTF8View, atMost: Int) -> Int128? {
    let run = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard (1...atMost).contains(run.count) else { return nil }
    rest = rest.dropFirst(run.count)
    return Int128(String(Substring(run)))
  }
}

extension Duration {
  /// The duration as it is written in the configuration, such as `1h30m` or `1.5s`.
  package var configured: String { DurationText.write(self) }
}
