/// An object whose keys depend on the word under one of them.
struct Variants<Root: Sendable>: Sendable {
  /// The key that decides.
  let key: String
  /// The word that counts if the key isn't there.
  let fallback: String
  /// The object for each word; all describe the key that decides in the same way.
  let shapes: [(word: String, shape: Shape<Root>)]

  /// The kind of a value that is such an object.
  var kind: Kind<Root> {
    let words = shapes.map(\.word)
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    var keys: [KeyDescription] = []
    for key in shapes.flatMap({ $0.shape.fields.flatMap(\.keys) }) where !keys.contains(key) { keys.append(key) }
    return Kind(wanted: "an object", schema: schema, keys: keys, render: render) { node, path, found in
      guard node.members != nil else {
        return found.mismatch(path, node, "an object", hint: "write such as { \"\(key)\": \"\(fallback)\" }")
      }
      let choice = node[key] ?? JSONNode(fallback)
      guard case .string(let word) = choice.value, let shape = shapes.first(where: { $0.word == word })?.shape else {
        return found.mismatch("\(path).\(key)", choice, "one of \(list)", hint: choiceHint(choice, words))
      }
      return shape.read(node, path, &found) { foreign in
        let others = shapes.filter { $0.shape.has(foreign) }.map { "\"\($0.word)\"" }
        guard !others.isEmpty else { return nil }
        return Refusal(
          message: "is not for the \(key) \"\(word)\"",
          hint: "remove it, or set \"\(key)\" to \(others.joined(separator: " or "))")
      }
    }
  }

  /// The object with the keys that go with its word.
  private func render(_ root: Root) -> JSONNode? {
    shapes.lazy.map { ($0.word, $0.shape.render(root)) }.first { $1[key]?.value == .string($0) }?.1
  }

  /// The JSON Schema: the object for the word that is there, and without one for the default.
  private var schema: JSONNode {
    let own = shapes.lazy.flatMap(\.shape.fields).first { $0.name == key }?.schema ?? true
    let cases: [JSONNode] = shapes.map { word, shape in
      let constant: JSONNode = ["const": JSONNode(word)]
      let isThere: [(String, JSONNode)] = word == fallback ? [] : [("required", [JSONNode(key)])]
      return [
        "if": JSONNode([("properties", JSONNode([(key, constant)]))] + isThere),
        "then": shape.schema(except: key),
      ]
    }
    return ["type": "object", "properties": JSONNode([(key, own)]), "allOf": JSONNode(cases)]
  }
}
