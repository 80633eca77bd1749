/// The description of the configuration file, made from what the decoder reads with.
package enum ConfigSchema {
  /// The JSON Schema (draft 2020-12) of the file in its long and its short form, for editors and other programs.
  package static func jsonSchema() -> String {
    let schema: JSONNode = [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Martlet",
      "description": "The configuration of the Martlet proxy, in its long form or, for one pool, its short form.",
      "type": "object",
      // Named here as well, since editors offer only what the short form has before a file is in the long one.
      "properties": [
        "listeners": ["description": "Where clients are accepted: the long form, together with \"pools\"."],
        "pools": ["description": "The pools of backends: the long form, together with \"listeners\"."],
        "include": ["description": "Files and folders with listeners and pools: the long form."],
      ],
      "if": ["anyOf": [["required": ["listeners"]], ["required": ["pools"]], ["required": ["include"]]]],
      "then": Document.long.schema.adding([("title", "Long form")]),
      "else": Document.short.schema.adding([("title", "Short form")]),
    ]
    return schema.text + "\n"
  }

  /// Every key of the long form, each inside what holds it.
  package static var longKeys: [KeyDescription] { Document.long.fields.flatMap(\.keys) }

  /// The names of those whose values nobody is to see.
  static let secretKeys = Set(longKeys.filter(\.isSecret).compactMap { $0.path.split(separator: ".").last })
    .map(String.init)

  /// Every key of the short form.
  package static var shortKeys: [KeyDescription] { Document.short.fields.flatMap(\.keys) }
}
