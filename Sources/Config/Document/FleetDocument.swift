internal import Sockets

/// The `fleet` object as it stands in the file.
struct FleetDocument: Sendable {
  var name: String?
  var nodes: [Located<NodeDocument>]?
  var engine: EngineDocument?
  var key: String?
  var data = "/var/lib/martlet/fleet"
}

/// A node as it stands in the file.
struct NodeDocument: Sendable {
  var name: String?
  var address: SocketAddress?
}

/// What keeps the log, as it stands in the file.
struct EngineDocument: Sendable {
  var type: FleetConfiguration.EngineType?
  var servers: [Endpoint]?
  var root: String?
  var auth: String?
}

extension FleetDocument {
  /// The keys of a fleet.
  static let shape = Shape<FleetDocument>(
    FleetDocument(),
    [
      Field(
        "name", optional: \.name, .name, isRequired: true, "The fleet's name: nodes of another one aren't let in."),
      Field(
        "nodes", optional: \.nodes, node.kind.located.list(2...7, what: "nodes"), isRequired: true,
        "All nodes, the same list in the file of each."),
      Field(
        "engine", optional: \.engine, engine.kind, isRequired: true, "What keeps the log by which the nodes agree."),
      Field(
        "key", optional: \.key, .path(atMost: 4095), isRequired: true,
        "The file with the key by which the nodes know each other; `martlet fleet key` makes one."),
      Field(
        "data", \.data, in: FleetDocument(), .path(atMost: 4095),
        "The folder that keeps what a node knows after a crash. Whoever loses it comes back as somebody new."),
    ]
  ) { fleet, found in
    var names: [String: Int] = [:]
    var addresses: [SocketAddress: Int] = [:]
    for node in fleet.value.nodes ?? [] {
      if let name = node.value.name {
        if [".", ".."].contains(name) {
          found.error(node.place(of: "name"), "\"\(name)\" is no name of a node", hint: "such as \"lb1\"")
        }
        if let first = names.updateValue(node.place.line, forKey: name) {
          found.error(
            node.place(of: "name"), "the name \"\(name)\" is taken, first on line \(first)", hint: "choose another")
        }
      }
      if let address = node.value.address, let first = addresses.updateValue(node.place.line, forKey: address) {
        found.error(
          node.place(of: "address"), "\(address) is taken, first on line \(first)",
          hint: "each node has an address of its own")
      }
    }
  }

  private static let node = Shape<NodeDocument>(
    NodeDocument(),
    [
      Field(
        "name", optional: \.name, .name, isRequired: true,
        "The node's name, by which a process knows that it's this one: by --node, MARTLET_NODE or the host's name."),
      Field(
        "address", optional: \.address, .bind, isRequired: true,
        "Where the other nodes reach it: an IP address with a port."),
    ]
  ) { node, found in
    guard let address = node.value.address else { return }
    let place = node.place(of: "address")
    if address.port == nil || address.port == 0 {
      found.error(place, "must be an IP address with a port, is \(address)", hint: "such as \"10.0.0.1:7400\"")
    } else if address.hostBytes?.contains(where: { $0 != 0 }) != true {
      found.error(
        place, "\(address) stands for every address of a machine, and others can't connect to it",
        hint: "write the one by which the others reach it")
    }
  }

  private static let engine = Shape<EngineDocument>(
    EngineDocument(),
    [
      Field(
        "type", optional: \.type, .choice, isRequired: true, "Of what kind it is: zookeeper, servers of ZooKeeper."),
      Field(
        "servers", optional: \.servers, Kind<Endpoint>.endpoint.list(1...9, what: "servers"), isRequired: true,
        "The servers of one ensemble: IP addresses or names, each with a port."),
      Field(
        "root", optional: \.root,
        .path(atMost: 255),
        "The node of ZooKeeper below which everything of this fleet is. Without it /martlet/ and the fleet's name."),
      Field(
        "auth", optional: \.auth, .path(atMost: 4095),
        "A file with user:password, for ZooKeeper's digest scheme; the password goes over the network as it is. Without it nobody in particular asks."
      ),
    ])
}

extension FleetConfiguration {
  /// What a document comes to; only right if nothing was found wrong.
  init(_ document: FleetDocument) {
    let name = document.name ?? ""
    self.init(
      name: name,
      nodes: (document.nodes ?? []).map {
        Node(name: $0.value.name ?? "", address: $0.value.address ?? .unix(path: ""))
      },
      engine: Engine(
        servers: document.engine?.servers ?? [], root: document.engine?.root ?? "/martlet/\(name)",
        auth: document.engine?.auth),
      key: document.key ?? "", data: document.data)
  }
}

extension FleetDocument {
  /// The object that comes to a fleet.
  init(_ fleet: FleetConfiguration) {
    self.init(
      name: fleet.name,
      nodes: fleet.nodes.map {
        Located(
          value: NodeDocument(name: $0.name, address: $0.address), node: JSONNode(value: .null), path: "")
      },
      engine: EngineDocument(
        type: fleet.engine.type, servers: fleet.engine.servers, root: fleet.engine.root, auth: fleet.engine.auth),
      key: fleet.key, data: fleet.data)
  }
}
