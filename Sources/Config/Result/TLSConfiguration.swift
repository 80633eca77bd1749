/// TLS towards a server: whom to believe that it's the one, and how to show who asks.
package struct TLSConfiguration: Hashable, Sendable {
  /// A certificate and what proves that it's one's own: paths of PEM files, which may be the same.
  package struct Identity: Hashable, Sendable {
    /// The file with the certificate, and with those between it and a CA behind it.
    package var certificate: String
    /// The file with its private key.
    package var key: String

    /// Both files.
    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// The PEM file with the CAs that are believed; nil for the system's.
  package var ca: String?
  /// What is shown to a server that asks who it is; nil for nothing.
  package var identity: Identity?
  /// The name, or IP address, that a server's certificate must be for; nil for the one by which the server is dialled.
  package var serverName: String?
  /// Whether the server's certificate is looked at. Only a health check may do without: it tells nobody anything.
  package var isVerified = true

  /// With the system's CAs, no certificate, and each server's own name, but for what is given.
  package init(ca: String? = nil, identity: Identity? = nil, serverName: String? = nil) {
    self.ca = ca
    self.identity = identity
    self.serverName = serverName
  }

  /// The files that it's about, as far as they are named.
  package var files: [String] { [ca, identity?.certificate, identity?.key].compactMap(\.self) }
}
