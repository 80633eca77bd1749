@testable import Model
import FoundationEssentials

@testable import Doors

/// Any JSON.
enum JSONValue: Codable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }

  /// What the admin door writes for a value.
  init(of value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: Data(AdminReply.json(value)))
  }

  subscript(key: String) -> JSONValue? { members[key] }

  var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
  var elements: [JSONValue] { if case .list(let elements) = self { elements } else { [] } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var number: Double? { if case .number(let number) = self { number } else { nil } }
  var texts: [String] { elements.compactMap(\.text) }

  /// Its type as JSON Schema calls it; a whole number is an `integer`.
  var type: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .number(let value): value == value.rounded() ? "integer" : "number"
    case .text: "string"
    case .list: "array"
    case .object: "object"
    }
  }
}

/// The OpenAPI document as tests look at it.
struct OpenAPIDocument {
  let root: JSONValue

  init() throws {
    root = try JSONDecoder().decode(JSONValue.self, from: Data(OpenAPI.document.utf8))
  }

  /// A method of a path.
  struct Operation {
    let method: String
    let path: String
    let description: JSONValue
    /// What the query may have, with references followed.
    let parameters: [JSONValue]

    var name: String { "\(method) \(path)" }
    /// The content of a request, as JSON.
    var content: JSONValue? { description["requestBody"]?["content"]?["application/json"] }
    /// The content of each answer that has some, by its status.
    var answers: [(status: String, content: JSONValue)] {
      (description["responses"]?.members ?? [:]).compactMap { status, response in
        response["content"]?["application/json"].map { (status, $0) }
      }
    }
  }

  var operations: [Operation] {
    (root["paths"]?.members ?? [:]).flatMap { path, methods in
      methods.members.map { method, description in
        Operation(
          method: method.uppercased(), path: path, description: description,
          parameters: (description["parameters"]?.elements ?? []).map(resolved))
      }
    }
  }

  /// A schema by its name.
  func schema(_ name: String) -> JSONValue {
    root["components"]?["schemas"]?[name] ?? .null
  }

  /// The name that a schema refers to.
  func name(of schema: JSONValue?) -> String? {
    schema?["$ref"]?.text.flatMap { $0.split(separator: "/").last.map(String.init) }
  }

  /// What a reference within the document stands for.
  func resolved(_ value: JSONValue) -> JSONValue {
    guard let path = value["$ref"]?.text else { return value }
    return path.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .null }
  }
}

/// Compares values with schemas, and remembers which keys it has seen: so it can tell what a schema promises and nobody
/// has ever sent. Of JSON Schema it knows what answers need.
struct SchemaComparison {
  let document: OpenAPIDocument
  private(set) var mismatches: [String] = []
  /// By the name of a schema: how many objects were seen, and each key how often.
  private(set) var seen: [String: (objects: Int, keys: [String: Int])] = [:]

  init(_ document: OpenAPIDocument) {
    self.document = document
  }

  mutating func compare(_ value: JSONValue, _ schema: JSONValue, at place: String = "") {
    if let name = document.name(of: schema) {
      var known = seen[name] ?? (0, [:])
      if case .object(let members) = value {
        known.objects += 1
        for key in members.keys { known.keys[key, default: 0] += 1 }
      }
      seen[name] = known
      return compare(value, document.resolved(schema), at: place)
    }
    let types = schema["type"]?.text.map { [$0] } ?? schema["type"]?.texts ?? []
    if !types.isEmpty, !types.contains(value.type), !(value.type == "integer" && types.contains("number")) {
      mismatches.append("\(place) is a \(value.type)")
    }
    if let allowed = schema["enum"], !allowed.elements.contains(value) { mismatches.append("\(place) is \(value)") }
    if let minimum = schema["minimum"]?.number, let number = value.number, number < minimum {
      mismatches.append("\(place) is \(number)")
    }
    if let choices = schema["anyOf"]?.elements, !choices.contains(where: { fits(value, $0) }) {
      mismatches.append("\(place) is none of what it may be")
    }
    for (index, element) in value.elements.enumerated() {
      if let items = schema["items"] { compare(element, items, at: "\(place)[\(index)]") }
    }
    compareMembers(of: value, schema, at: place)
  }

  private mutating func compareMembers(of value: JSONValue, _ schema: JSONValue, at place: String) {
    for key in schema["required"]?.texts ?? [] where value[key] == nil {
      mismatches.append("\(place).\(key) is missing")
    }
    for (key, member) in value.members {
      if let names = schema["propertyNames"], !fits(.text(key), names) {
        mismatches.append("\(place): a key is \(key)")
      }
      if let property = schema["properties"]?[key] ?? schema["additionalProperties"] {
        compare(member, property, at: "\(place).\(key)")
      } else {
        mismatches.append("\(place).\(key) isn't described")
      }
    }
  }

  private func fits(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    var other = SchemaComparison(document)
    other.compare(value, schema)
    return other.mismatches.isEmpty
  }

  /// What a schema says of its keys and the objects that were seen don't bear out.
  func contradictions() -> [String] {
    seen.filter { $0.value.objects > 0 }.flatMap { name, seen in
      let schema = document.schema(name)
      let required = Set(schema["required"]?.texts ?? [])
      return (schema["properties"]?.members.keys.sorted() ?? []).compactMap { key in
        let count = seen.keys[key] ?? 0
        if count == 0 { return "\(name).\(key) never comes" }
        return (count == seen.objects) == required.contains(key)
          ? nil : "\(name).\(key) \(required.contains(key) ? "doesn't always come" : "always comes")"
      }
    }.sorted()
  }
}
