/// What is kept of a server's certificate.
package struct CertificateFacts: Codable, Equatable, Sendable {
  /// Whose it is, such as `CN=db1.example`.
  package let subject: String
  /// For which names and addresses it is, such as `DNS:db1.example, IP Address:10.0.1.1`.
  package let names: String
  /// Who has signed it.
  package let issuer: String
  /// When it ends, in seconds since 1970.
  package let end: Int

  /// With all of it.
  package init(subject: String, names: String, issuer: String, end: Int) {
    self.subject = subject
    self.names = names
    self.issuer = issuer
    self.end = end
  }

  /// Nil of one whose end can't be read.
  init?(_ certificate: Certificate) {
    guard let end = certificate.endInSeconds else { return nil }
    self.init(subject: certificate.subject, names: certificate.names, issuer: certificate.issuer, end: end)
  }
}
