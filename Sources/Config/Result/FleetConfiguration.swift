package import Sockets

/// Several Martlets that act as one: who they are, and by what they agree.
package struct FleetConfiguration: Equatable, Sendable {
  /// A node.
  package struct Node: Equatable, Sendable {
    /// Unique among the nodes.
    package var name: String
    /// Where it's reached by the others: an IP address with a port.
    package var address: SocketAddress
  }

  /// What keeps the log by which the nodes agree. The raw value is the word in the file.
  package enum EngineType: String, CaseIterable, Sendable {
    /// Servers of ZooKeeper.
    case zookeeper
  }

  /// The servers that keep the log.
  package struct Engine: Equatable, Sendable {
    /// Of what kind they are.
    package var type = EngineType.zookeeper
    /// Where they are; one ensemble, 1…9 of them.
    package var servers: [Endpoint] = []
    /// The node below which everything of this fleet is.
    package var root = ""
    /// A file with `user:password`; nil for nobody in particular.
    package var auth: String?
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

  /// Why a process can't be a node.
  package struct Stranger: Error, Equatable, CustomStringConvertible {
    /// What was given as its name, and by what.
    package var description: String
  }

  /// Which node this process is: the one that is named on the command line, else by the environment, else by the host.
  ///
  /// - Parameters:
  ///   - option: what `--node` says.
  ///   - environment: what MARTLET_NODE says.
  ///   - host: the host's name; its first label counts too.
  package func node(option: String?, environment: String?, host: String) throws(Stranger) -> Node {
    let known = "the nodes are \(nodes.map(\.name).joined(separator: ", "))"
    for (name, source) in [(option, "--node"), (environment, "MARTLET_NODE")] {
      guard let name, !name.isEmpty else { continue }
      if let node = nodes.first(where: { $0.name == name }) { return node }
      throw Stranger(description: "\(source) names \"\(name)\", and \(known)")
    }
    let label = host.split(separator: ".").first.map(String.init) ?? host
    if let node = nodes.first(where: { $0.name == host || $0.name == label }) { return node }
    throw Stranger(
      description: "the host is called \"\(host)\", and \(known): say which one this is by --node or MARTLET_NODE")
  }
}
