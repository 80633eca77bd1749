/// Reads nginx's directives: words up to a semicolon, or a block in braces.
struct NginxReader {
  private var rest: Substring
  private var line = 1
  private var id = 0
  /// How many blocks are open.
  private var depth = 0

  /// Nobody writes more of them into one another.
  private static let deepest = 32

  static func read(_ text: String) throws(SyntaxFault) -> [Statement] {
    var reader = NginxReader(rest: text[...])
    return try reader.block(opened: nil)
  }

  private enum Token: Equatable {
    case word(String), semicolon, open, close, end
  }

  /// - Parameter opened: the line on which the block began; nil for the whole file.
  private mutating func block(opened: Int?) throws(SyntaxFault) -> [Statement] {
    var statements: [Statement] = []
    var words: [String] = []
    var begin = line
    while true {
      let token = try token()
      switch token {
      case .word(let word):
        if words.isEmpty { begin = line - word.count { $0.isNewline } }
        words.append(word)
      case .semicolon, .open:
        guard !words.isEmpty else { throw fault("a \(token == .open ? "{" : ";") with nothing before it", "remove it") }
        id += 1
        var statement = Statement(id: id, line: begin, words: words)
        if token == .open {
          guard depth < Self.deepest else {
            throw fault("more than \(Self.deepest) blocks in one another", "close some")
          }
          depth += 1
          statement.block = try block(opened: line)
          depth -= 1
        }
        statements.append(statement)
        words = []
      case .close:
        guard words.isEmpty else { throw fault("a } where a directive isn't at its end", "put a ; before it") }
        guard opened != nil else { throw fault("a } that closes nothing", "remove it") }
        return statements
      case .end:
        guard words.isEmpty else { throw fault("the file ends within a directive", "put a ; behind it") }
        if let opened { throw SyntaxFault(line: opened, message: "a { isn't closed", hint: "put a } behind its block") }
        return statements
      }
    }
  }

  private func fault(_ message: String, _ hint: String) -> SyntaxFault {
    SyntaxFault(line: line, message: message, hint: hint)
  }

  private mutating func next() -> Character? {
    guard let character = rest.popFirst() else { return nil }
    if character.isNewline { line += 1 }
    return character
  }

  private mutating func token() throws(SyntaxFault) -> Token {
    while let character = rest.first {
      if character.isWhitespace {
        _ = next()
      } else if character == "#" {
        rest = rest.drop { !$0.isNewline }
      } else {
        break
      }
    }
    switch rest.first {
    case nil: return .end
    case ";":
      _ = next()
      return .semicolon
    case "{":
      _ = next()
      return .open
    case "}":
      _ = next()
      return .close
    case "\"", "'": return .word(try quoted())
    default: return .word(bare())
    }
  }

  private mutating func quoted() throws(SyntaxFault) -> String {
    let begin = line
    let quote = next()
    var word = ""
    while let character = next() {
      if character == quote { return word }
      word += character == "\\" ? escaped() : String(character)
    }
    throw SyntaxFault(line: begin, message: "a quote isn't closed", hint: "close it")
  }

  private mutating func bare() -> String {
    var word = ""
    while let character = rest.first, !character.isWhitespace, character != ";" {
      // A brace is a variable's behind a dollar sign alone.
      if character == "{", word.last != "$" { break }
      _ = next()
      word += character == "\\" ? escaped() : String(character)
    }
    return word
  }

  /// What a backslash and the next character are: other pairs stay, as regular expressions have them.
  private mutating func escaped() -> String {
    switch next() {
    case "t": "\t"
    case "n": "\n"
    case "r": "\r"
    case "\"": "\""
    case "'": "'"
    case "\\": "\\"
    case let other?: "\\\(other)"
    case nil: "\\"
    }
  }
}
