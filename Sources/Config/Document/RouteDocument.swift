internal import Introduction
internal import Sockets

/// An object of a listener's `routes` as it stands in the file.
struct RouteDocument: Sendable {
  var name: String?
  var from: [AddressRange]?
  var protocols: [ClientProtocol]?
  var sni: [String]?
  var alpn: [String]?
  var pool: String?
}

extension RouteDocument {
  /// The object that comes to a route.
  init(_ route: RouteConfiguration) {
    func given<Value>(_ values: [Value]) -> [Value]? { values.isEmpty ? nil : values }
    self.init(
      name: route.name == route.pool ? nil : route.name, from: given(route.condition.from),
      protocols: given(route.condition.protocols), sni: given(route.condition.sni), alpn: given(route.condition.alpn),
      pool: route.pool)
  }

  /// What a client has to be like.
  var condition: RouteCondition {
    RouteCondition(from: from ?? [], protocols: protocols ?? [], sni: sni ?? [], alpn: alpn ?? [])
  }

  /// The keys of it.
  static let shape = Shape(
    RouteDocument(),
    [
      Field(
        "name", optional: \.name, .name,
        "What its sessions are counted under; several routes may have the same name. Without it the pool's."),
      Field(
        "from", optional: \.from, Kind<AddressRange>.range.oneOrMore(1...256, what: "ranges"),
        "Where the client is: address ranges (10.0.0.0/8, 2001:db8::/32), single addresses, or unix: for all at a Unix socket."
      ),
      Field(
        "protocol", optional: \.protocols, Kind<ClientProtocol>.choice.oneOrMore(1...4, what: "protocols"),
        "What it speaks, by its first bytes: tls, http, ssh or postgres."),
      Field(
        "sni", optional: \.sni, Kind<String>.serverName.oneOrMore(1...1024, what: "names"),
        "The server that it asks for by TLS: names, *.example.com for all under example.com at any depth, or * for whichever."
      ),
      Field(
        "alpn", optional: \.alpn, Kind<String>.line(1...255, spaces: false).oneOrMore(1...32, what: "protocols"),
        "The protocols within TLS, of which it offers one: such as h2."),
      Field("pool", optional: \.pool, .name, isRequired: true, "The name of the pool that it goes to."),
    ],
    rules: [["anyOf": JSONNode(conditions.map { ["required": [JSONNode($0)]] })]]
  ) { route, found in
    guard let members = route.node.members, !members.contains(where: { conditions.contains($0.key) }) else { return }
    found.error(
      route.place, "takes every client, so that nobody comes to what stands behind it",
      hint:
        "say whom it takes by \"sni\", \"alpn\", \"protocol\" or \"from\"; where all others go is the listener's \"pool\""
    )
  }

  private static let conditions = ["from", "protocol", "sni", "alpn"]
}

extension Kind where Value == String {
  /// Servers' names as clients ask for them by TLS, or all under a name.
  fileprivate static var serverName: Kind {
    let hint = "write such as \"db.example.com\", or \"*.example.com\" for all under example.com"
    return text(
      "a server's name in quotes", hint: hint,
      schema: [
        ("pattern", JSONNode("^(\\*|(\\*\\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\\.?)$")), ("maxLength", 253),
      ], render: { $0 }
    ) { text throws(Refusal) in
      if text == "*" { return text }
      let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
      do throws(Refusal) {
        let host = try AddressText.hostName(name)
        return (text.hasPrefix("*.") ? "*." : "") + (host.hasSuffix(".") ? String(host.dropLast()) : host)
      } catch {
        let isForeign = name.unicodeScalars.contains { !$0.isASCII }
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is no name of a server",
          hint: isForeign ? "write it as clients send it, in ASCII (xn--…)" : hint)
      }
    }
  }
}
