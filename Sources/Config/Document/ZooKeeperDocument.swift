internal import Sockets

/// The `zookeeper` object as it stands in the file.
struct ZooKeeperDocument: Sendable {
  var servers: [Located<Endpoint>]?
  var root: String?
  var auth: String?
  var tls: TLSDocument?
}

extension ZooKeeperDocument {
  /// The keys of the object.
  static let shape = Shape(
    ZooKeeperDocument(),
    [
      Field(
        "servers", optional: \.servers, .servers, isRequired: true,
        "The servers of one ensemble: IP addresses or names, each with the port for clients."),
      Field(
        "root", optional: \.root, .node(of: "what others are below", such: "/services"),
        "The node below which the paths of backends count (a chroot). Without it they are whole."),
      Field(
        "auth", optional: \.auth, .path(atMost: 4095),
        "A file with user:password, for ZooKeeper's digest scheme; without \"tls\" the password goes over the network as it is. Without it nobody in particular asks."
      ),
      Field(
        "tls", optional: \.tls, TLSDocument.kind,
        "TLS to the servers, which ZooKeeper has at its secureClientPort: true for the system's CAs and no certificate of one's own. Without it there's none."
      ),
    ], rules: [EngineDocument.noSocket]
  ) { zooKeeper, found in
    found.servers(zooKeeper.value.servers ?? [], of: .zookeeper)
  }
}

extension ZooKeeperConfiguration {
  /// What a document comes to; only right if nothing was found wrong.
  init(_ document: ZooKeeperDocument) {
    self.init(
      servers: (document.servers ?? []).map(\.value), root: document.root ?? "", auth: document.auth,
      tls: document.tls.map { TLSConfiguration($0) })
  }
}

extension ZooKeeperDocument {
  /// The object that comes to this.
  init(_ zooKeeper: ZooKeeperConfiguration) {
    self.init(
      servers: zooKeeper.servers.map { Located($0) }, root: zooKeeper.root.isEmpty ? nil : zooKeeper.root,
      auth: zooKeeper.auth, tls: zooKeeper.tls.map { TLSDocument($0) })
  }
}
