extension JSONNode {
  /// The value as strict JSON (RFC 8259), indented by two spaces, small lists of plain values on one line.
  var text: String {
    var result = ""
    write(to: &result, indent: 0)
    return result
  }

  private func write(to result: inout String, indent: Int) {
    switch value {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .number(let text): result += text
    case .string(let text): Self.write(text, to: &result)
    case .array(let elements):
      if elements.allSatisfy(\.isPlain) {
        result += "["
        for (index, element) in elements.enumerated() {
          if index > 0 { result += ", " }
          element.write(to: &result, indent: indent)
        }
        result += "]"
      } else {
        Self.write(elements, between: ("[", "]"), to: &result, indent: indent) { element, result in
          element.write(to: &result, indent: indent + 1)
        }
      }
    case .object(let members):
      guard !members.isEmpty else {
        result += "{}"
        return
      }
      Self.write(members, between: ("{", "}"), to: &result, indent: indent) { member, result in
        Self.write(member.key, to: &result)
        result += ": "
        member.value.write(to: &result, indent: indent + 1)
      }
    }
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

  private static func write(_ text: String, to result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
