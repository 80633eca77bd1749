/// Why a document isn't JSON, and where.
struct JSONSyntaxError: Error, Equatable {
  /// The line, from 1.
  var line: Int
  /// The character in the line, from 1.
  var column: Int
  var message: String
  var hint: String
}

/// Reads JSON (RFC 8259) with what JSON5 adds for people: comments, trailing commas, 'single quotes' and bare keys.
///
/// It knows the line of every value and the column of an error, which Foundation's decoder doesn't tell, and keeps
/// duplicate keys for the reader to refuse. JSON5's other numbers (hexadecimal, `+1`, `.5`, `NaN`) aren't accepted: no
/// key needs them.
struct JSONParser {
  /// The deepest nesting of lists and objects; a configuration needs 6, and recursion must end before the stack does.
  static let deepest = 64

  private let bytes: [UInt8]
  /// The keys whose values no error quotes.
  private let secretKeys: [String]
  /// Whether what stands here may be a part of such a value.
  private var isSecret = false
  private var position = 0
  private var line = 1
  private var lineStart = 0
  private var depth = 0

  /// Reads a whole document from bytes that are valid UTF-8.
  ///
  /// - Parameter secretKeys: keys whose values no error quotes, nor the values of keys that may be meant for them.
  static func parse(_ bytes: [UInt8], secretKeys: [String] = []) throws(JSONSyntaxError) -> JSONNode {
    var parser = JSONParser(bytes: bytes, secretKeys: secretKeys)
    try parser.skipSpace()
    let result = try parser.value()
    try parser.skipSpace()
    guard parser.current == nil else {
      throw parser.error(
        "unexpected \(parser.shownCurrent) after the end of the document", "a file holds one object: remove the rest")
    }
    return result
  }

  private init(bytes: [UInt8], secretKeys: [String]) {
    self.bytes = bytes
    self.secretKeys = secretKeys
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func value() throws(JSONSyntaxError) -> JSONNode {
    let start = line
    switch current {
    case UInt8(ascii: "{"): return JSONNode(value: .object(try object()), line: start)
    case UInt8(ascii: "["): return JSONNode(value: .array(try array()), line: start)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return JSONNode(value: .string(try string()), line: start)
    case .some(let byte) where JSONCharacters.isPartOfWord(byte): return JSONNode(value: try word(), line: start)
    case nil: throw error("the document ends where a value is expected", "write a value, or close what is open")
    default:
      throw error(
        "expected a value\(found)", comment ?? "a value is text, a number, a list or an object")
    }
  }

  private mutating func object() throws(JSONSyntaxError) -> [JSONNode.Member] {
    try enter()
    let start = line
    let isInSecret = isSecret
    var members: [JSONNode.Member] = []
    while try next(before: "}", after: members.isEmpty, what: "object", from: start) {
      let followsSecret = isSecret
      isSecret = isInSecret
      let keyLine = line
      let key = try self.key()
      isSecret = isInSecret || isSecretKey(key)
      try skipSpace()
      guard current == UInt8(ascii: ":") else {
        // It may be the rest of a secret whose quotes are wrong, or its key and the secret in one.
        let isShown = secretKeys.contains(key) || !isSecret && !followsSecret
        let shown = isShown ? "\"\(JSONNode.shortened(key))\"" : nil
        throw error(
          "expected \":\" after \(shown.map { "the key \($0)" } ?? "a key")\(found)",
          "write \(shown ?? "the key in quotes, then"): and a value")
      }
      position += 1
      try skipSpace()
      members.append(JSONNode.Member(key: key, line: keyLine, value: try value()))
    }
    isSecret = isInSecret
    return members
  }

  private func isSecretKey(_ key: String) -> Bool {
    let written = key.lowercased()
    return secretKeys.contains { written.contains($0.lowercased()) } || nearest(to: key, among: secretKeys) != nil
  }

  private mutating func array() throws(JSONSyntaxError) -> [JSONNode] {
    try enter()
    let start = line
    var elements: [JSONNode] = []
    while try next(before: "]", after: elements.isEmpty, what: "list", from: start) { elements.append(try value()) }
    return elements
  }

  /// Steps into the object or list that opens here.
  private mutating func enter() throws(JSONSyntaxError) {
    guard depth < Self.deepest else {
      throw error("nested more than \(Self.deepest) levels deep", "no part of a configuration is nested like this")
    }
    depth += 1
    position += 1
  }

  /// Goes to the next member of an object or list, over the comma that parts it from the last one; false at its end.
  private mutating func next(
    before close: Unicode.Scalar, after isFirst: Bool, what: String, from start: Int
  ) throws(JSONSyntaxError) -> Bool {
    try skipSpace()
    if !isFirst, current == UInt8(ascii: ",") {
      position += 1
      try skipSpace()
    } else if !isFirst, current != UInt8(ascii: close) {
      if current == nil { throw unclosed(what, start) }
      throw error("expected \",\" or \"\(close)\"\(found)", "is a comma missing before it?")
    }
    guard current != UInt8(ascii: close) else {
      position += 1
      depth -= 1
      return false
    }
    if current == nil { throw unclosed(what, start) }
    return true
  }

  private func unclosed(_ what: String, _ start: Int) -> JSONSyntaxError {
    error(
      "the document ends inside the \(what) that starts on line \(start)",
      "close it with \"\(what == "list" ? "]" : "}")\"")
  }

  private mutating func key() throws(JSONSyntaxError) -> String {
    switch current {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return try string()
    case .some(let byte) where JSONCharacters.isPartOfName(byte):
      let start = position
      while let byte = current, JSONCharacters.isPartOfName(byte) { position += 1 }
      return String(decoding: bytes[start..<position], as: UTF8.self)
    default:
      throw error("expected a key\(found)", comment ?? "a key is text in quotes, such as \"name\"")
    }
  }

  private mutating func word() throws(JSONSyntaxError) -> JSONNode.Content {
    let begin = mark
    while let byte = current, JSONCharacters.isPartOfWord(byte) { position += 1 }
    let text = String(decoding: bytes[begin.position..<position], as: UTF8.self)
    switch text {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    case _ where JSONCharacters.isNumber(text.utf8): return .number(text)
    case _ where isSecret:
      throw error("this is neither a number nor true, false or null", "text needs quotes", at: begin)
    default:
      let meant = JSONCharacters.meant(by: text)
      throw error(
        "\(JSONNode.shortened(text)) is neither a number nor true, false or null",
        meant.map { "write \($0)" } ?? "text needs quotes: \"\(JSONNode.shortened(text))\"", at: begin)
    }
  }

  // MARK: - Text

  private mutating func string() throws(JSONSyntaxError) -> String {
    let begin = mark
    let quote = bytes[position]
    position += 1
    var result = ""
    var start = position
    while let byte = current {
      switch byte {
      case quote:
        result += String(decoding: bytes[start..<position], as: UTF8.self)
        position += 1
        return result
      case UInt8(ascii: "\\"):
        result += String(decoding: bytes[start..<position], as: UTF8.self)
        result.unicodeScalars.append(try escape())
        start = position
      case 0..<0x20:
        throw error(
          byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            ? "the line ends inside a text" : "a control character inside a text",
          "close the text with its quote, or write the character as an escape such as \\n", at: begin)
      default: position += 1
      }
    }
    throw error("the document ends inside a text", "close the text with its quote", at: begin)
  }

  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let begin = mark
    position += 1
    let byte = current
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      return Unicode.Scalar(bytes[position - 1])
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      if let scalar = unicodeEscape() { return scalar }
      throw error("not a character: \\u needs four hexadecimal digits", "such as \\u00e9", at: begin)
    default:
      throw error("unknown escape after \"\\\"", "JSON has \\n \\r \\t \\b \\f \\\" \\\\ \\/ and \\u00e9", at: begin)
    }
  }

  /// The character after `\u`: four digits, or twice four for one beyond the basic plane (RFC 8259 §7).
  private mutating func unicodeEscape() -> Unicode.Scalar? {
    guard let first = fourDigits() else { return nil }
    guard UTF16.isLeadSurrogate(first) else { return Unicode.Scalar(first) }
    guard bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else { return nil }
    position += 2
    guard let second = fourDigits(), UTF16.isTrailSurrogate(second) else { return nil }
    return Unicode.Scalar(0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF)
  }

  private mutating func fourDigits() -> UInt16? {
    guard position + 4 <= bytes.count else { return nil }
    let digits = bytes[position..<position + 4]
    guard digits.allSatisfy({ UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }) else { return nil }
    position += 4
    return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  // MARK: - Space, comments and places

  private mutating func skipSpace() throws(JSONSyntaxError) {
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\n"): startLine()
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "/"): try skipComment()
      default: return
      }
    }
  }

  private mutating func startLine() {
    position += 1
    line += 1
    lineStart = position
  }

  private mutating func skipComment() throws(JSONSyntaxError) {
    let begin = mark
    position += 1
    switch current {
    case UInt8(ascii: "/"):
      while let byte = current, byte != UInt8(ascii: "\n") { position += 1 }
    case UInt8(ascii: "*"):
      position += 1
      while let byte = current {
        if byte == UInt8(ascii: "\n") {
          startLine()
          continue
        }
        position += 1
        if byte == UInt8(ascii: "*"), current == UInt8(ascii: "/") {
          position += 1
          return
        }
      }
      throw error("the document ends inside a comment", "close it with */", at: begin)
    default: throw error("unexpected \"/\"", "a comment starts with // or /*", at: begin)
    }
  }

  /// A place to report an error at, later.
  private struct Mark {
    var position: Int
    var line: Int
    var lineStart: Int
  }

  private var mark: Mark { Mark(position: position, line: line, lineStart: lineStart) }

  private func error(_ message: String, _ hint: String, at place: Mark? = nil) -> JSONSyntaxError {
    let place = place ?? mark
    // Continuation bytes of UTF-8 are part of the character before them.
    let column = bytes[place.lineStart..<min(place.position, bytes.count)].count { $0 & 0xC0 != 0x80 } + 1
    return JSONSyntaxError(line: place.line, column: column, message: message, hint: hint)
  }

  /// The remedy for comments of another kind than JSON5's.
  private var comment: String? { current == UInt8(ascii: "#") ? "a comment starts with //" : nil }

  /// What stands here, for the end of an error; nothing where it may be a secret.
  private var found: String { isSecret ? "" : ", found \(shownCurrent)" }

  private var shownCurrent: String {
    guard position < bytes.count else { return "the end of the document" }
    let character = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self)
    return character.unicodeScalars.first.map { "\"\(JSONNode.shortened(String($0)))\"" } ?? "nothing"
  }
}
