import TLS

extension TLSContext {
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
