import COpenSSL
package import Config

/// What the connections of one kind have in common: how each side shows who it is, and which TLS is good enough.
///
/// Nodes share a key: TLS 1.3 (RFC 8446, external PSK with (EC)DHE), no certificate, one suite, one group, no tickets. Which key it
/// is depends on who dials whom in which fleet, so that a node can't be made to talk to itself, and neither side's part can be
/// played by the other (RFC 9257, 4 and 6). A server of others has a certificate: TLS 1.2 or newer.
@safe package final class TLSContext: Sendable {
  /// A key with the name by which both sides mean it.
  package struct SharedKey: Sendable {
    /// The name.
    package let identity: [UInt8]
    /// The key itself: 32 bytes.
    package let secret: [UInt8]

    /// With both.
    package init(identity: [UInt8], secret: [UInt8]) {
      self.identity = identity
      self.secret = secret
    }
  }

  /// Which side of a connection.
  package enum Side: Sendable {
    /// It dials, and proves this.
    case dialling(SharedKey)
    /// It's dialled, and takes any of these.
    case accepting([SharedKey])
    /// It dials who has a certificate, and goes by what these files hold.
    case visiting(TLSConfiguration)

    /// Whether certificates have to be right.
    var verifies: Bool {
      if case .visiting(let files) = self { files.isVerified } else { false }
    }
  }

  let openSSL: OpenSSL
  /// Which side its connections are.
  package let side: Side
  /// The SSL_CTX: set up by the thread that made it, before any other one has it.
  // Unsafe, as no pointer is Sendable.
  nonisolated(unsafe) let context: OpaquePointer  // Only read once it's shared; SSL_new counts its uses atomically.

  /// A context for all connections of one side; one that goes by certificates knows none yet.
  package init(_ side: Side, _ openSSL: OpenSSL) {
    self.openSSL = openSSL
    self.side = side
    let table = openSSL.table
    let isDialled = if case .accepting = side { true } else { false }
    guard let context = unsafe table.SSL_CTX_new(isDialled ? table.TLS_server_method() : table.TLS_client_method())
    else { preconditionFailure("no memory for TLS") }
    unsafe self.context = context
    unsafe openssl_without_cache(openSSL.table, context)
    switch side {
    case .dialling:
      limitToSharedKeys()
      // Who is dialled has to prove that it knows the key as well; without one it would need a certificate.
      unsafe table.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
      unsafe table.SSL_CTX_set_psk_use_session_callback(context) { ssl, digest, identity, length, session in
        guard let ssl = unsafe ssl else { return 0 }
        return unsafe TLSSession.of(ssl).offer(digest, identity, length, session)
      }
    case .accepting:
      limitToSharedKeys()
      unsafe table.SSL_CTX_set_psk_find_session_callback(context) { ssl, identity, length, session in
        guard let ssl = unsafe ssl else { return 0 }
        return unsafe TLSSession.of(ssl).find(identity, length, session)
      }
    case .visiting:
      let isLimited = unsafe openssl_versions(openSSL.table, context, Int(TLS1_2_VERSION), 0) == 1
      precondition(isLimited, "this OpenSSL has no TLS 1.2")
      _ = unsafe table.SSL_CTX_set_options(context, openssl_no_renegotiation)
      guard side.verifies else {
        unsafe table.SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        break
      }
      unsafe table.SSL_CTX_set_verify(context, SSL_VERIFY_PEER) { isRight, chain in
        guard isRight != 1, let chain = unsafe chain else { return isRight }
        unsafe TLSSession.object(to: chain)
        return 0
      }
    }
  }

  deinit {
    unsafe openSSL.table.SSL_CTX_free(context)
  }

  private func limitToSharedKeys() {
    let table = openSSL.table
    let isLimited =
      unsafe openssl_versions(openSSL.table, context, Int(TLS1_3_VERSION), Int(TLS1_3_VERSION)) == 1
      && table.SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1
      && openssl_groups(openSSL.table, context, "X25519") == 1
    precondition(isLimited, "this OpenSSL has no TLS 1.3 with X25519")
    _ = unsafe table.SSL_CTX_set_num_tickets(context, 0)
  }
}
