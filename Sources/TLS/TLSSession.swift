import COpenSSL

/// One TLS connection, between bytes that go over the wire and bytes that mean something: it knows of no socket.
@safe
package final class TLSSession {
  /// Why it's over.
  package struct Fault: Error, Equatable, CustomStringConvertible {
    /// In words; of a server of others a clause about it.
    package var description: String

    /// The other side has said that nothing more comes.
    package static let closed = Fault(description: "closed")
  }

  /// Whether both sides have proven who they are, as far as they have to.
  package private(set) var isOpen = false
  /// By which of the accepting side's keys, counted from 0.
  package internal(set) var keyIndex: Int?
  /// What is wrong with a server's certificate, once OpenSSL has found that; a clause about the server.
  var objection: String?
  /// For whom a server's certificate must be.
  var name: TLSName?

  let context: TLSContext
  let ssl: OpaquePointer
  /// What the dialling side names itself by: OpenSSL reads it after the call in which it's given.
  let identity: UnsafeMutablePointer<UInt8>
  let identityLength: Int
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer

  /// A connection that has said nothing yet.
  ///
  /// - Parameter name: for whom a server's certificate must be; of no meaning between nodes.
  package init(_ context: TLSContext, to name: TLSName? = nil) {
    self.context = context
    let table = context.openSSL.table
    guard let ssl = unsafe table.SSL_new(context.context), let incoming = unsafe table.BIO_new(table.BIO_s_mem()),
      let outgoing = unsafe table.BIO_new(table.BIO_s_mem())
    else { preconditionFailure("no memory for TLS") }
    unsafe self.ssl = ssl
    unsafe self.incoming = incoming
    unsafe self.outgoing = outgoing
    let own: [UInt8] = if case .dialling(let key) = context.side { key.identity } else { [] }
    identityLength = own.count
    let identity = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, own.count))
    unsafe identity.initialize(from: own, count: own.count)
    unsafe self.identity = identity
    // The session has both from now on.
    unsafe table.SSL_set_bio(ssl, incoming, outgoing)
    switch context.side {
    case .dialling: unsafe table.SSL_set_connect_state(ssl)
    case .accepting: unsafe table.SSL_set_accept_state(ssl)
    case .visiting:
      unsafe table.SSL_set_connect_state(ssl)
      guard let name else { preconditionFailure("a server without a name") }
      demand(name)
    }
    _ = unsafe table.SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    unsafe context.openSSL.table.SSL_free(ssl)
    unsafe identity.deallocate()
  }

  /// Takes bytes off the wire, and appends what they mean; that counts, whatever is thrown for what comes behind it.
  package func receive(_ bytes: [UInt8], into plain: inout [UInt8]) throws(Fault) {
    let table = context.openSSL.table
    table.ERR_clear_error()
    let taken = unsafe table.BIO_write(incoming, bytes, Int32(bytes.count))
    precondition(Int(taken) == bytes.count || bytes.isEmpty, "no memory for TLS")
    if !isOpen {
      guard try handshake() else { return }
    }
    while true {
      // A record's worth. Most are small, so the room isn't made zero for each.
      let count = unsafe withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { room in
        let count = unsafe table.SSL_read(ssl, room.baseAddress, Int32(room.count))
        if count > 0 { unsafe plain.append(contentsOf: room[..<Int(count)]) }
        return count
      }
      guard count > 0 else { return try judge(count) }
    }
  }

  /// Makes bytes for the wire out of what is to be said; only once it's open.
  package func send(_ plain: [UInt8]) throws(Fault) {
    guard !plain.isEmpty else { return }
    context.openSSL.table.ERR_clear_error()
    let count = unsafe context.openSSL.table.SSL_write(ssl, plain, Int32(plain.count))
    if count <= 0 { throw fault() }
  }

  /// What is to go over the wire now; the dialling side begins with it.
  package func output() -> [UInt8] {
    let table = context.openSSL.table
    if !isOpen, !isAccepting { _ = unsafe table.SSL_do_handshake(ssl) }
    let count = unsafe table.BIO_ctrl_pending(outgoing)
    guard count > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, taken in
      taken = unsafe max(0, Int(table.BIO_read(outgoing, bytes.baseAddress, Int32(count))))
    }
  }

  /// Makes the bytes by which this side says that nothing more comes.
  package func farewell() -> [UInt8] {
    guard isOpen else { return [] }
    context.openSSL.table.ERR_clear_error()
    _ = unsafe context.openSSL.table.SSL_shutdown(ssl)
    return output()
  }

  private var isAccepting: Bool {
    if case .accepting = context.side { true } else { false }
  }

  private func handshake() throws(Fault) -> Bool {
    let done = unsafe context.openSSL.table.SSL_do_handshake(ssl)
    guard done == 1 else {
      try judge(done)
      return false
    }
    // It wouldn't have come to this otherwise; but that is what everything rests on.
    switch context.side {
    case .dialling, .accepting:
      // Without the key there would have to be a certificate, and nobody has one.
      guard unsafe context.openSSL.table.SSL_session_reused(ssl) == 1 else { throw Fault(description: "no shared key") }
    case .visiting:
      guard !context.side.verifies || isTrusted else { throw Fault(description: "has no certificate that is believed") }
    }
    isOpen = true
    return true
  }

  /// Throws, unless it's only that more bytes are needed.
  private func judge(_ outcome: Int32) throws(Fault) {
    switch unsafe context.openSSL.table.SSL_get_error(ssl, outcome) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
    case SSL_ERROR_ZERO_RETURN: throw .closed
    default: throw fault()
    }
  }

  private func fault() -> Fault {
    let code = context.openSSL.table.ERR_get_error()
    if case .visiting(let files) = context.side, let words = objection ?? words(for: code, with: files) {
      return Fault(description: words)
    }
    return code == 0 ? .closed : Fault(description: context.openSSL.words(for: code))
  }

  /// Whose connection it is that OpenSSL asks about.
  static func of(_ ssl: OpaquePointer) -> TLSSession {
    guard case .success(let functions) = OpenSSL.loaded, let pointer = unsafe functions.table.SSL_get_ex_data(ssl, 0)
    else { preconditionFailure("a TLS session of nobody") }
    return unsafe Unmanaged<TLSSession>.fromOpaque(pointer).takeUnretainedValue()
  }
}
