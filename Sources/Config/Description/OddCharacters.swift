extension JSONNode {
  /// A key as a message shows it: what could be taken for another character, or not seen at all, is written as an escape.
  static func shownKey(_ key: String) -> String {
    guard oddCharacter(in: key) != nil || key.isEmpty else { return shortened(key) }
    var result = ""
    for scalar in key.unicodeScalars.prefix(61) {
      result += isPlain(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    }
    return "\"\(key.unicodeScalars.count > 60 ? result + "…" : result)\""
  }

  /// What is odd about a text that should have plain characters only, such as `its character 5 is U+0435, CYRILLIC SMALL
  /// LETTER IE`; nil if nothing is.
  static func oddity(of text: String) -> String? {
    guard let (scalar, place) = oddCharacter(in: text) else { return nil }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    let name = scalar.properties.name ?? scalar.properties.nameAlias
    return "its character \(place) is U+\(code)" + (name.map { ", \($0)" } ?? "")
  }

  /// The first character that isn't visible ASCII, and its place from 1.
  private static func oddCharacter(in text: String) -> (scalar: Unicode.Scalar, place: Int)? {
    for (index, scalar) in text.unicodeScalars.enumerated() where !isPlain(scalar) { return (scalar, index + 1) }
    return nil
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool { (0x21...0x7E).contains(scalar.value) }
}
