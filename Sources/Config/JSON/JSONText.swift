extension JSONNode {
  /// The value as strict JSON (RFC 8259), indented by two spaces; what holds only plain values is on one line if it's short.
  var text: String {
    var result = ""
    write(to: &result, indent: 0)
    return result
  }

  /// The value as strict JSON on one line.
  var lineText: String {
    var result = ""
    writeLine(to: &result)
    return result
  }

  private func write(to result: inout String, indent: Int) {
    switch value {
    case .array(let elements) where !elements.allSatisfy(\.isPlain):
      Self.write(elements, between: ("[", "]"), to: &result, indent: indent) { element, result in
        element.write(to: &result, indent: indent + 1)
      }
    case .object(let members) where !isShort(members, indent: indent):
      Self.write(members, between: ("{", "}"), to: &result, indent: indent) { member, result in
        result += member.key.jsonQuoted
        result += ": "
        member.value.write(to: &result, indent: indent + 1)
      }
    default: writeLine(to: &result)
    }
  }

  private func writeLine(to result: inout String) {
    switch value {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .number(let text): result += text
    case .string(let text): result += text.jsonQuoted
    case .array(let elements):
      result += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { result += ", " }
        element.writeLine(to: &result)
      }
      result += "]"
    case .object(let members):
      result += members.isEmpty ? "{" : "{ "
      for (index, member) in members.enumerated() {
        if index > 0 { result += ", " }
        result += member.key.jsonQuoted
        result += ": "
        member.value.writeLine(to: &result)
      }
      result += members.isEmpty ? "}" : " }"
    }
  }

  /// Whether an object fits on a line of some 120 characters together with its key.
  private func isShort(_ members: [Member], indent: Int) -> Bool {
    members.allSatisfy(\.value.isPlain) && 2 * indent + lineText.utf8.count <= 100
  }

  private var isPlain: Bool {
    switch value {
    case .array, .object: false
    default: true
    }
  }

  private static func write<Element>(
    _ elements: [Element], between brackets: (String, String), to result: inout String, indent: Int,
    each: (Element, inout String) -> Void
  ) {
    let margin = "\n" + String(repeating: "  ", count: indent)
    result += brackets.0
    for (index, element) in elements.enumerated() {
      result += (index > 0 ? "," : "") + margin + "  "
      each(element, &result)
    }
    result += margin + brackets.1
  }
}
