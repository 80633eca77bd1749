/// Times of nginx's: numbers with units, of which several may follow one another; without one it's seconds.
enum NginxTime {
  private static let units: [String: Duration] = [
    "ms": .milliseconds(1), "s": .seconds(1), "": .seconds(1), "m": .seconds(60), "h": .seconds(3600),
    "d": .seconds(86_400), "w": .seconds(604_800), "M": .seconds(2_592_000), "y": .seconds(31_536_000),
  ]

  /// Nil if the text is none.
  static func read(_ text: String) -> Duration? {
    var rest = text[...]
    var whole = Duration.zero
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      let unit = rest.dropFirst(digits.count).prefix { $0.isLetter }
      rest = rest.dropFirst(digits.count + unit.count).drop { $0 == " " }
      guard let number = Int(digits), number <= 1 << 30, whole < .seconds(1 << 60), let factor = units[String(unit)]
      else { return nil }
      whole += factor * number
    }
    return whole
  }
}
