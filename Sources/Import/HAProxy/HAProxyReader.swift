/// Reads the lines of HAProxy's configuration: words with quotes and escapes, in sections.
enum HAProxyReader {
  /// The sections, each a statement with its lines inside. Lines before the first section are statements of their own.
  static func read(_ text: String) throws(SyntaxFault) -> [Statement] {
    var sections: [Statement] = []
    var id = 0
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = try words(of: line, number + 1)
      guard let first = words.first else { continue }
      let statement = Statement(id: id, line: number + 1, words: words)
      id += 1
      if Dialect.sections.contains(first) {
        sections.append(statement)
        sections[sections.count - 1].block = []
      } else if sections.last?.block != nil {
        sections[sections.count - 1].block?.append(statement)
      } else {
        sections.append(statement)
      }
    }
    return sections
  }

  /// The words of a line (configuration manual, 2.2): a backslash takes the next character as it is, in double quotes spaces and
  /// comments are text, in single quotes everything is.
  static func words(of line: Substring, _ number: Int) throws(SyntaxFault) -> [String] {
    var words: [String] = []
    var word: String?
    var rest = line[...]
    var quote: Character?
    while let character = rest.popFirst() {
      switch (quote, character) {
      case ("'", "'"), ("\"", "\""): quote = nil
      case ("'", _): word = (word ?? "") + String(character)
      case (_, "\\"):
        guard let next = rest.popFirst() else {
          throw SyntaxFault(line: number, message: "the line ends in a backslash", hint: "remove it, or write two")
        }
        word = (word ?? "") + escaped(next, &rest)
      case (nil, "\""), (nil, "'"):
        quote = character
        word = word ?? ""
      case (nil, "#"):
        rest = rest.suffix(0)
      case (nil, " "), (nil, "\t"), (nil, "\r"):
        if let word { words.append(word) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    if let quote {
      throw SyntaxFault(line: number, message: "a \(quote) isn't closed", hint: "close it in the same line")
    }
    return words + (word.map { [$0] } ?? [])
  }

  private static func escaped(_ character: Character, _ rest: inout Substring) -> String {
    switch character {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "x":
      guard let byte = UInt8(rest.prefix(2), radix: 16) else { return "x" }
      rest = rest.dropFirst(2)
      return String(UnicodeScalar(byte))
    default: return String(character)
    }
  }
}
