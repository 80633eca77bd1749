import COpenSSL

/// TLS 1.3 between nodes that share a key (RFC 8446, external PSK with (EC)DHE): no certificate, one suite, one group, no tickets.
///
/// Which key it is depends on who dials whom in which fleet, so that a node can't be made to talk to itself, and neither side's
/// part can be played by the other (RFC 9257, 4 and 6).
@safe
final class TLSContext {
  /// A key with the name by which both sides mean it.
  struct SharedKey {
    let identity: [UInt8]
    let secret: [UInt8]
  }

  /// Which side of a connection.
  enum Side {
    /// It dials, and proves this.
    case dialling(SharedKey)
    /// It's dialled, and takes any of these.
    case accepting([SharedKey])
  }

  let openSSL: OpenSSL
  let side: Side
  let context: OpaquePointer

  /// A context for all connections of one side.
  init(_ side: Side, _ openSSL: OpenSSL) {
    self.openSSL = openSSL
    self.side = side
    let table = openSSL.table
    let isDialling = if case .dialling = side { true } else { false }
    guard let context = unsafe table.SSL_CTX_new(isDialling ? table.TLS_client_method() : table.TLS_server_method())
    else { preconditionFailure("no memory for TLS") }
    unsafe self.context = context
    unsafe openssl_without_cache(openSSL.all, context)
    let isLimited =
      unsafe openssl_only_tls13(openSSL.all, context) == 1
      && table.SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1
      && openssl_groups(openSSL.all, context, "X25519") == 1
    precondition(isLimited, "this OpenSSL has no TLS 1.3 with X25519")
    _ = unsafe table.SSL_CTX_set_num_tickets(context, 0)
    if isDialling {
      // Who is dialled has to prove that it knows the key as well; without one it would need a certificate.
      unsafe table.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
      unsafe table.SSL_CTX_set_psk_use_session_callback(context) { ssl, digest, identity, length, session in
        guard let ssl = unsafe ssl else { return 0 }
        return unsafe TLSSession.of(ssl).offer(digest, identity, length, session)
      }
    } else {
      unsafe table.SSL_CTX_set_psk_find_session_callback(context) { ssl, identity, length, session in
        guard let ssl = unsafe ssl else { return 0 }
        return unsafe TLSSession.of(ssl).find(identity, length, session)
      }
    }
  }

  deinit {
    unsafe openSSL.table.SSL_CTX_free(context)
  }

  /// The key of a direction between two nodes.
  ///
  /// - Parameter secret: what the fleet's file has; its digest is part of the name, so that two keys can be told apart.
  static func key(
    _ openSSL: OpenSSL, secret: [UInt8], fleet: String, dialling: String, accepting: String
  ) -> SharedKey {
    let mark = FleetKey.line(of: Array(openSSL.hkdf(secret, for: "martlet fleet key").prefix(4)))
    let identity = "martlet 1 \(mark) \(fleet) \(dialling) \(accepting)"
    return SharedKey(identity: Array(identity.utf8), secret: openSSL.hkdf(secret, for: identity))
  }
}
