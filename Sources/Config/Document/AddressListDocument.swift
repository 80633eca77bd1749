internal import Sockets

/// The object in place of a list of ranges as it stands in the file.
private struct AddressListDocument: Sendable {
  var file: String?

  static let shape = Shape(
    AddressListDocument(),
    [
      Field(
        "file", optional: \.file, .besideFile, isRequired: true,
        "The path of a text file with a range a line, and # before what is for people. A relative path counts from the folder of the file "
          + "in which it stands. It's read again when it changes; as long as it's wrong, what it said before holds.")
    ])
}

extension Kind where Value == AddressList {
  /// Ranges of addresses, or the file that has them.
  static var addresses: Kind {
    let ranges = Kind<AddressRange>.range.list(1...4096, what: "ranges")
    let object = AddressListDocument.shape.kind
    let wanted = "\(ranges.wanted) or an object with a \"file\""
    return Kind(
      wanted: wanted, schema: ["if": ["type": "array"], "then": ranges.schema, "else": object.schema],
      keys: object.keys,
      render: { list in
        switch list {
        case .ranges(let all): ranges.render(all)
        case .file(let path): object.render(AddressListDocument(file: path))
        }
      }
    ) { node, path, found in
      switch node.value {
      case .array: ranges.read(node, path, &found).map { .ranges($0) }
      case .object: object.read(node, path, &found).map { .file($0.file ?? "") }
      default:
        found.mismatch(path, node, wanted, hint: "write such as [\"10.0.0.0/8\"], or { \"file\": \"blocked.txt\" }")
      }
    }
  }
}

extension Kind where Value == String {
  /// The path of a file that stands beside the one in which it's named, if it's a relative one; as a path from the root on.
  static var besideFile: Kind {
    let hint = "such as \"blocked.txt\" for a file beside this one"
    let text = Kind.text(
      "the path of a file in quotes", hint: hint,
      schema: [("pattern", "^[^\\x00]*[^/\\x00]$"), ("maxLength", 4095)], isFree: true, render: { $0 }
    ) { text throws(Refusal) in
      guard !text.isEmpty, !text.hasSuffix("/"), !text.utf8.contains(0), text.utf8.count <= 4095 else {
        throw Refusal(message: "\"\(JSONNode.shortened(text))\" is not the path of a file", hint: hint)
      }
      return text
    }
    return Kind(wanted: text.wanted, schema: text.schema, remedies: text.remedies, render: text.render) {
      node, place, found in
      guard let written = text.read(node, place, &found) else { return nil }
      guard let path = found.path(of: written) else {
        found.error(
          place, node.line, "\"\(written)\" counts from the folder of the file, and this stands in no file",
          hint: "write the path from the root")
        return nil
      }
      return path
    }
  }
}
