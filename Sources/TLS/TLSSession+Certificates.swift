import COpenSSL
import Config

// What is asked of a server's certificate, and what is said when that isn't so: clauses about the server.
extension TLSSession {
  /// The server's certificate has to be for this name. A host's name is also told to the server, which may have several.
  func demand(_ name: TLSName) {
    let openSSL = context.openSSL
    let table = openSSL.table
    let wanted = unsafe table.SSL_get0_param(ssl)
    unsafe table.X509_VERIFY_PARAM_set_hostflags(wanted, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    let isDemanded =
      switch name {
      case .host(let host):
        unsafe table.X509_VERIFY_PARAM_set1_host(wanted, host, host.utf8.count) == 1
          && openssl_server_name(openSSL.table, ssl, host) == 1
      case .address(let bytes): unsafe table.X509_VERIFY_PARAM_set1_ip(wanted, bytes, bytes.count) == 1
      }
    precondition(isDemanded, "no memory for TLS")
    self.name = name
  }

  /// What the server's certificate says; nil before it has shown one.
  package var certificate: CertificateFacts? {
    let table = context.openSSL.table
    guard let shown = unsafe table.SSL_get0_peer_certificate(ssl) else { return nil }
    return CertificateFacts(unsafe Certificate(shown, context.openSSL))
  }

  /// Whether the server has shown a certificate, and all is right with it.
  var isTrusted: Bool {
    let table = context.openSSL.table
    return unsafe table.SSL_get0_peer_certificate(ssl) != nil
      && table.SSL_get_verify_result(ssl) == Int(X509_V_OK)
  }

  /// OpenSSL has found something wrong with a certificate.
  static func object(to chain: OpaquePointer) {
    guard case .success(let openSSL) = OpenSSL.loaded else { return }
    let table = openSSL.table
    let index = table.SSL_get_ex_data_X509_STORE_CTX_idx()
    guard let ssl = unsafe table.X509_STORE_CTX_get_ex_data(chain, index) else { return }
    let session = unsafe of(OpaquePointer(ssl))
    let certificate = unsafe table.X509_STORE_CTX_get_current_cert(chain).map { unsafe Certificate($0, openSSL) }
    session.objection = unsafe session.words(for: table.X509_STORE_CTX_get_error(chain), of: certificate)
  }

  private func words(for error: Int32, of certificate: Certificate?) -> String {
    guard let certificate else { return "has a certificate that isn't right: \(openSSLWords(for: error))" }
    switch error {
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      let dialled = name.map { "\($0)" } ?? "it"
      return
        "has a certificate for \(certificate.names), not for \(dialled): dial it by such a name, or set \"serverName\""
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "has a certificate that has expired: \(certificate.subject), on \(certificate.end)"
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "has a certificate that isn't valid yet: \(certificate.subject), from \(certificate.beginning) on"
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
      let known = if case .visiting(let files) = context.side, let ca = files.ca { ca } else { "the system's CAs" }
      return "has a certificate of a CA that isn't known: \(certificate.issuer) isn't in \(known)"
    default: return "has a certificate that isn't right: \(certificate.subject), \(openSSLWords(for: error))"
    }
  }

  private func openSSLWords(for error: Int32) -> String {
    unsafe context.openSSL.table.X509_verify_cert_error_string(Int(error)).map { unsafe String(cString: $0) }
      ?? "\(error)"
  }
}

extension TLSSession {
  /// What an error on the way to a server means; nil if it's none of TLS.
  func words(for code: UInt, with files: TLSConfiguration) -> String? {
    guard code != 0, code >> UInt(ERR_LIB_OFFSET) & UInt(ERR_LIB_MASK) == UInt(ERR_LIB_SSL) else { return nil }
    let reason = Int32(truncatingIfNeeded: code & UInt(ERR_REASON_MASK))
    switch reason {
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_HTTP_REQUEST, SSL_R_BAD_RECORD_TYPE,
      SSL_R_UNEXPECTED_MESSAGE:
      return "answers with something that isn't TLS"
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION: return "speaks no TLS 1.2 or newer"
    case SSL_AD_REASON_OFFSET...:
      return alert(reason - SSL_AD_REASON_OFFSET, context.openSSL.words(for: code), with: files)
    default: return "breaks TLS: \(context.openSSL.words(for: code))"
    }
  }

  /// Whether the server has asked for a certificate: before TLS 1.3 it says with that whose it takes.
  private var isAskedForCertificate: Bool { unsafe context.openSSL.table.SSL_get0_peer_CA_list(ssl) != nil }

  /// What a server's last word means.
  private func alert(_ number: Int32, _ words: String, with files: TLSConfiguration) -> String {
    // Such as "sslv3 alert certificate unknown".
    let said = words.split(separator: " alert ").last.map(String.init) ?? words
    // Who hears of no certificate may call that a handshake that failed (RFC 5246 §7.4.6).
    if number == SSL_AD_HANDSHAKE_FAILURE, files.identity == nil, isAskedForCertificate { return Self.wanting }
    switch number {
    case SSL_AD_BAD_CERTIFICATE...SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_ACCESS_DENIED,
      TLS13_AD_CERTIFICATE_REQUIRED:
      guard let own = files.identity else { return Self.wanting }
      return "refuses the certificate in \(own.certificate): \(said)"
    default: return "ends TLS: \(said)"
    }
  }

  private static let wanting = "wants a client certificate: name one by \"certificate\" and \"key\""
}
