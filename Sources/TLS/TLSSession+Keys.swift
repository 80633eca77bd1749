import COpenSSL

// OpenSSL's questions about the key that two nodes share.
extension TLSSession {
  /// The dialling side's key, if it fits the hash that the connection has settled on.
  func offer(
    _ digest: OpaquePointer?, _ name: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ length: UnsafeMutablePointer<Int>?,
    _ session: UnsafeMutablePointer<OpaquePointer?>?
  ) -> Int32 {
    let table = context.openSSL.table
    unsafe session?.pointee = nil
    unsafe name?.pointee = nil
    unsafe length?.pointee = 0
    guard case .dialling(let key) = context.side, let made = unsafe madeSession(with: key.secret) else { return 0 }
    if let digest = unsafe digest,
      unsafe digest != table.SSL_CIPHER_get_handshake_digest(table.SSL_SESSION_get0_cipher(made))
    {
      unsafe table.SSL_SESSION_free(made)
      return 1
    }
    unsafe name?.pointee = unsafe UnsafePointer(identity)
    unsafe length?.pointee = identityLength
    unsafe session?.pointee = made
    return 1
  }

  /// The accepting side's key of this name, if it has one.
  func find(_ name: UnsafePointer<UInt8>?, _ length: Int, _ session: UnsafeMutablePointer<OpaquePointer?>?) -> Int32 {
    unsafe session?.pointee = nil
    guard case .accepting(let keys) = context.side, let name = unsafe name else { return 1 }
    let asked = unsafe UnsafeBufferPointer(start: name, count: length)
    guard let index = keys.firstIndex(where: { unsafe asked.elementsEqual($0.identity) }) else { return 1 }
    guard let made = unsafe madeSession(with: keys[index].secret) else { return 0 }
    keyIndex = index
    unsafe session?.pointee = made
    return 1
  }

  private func madeSession(with secret: [UInt8]) -> OpaquePointer? {
    let table = context.openSSL.table
    let suite: [UInt8] = [0x13, 0x01]
    guard let cipher = unsafe table.SSL_CIPHER_find(ssl, suite), let made = table.SSL_SESSION_new() else {
      return nil
    }
    guard unsafe table.SSL_SESSION_set1_master_key(made, secret, secret.count) == 1,
      unsafe table.SSL_SESSION_set_cipher(made, cipher) == 1,
      unsafe table.SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION) == 1
    else {
      unsafe table.SSL_SESSION_free(made)
      return nil
    }
    return unsafe made
  }
}
