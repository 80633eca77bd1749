/// Times of HAProxy's: a number of milliseconds, or one with a unit.
enum HAProxyTime {
  private static let units: [(String, Duration)] = [
    ("us", .microseconds(1)), ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
    ("d", .seconds(86_400)), ("", .milliseconds(1)),
  ]

  /// Nil if the text is none.
  static func read(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), number <= 1 << 40,
      let unit = units.first(where: { $0.0 == text.dropFirst(digits.count) })
    else { return nil }
    return unit.1 * number
  }
}
