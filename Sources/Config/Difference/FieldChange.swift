/// Another value under a key.
package struct FieldChange: Codable, Equatable, Sendable {
  /// The key as in the file, with those around it up to the element: `maxSessions`, `health.interval`, `fleet.nodes[1].address`.
  package var key: String
  /// The value before, as in the file, a text without its quotes; empty if there was none.
  package var from: String
  /// The value afterwards; empty if there is none.
  package var to: String
}

/// Another value under a key that is only read at the start.
package struct RestartChange: Codable, Equatable, Sendable {
  /// Like a ``FieldChange``'s.
  package var key: String
  /// What it was, as the file says it.
  package var from: String
  /// What it becomes, as the file says it.
  package var to: String
  /// What it takes for the new value to hold.
  package var hint: String
}

extension FieldChange {
  /// What is different between two objects that were written by the description of the keys.
  static func all(from old: JSONNode, to new: JSONNode) -> [FieldChange] {
    var result: [FieldChange] = []
    compare(old, new, under: "", &result)
    return result
  }

  private static func compare(_ old: JSONNode?, _ new: JSONNode?, under key: String, _ result: inout [FieldChange]) {
    guard old != new else { return }
    // A secret is compared, and not shown: what is in a file may be another under the same path.
    if old?.secret != new?.secret {
      result.append(FieldChange(key: key, from: text(of: old), to: text(of: new)))
      return
    }
    // Of two lists of as many objects it's told what is different in which.
    if let before = old?.objects, let after = new?.objects, before.count == after.count {
      for (index, (old, new)) in zip(before, after).enumerated() {
        compare(old, new, under: "\(key)[\(index)]", &result)
      }
      return
    }
    guard let before = old?.members, let after = new?.members else {
      result.append(FieldChange(key: key, from: text(of: old), to: text(of: new)))
      return
    }
    let gone = before.filter { new?[$0.key] == nil }
    for member in after + gone {
      let inner = key.isEmpty ? member.key : "\(key).\(member.key)"
      compare(old?[member.key], new?[member.key], under: inner, &result)
    }
  }

  private static func text(of node: JSONNode?) -> String {
    guard let node = node?.hidingSecrets else { return "" }
    if node == ["hidden": true] { return "(hidden)" }
    return if case .string(let text) = node.value { text } else { node.lineText }
  }
}

extension JSONNode {
  /// The elements of a list, if all of them are objects.
  fileprivate var objects: [JSONNode]? {
    if case .array(let elements) = value, elements.allSatisfy({ $0.members != nil }) { elements } else { nil }
  }
}
