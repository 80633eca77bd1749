internal import Sockets

/// What keeps the log, as it stands in the file.
struct EngineDocument: Sendable {
  var type: FleetConfiguration.EngineType?
  var servers: [Located<Endpoint>]?
  var root: String?
  var auth: String?
  var tls: TLSDocument?
  var preview: Bool?
}

extension EngineDocument {
  /// The keys of an engine, which depend on its type.
  static let variants = Variants(
    key: "type", fallback: FleetConfiguration.EngineType.zookeeper.rawValue,
    shapes: [
      (
        FleetConfiguration.EngineType.zookeeper.rawValue,
        Shape(EngineDocument(), [type] + store, rules: [rootOfOthers, noSocket], check: checkZooKeeper)
      ),
      (
        FleetConfiguration.EngineType.etcd.rawValue,
        Shape(EngineDocument(), [type] + store, rules: [noSocket], check: checkServers)
      ),
      (
        FleetConfiguration.EngineType.embedded.rawValue,
        Shape(
          EngineDocument(), [type, preview], rules: [["properties": ["preview": ["const": true]]]], check: checkPreview)
      ),
    ])

  private static let type = Field<EngineDocument>(
    "type", optional: \.type, .choice, isRequired: true,
    "Of what kind it is: zookeeper, servers of ZooKeeper; etcd, members of an etcd cluster of version 3.4 or newer; or embedded, the nodes themselves, of which more than half have to be there."
  )

  private static let preview = Field<EngineDocument>(
    "preview", optional: \.preview, .bool, isRequired: true,
    "Has to be true: the embedded engine is there to be tried, and not yet to be relied on.")

  private static let store: [Field<EngineDocument>] = [
    Field(
      "servers", optional: \.servers, .servers, isRequired: true,
      "The servers of one ensemble or cluster: IP addresses or names, each with the port for clients."),
    Field(
      "root", optional: \.root, .node(of: "a log", such: "/martlet/edge"),
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
  ]

  private static let rootOfOthers: JSONNode = ["properties": ["root": ["not": ["pattern": "^/zookeeper(/|$)"]]]]

  static let noSocket: JSONNode = ["properties": ["servers": ["items": ["not": ["pattern": "^unix:"]]]]]

  private static let checkPreview: @Sendable (inout Located<EngineDocument>, inout Diagnostics) -> Void = {
    engine, found in
    guard engine.value.preview == false else { return }
    found.error(
      engine.place(of: "preview"), "the embedded engine is a preview only",
      hint: "set it to true to try it, or use servers of ZooKeeper or etcd")
  }

  private static let checkZooKeeper: @Sendable (inout Located<EngineDocument>, inout Diagnostics) -> Void = {
    engine, found in
    if let root = engine.value.root, root == "/zookeeper" || root.hasPrefix("/zookeeper/") {
      found.error(
        engine.place(of: "root"), "what is below /zookeeper is ZooKeeper's own", hint: "such as \"/martlet/edge\"")
    }
    checkServers(&engine, &found)
  }

  private static let checkServers: @Sendable (inout Located<EngineDocument>, inout Diagnostics) -> Void = {
    engine, found in
    found.servers(engine.value.servers ?? [], of: engine.value.type ?? .zookeeper)
  }
}

extension Diagnostics {
  /// Reports what is wrong with the servers of an ensemble or cluster.
  mutating func servers(_ servers: [Located<Endpoint>], of type: FleetConfiguration.EngineType) {
    twice(servers.map { ($0.place, $0.value, "\($0.value)") }, hint: "name each server once")
    for server in servers {
      guard case .address(.unix) = server.value else { continue }
      error(
        server.place,
        "\(server.value) is a Unix socket, and \(type.title) \(type == .zookeeper ? "has none" : "is asked at none")",
        hint: "such as \"10.0.1.1:\(type == .zookeeper ? 2181 : 2379)\"")
    }
  }
}

extension Kind where Value == [Located<Endpoint>] {
  /// The servers of an ensemble or cluster.
  static var servers: Kind { Kind<Endpoint>.endpoint.located.list(1...9, what: "servers") }
}

extension FleetConfiguration.Engine {
  /// What a document comes to, in a fleet of that name; only right if nothing was found wrong.
  init(_ document: EngineDocument, of fleet: String) {
    self.init(type: document.type ?? .zookeeper)
    guard type != .embedded else { return }
    servers = (document.servers ?? []).map(\.value)
    root = document.root ?? "/martlet/\(fleet)"
    auth = document.auth
    tls = document.tls.map { TLSConfiguration($0) }
  }
}

extension EngineDocument {
  /// The object that comes to an engine.
  init(_ engine: FleetConfiguration.Engine) {
    self.init(type: engine.type)
    guard engine.type != .embedded else {
      preview = true
      return
    }
    servers = engine.servers.map { Located($0) }
    root = engine.root
    auth = engine.auth
    tls = engine.tls.map { TLSDocument($0) }
  }
}

extension Kind where Value == String {
  /// The path of a node of ZooKeeper (PathUtils.validatePath there), as far as it's plain text. etcd takes any bytes, and as the
  /// beginning of keys it's the same.
  ///
  /// - Parameters:
  ///   - what: of what it's the path.
  ///   - example: such a path.
  static func node(of what: String, such example: String) -> Kind {
    text(
      "a path in quotes", hint: "such as \"\(example)\"",
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
          message: "\"\(JSONNode.shortened(text))\" is not the path of \(what)",
          hint: "write it from its root, in at most 255 plain characters, such as \"\(example)\"")
      }
      return text
    }
  }
}
