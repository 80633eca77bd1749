import COpenSSL
import Config
import Glibc

/// What a certificate says, for people: somebody else may have written it, so it's short and plain.
@safe
struct Certificate {
  /// The most characters of anything that's said of it.
  private static let longest = 200

  private let certificate: OpaquePointer
  private let openSSL: OpenSSL

  /// Looks at an X509 as long as it's there.
  init(_ certificate: OpaquePointer, _ openSSL: OpenSSL) {
    unsafe self.certificate = certificate
    self.openSSL = openSSL
  }

  /// Whose it is, such as `CN=zk1.example`.
  var subject: String { unsafe name(openSSL.table.X509_get_subject_name(certificate)) }

  /// Who has signed it.
  var issuer: String { unsafe name(openSSL.table.X509_get_issuer_name(certificate)) }

  /// For which names and addresses it is, such as `DNS:zk1.example, IP Address:10.0.1.1`.
  var names: String {
    let table = openSSL.table
    let index = unsafe table.X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)
    guard index >= 0, let names = unsafe table.X509_get_ext(certificate, index) else { return subject }
    return unsafe text { output in unsafe table.X509V3_EXT_print(output, names, 0, 0) }
  }

  /// From when on it's valid.
  var beginning: String {
    let table = openSSL.table
    return unsafe text { output in unsafe table.ASN1_TIME_print(output, table.X509_get0_notBefore(certificate)) }
  }

  /// Until when it's valid.
  var end: String {
    let table = openSSL.table
    return unsafe text { output in unsafe table.ASN1_TIME_print(output, table.X509_get0_notAfter(certificate)) }
  }

  /// The same in seconds since 1970; nil if it's no time.
  var endInSeconds: Int? {
    let table = openSSL.table
    var moment = unsafe tm()
    guard unsafe table.ASN1_TIME_to_tm(table.X509_get0_notAfter(certificate), &moment) == 1 else { return nil }
    return unsafe timegm(&moment)
  }

  /// Whether it isn't valid any more.
  var hasExpired: Bool {
    let table = openSSL.table
    return unsafe table.X509_cmp_current_time(table.X509_get0_notAfter(certificate)) < 0
  }

  private func name(_ name: OpaquePointer?) -> String {
    let table = openSSL.table
    return unsafe text { output in unsafe table.X509_NAME_print_ex(output, name, 0, openssl_name_format) }
  }

  private func text(_ write: (OpaquePointer) -> Int32) -> String {
    let table = openSSL.table
    guard let output = unsafe table.BIO_new(table.BIO_s_mem()) else { preconditionFailure("no memory for TLS") }
    defer { _ = unsafe table.BIO_free(output) }
    _ = unsafe write(output)
    let count = min(unsafe table.BIO_ctrl_pending(output), Self.longest)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, taken in
      taken = unsafe max(0, Int(table.BIO_read(output, bytes.baseAddress, Int32(count))))
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.isEmpty ? "nobody" : text.printable
  }
}
