extension Document {
  /// What a wrong or empty included file is told.
  static let smallestPart =
    "an included file is such as { \"pools\": [{ \"name\": \"web\", \"backends\": [\"127.0.0.1:8000\"] }] }"

  /// Reads the document of an included file.
  static func readPart(_ root: JSONNode, _ found: inout Diagnostics) -> Document? {
    guard root.members != nil else {
      found.mismatch("", root, wanted: "an object", hint: smallestPart)
      return nil
    }
    let main = found.main
    return part.read(root, "", &found) { key in
      if key == "include" {
        Refusal(message: "an included file can't include others", hint: "name them in the \"include\" of \(main)")
      } else if long.has(key) {
        Refusal(
          message: "an included file has \"listeners\" and \"pools\", and nothing else", hint: "move it to \(main)")
      } else if short.has(key) {
        Refusal(
          message: "belongs to the short form, and an included file has \"listeners\" and \"pools\"",
          hint: key == "listen" ? "make it the \"bind\" of a listener" : "move it into a pool")
      } else {
        nil
      }
    }
  }

  /// Adds the listeners and pools of included files to those of the configuration file, whose root that is.
  mutating func add(_ parts: [Document], to root: JSONNode, _ found: inout Diagnostics) {
    let isRight = found.count == 0
    add(parts, \.listeners, called: "listeners", atMost: Self.mostListeners, to: root, isRight: isRight, &found)
    add(parts, \.pools, called: "pools", atMost: Self.mostPools, to: root, isRight: isRight, &found)
  }

  private mutating func add<Element>(
    _ parts: [Document], _ list: WritableKeyPath<Document, [Element]?>, called key: String, atMost most: Int,
    to root: JSONNode, isRight: Bool, _ found: inout Diagnostics
  ) {
    // What can't be read has been reported: nothing is to be concluded from the rest.
    guard self[keyPath: list] != nil || root[key] == nil else { return }
    let all = (self[keyPath: list] ?? []) + parts.flatMap { $0[keyPath: list] ?? [] }
    self[keyPath: list] = all.isEmpty ? nil : all
    if all.isEmpty, isRight {
      found.error(key, root.line, "is missing, here and in what is included", hint: "add it to one of the files")
    } else if all.count > most {
      found.error(
        key, root[key]?.line ?? root.line, "all files together must have 1…\(most) \(key), have \(all.count)",
        hint: "split it")
    }
  }
}

extension Kind where Value == String {
  /// The path of a file or a folder, which may be relative.
  static var include: Kind {
    let hint = "such as \"pools.d\" for all *.json files in that folder"
    return text(
      "the path of a file or a folder in quotes", hint: hint,
      schema: [("pattern", "^[^\\x00*]+$"), ("maxLength", 4095)], isFree: true,
      remedies: { node in
        guard case .string(let text) = node.value, let star = text.firstIndex(of: "*"),
          let slash = text[..<star].lastIndex(of: "/")
        else { return [] }
        return [.write(JSONNode(String(text[..<slash])))]
      }, render: { $0 }
    ) { text throws(Refusal) in
      guard !text.isEmpty, !text.utf8.contains(0) else {
        throw Refusal(message: "\"\(JSONNode.shortened(text))\" is not a path", hint: hint)
      }
      guard !text.contains("*") else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is a pattern, and paths have none",
          hint: "name the folder: all *.json files in it are included")
      }
      guard text.utf8.count <= 4095 else {
        throw Refusal(message: "the path has \(text.utf8.count) bytes, it can have 4095", hint: "use a shorter path")
      }
      return text
    }
  }
}
