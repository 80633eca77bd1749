import COpenSSL

/// One TLS connection, between bytes that go over the wire and bytes that mean something: it knows of no socket.
@safe
final class TLSSession {
  /// Why it's over.
  struct Fault: Error, Equatable, CustomStringConvertible {
    /// In words.
    var description: String
  }

  /// Whether both sides have proven that they know the key.
  private(set) var isOpen = false
  /// By which of the accepting side's keys, counted from 0.
  private(set) var keyIndex: Int?

  private let context: TLSContext
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  /// What the dialling side names itself by: OpenSSL reads it after the call in which it's given.
  private let identity: UnsafeMutablePointer<UInt8>
  private let identityLength: Int

  /// A connection that has said nothing yet.
  init(_ context: TLSContext) {
    self.context = context
    let table = context.openSSL.table
    guard let ssl = unsafe table.SSL_new(context.context), let incoming = unsafe table.BIO_new(table.BIO_s_mem()),
      let outgoing = unsafe table.BIO_new(table.BIO_s_mem())
    else { preconditionFailure("no memory for TLS") }
    unsafe self.ssl = ssl
    unsafe self.incoming = incoming
    unsafe self.outgoing = outgoing
    let name: [UInt8] = if case .dialling(let key) = context.side { key.identity } else { [] }
    identityLength = name.count
    let identity = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, name.count))
    unsafe identity.initialize(from: name, count: name.count)
    unsafe self.identity = identity
    // The session has both from now on.
    unsafe table.SSL_set_bio(ssl, incoming, outgoing)
    switch context.side {
    case .dialling: unsafe table.SSL_set_connect_state(ssl)
    case .accepting: unsafe table.SSL_set_accept_state(ssl)
    }
    _ = unsafe table.SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    unsafe context.openSSL.table.SSL_free(ssl)
    unsafe identity.deallocate()
  }

  /// Takes bytes off the wire, and gives what they mean.
  func receive(_ bytes: [UInt8]) throws(Fault) -> [UInt8] {
    let table = context.openSSL.table
    table.ERR_clear_error()
    let taken = unsafe table.BIO_write(incoming, bytes, Int32(bytes.count))
    precondition(Int(taken) == bytes.count || bytes.isEmpty, "no memory for TLS")
    if !isOpen {
      guard try handshake() else { return [] }
    }
    var plain: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = unsafe table.SSL_read(ssl, &buffer, Int32(buffer.count))
      guard count > 0 else {
        try judge(count)
        return plain
      }
      plain += buffer[..<Int(count)]
    }
  }

  /// Makes bytes for the wire out of what is to be said; only once it's open.
  func send(_ plain: [UInt8]) throws(Fault) {
    guard !plain.isEmpty else { return }
    context.openSSL.table.ERR_clear_error()
    let count = unsafe context.openSSL.table.SSL_write(ssl, plain, Int32(plain.count))
    if count <= 0 { throw fault() }
  }

  /// What is to go over the wire now; the dialling side begins with it.
  func output() -> [UInt8] {
    let table = context.openSSL.table
    if !isOpen, case .dialling = context.side { _ = unsafe table.SSL_do_handshake(ssl) }
    let count = unsafe table.BIO_ctrl_pending(outgoing)
    guard count > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, taken in
      taken = unsafe max(0, Int(table.BIO_read(outgoing, bytes.baseAddress, Int32(count))))
    }
  }

  private func handshake() throws(Fault) -> Bool {
    let done = unsafe context.openSSL.table.SSL_do_handshake(ssl)
    guard done == 1 else {
      try judge(done)
      return false
    }
    // Without the key it wouldn't have come to this, as nobody has a certificate; but that is what everything rests on.
    guard unsafe context.openSSL.table.SSL_session_reused(ssl) == 1 else { throw Fault(description: "no shared key") }
    isOpen = true
    return true
  }

  /// Throws, unless it's only that more bytes are needed.
  private func judge(_ outcome: Int32) throws(Fault) {
    switch unsafe context.openSSL.table.SSL_get_error(ssl, outcome) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
    case SSL_ERROR_ZERO_RETURN: throw Fault(description: "closed")
    default: throw fault()
    }
  }

  private func fault() -> Fault {
    let code = context.openSSL.table.ERR_get_error()
    guard code != 0 else { return Fault(description: "closed") }
    var text = [CChar](repeating: 0, count: 256)
    unsafe context.openSSL.table.ERR_error_string_n(code, &text, text.count)
    let end = text.firstIndex(of: 0) ?? text.endIndex
    let words = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // "error:0A00…:SSL routines::what it is": the last part is for people.
    return Fault(description: words.split(separator: ":").last.map(String.init) ?? words)
  }

  // MARK: OpenSSL's questions

  static func of(_ ssl: OpaquePointer) -> TLSSession {
    guard case .success(let functions) = OpenSSL.loaded, let pointer = unsafe functions.table.SSL_get_ex_data(ssl, 0)
    else { preconditionFailure("a TLS session of nobody") }
    return unsafe Unmanaged<TLSSession>.fromOpaque(pointer).takeUnretainedValue()
  }

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
