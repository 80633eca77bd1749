/// Where ZooKeeper is, at which backends are found.
package struct ZooKeeperConfiguration: Hashable, Sendable {
  /// The servers; one ensemble, 1…9 of them.
  package var servers: [Endpoint]
  /// The node below which the paths of sources count; empty where they are whole.
  package var root: String
  /// A file with `user:password`; nil for nobody in particular.
  package var auth: String?
  /// TLS to the servers; nil for none.
  package var tls: TLSConfiguration?

  /// With all its parts.
  package init(servers: [Endpoint], root: String = "", auth: String? = nil, tls: TLSConfiguration? = nil) {
    (self.servers, self.root, self.auth, self.tls) = (servers, root, auth, tls)
  }

  /// The servers by which a fleet agrees; nil where they aren't ZooKeeper's. Its root is the fleet's own, and nobody else's.
  init?(of fleet: FleetConfiguration) {
    guard fleet.engine.type == .zookeeper else { return nil }
    self.init(servers: fleet.engine.servers, auth: fleet.engine.auth, tls: fleet.engine.tls)
  }
}

extension Configuration {
  /// Where those backends are found that ZooKeeper knows: what the file says, else where its fleet's log is; nil if neither is said.
  package var registry: ZooKeeperConfiguration? {
    zooKeeper ?? fleet.flatMap { ZooKeeperConfiguration(of: $0) }
  }
}
