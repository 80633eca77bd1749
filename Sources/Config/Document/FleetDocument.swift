internal import Sockets

/// The `fleet` object as it stands in the file.
struct FleetDocument: Sendable {
  var name: String?
  var nodes: [Located<NodeDocument>]?
  var engine: EngineDocument?
  var key: String?
  var data = "/var/lib/martlet/fleet"
  var addresses: [Located<FleetAddressDocument>] = []
}

/// A node as it stands in the file.
struct NodeDocument: Sendable {
  var name: String?
  var address: SocketAddress?
  var role: FleetConfiguration.Role?
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
        "engine", optional: \.engine, EngineDocument.variants.kind, isRequired: true,
        "What keeps the log by which the nodes agree."),
      Field(
        "key", optional: \.key, .path(atMost: 4095), isRequired: true,
        "The file with the key by which the nodes know each other; `martlet fleet key` makes one."),
      Field(
        "data", \.data, in: FleetDocument(), .path(atMost: 4095),
        "The folder that keeps what a node knows after a crash. Whoever loses it comes back as somebody new."),
      Field(
        "addresses", \.addresses, in: FleetDocument(),
        FleetAddressDocument.kind.located.list(0...64, what: "addresses"),
        "The addresses that clients use and that are one node's at a time."),
    ]
  ) { fleet, found in
    if let name = fleet.value.name, [".", ".."].contains(name) {
      found.error(fleet.place(of: "name"), "\"\(name)\" is no name of a fleet", hint: "such as \"edge\"")
    }
    let nodes = fleet.value.nodes ?? []
    names(of: nodes, \.name, &found)
    found.twice(
      nodes.compactMap { node in
        node.value.address.map { (node.place(of: "address"), $0.withoutMapping, "\($0)") }
      }, hint: "each node has an address of its own")
    names(of: fleet.value.addresses, \.name, &found)
    found.twice(
      fleet.value.addresses.compactMap { address in
        address.value.host.map { (address.place(of: "address"), $0, $0.host) }
      }, hint: "keep one of them")
    for address in fleet.value.addresses { check(address, against: nodes, &found) }
    checkWitnesses(fleet, nodes, &found)
  }

  /// Reports witnesses where there can't be any.
  private static func checkWitnesses(
    _ fleet: Located<FleetDocument>, _ nodes: [Located<NodeDocument>], _ found: inout Diagnostics
  ) {
    let witnesses = nodes.filter { $0.value.role == .witness }
    guard let first = witnesses.first else { return }
    if let type = fleet.value.engine?.type, type != .embedded {
      for witness in witnesses {
        found.error(
          witness.place(of: "role"), "a witness is for the embedded engine, and here \(type.title) keeps the log",
          hint: "leave the node out: it would have nothing to do")
      }
    } else if witnesses.count == nodes.count {
      found.error(
        first.place(of: "role"), "all nodes are witnesses, so nobody would serve",
        hint: "leave \"role\" out where clients come"
      )
    }
    for address in fleet.value.addresses {
      for name in address.value.prefer where witnesses.contains(where: { $0.value.name == name.value }) {
        found.error(
          name.place, "\(name.value) is a witness, which owns no address", hint: "name nodes that serve")
      }
    }
  }

  /// Reports names that stand twice.
  private static func names<Value>(
    of elements: [Located<Value>], _ name: (Value) -> String?, _ found: inout Diagnostics
  ) {
    found.twice(
      elements.compactMap { element in
        name(element.value).map { (element.place(of: "name"), $0, "the name \"\($0)\"") }
      }, hint: "choose another")
  }

  /// Reports what a floating address says that doesn't go with the nodes.
  private static func check(
    _ address: Located<FleetAddressDocument>, against nodes: [Located<NodeDocument>], _ found: inout Diagnostics
  ) {
    if let host = address.value.host,
      let owner = nodes.first(where: { $0.value.address?.withoutMapping.with(port: 0) == host })
    {
      found.error(
        address.place(of: "address"),
        "\(host.host) is the own address of \(found.shown(owner.place, from: address.place))",
        hint: "write one that no node has for itself")
    }
    let names = nodes.compactMap(\.value.name)
    // Without a readable list of nodes there is nothing to compare with.
    guard !nodes.isEmpty, names.count == nodes.count else { return }
    for name in address.value.prefer where !names.contains(name.value) {
      found.error(
        name.place, "there is no node \"\(name.value)\"",
        hint: nearest(to: name.value, among: names).map { "did you mean \"\($0)\"?" }
          ?? "the nodes are: \(names.joined(separator: ", "))")
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
      Field(
        "role", optional: \.role, .choice,
        "What it's for: server serves clients, as a node does without this; witness votes and serves nobody, in the embedded engine only."
      ),
    ]
  ) { node, found in
    if let name = node.value.name, [".", ".."].contains(name) {
      found.error(node.place(of: "name"), "\"\(name)\" is no name of a node", hint: "such as \"lb1\"")
    }
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
}

extension FleetConfiguration {
  /// What a document comes to; only right if nothing was found wrong.
  init(_ document: FleetDocument) {
    let name = document.name ?? ""
    self.init(
      name: name,
      nodes: (document.nodes ?? []).map {
        Node(name: $0.value.name ?? "", address: $0.value.address ?? .unix(path: ""), role: $0.value.role ?? .server)
      },
      engine: Engine(document.engine ?? EngineDocument(), of: name),
      key: document.key ?? "", data: document.data, addresses: document.addresses.map { Address($0.value) })
  }
}

extension FleetDocument {
  /// The object that comes to a fleet.
  init(_ fleet: FleetConfiguration) {
    self.init(
      name: fleet.name,
      nodes: fleet.nodes.map {
        Located(NodeDocument(name: $0.name, address: $0.address, role: $0.role == .server ? nil : $0.role))
      },
      engine: EngineDocument(fleet.engine),
      key: fleet.key, data: fleet.data, addresses: fleet.addresses.map { Located(FleetAddressDocument($0)) })
  }
}
