/// One key of an object: its name, what its value may be, where the value goes, and what it means.
struct Field<Root: Sendable>: Sendable {
  let name: String
  let doc: String
  let isRequired: Bool
  let schema: JSONNode
  /// The key itself, then the keys inside its value.
  let keys: [KeyDescription]
  /// Reads the value that stands at a path into its place.
  let read: @Sendable (JSONNode, String, inout Root, inout Diagnostics) -> Void
  /// The value as it is written in a file; nil if the key is better left out.
  let render: @Sendable (Root) -> JSONNode?
}

extension Field {
  /// A key whose default is what the initial value of the object holds.
  init<Value>(
    _ name: String, _ place: any WritableKeyPath<Root, Value> & Sendable, in initial: Root, _ kind: Kind<Value>,
    _ doc: String
  ) {
    self.init(name, kind, doc, fallback: kind.render(initial[keyPath: place])) {
      $0[keyPath: place]
    } set: {
      $0[keyPath: place] = $1
    }
  }

  /// A key without a default: it is required, or it means something not to have it.
  init<Value>(
    _ name: String, optional place: any WritableKeyPath<Root, Value?> & Sendable, _ kind: Kind<Value>,
    isRequired: Bool = false, _ doc: String
  ) {
    self.init(name, kind, doc, isRequired: isRequired) {
      $0[keyPath: place]
    } set: {
      $0[keyPath: place] = $1
    }
  }

  private init<Value>(
    _ name: String, _ kind: Kind<Value>, _ doc: String, fallback: JSONNode? = nil, isRequired: Bool = false,
    get: @escaping @Sendable (Root) -> Value?, set: @escaping @Sendable (inout Root, Value) -> Void
  ) {
    self.name = name
    self.doc = doc
    self.isRequired = isRequired
    // The default of an object is in its own keys.
    let fallback = kind.keys.isEmpty ? fallback : nil
    schema = kind.schema.adding([("description", JSONNode(doc))] + (fallback.map { [("default", $0)] } ?? []))
    let own = KeyDescription(
      path: name, doc: doc, fallback: fallback?.text, isRequired: isRequired,
      isSecret: kind.isSecret)
    keys = [own] + kind.keys.map { $0.inside(name) }
    read = { node, path, root, found in
      if let value = kind.value(of: node, at: path, &found) { set(&root, value) }
    }
    render = { root in get(root).flatMap(kind.render) }
  }

  /// The same key as part of a larger object.
  func inside<Whole>(_ place: any WritableKeyPath<Whole, Root> & Sendable) -> Field<Whole> {
    Field<Whole>(name: name, doc: doc, isRequired: isRequired, schema: schema, keys: keys) { node, path, whole, found in
      read(node, path, &whole[keyPath: place], &found)
    } render: { whole in
      render(whole[keyPath: place])
    }
  }
}

/// An object: its keys, and what must hold between them.
struct Shape<Root: Sendable>: Sendable {
  /// The object without any key.
  let initial: Root
  let fields: [Field<Root>]
  /// Adjusts defaults to the keys that were given, and reports what doesn't go together.
  let check: @Sendable (inout Located<Root>, inout Diagnostics) -> Void
  /// As much of that as a JSON Schema can say.
  private let rules: [JSONNode]
  /// The keys that can bring what is required from elsewhere.
  private let substitutes: [String]
  private let indices: [String: Int]

  init(
    _ initial: Root, _ fields: [Field<Root>], requiredUnless substitutes: [String] = [], rules: [JSONNode] = [],
    check: @escaping @Sendable (inout Located<Root>, inout Diagnostics) -> Void = { _, _ in }
  ) {
    self.initial = initial
    self.fields = fields
    self.rules = rules
    self.substitutes = substitutes
    self.check = check
    indices = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($0.element.name, $0.offset) })
  }

  /// Whether the object has such a key.
  func has(_ key: String) -> Bool { indices[key] != nil }

  /// The names of the keys.
  var names: [String] { fields.map(\.name) }

  /// Reads the object that stands at a path; `foreign` explains a key that is known, but not to this object.
  func read(
    _ node: JSONNode, _ path: String, _ found: inout Diagnostics,
    foreign: (String) -> Refusal? = { _ in nil }
  ) -> Root? {
    guard let members = node.members else {
      return found.mismatch(
        path, node, "an object", hint: "write { … } with some of these keys: \(names.joined(separator: ", "))")
    }
    var root = initial
    var lines: [String: Int] = [:]
    // What keys under another name were probably meant to be: those aren't missing besides.
    var meant: Set<String> = []
    for member in members {
      let first = lines.updateValue(member.line, forKey: member.key)
      if first == nil, let index = indices[member.key] {
        fields[index].read(member.value, path.isEmpty ? member.key : "\(path).\(member.key)", &root, &found)
        continue
      }
      // The nearest word is too much work for an error that nobody sees.
      guard !found.isFull else {
        found.omit()
        continue
      }
      let refusal: Refusal
      if let first {
        refusal = Self.twice(first: first)
      } else if let other = foreign(member.key) {
        refusal = other
      } else {
        let unknown = UnknownKey(member.key, among: names, in: path, form: found.form)
        refusal = unknown.refusal
        if let key = unknown.meant { meant.insert(key) }
      }
      let key = JSONNode.shownKey(member.key)
      found.error(path.isEmpty ? key : "\(path).\(key)", member.line, refusal.message, hint: refusal.hint)
    }
    let isComplete = substitutes.contains { lines[$0] != nil }
    for field in fields where field.isRequired && !isComplete && lines[field.name] == nil && !meant.contains(field.name)
    {
      found.error(
        path.isEmpty ? field.name : "\(path).\(field.name)", node.line, "is missing",
        hint: "add it. \(field.doc)")
    }
    var located = Located(value: root, node: node, path: path, file: found.file)
    check(&located, &found)
    return located.value
  }

  private static func twice(first line: Int) -> Refusal {
    Refusal(message: "the key is there twice, first on line \(line)", hint: "keep one of them")
  }

  /// The object as it is written in a file, with every default.
  func render(_ root: Root) -> JSONNode {
    JSONNode(fields.compactMap { field in field.render(root).map { (field.name, $0) } })
  }

  /// The JSON Schema of the object.
  var schema: JSONNode { schema(except: nil) }

  /// The JSON Schema of the object, in which one key may be anything, since it's described elsewhere.
  func schema(except known: String?) -> JSONNode {
    let names = fields.filter(\.isRequired).map { JSONNode($0.name) }
    let required: [(String, JSONNode)] = names.isEmpty ? [] : [("required", JSONNode(names))]
    let properties = fields.map { ($0.name, $0.name == known ? true : $0.schema) }
    return JSONNode(
      [("type", "object"), ("properties", JSONNode(properties)), ("additionalProperties", false)]
        + (isAnyThere.map { [("if", ["not": $0]), ("then", JSONNode(required))] } ?? required)
        + (rules.isEmpty ? [] : [("allOf", JSONNode(rules))]))
  }

  /// What a schema says of an object that has one of those keys; nil if there are none.
  private var isAnyThere: JSONNode? {
    let each = substitutes.map { JSONNode([("required", JSONNode([JSONNode($0)]))]) }
    return each.count > 1 ? JSONNode([("anyOf", JSONNode(each))]) : each.first
  }

  /// The kind of a value that is such an object.
  var kind: Kind<Root> {
    Kind(wanted: "an object", schema: schema, keys: fields.flatMap(\.keys), render: render) { node, path, found in
      read(node, path, &found)
    }
  }
}
