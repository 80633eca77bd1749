/// A JSON value and the line on which it starts, so that whatever is wrong with it can be found.
struct JSONNode: Sendable, Equatable {
  /// What a value can be.
  enum Content: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number as it was written: what it overflows is for its reader to say.
    case number(String)
    case string(String)
    case array([JSONNode])
    /// The members in the order of the document, a key that is there twice included.
    case object([Member])
  }

  /// One key of an object with its value.
  struct Member: Sendable, Equatable {
    var key: String
    /// The line of the key, from 1.
    var line: Int
    var value: JSONNode
  }

  var value: Content
  /// The line on which the value starts, from 1; 0 if it doesn't come from a document.
  var line = 0
  /// What it stands for, if that isn't to be shown: only in what is written.
  var secret: Secret?

  /// The members, if this is an object.
  var members: [Member]? {
    if case .object(let members) = value { members } else { nil }
  }

  /// The first value under a key, if this is an object that has it.
  subscript(key: String) -> JSONNode? {
    members?.first { $0.key == key }?.value
  }

  /// The same without what isn't to be shown; what is left can't be read as a configuration.
  var hidingSecrets: JSONNode {
    if let secret, secret.source == .configuration { return ["hidden": true] }
    var result = self
    switch value {
    case .array(let elements): result.value = .array(elements.map(\.hidingSecrets))
    case .object(let members):
      result.value = .object(
        members.map { Member(key: $0.key, line: $0.line, value: $0.value.hidingSecrets) })
    case .null, .bool, .number, .string: break
    }
    return result
  }

  /// The value as an error message shows it: on one line and never long.
  var shown: String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): Self.shortened(text)
    case .string(let text): "\"\(Self.shortened(text))\""
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// Text for a message: no control characters, at most 60 characters.
  static func shortened(_ text: String) -> String {
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
      if count == 60 { return result + "…" }
      if scalar.isPrintable {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
      count += 1
    }
    return result
  }
}

// What a schema is written with.
extension JSONNode: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(stringLiteral text: String) { self.init(value: .string(text)) }
  init(booleanLiteral value: Bool) { self.init(value: .bool(value)) }
  init(integerLiteral value: Int) { self.init(value: .number(String(value))) }
  init(arrayLiteral elements: JSONNode...) { self.init(value: .array(elements)) }
  init(dictionaryLiteral elements: (String, JSONNode)...) { self.init(elements) }

  /// A text.
  init(_ text: String) { self.init(value: .string(text)) }
  /// A whole number.
  init(_ number: Int) { self.init(value: .number(String(number))) }
  /// A list.
  init(_ elements: [JSONNode]) { self.init(value: .array(elements)) }
  /// An object with its members in this order.
  init(_ members: [(String, JSONNode)]) {
    self.init(value: .object(members.map { Member(key: $0.0, line: 0, value: $0.1) }))
  }

  /// The schema of what is either a text of one kind, or something else; each has errors of its own in it, unlike `anyOf`.
  static func either(_ text: JSONNode, _ other: JSONNode) -> JSONNode {
    ["if": ["type": "string"], "then": text, "else": other]
  }

  /// The object with more members at its end.
  func adding(_ more: [(String, JSONNode)]) -> JSONNode {
    JSONNode(value: .object((members ?? []) + more.map { Member(key: $0.0, line: 0, value: $0.1) }), line: line)
  }
}
