package import Sockets

/// Several Martlets that act as one: who they are, and by what they agree.
package struct FleetConfiguration: Equatable, Sendable {
  /// A node.
  package struct Node: Equatable, Sendable {
    /// Unique among the nodes.
    package var name: String
    /// Where it's reached by the others: an IP address with a port.
    package var address: SocketAddress
    /// What it's for.
    package var role = Role.server
  }

  /// What a node is for. The raw value is the word in the file.
  package enum Role: String, CaseIterable, Sendable {
    /// It serves clients.
    case server
    /// It votes, and serves nobody; only where the nodes agree by themselves.
    case witness
  }

  /// What keeps the log by which the nodes agree. The raw value is the word in the file.
  package enum EngineType: String, CaseIterable, Sendable {
    /// Servers of ZooKeeper.
    case zookeeper
    /// Members of an etcd cluster.
    case etcd
    /// The nodes themselves.
    case embedded

    /// What people call it.
    package var title: String {
      switch self {
      case .zookeeper: "ZooKeeper"
      case .etcd: "etcd"
      case .embedded: "the nodes themselves"
      }
    }
  }

  /// What keeps the log: servers, or the nodes themselves, which need none.
  package struct Engine: Equatable, Sendable {
    /// Of what kind they are.
    package var type = EngineType.zookeeper
    /// Where they are; one ensemble, or cluster, 1…9 of them.
    package var servers: [Endpoint] = []
    /// The node of ZooKeeper below which everything of this fleet is, or what its keys begin with.
    package var root = ""
    /// A file with `user:password`; nil for nobody in particular.
    package var auth: String?
    /// TLS to the servers; nil for none.
    package var tls: TLSConfiguration?
  }

  /// The fleet's name, by which its nodes are told from another fleet's.
  package var name: String
  /// The nodes, 2…7 of them.
  package var nodes: [Node]
  /// What keeps the log.
  package var engine: Engine
  /// The file with the key by which the nodes know each other.
  package var key: String
  /// The folder that keeps what a node knows after a crash.
  package var data: String
  /// The addresses that are one node's at a time, at most 64.
  package var addresses: [Address] = []
}

// MARK: - Who a node is

extension FleetConfiguration {
  /// Why nobody knows which node a process is.
  package struct Stranger: Error, Equatable, CustomStringConvertible {
    /// What was given as its name, and by what; a clause.
    package var description: String

    /// What to do about it: all the ways there are.
    package static let remedy = "say which one this is by --node or MARTLET_NODE, or give the host the node's name"

    /// The same as an issue of the file.
    package var issue: ConfigIssue {
      ConfigIssue(path: "fleet.nodes", message: description, hint: Self.remedy)
    }
  }

  /// Which node this process is: the one that is named on the command line, else by the environment, else by the host.
  ///
  /// - Parameters:
  ///   - option: what `--node` says.
  ///   - environment: what MARTLET_NODE says; nothing if it's empty.
  ///   - host: the host's name; if no node is called so, its first label counts.
  package func node(option: String?, environment: String?, host: String) throws(Stranger) -> Node {
    let known = "the nodes are \(nodes.map(\.name).joined(separator: ", "))"
    let said = option.map { ($0, "--node") } ?? environment.flatMap { $0.isEmpty ? nil : ($0, "MARTLET_NODE") }
    if let (name, source) = said {
      if let node = node(named: name) { return node }
      throw Stranger(description: "\(source) names \"\(name)\", and \(known)")
    }
    if let node = node(named: host) ?? node(named: String(host.prefix { $0 != "." })) { return node }
    throw Stranger(description: "the host is called \"\(host)\", and \(known)")
  }

  private func node(named name: String) -> Node? { nodes.first { $0.name == name } }
}
