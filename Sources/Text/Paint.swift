/// How a piece of text stands out on a terminal (ECMA-48, SGR).
package enum Paint: String, Sendable {
  case bold = "1"
  case inverse = "7"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case cyan = "36"
  case boldRed = "1;31"

  /// The text so painted; as it is where colours aren't wanted.
  package func on(_ text: String, when isWanted: Bool) -> String {
    isWanted ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
  }
}
