/// What the value of a key may be: the one place from which it is read, shown as a default, and put into the schema.
struct Kind<Value: Sendable>: Sendable {
  /// Says in an error message what is wanted, such as `a whole number 1…100`.
  let wanted: String
  /// The JSON Schema of the value.
  let schema: JSONNode
  /// The keys inside the value, if it has any.
  var keys: [KeyDescription] = []
  /// What was probably meant by a value that is refused, as far as this kind alone can tell.
  var remedies: @Sendable (JSONNode) -> [Remedy] = { _ in [] }
  /// Whether nobody is to see the value.
  var isSecret = false
  /// The value as it is written in a file; nil if the key is better left out.
  let render: @Sendable (Value) -> JSONNode?
  /// Reads the value that stands at a path; nil if that isn't possible and has been reported.
  let read: @Sendable (JSONNode, String, inout Diagnostics) -> Value?
}

/// One key of the configuration: what the reference and the schema say about it.
package struct KeyDescription: Equatable, Sendable {
  /// Where it stands, such as `pools[].health.interval`.
  package var path: String
  /// What it means, with its unit.
  package var doc: String
  /// Its default as JSON; nil if it has none that could be written down.
  package var fallback: String?
  /// Whether a file must have it.
  package var isRequired: Bool
  /// Whether nobody is to see its value.
  package var isSecret = false

  /// The same key inside something else.
  func inside(_ prefix: String) -> KeyDescription {
    var result = self
    result.path = path.hasPrefix("[") ? prefix + path : "\(prefix).\(path)"
    return result
  }
}

/// Why a text or a number is not what a kind wants.
struct Refusal: Error {
  var message: String
  var hint: String
}

extension Kind {
  /// The same kind for another type of value.
  func map<Other>(
    _ from: @escaping @Sendable (Value) -> Other, back: @escaping @Sendable (Other) -> Value?
  ) -> Kind<Other> {
    Kind<Other>(
      wanted: wanted, schema: schema, keys: keys, remedies: remedies, render: { back($0).flatMap(render) }
    ) { node, path, found in
      read(node, path, &found).map(from)
    }
  }

  /// This kind, or one word that stands for a special value.
  func orWord(_ word: String, meaning special: Value) -> Kind where Value: Equatable {
    let constant: JSONNode = ["const": JSONNode(word)]
    // A kind that is itself written as text knows best what is wrong with one that isn't nearly the word.
    let isText = schema["type"] == "string"
    let either: JSONNode = isText ? ["if": ["not": constant], "then": schema] : .either(constant, schema)
    return Kind(
      wanted: "\(wanted) or \"\(word)\"", schema: either.adding([("examples", [JSONNode(word)])]),
      keys: keys, remedies: remedies, render: { $0 == special ? JSONNode(word) : render($0) }
    ) { node, path, found in
      guard case .string(let text) = node.value else { return read(node, path, &found) }
      if text == word { return special }
      let isNearly = nearest(to: text, among: [word]) != nil
      if isText, !isNearly { return read(node, path, &found) }
      return found.mismatch(
        path, node, "\(wanted) or \"\(word)\"",
        hint: isNearly ? "write \"\(word)\" exactly like this" : "write one of the two")
    }
  }

  /// This kind, or one word that stands for having none.
  func orNone(_ word: String) -> Kind<Value?> where Value: Equatable {
    map {
      Optional($0)
    } back: {
      $0
    }.orWord(word, meaning: nil)
  }

  /// This kind, or a text that stands for the whole of it.
  func orText<Text>(_ kind: Kind<Text>, meaning: @escaping @Sendable (Text) -> Value) -> Kind {
    Kind(
      wanted: "\(kind.wanted) or \(wanted)", schema: .either(kind.schema, schema), keys: keys,
      remedies: { kind.remedies($0) + remedies($0) }, render: render
    ) { node, path, found in
      switch node.value {
      case .string: kind.read(node, path, &found).map(meaning)
      case .object: read(node, path, &found)
      default: found.mismatch(path, node, "\(kind.wanted) or \(wanted)")
      }
    }
  }

  /// The same kind, together with where the value stands.
  var located: Kind<Located<Value>> {
    Kind<Located<Value>>(
      wanted: wanted, schema: schema, keys: keys, remedies: remedies, render: { render($0.value) }
    ) { node, path, found in
      read(node, path, &found).map { Located(value: $0, node: node, path: path, file: found.file) }
    }
  }

  /// A list of this kind with so many elements.
  func list(_ count: ClosedRange<Int>, what: String, schema more: [(String, JSONNode)] = []) -> Kind<[Value]> {
    let schema = JSONNode(
      [
        ("type", "array"), ("items", schema), ("minItems", JSONNode(count.lowerBound)),
        ("maxItems", JSONNode(count.upperBound)),
      ] + more)
    return Kind<[Value]>(
      wanted: "a list of \(what)", schema: schema, keys: keys.map { $0.inside("[]") },
      render: { values in
        let elements = values.compactMap(render)
        return elements.count == values.count ? JSONNode(elements) : nil
      }
    ) { node, path, found in
      guard case .array(let elements) = node.value else {
        return found.mismatch(path, node, "a list of \(what)", hint: "put it in brackets: [ … ]")
      }
      guard count.contains(elements.count) else {
        found.error(
          path, node.line, "must have \(count.lowerBound)…\(count.upperBound) \(what), has \(elements.count)",
          hint: elements.isEmpty ? "add one" : "split it")
        return nil
      }
      let values = elements.enumerated().compactMap { value(of: $0.element, at: "\(path)[\($0.offset)]", &found) }
      return values.count == elements.count ? values : nil
    }
  }

  /// A list of this kind, or a single value in its place.
  func oneOrMore(_ count: ClosedRange<Int>, what: String) -> Kind<[Value]> {
    let list = list(count, what: what)
    return Kind<[Value]>(
      wanted: "\(wanted) or \(list.wanted)",
      schema: ["if": ["type": "array"], "then": list.schema, "else": schema], keys: keys, remedies: remedies,
      render: { $0.count == 1 ? $0.first.flatMap(render) : list.render($0) }
    ) { node, path, found in
      guard case .array = node.value else { return read(node, path, &found).map { [$0] } }
      return list.read(node, path, &found)
    }
  }
}

/// Where something stands.
struct Place: Sendable {
  /// The file, if it's an included one.
  var file: String?
  /// The path in the file.
  var path: String
  var line: Int
}

/// A value and where it stands.
struct Located<Value: Sendable>: Sendable {
  var value: Value
  let node: JSONNode
  let path: String
  /// The file, if it's an included one.
  var file: String?

  /// Where it stands.
  var place: Place { Place(file: file, path: path, line: node.line) }

  /// The place of one of its keys; its own if the key isn't there.
  func place(of key: String) -> Place {
    guard let members = node.members else { return place }
    let line = members.first { $0.key == key }?.line ?? node.line
    return Place(file: file, path: path.isEmpty ? key : "\(path).\(key)", line: line)
  }
}

extension Diagnostics {
  /// Says that a value isn't of the kind that is wanted, and reads as nothing.
  mutating func mismatch<Value>(
    _ path: String, _ node: JSONNode, _ wanted: String, hint: String? = nil
  ) -> Value? {
    var hint = hint ?? "write \(wanted)"
    if case .null = node.value { hint = "leave the key out to have its default" }
    if case .string(let text) = node.value, let oddity = JSONNode.oddity(of: text) { hint += "; \(oddity)" }
    mismatch(path, node, wanted: wanted, hint: hint)
    return nil
  }
}
