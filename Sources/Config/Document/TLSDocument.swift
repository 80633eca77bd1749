internal import Sockets

/// TLS towards a server as it stands in the file.
struct TLSDocument: Equatable, Sendable {
  var ca: String?
  var certificate: String?
  var key: String?
  var serverName: String?
  var verify = true
}

extension TLSDocument {
  /// An object, or `true` for one without keys.
  static let kind = Kind<TLSDocument>(
    wanted: "an object", schema: shape.schema, keys: shape.fields.flatMap(\.keys), render: { shape.render($0) }
  ) { node, path, found in
    shape.read(node, path, &found) { foreign in
      guard lenience.contains(foreign.lowercased().filter { $0 != "_" && $0 != "-" }) else { return nil }
      return Refusal(
        message: "unknown key: a server's certificate is always looked at",
        hint: "name who has signed it by \"ca\", and for whom it is by \"serverName\"")
    }
  }.orTrue(meaning: TLSDocument())

  /// The same of a health check, which may also do without looking at the certificate.
  static let checkKind: Kind<TLSDocument> = checkShape.kind.orTrue(meaning: TLSDocument())

  private static let checkShape = Shape<TLSDocument>(
    TLSDocument(),
    fields + [
      Field(
        "verify", \.verify, in: TLSDocument(), .bool,
        "Whether the server's certificate must be right: signed by one of the CAs, for this server, and valid now.")
    ],
    rules: rules + [
      [
        "if": ["properties": ["verify": ["const": false]], "required": ["verify"]],
        "then": ["properties": ["ca": false]],
      ]
    ]
  ) { tls, found in
    checkIdentity(&tls, &found)
    if !tls.value.verify, tls.value.ca != nil {
      found.error(
        tls.place(of: "ca"), "nobody looks whether a CA has signed the certificate", hint: "remove it, or \"verify\"")
    }
  }

  /// What others call it not to look at certificates.
  private static let lenience: Set = [
    "verify", "insecure", "insecureskipverify", "skipverify", "verifymode", "verifyhostname", "hostnameverification",
    "rejectunauthorized", "checkhostname",
  ]

  private static let shape = Shape<TLSDocument>(TLSDocument(), fields, rules: rules, check: checkIdentity)

  private static let fields: [Field<TLSDocument>] = [
    Field(
      "ca", optional: \.ca, .path(atMost: 4095),
      "A file with the CAs in PEM of which one must have signed the server's certificate. Without it the system's."),
    Field(
      "certificate", optional: \.certificate, .path(atMost: 4095),
      "A file with the certificate in PEM that is shown to a server that wants one, and those between it and its CA."),
    Field(
      "key", optional: \.key, .path(atMost: 4095),
      "The file with the certificate's private key in PEM, without a passphrase, which not everybody may read."),
    Field(
      "serverName", optional: \.serverName, .certifiedName,
      "The host name or IP address for which the server's certificate must be. Without it the one by which it's dialled."
    ),
  ]

  private static let rules: [JSONNode] = [
    ["if": ["required": ["certificate"]], "then": ["required": ["key"]]],
    ["if": ["required": ["key"]], "then": ["required": ["certificate"]]],
  ]

  @Sendable
  private static func checkIdentity(_ tls: inout Located<TLSDocument>, _ found: inout Diagnostics) {
    switch (tls.value.certificate, tls.value.key) {
    case (.some, nil):
      found.error(
        tls.place(of: "certificate"), "there's no \"key\" to it", hint: "name the file that has it; it may be the same")
    case (nil, .some):
      found.error(
        tls.place(of: "key"), "there's no \"certificate\" to it", hint: "name the file that has it; it may be the same")
    default: break
    }
  }
}

extension TLSConfiguration {
  /// What a document comes to; only right if nothing was found wrong.
  init(_ document: TLSDocument) {
    let identity = document.certificate.flatMap { certificate in
      document.key.map { Identity(certificate: certificate, key: $0) }
    }
    self.init(ca: document.ca, identity: identity, serverName: document.serverName)
    isVerified = document.verify
  }
}

extension TLSDocument {
  /// The object that comes to this.
  init(_ tls: TLSConfiguration) {
    self.init(
      ca: tls.ca, certificate: tls.identity?.certificate, key: tls.identity?.key, serverName: tls.serverName,
      verify: tls.isVerified)
  }
}

extension Kind where Value: Equatable {
  /// This kind, or `true` for one of its values.
  fileprivate func orTrue(meaning plain: Value) -> Kind {
    Kind(
      wanted: "true or \(wanted)", schema: ["if": ["type": "boolean"], "then": ["const": true], "else": schema],
      keys: keys, render: { $0 == plain ? JSONNode(value: .bool(true)) : render($0) }
    ) { node, path, found in
      switch node.value {
      case .bool(true): plain
      case .object: read(node, path, &found)
      default: found.mismatch(path, node, "true or \(wanted)")
      }
    }
  }
}

extension Kind where Value == String {
  /// For whom a certificate may be: a host name or an IP address.
  fileprivate static var certifiedName: Kind {
    let hint = "such as \"zk.example.com\" or \"10.0.1.1\""
    return text(
      "a host name or an IP address in quotes", hint: hint,
      schema: [
        ("pattern", JSONNode("^(\(SchemaPattern.ipv4)|\(SchemaPattern.ipv6)|\(SchemaPattern.hostName))$")),
        ("minLength", 1), ("maxLength", 253),
      ], render: { $0 }
    ) { text throws(Refusal) in
      if let address = SocketAddress(ip: text, port: 0) { return address.host }
      do throws(Refusal) {
        return try AddressText.hostName(text)
      } catch {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is neither an IP address nor a host name",
          hint: "write it alone, without a port, \(hint)")
      }
    }
  }
}
