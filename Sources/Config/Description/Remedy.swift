internal import Sockets

/// What was probably meant by a value that is refused.
enum Remedy: Sendable {
  /// Another value. `because` says what is wrong with the one that was written, where its reader couldn't tell.
  case write(JSONNode, because: String? = nil)
  /// No value, to have the default.
  case leaveOut
}

extension Kind {
  /// Reads like ``read``. Where the value itself is refused, and not a part of it, the hint names what was probably meant:
  /// a value that this very kind takes, so that following a hint never leads to another error.
  func value(of node: JSONNode, at path: String, _ found: inout Diagnostics) -> Value? {
    // What was meant by a secret would tell it.
    if isSecret { return read(node, path, &found) }
    let before = found.errors.count
    if let value = read(node, path, &found) { return value }
    guard found.errors.count == before + 1, found.errors[before].path == path else { return nil }
    for remedy in node.withoutSpace + remedies(node) + node.remedies + (isSetting && node.isSwitch ? [.leaveOut] : []) {
      switch remedy {
      case .leaveOut: return found.amend(hint: "leave the key out to have its default")
      case .write(let other, let because):
        let text = other.lineText
        guard text.utf8.count <= 100, takes(other) else { continue }
        return found.amend(
          message: because, hint: "write \(text)\(node.losesQuotes(in: other) ? ", without quotes" : "")")
      }
    }
    return nil
  }

  /// Whether the kind reads a value without an error.
  private func takes(_ node: JSONNode) -> Bool {
    var found = Diagnostics()
    return read(node, "", &found) != nil && found.errors.isEmpty
  }

  /// Whether the value is an object of settings, all of which have defaults.
  private var isSetting: Bool { !keys.isEmpty && schema["items"] == nil }
}

extension JSONNode {
  /// What may have been meant, whatever the kind of the value is.
  fileprivate var remedies: [Remedy] {
    let wrapped = [Remedy.write(JSONNode([self]))]
    switch value {
    case .null: return []
    case .bool: return none + wrapped
    case .number(let text):
      let isNone = text == "0" || text.hasPrefix("-")
      return [.write(JSONNode(text))] + (isNone ? none : []) + wrapped
    case .string(let text): return Self.remedies(text) + (Self.standsForNone(text) ? none : []) + wrapped
    case .array(let elements): return elements.count == 1 ? elements.map { .write($0) } : []
    case .object: return wrapped
    }
  }

  private static func remedies(_ text: String) -> [Remedy] {
    var result: [Remedy] = []
    let bare = trimmed(text)
    let words = [bare] + ForeignWords.values(bare)
    result += words.map { .write(JSONNode($0)) }
    if let number = number(in: bare) { result.append(.write(JSONNode(number))) }
    result += words.map { .write(["type": JSONNode($0)]) }
    let path = bare.hasPrefix("unix:") ? String(bare.dropFirst(5)) : bare
    if path.hasPrefix("/") { result.append(.write(["socket": JSONNode(path)])) }
    let parts = text.split { ", \t;".contains($0) }.map { JSONNode(String($0)) }
    if parts.count > 1 { result.append(.write(JSONNode(parts))) }
    return result
  }

  /// A text without the white space around it, if there is some.
  fileprivate var withoutSpace: [Remedy] {
    guard case .string(let text) = value, case let bare = Self.trimmed(text), bare != text else { return [] }
    return [.write(JSONNode(bare), because: "\(shown) has white space around it")]
  }

  /// The ways to say that something isn't wanted or has no limit.
  private var none: [Remedy] {
    guard value != .bool(true) else { return [] }
    let words: [JSONNode] = ["off", "unlimited", "none", ["type": "none"], "0s", 0, ["size": 0]]
    return words.map { .write($0) }
  }

  /// Whether it's what switches are set to in other files.
  fileprivate var isSwitch: Bool {
    switch value {
    case .bool: true
    case .string(let text): Self.standsForNone(text) || ["on", "yes", "true"].contains(text.lowercased())
    default: false
    }
  }

  private static func standsForNone(_ text: String) -> Bool {
    [
      "off", "none", "no", "never", "false", "disable", "disabled", "null", "unlimited", "infinite", "infinity", "inf",
      "0", "0s", "-1",
    ].contains(text.lowercased())
  }

  /// Whether a text is to be written as a number.
  fileprivate func losesQuotes(in other: JSONNode) -> Bool {
    if case .string = value, case .number = other.value { true } else { false }
  }

  private static func trimmed(_ text: String) -> String {
    func isBlank(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || scalar.properties.generalCategory == .format
    }
    let scalars = text.unicodeScalars.drop(while: isBlank)
    return String(String.UnicodeScalarView(scalars.reversed().drop(while: isBlank).reversed()))
  }

  /// The number that a text means: `4`, `1_000`, `10k`, or `100/s` where a rate is per second anyway.
  private static func number(in text: String) -> Int? {
    var rest = text.lowercased().filter { $0 != " " && $0 != "_" }[...]
    for rate in ["/second", "/sec", "/s", "persecond", "persec", "rps", "cps"] where rest.hasSuffix(rate) {
      rest = rest.dropLast(rate.count)
      break
    }
    let isThousands = rest.hasSuffix("k")
    guard let number = Int(digits: isThousands ? rest.dropLast() : rest) else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: isThousands ? 1000 : 1)
    return overflow ? nil : product
  }
}
