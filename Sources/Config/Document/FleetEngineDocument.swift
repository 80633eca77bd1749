internal import Sockets

/// What keeps the log, as it stands in the file.
struct EngineDocument: Sendable {
  var type: FleetConfiguration.EngineType?
  var servers: [Located<Endpoint>]?
  var root: String?
  var auth: String?
  var tls: TLSDocument?
}

extension EngineDocument {
  /// The keys of an engine.
  static let shape = Shape<EngineDocument>(
    EngineDocument(),
    [
      Field(
        "type", optional: \.type, .engineType, isRequired: true,
        "Of what kind it is: zookeeper, servers of ZooKeeper, or etcd, members of an etcd cluster of version 3.4 or newer."
      ),
      Field(
        "servers", optional: \.servers, Kind<Endpoint>.endpoint.located.list(1...9, what: "servers"), isRequired: true,
        "The servers of one ensemble or cluster: IP addresses or names, each with the port for clients."),
      Field(
        "root", optional: \.root, .root,
        "The node of ZooKeeper below which everything of this fleet is, or what all its keys in etcd begin with. Without it /martlet/ and the fleet's name."
      ),
      Field(
        "auth", optional: \.auth, .path(atMost: 4095),
        "A file with user:password, for ZooKeeper's digest scheme or etcd's authentication; without \"tls\" the password goes over the network as it is. Without it nobody in particular asks."
      ),
      Field(
        "tls", optional: \.tls, TLSDocument.kind,
        "TLS to the servers, which ZooKeeper has at its secureClientPort: true for the system's CAs and no certificate of one's own. Without it there's none."
      ),
    ],
    rules: [
      [
        "if": ["required": ["type"], "properties": ["type": ["const": "zookeeper"]]],
        "then": ["properties": ["root": ["not": ["pattern": "^/zookeeper(/|$)"]]]],
      ],
      ["properties": ["servers": ["items": ["not": ["pattern": "^unix:"]]]]],
    ]
  ) { engine, found in
    let type = engine.value.type ?? .zookeeper
    if type == .zookeeper, let root = engine.value.root, root == "/zookeeper" || root.hasPrefix("/zookeeper/") {
      found.error(
        engine.place(of: "root"), "what is below /zookeeper is ZooKeeper's own", hint: "such as \"/martlet/edge\"")
    }
    let servers = engine.value.servers ?? []
    found.twice(servers.map { ($0.place, $0.value, "\($0.value)") }, hint: "name each server once")
    for server in servers {
      guard case .address(.unix) = server.value else { continue }
      found.error(
        server.place,
        "\(server.value) is a Unix socket, and \(type.title) \(type == .zookeeper ? "has none" : "is asked at none")",
        hint: "such as \"10.0.1.1:\(type == .zookeeper ? 2181 : 2379)\"")
    }
  }
}

extension Kind where Value == FleetConfiguration.EngineType {
  /// The engines that there are, and a word for the one that is to come.
  fileprivate static var engineType: Kind {
    let there = choice
    return Kind(wanted: there.wanted, schema: there.schema, render: there.render) { node, path, found in
      guard case .string("embedded") = node.value else { return there.read(node, path, &found) }
      found.error(
        path, node.line, "the embedded engine isn't there yet",
        hint: "use servers of ZooKeeper, by \"zookeeper\", or \"etcd\"")
      return nil
    }
  }
}

extension Kind where Value == String {
  /// What others can be below: the path of a node of ZooKeeper (PathUtils.validatePath there), as far as it's plain text. etcd
  /// takes any bytes, and as the beginning of keys it's the same.
  fileprivate static var root: Kind {
    text(
      "a path in quotes", hint: "such as \"/martlet/edge\"",
      schema: [
        ("pattern", "^(/[!-.0-~]+)+$"), ("not", ["pattern": "/\\.\\.?(/|$)"]), ("maxLength", 255),
      ],
      render: { $0 }
    ) { text throws(Refusal) in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
      guard text.hasPrefix("/"), isPlain, text.utf8.count <= 255,
        !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
      else {
        throw Refusal(
          message: "\"\(JSONNode.shortened(text))\" is not the path of a log",
          hint: "write it from its root, in at most 255 plain characters, such as \"/martlet/edge\"")
      }
      return text
    }
  }
}
