@testable import Config

/// As much of JSON Schema as the configuration's schema uses.
enum Schema {
  private static let whole = try? JSONParser.parse(Array(ConfigSchema.jsonSchema().utf8))

  /// Whether the configuration's schema accepts a document.
  static func accepts(_ node: JSONNode) -> Bool {
    whole.map { accepts(node, $0) } ?? false
  }

  /// The keys that a schema describes, each with its default.
  static func keys(of schema: JSONNode, in path: String = "") -> [String] {
    (schema.members ?? []).flatMap { member -> [String] in
      switch (member.key, member.value.value) {
      case ("properties", .object(let members)):
        members.flatMap { member in
          let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
          // The constant under a health check's type repeats a key.
          let own = member.value["description"] == nil ? [] : ["\(inner) \(member.value["default"]?.text ?? "-")"]
          return own + keys(of: member.value, in: inner)
        }
      case ("items", _): keys(of: member.value, in: path + "[]")
      case ("oneOf", .array(let schemas)), ("anyOf", .array(let schemas)): schemas.flatMap { keys(of: $0, in: path) }
      default: []
      }
    }
  }

  private static func accepts(_ node: JSONNode, _ schema: JSONNode) -> Bool {
    (schema.members ?? []).allSatisfy { rule in
      switch (rule.key, rule.value.value) {
      case ("type", .string(let type)): isOf(type, node)
      case ("const", let constant): node.value == constant
      case ("enum", .array(let values)): values.contains { $0.value == node.value }
      case ("oneOf", .array(let schemas)): schemas.count { accepts(node, $0) } == 1
      case ("anyOf", .array(let schemas)): schemas.contains { accepts(node, $0) }
      case ("allOf", .array(let schemas)): schemas.allSatisfy { accepts(node, $0) }
      case ("minimum", .number(let least)): number(node).map { $0 >= Double(least) ?? 0 } ?? true
      case ("maximum", .number(let most)): number(node).map { $0 <= Double(most) ?? 0 } ?? true
      case ("minItems", .number(let least)): count(node).map { $0 >= Int(least) ?? 0 } ?? true
      case ("maxItems", .number(let most)): count(node).map { $0 <= Int(most) ?? 0 } ?? true
      case ("minLength", .number(let least)): length(node).map { $0 >= Int(least) ?? 0 } ?? true
      case ("maxLength", .number(let most)): length(node).map { $0 <= Int(most) ?? 0 } ?? true
      case ("pattern", .string(let pattern)): matches(node, pattern)
      case ("required", .array(let keys)): node.members == nil || keys.allSatisfy { has($0, node) }
      case ("additionalProperties", .bool(false)):
        (node.members ?? []).allSatisfy { schema["properties"]?[$0.key] != nil }
      case ("properties", .object(let properties)):
        properties.allSatisfy { property in node[property.key].map { accepts($0, property.value) } ?? true }
      case ("items", _):
        if case .array(let elements) = node.value { elements.allSatisfy { accepts($0, rule.value) } } else { true }
      case ("description", _), ("default", _), ("title", _), ("$schema", _): true
      default: false
      }
    }
  }

  private static func isOf(_ type: String, _ node: JSONNode) -> Bool {
    switch (type, node.value) {
    case ("object", .object), ("array", .array), ("string", .string): true
    case ("integer", .number(let text)): Double(text).map { $0 == $0.rounded() } ?? false
    default: false
    }
  }

  private static func number(_ node: JSONNode) -> Double? {
    if case .number(let text) = node.value { Double(text) } else { nil }
  }

  private static func count(_ node: JSONNode) -> Int? {
    if case .array(let elements) = node.value { elements.count } else { nil }
  }

  private static func length(_ node: JSONNode) -> Int? {
    if case .string(let text) = node.value { text.unicodeScalars.count } else { nil }
  }

  private static func matches(_ node: JSONNode, _ pattern: String) -> Bool {
    guard case .string(let text) = node.value, let regex = try? Regex(pattern) else { return true }
    return text.firstMatch(of: regex) != nil
  }

  private static func has(_ key: JSONNode, _ node: JSONNode) -> Bool {
    if case .string(let key) = key.value { node[key] != nil } else { false }
  }
}
