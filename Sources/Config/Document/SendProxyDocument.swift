internal import Introduction

/// What stands under `sendProxy`: a word, or an object.
struct SendProxyDocument: Equatable, Sendable {
  var word = Word.v2
  var fields: [SendProxyConfiguration.Field] = []

  /// A version, or none at all.
  enum Word: String, CaseIterable, Sendable {
    case off, v1, v2
  }

  /// What it comes to; nil for no header.
  var configuration: SendProxyConfiguration? {
    switch word {
    case .off: nil
    case .v1: SendProxyConfiguration(.v1)
    case .v2: SendProxyConfiguration(.v2, fields: fields)
    }
  }
}

extension SendProxyDocument {
  /// The object that comes to a header.
  init(_ configuration: SendProxyConfiguration) {
    self.init(word: configuration.version == .v1 ? .v1 : .v2, fields: configuration.fields)
  }

  /// A word, or an object.
  static let kind: Kind<SendProxyDocument> = shape.kind.orText(.choice) { SendProxyDocument(word: $0) }

  private static let initial = SendProxyDocument()

  private static let shape = Shape(
    initial,
    [
      Field("version", \.word, in: initial, .choice, "How the header is written: v1 as text, v2 binary; off for none."),
      Field(
        "tlvs", \.fields, in: initial,
        Kind<SendProxyConfiguration.Field>.choice.list(0...5, what: "fields"),
        "What a header of version 2 says beside the addresses: authority (the name that the client asked for), alpn, unique-id, "
          + "crc32c (a checksum), received (all that the client's own header has said)."),
    ],
    rules: [
      [
        "if": ["properties": ["version": ["enum": ["off", "v1"]]], "required": ["version"]],
        "then": ["properties": ["tlvs": ["maxItems": 0]]],
      ]
    ]
  ) { document, found in
    guard document.value.word != .v2, !document.value.fields.isEmpty else { return }
    found.error(
      document.place(of: "tlvs"), "only version 2 of the PROXY protocol has room for fields",
      hint: "remove it, or set \"version\" to \"v2\"")
  }
}
