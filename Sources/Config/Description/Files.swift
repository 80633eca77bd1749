extension Kind where Value == String {
  /// The absolute path of a file, of so many bytes at most.
  static func path(atMost most: Int) -> Kind {
    text(
      "an absolute path in quotes", hint: "such as \"/run/martlet/admin.sock\"",
      schema: [("pattern", "^/[^\\x00]*[^/\\x00]$"), ("maxLength", JSONNode(most))], isFree: true, render: { $0 }
    ) { text throws(Refusal) in
      guard text.hasPrefix("/"), !text.hasSuffix("/"), !text.utf8.contains(0) else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not the absolute path of a file",
          hint: "write the path from the root, such as \"/run/martlet/admin.sock\"")
      }
      guard text.utf8.count <= most else {
        throw Refusal(message: "the path has \(text.utf8.count) bytes, it can have \(most)", hint: "use a shorter path")
      }
      return text
    }
  }
}

extension Kind where Value == [String] {
  /// A program's path and its arguments, for execve(2).
  static var command: Kind {
    let argument = Kind<String>.text(
      "a text", hint: "put it in quotes", schema: [("pattern", "^[^\\x00]*$"), ("maxLength", 4095)], isFree: true,
      render: { $0 }
    ) { text throws(Refusal) in
      guard !text.utf8.contains(0), text.utf8.count <= 4095 else {
        throw Refusal(
          message: "an argument has at most 4095 bytes, none of them zero", hint: "let the program read it from a file")
      }
      return text
    }
    let list = argument.list(1...32, what: "words", schema: [("prefixItems", [Kind<String>.path(atMost: 4095).schema])])
    return Kind(wanted: list.wanted, schema: list.schema, render: list.render) {
      node, place, found in
      guard let words = list.read(node, place, &found) else { return nil }
      guard words[0].hasPrefix("/"), !words[0].hasSuffix("/") else {
        found.error(
          "\(place)[0]", node.line, "\"\(JSONNode.shortened(words[0]))\" is not the absolute path of a program",
          hint: "write it from the root, such as \"/usr/local/sbin/move-address\"")
        return nil
      }
      return words
    }
  }
}

extension Kind where Value == UInt32 {
  /// The mode of a file as chmod(1) takes it: three octal digits, with or without a zero before them.
  static var mode: Kind {
    let hint = "such as \"0660\" for the owner and the group"
    return text(
      "an octal mode in quotes", hint: hint, schema: [("pattern", "^0?[0-7]{3}$")],
      remedies: { node in
        switch node.value {
        case .number(let text): [.write(JSONNode("0\(text)"))]
        case .string(let text) where text.hasPrefix("0o"): [.write(JSONNode("0\(text.dropFirst(2))"))]
        default: []
        }
      }, render: ModeText.write
    ) { text throws(Refusal) in
      let digits = text.utf8.count == 4 && text.hasPrefix("0") ? text.dropFirst() : text[...]
      guard digits.utf8.count == 3, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }),
        let mode = UInt32(digits, radix: 8)
      else {
        throw Refusal(message: "must be 0000…0777, is \"\(JSONNode.shortened(text))\"", hint: hint)
      }
      return mode
    }
  }
}

/// The mode of a file as it is written in the configuration.
enum ModeText {
  /// Four octal digits, such as `0660`.
  static func write(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
