import COpenSSL
import Config

/// What is in a file in PEM (RFC 7468).
@safe
struct PEM {
  /// A certificate, freed with this object.
  @safe
  final class Certificate {
    let pointer: OpaquePointer
    private let openSSL: OpenSSL

    init(_ pointer: OpaquePointer, _ openSSL: OpenSSL) {
      unsafe self.pointer = pointer
      self.openSSL = openSSL
    }

    deinit { unsafe openSSL.table.X509_free(pointer) }
  }

  /// A private key, freed with this object.
  @safe
  final class Key {
    let pointer: OpaquePointer
    private let openSSL: OpenSSL

    init(_ pointer: OpaquePointer, _ openSSL: OpenSSL) {
      unsafe self.pointer = pointer
      self.openSSL = openSSL
    }

    deinit { unsafe openSSL.table.EVP_PKEY_free(pointer) }
  }

  private let bytes: [UInt8]
  private let openSSL: OpenSSL

  init(_ bytes: [UInt8], _ openSSL: OpenSSL) {
    // OpenSSL has no buffer of nothing.
    self.bytes = bytes.isEmpty ? [UInt8(ascii: "\n")] : bytes
    self.openSSL = openSSL
  }

  /// All certificates, in their order; nil if one of them is broken.
  var certificates: [Certificate]? {
    let table = openSSL.table
    return unsafe read { input in
      var found: [Certificate] = []
      while let next = unsafe table.PEM_read_bio_X509(input, nil, nil, nil) {
        unsafe found.append(Certificate(next, openSSL))
      }
      // The end is an error as well: that there's no further beginning.
      let isEnd = table.ERR_get_error() & UInt(ERR_REASON_MASK) == UInt(PEM_R_NO_START_LINE)
      return isEnd ? found : nil
    }
  }

  /// The private key.
  ///
  /// - Parameter path: what the file is called in errors.
  func key(in path: String) throws(ServerTLS.Problem) -> Key {
    let table = openSSL.table
    var isLocked = false
    let key = unsafe withUnsafeMutablePointer(to: &isLocked) { isLocked in
      unsafe read { input in
        // OpenSSL would ask at the terminal.
        unsafe table.PEM_read_bio_PrivateKey(
          input, nil,
          { _, _, _, isLocked in
            unsafe isLocked?.assumingMemoryBound(to: Bool.self).pointee = true
            return -1
          }, isLocked)
      }
    }
    guard let key = unsafe key else { throw isLocked ? .lockedKey(path: path) : .noKey(path: path) }
    return unsafe Key(key, openSSL)
  }

  private func read<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    let table = openSSL.table
    table.ERR_clear_error()
    defer { table.ERR_clear_error() }
    return unsafe bytes.withUnsafeBytes { bytes in
      guard let input = unsafe table.BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
        preconditionFailure("no memory for TLS")
      }
      defer { _ = unsafe table.BIO_free(input) }
      return unsafe body(input)
    }
  }
}

extension TLSContext {
  /// Who is signed by this one is believed, though it may itself be signed by another one.
  func believe(_ authority: PEM.Certificate) {
    let table = openSSL.table
    guard let store = unsafe table.SSL_CTX_get_cert_store(context) else {
      preconditionFailure("a context without a store")
    }
    _ = unsafe table.X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    _ = unsafe table.X509_STORE_add_cert(store, authority.pointer)
  }

  /// Shows a certificate, with those behind it, to servers that ask for one.
  func show(
    _ chain: [PEM.Certificate], _ key: PEM.Key, from files: TLSConfiguration.Identity
  ) throws(ServerTLS.Problem) {
    let table = openSSL.table
    table.ERR_clear_error()
    defer { table.ERR_clear_error() }
    guard unsafe table.SSL_CTX_use_certificate(context, chain[0].pointer) == 1 else {
      throw .refused(path: files.certificate, words: openSSL.words(for: table.ERR_get_error()))
    }
    for certificate in chain.dropFirst() { _ = unsafe openssl_chain(openSSL.table, context, certificate.pointer) }
    guard unsafe table.SSL_CTX_use_PrivateKey(context, key.pointer) == 1 else {
      let code = table.ERR_get_error()
      let isOther = [X509_R_KEY_VALUES_MISMATCH, X509_R_KEY_TYPE_MISMATCH].map(UInt.init).contains(
        code & UInt(ERR_REASON_MASK))
      throw isOther
        ? .otherKey(path: files.key, certificate: files.certificate)
        : .refused(path: files.key, words: openSSL.words(for: code))
    }
    guard unsafe table.SSL_CTX_check_private_key(context) == 1 else {
      throw .otherKey(path: files.key, certificate: files.certificate)
    }
  }
}
