import TLS

/// How a server is spoken to.
struct ZooKeeperManners {
  /// How long an answer may take; then the connection is given up, as its server is stuck or cut off.
  var patience = Duration.milliseconds(400)
  /// After how much silence of ours the server is asked for a sign of life, so that a stuck one shows before it's needed.
  var pingInterval = Duration.seconds(1)
  /// After how long without us the server may forget the session. It's all the same to us: nothing belongs to a session.
  var sessionTimeout = Duration.seconds(6)
  /// `user:password`, as ZooKeeper's digest scheme has it; nil for nobody in particular.
  var user: [UInt8]?
  /// TLS, as it's now; nil for none.
  var tls: RenewedTLS?
}
