@testable import Config

/// What the configuration's schema describes.
enum Schema {
  /// The keys that a schema describes, each with its default.
  static func keys(of schema: JSONNode, in path: String = "") -> [String] {
    (schema.members ?? []).flatMap { member -> [String] in
      switch (member.key, member.value.value) {
      case ("properties", .object(let members)):
        members.flatMap { member in
          let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
          // A rule between keys names them again, without saying more about them.
          let own = member.value["description"] == nil ? [] : ["\(inner) \(member.value["default"]?.text ?? "-")"]
          return own + keys(of: member.value, in: inner)
        }
      case ("items", _): keys(of: member.value, in: path + "[]")
      case ("then", _), ("else", _): keys(of: member.value, in: path)
      case ("allOf", .array(let schemas)): schemas.flatMap { keys(of: $0, in: path) }
      default: []
      }
    }
  }
}
