/// The description of the configuration file, made from what the decoder reads with.
package enum ConfigSchema {
  /// The JSON Schema (draft 2020-12) of the file in its long and its short form, for editors and other programs.
  package static func jsonSchema() -> String {
    let schema: JSONNode = [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Martlet",
      "description": "The configuration of the Martlet proxy, in its long form or, for one pool, its short form.",
      "oneOf": [
        Document.long.schema.adding([("title", "Long form")]), Document.short.schema.adding([("title", "Short form")]),
      ],
    ]
    return schema.text + "\n"
  }

  /// Every key of the long form, each inside what holds it.
  package static var longKeys: [KeyDescription] { Document.long.fields.flatMap(\.keys) }

  /// Every key of the short form.
  package static var shortKeys: [KeyDescription] { Document.short.fields.flatMap(\.keys) }
}
