internal import Sockets

extension Kind where Value == Int {
  /// A whole number in a range.
  static func integer(_ range: ClosedRange<Int>) -> Kind {
    let wanted = "a whole number \(range.lowerBound)…\(range.upperBound)"
    let schema: JSONNode = [
      "type": "integer", "minimum": JSONNode(range.lowerBound), "maximum": JSONNode(range.upperBound),
    ]
    return Kind(wanted: wanted, schema: schema, render: { JSONNode($0) }) { node, path, found in
      guard case .number(let text) = node.value else {
        return found.mismatch(path, node, wanted)
      }
      // 3.0 and 3e2 are whole numbers too; what doesn't fit is reported like what is out of range.
      guard let number = Int(text) ?? Double(text).flatMap(Int.init(exactly:)) else {
        return found.mismatch(path, node, wanted, hint: "choose one in this range")
      }
      guard range.contains(number) else {
        found.error(
          path, node.line, "must be \(range.lowerBound)…\(range.upperBound), is \(node.shown)",
          hint: "choose a number in this range")
        return nil
      }
      return number
    }
  }

  /// The most of something that may be there at once; `Int.max` if there is no limit.
  static var limit: Kind { integer(1...10_000_000).orWord("unlimited", meaning: .max) }
}

extension Kind where Value == Bool {
  /// Yes or no.
  static var bool: Kind {
    Kind(wanted: "true or false", schema: ["type": "boolean"], render: { JSONNode(value: .bool($0)) }) {
      node, path, found in
      guard case .bool(let value) = node.value else {
        return found.mismatch(path, node, "true or false", hint: "write one of the two, without quotes")
      }
      return value
    }
  }
}

extension Kind {
  /// A text that `parse` reads, and `render` writes if it can.
  ///
  /// Where any character may stand in it, a refusal says nothing about odd ones.
  static func text(
    _ wanted: String, hint: String, schema: [(String, JSONNode)] = [], isFree: Bool = false,
    remedies: @escaping @Sendable (JSONNode) -> [Remedy] = { _ in [] },
    render: @escaping @Sendable (Value) -> String?,
    parse: @escaping @Sendable (String) throws(Refusal) -> Value
  ) -> Kind {
    Kind(
      wanted: wanted, schema: JSONNode([("type", "string")] + schema), remedies: remedies,
      render: { render($0).map { JSONNode($0) } }
    ) { node, path, found in
      guard case .string(let text) = node.value else { return found.mismatch(path, node, wanted, hint: hint) }
      do throws(Refusal) {
        return try parse(text)
      } catch {
        let oddity = isFree ? nil : JSONNode.oddity(of: text)
        found.error(path, node.line, error.message, hint: error.hint + (oddity.map { "; \($0)" } ?? ""))
        return nil
      }
    }
  }
}

extension Kind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// One of the words of an enumeration.
  static var choice: Kind {
    let words = Value.allCases.map(\.rawValue)
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    return Kind(
      wanted: "one of \(list)", schema: ["enum": JSONNode(words.map { JSONNode($0) })],
      render: { JSONNode($0.rawValue) }
    ) { node, path, found in
      guard case .string(let text) = node.value, let value = Value(rawValue: text) else {
        return found.mismatch(path, node, "one of \(list)", hint: choiceHint(node, words))
      }
      return value
    }
  }
}

/// The remedy for a word that isn't one of those that are known.
func choiceHint(_ node: JSONNode, _ words: [String]) -> String {
  if case .string(let text) = node.value, let nearest = nearest(to: text, among: words) {
    return "did you mean \"\(nearest)\"?"
  }
  if case .string(let text) = node.value, let word = ForeignWords.values(text).first(where: words.contains) {
    return "write \"\(word)\""
  }
  return "write one of these words in quotes"
}

extension BackendConfiguration {
  /// Whether a text can be the name of a backend, a pool or a listener.
  package static func isName(_ text: String) -> Bool {
    let isAllowed = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return isAllowed && (1...64).contains(text.utf8.count)
  }
}

extension Kind where Value == String {
  /// The name of a listener, a pool or a backend: it appears in logs, addresses of the stats port and metrics.
  static var name: Kind {
    text(
      "a name in quotes", hint: "such as \"web\"",
      schema: [("pattern", "^[A-Za-z0-9._:-]{1,64}$")], render: { $0 }
    ) { text throws(Refusal) in
      guard BackendConfiguration.isName(text) else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not a name",
          hint: "1…64 of the characters A-Z a-z 0-9 . _ : -")
      }
      return text
    }
  }

  /// One line of text without control characters, of so many bytes.
  static func line(_ length: ClosedRange<Int>, spaces: Bool, prefix: String = "") -> Kind {
    let wanted = spaces ? "a text" : "a text without spaces"
    let start = prefix.isEmpty ? "" : " that starts with \"\(prefix)\""
    return text(
      "\(wanted)\(start), \(length.lowerBound)…\(length.upperBound) bytes", hint: "put the text in quotes",
      schema: [("minLength", JSONNode(length.lowerBound)), ("maxLength", JSONNode(length.upperBound))]
        + [("pattern", JSONNode("^\(prefix)[^\\x00-\\x\(spaces ? "1f" : "20")\\x7f]*$"))],
      isFree: true, render: { $0 }
    ) { text throws(Refusal) in
      let isLine = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F || spaces && $0 == 0x20 }
      guard isLine, length.contains(text.utf8.count), text.hasPrefix(prefix) else {
        throw Refusal(
          message:
            "must be \(wanted)\(start), \(length.lowerBound)…\(length.upperBound) bytes, is \"\(JSONNode.shortened(text))\"",
          hint: "it is sent as it is: encode what isn't a plain character")
      }
      return text
    }
  }
}

extension Kind where Value == [UInt8] {
  /// Bytes as text, 1…4,096 of them.
  static var bytes: Kind {
    text(
      "a text", hint: "put the text in quotes", schema: [("minLength", 1), ("maxLength", 4096)], isFree: true,
      render: { String(validating: $0, as: UTF8.self) }
    ) { text throws(Refusal) in try checked(Array(text.utf8)) }
  }

  /// Bytes as pairs of hexadecimal digits, 1…4,096 of them; spaces between the pairs are allowed. Only what isn't text is
  /// written like this.
  static var hexBytes: Kind {
    text(
      "hexadecimal bytes", hint: "such as \"50 49 4e 47\"",
      schema: [("pattern", "^ *([0-9A-Fa-f]{2} *)+$")],
      render: { bytes in
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(separator: " ")
      }
    ) { text throws(Refusal) in
      var result: [UInt8] = []
      for group in text.utf8.split(separator: UInt8(ascii: " ")) {
        var rest = group
        while !rest.isEmpty {
          let pair = rest.prefix(2)
          rest = rest.dropFirst(2)
          guard pair.count == 2, pair.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let byte = UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
          else {
            throw Refusal(
              message: "\"\(JSONNode.shortened(text))\" is not hexadecimal bytes",
              hint: "two digits 0-9 a-f for each byte, such as \"50 49 4e 47\"")
          }
          result.append(byte)
        }
      }
      return try checked(result)
    }
  }

  private static func checked(_ bytes: [UInt8]) throws(Refusal) -> [UInt8] {
    guard (1...4096).contains(bytes.count) else {
      throw Refusal(message: "must have 1…4096 bytes, has \(bytes.count)", hint: "leave the key out to have none")
    }
    return bytes
  }
}

extension Kind where Value == StatusSet {
  /// A status code of HTTP or a range of them.
  static var status: Kind {
    let number = Kind<Int>.integer(100...599)
    return Kind(
      wanted: "a status code or a range of them",
      schema: .either(["pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"], number.schema),
      remedies: { node in
        // A class of codes, as some write it.
        guard case .string(let text) = node.value, text.lowercased().hasSuffix("xx") else { return [] }
        return [.write(JSONNode("\(text.prefix(1))00-\(text.prefix(1))99"))]
      },
      render: { JSONNode($0.description) }
    ) { node, path, found in
      guard case .string(let text) = node.value else {
        return number.read(node, path, &found).map { StatusSet([$0...$0]) }
      }
      let codes = text.split(separator: "-", omittingEmptySubsequences: false).map {
        $0.utf8.count == 3 ? Int(digits: $0) : nil
      }
      guard (1...2).contains(codes.count), let first = codes[0], let last = codes[codes.count - 1],
        100 <= first, first <= last, last <= 599
      else {
        return found.mismatch(
          path, node, "a status code or a range of them",
          hint: "write such as 200, \"200-399\" or [200, \"300-399\"]")
      }
      return StatusSet([first...last])
    }
  }
}
