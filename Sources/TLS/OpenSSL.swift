import COpenSSL

/// OpenSSL's functions, found when they are needed first.
package final class OpenSSL: Sendable {
  /// The one of this process, or why there's none.
  package static let loaded: Result<OpenSSL, Missing> = Result { () throws(Missing) in try OpenSSL() }

  /// Why it can't be used.
  package struct Missing: Error, Equatable, CustomStringConvertible {
    /// The library or the function that isn't there.
    package var name: String

    /// What is missing, and what to install.
    package var description: String { "OpenSSL 3 is needed for TLS, and \(name) isn't there: install libssl3" }
  }

  /// The functions themselves.
  let table: openssl

  private init() throws(Missing) {
    var table = openssl()
    if let missing = unsafe openssl_load(&table) { throw Missing(name: unsafe String(cString: missing)) }
    self.table = table
  }

  /// What an error is, in OpenSSL's words.
  func words(for code: UInt) -> String {
    var text = [CChar](repeating: 0, count: 256)
    unsafe table.ERR_error_string_n(code, &text, text.count)
    let end = text.firstIndex(of: 0) ?? text.endIndex
    let words = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // "error:0A00…:SSL routines::what it is": the last part is for people.
    return words.split(separator: ":").last.map(String.init) ?? words
  }

  /// SHA-256 of bytes: 32 of them.
  package func sha256(_ bytes: [UInt8]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 32) { out, count in
      var length: UInt32 = 0
      let done = unsafe table.EVP_Digest(bytes, bytes.count, out.baseAddress, &length, table.EVP_sha256(), nil)
      precondition(done == 1, "no memory for a digest")
      count = Int(length)
    }
  }

  /// HMAC-SHA-256 (RFC 2104): 32 bytes.
  package func hmac(_ key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 32) { out, count in
      var length: UInt32 = 0
      let done = unsafe table.HMAC(
        table.EVP_sha256(), key, Int32(key.count), bytes, bytes.count, out.baseAddress, &length)
      precondition(unsafe done != nil, "no memory for a digest")
      count = Int(length)
    }
  }

  /// HKDF-SHA-256 (RFC 5869) without salt: 32 bytes for a purpose.
  package func hkdf(_ secret: [UInt8], for purpose: String) -> [UInt8] {
    let extracted = hmac([UInt8](repeating: 0, count: 32), secret)
    return hmac(extracted, Array(purpose.utf8) + [1])
  }
}
