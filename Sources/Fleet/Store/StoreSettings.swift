package import Config
import Sockets
package import Stores
package import TLS

/// Where the store of a fleet is, and how it's used.
package struct StoreSettings: Sendable {
  /// What keeps it.
  package enum Kind: Sendable, CaseIterable {
    /// Servers of ZooKeeper.
    case zooKeeper
    /// Members of an etcd cluster.
    case etcd
  }

  /// Of what kind the servers are.
  package var kind: Kind
  /// The servers, which are one ensemble, or one cluster.
  package var servers: [Endpoint]
  /// What all keys begin with, such as `/martlet/edge`. In ZooKeeper it's a node; it's made if it's missing, with those above it.
  package var root: String
  /// Who asks; nil for nobody in particular. In ZooKeeper what is made is this user's alone, and without one everybody may do
  /// everything with it; etcd has roles of its own.
  ///
  /// The password goes to the servers as it is: without TLS, who can listen on the network in between learns it.
  package var user: StoreUser?
  /// How the servers are known, and as who they are asked; nil for connections without TLS.
  package var tls: ServerTLS?
  /// How long an answer may take until the next server is asked.
  package var patience = Duration.milliseconds(400)

  /// Settings without a user or TLS.
  package init(_ kind: Kind, servers: [Endpoint], root: String) {
    self.kind = kind
    self.servers = servers
    self.root = root
  }
}
