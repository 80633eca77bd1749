/// Names as the configuration has them, made of those of the original.
struct DraftNames {
  private var taken: Set<String> = []

  /// A name with the characters that names may have.
  static func plain(_ name: String) -> String {
    let characters = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._:-".contains($0)) ? $0 : "-" }
    return characters.isEmpty ? "-" : String(characters.prefix(64))
  }

  /// The name, with a number behind it if it's taken.
  mutating func unique(_ name: String) -> String {
    let plain = Self.plain(name)
    if taken.insert(plain).inserted { return plain }
    var number = 2
    while !taken.insert("\(plain.prefix(60))-\(number)").inserted { number += 1 }
    return "\(plain.prefix(60))-\(number)"
  }
}
