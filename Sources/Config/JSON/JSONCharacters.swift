internal import Sockets

/// What the characters of a JSON document can be part of.
enum JSONCharacters {
  /// Whether a byte can be part of a bare key.
  static func isPartOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"):
      true
    default: false
    }
  }

  /// Whether a byte can be part of a number or a word.
  static func isPartOfWord(_ byte: UInt8) -> Bool {
    isPartOfName(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
  }

  /// Whether a text is a number by RFC 8259 §6.
  static func isNumber(_ text: some Collection<UInt8>) -> Bool {
    var rest = text[...]
    func digits() -> Int {
      let run = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      rest = rest.dropFirst(run.count)
      return run.count
    }
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let leadingZero = rest.first == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !(leadingZero && whole > 1) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard digits() > 0 else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }

  /// What was probably meant by a bare word that is no value; nil if it can only be text.
  static func meant(by text: String) -> String? {
    switch text.lowercased() {
    case "true", "yes", "on": return "true"
    case "false", "no", "off": return "false"
    case "null", "nil", "none", "undefined": return "null"
    default: break
    }
    if text.hasPrefix("0x"), let number = Int(digits: text.dropFirst(2), radix: 16) { return String(number) }
    var bare = text.filter { $0 != "_" }[...]
    if bare.hasPrefix("+") { bare = bare.dropFirst() }
    if bare.hasPrefix(".") { bare = "0" + bare }
    while bare.utf8.count > 1, bare.hasPrefix("0"), !bare.hasPrefix("0.") { bare = bare.dropFirst() }
    return isNumber(bare.utf8) ? String(bare) : nil
  }
}
