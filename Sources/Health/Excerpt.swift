/// Foreign bytes as they may be shown in one line: quoted, cut, and with escapes for all that isn't printable ASCII.
struct Excerpt: CustomStringConvertible {
  /// How many bytes are shown, and how many of what a server says for people.
  static let longest = 40
  static let longestWords = 120

  let description: String

  /// Words of a server for people.
  init(words bytes: some Collection<UInt8>) { self.init(bytes, most: Self.longestWords) }

  init(_ bytes: some Collection<UInt8>) { self.init(bytes, most: Self.longest) }

  private init(_ bytes: some Collection<UInt8>, most: Int) {
    let shown = bytes.prefix(most).map { byte in
      switch byte {
      case UInt8(ascii: "\r"): "\\r"
      case UInt8(ascii: "\n"): "\\n"
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
      case 0x20...0x7E: String(UnicodeScalar(byte))
      default: (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
      }
    }
    description = "\"\(shown.joined())\(bytes.count > most ? "…" : "")\""
  }
}
