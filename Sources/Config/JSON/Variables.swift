import Sockets

/// What variables in a configuration's texts stand for: `${NAME}`, or `${NAME:-otherwise}` where the variable isn't set or is
/// empty, as in shells (POSIX, Shell Command Language, 2.6.2). `$${` stands for `${` itself.
package struct Variables: Sendable {
  /// Nil if texts are as they stand.
  private let values: [String: String]?

  /// Texts are as they stand: for what this program has written.
  package static let none = Variables(values: nil)

  /// The process's environment.
  package static var environment: Variables { Variables(Spawn.environment) }

  /// These.
  package init(_ values: [String: String]) {
    self.values = values
  }

  private init(values: [String: String]?) {
    self.values = values
  }

  /// The document with each variable's value in its place. Keys have no variables.
  func filled(_ root: JSONNode, _ found: inout Diagnostics) -> JSONNode {
    values == nil ? root : filled(root, "", &found)
  }

  private func filled(_ node: JSONNode, _ path: String, _ found: inout Diagnostics) -> JSONNode {
    var result = node
    switch node.value {
    case .string(let text) where text.contains("${"):
      do throws(Problem) {
        result.value = .string(try filled(text))
      } catch {
        found.error(path, node.line, error.message, hint: error.hint)
      }
    case .array(let elements):
      result.value = .array(elements.indices.map { filled(elements[$0], "\(path)[\($0)]", &found) })
    case .object(let members):
      result.value = .object(
        members.map { member in
          var member = member
          member.value = filled(member.value, path.isEmpty ? member.key : "\(path).\(member.key)", &found)
          return member
        })
    case .string, .null, .bool, .number: break
    }
    return result
  }

  private struct Problem: Error {
    let message: String
    let hint: String
  }

  private func filled(_ text: String) throws(Problem) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      let isLiteral = rest[..<start.lowerBound].last == "$"
      result += isLiteral ? rest[..<start.lowerBound].dropLast() : rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      if isLiteral {
        result += "${"
        continue
      }
      guard let end = rest.firstIndex(of: "}") else {
        throw Problem(message: "\"${\" isn't closed", hint: "write ${NAME}, or $${ for these two characters")
      }
      result += try value(of: rest[..<end])
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  /// What stands in the place of `NAME` or `NAME:-otherwise`.
  private func value(of reference: Substring) throws(Problem) -> String {
    let parts = reference.split(separator: ":-", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts[0]
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
      name.utf8.allSatisfy({ JSONCharacters.isPartOfName($0) && $0 != UInt8(ascii: "$") })
    else {
      throw Problem(
        message: "\"${\(JSONNode.shortened(String(reference)))}\" names no variable",
        hint: "a name has letters, digits and _; write $${ for the two characters themselves")
    }
    if let value = values?[String(name)], !value.isEmpty || parts.count == 1 { return value }
    guard parts.count == 2 else {
      throw Problem(
        message: "the environment has no variable \(JSONNode.shortened(String(name)))",
        hint: "set it, or say what holds otherwise: ${\(JSONNode.shortened(String(name))):-…}")
    }
    return String(parts[1])
  }
}
