package import TLS

/// How a server is spoken to.
package struct ZooKeeperManners {
  /// How long an answer may take; then the connection is given up, as its server is stuck or cut off.
  package var patience: Duration
  /// After how much silence of ours the server is asked for a sign of life, so that a stuck one shows before it's needed.
  package var pingInterval = Duration.seconds(1)
  /// After how long without us the server may forget the session. It's all the same to us: nothing belongs to a session.
  package var sessionTimeout = Duration.seconds(6)
  /// `user:password`, as ZooKeeper's digest scheme has it; nil for nobody in particular.
  package var user: [UInt8]?
  /// TLS, as it's now; nil for none.
  package var tls: RenewedTLS?

  /// For this user, by this TLS.
  package init(patience: Duration = .milliseconds(400), user: [UInt8]? = nil, tls: RenewedTLS? = nil) {
    (self.patience, self.user, self.tls) = (patience, user, tls)
  }
}
