import Glibc

/// A CA of a test's own, made by `openssl`, and what it signs. All of it is gone with this object.
package final class TestCA {
  /// A certificate and its key, each in a file.
  package struct Identity: Sendable {
    /// The certificate in PEM.
    package let certificate: String
    /// Its key in PEM, which nobody else may read.
    package let key: String
  }

  /// The CA's certificate in PEM.
  package let file: String
  /// Where its files are.
  package let folder: TemporaryFolder

  /// A new CA.
  ///
  /// - Parameter name: what it calls itself.
  package init(_ name: String = "Test CA") throws {
    folder = try TemporaryFolder()
    file = "\(folder.path)/ca.pem"
    try Self.run(
      ["req", "-x509", "-days", "30", "-subj", "/CN=\(name)", "-out", file] + Self.newKey("\(folder.path)/ca.key"))
  }

  /// A new certificate.
  ///
  /// - Parameters:
  ///   - name: what its subject and its files are called.
  ///   - names: for whom it is, as OpenSSL writes them: `DNS:zk.example,IP:127.0.0.1`.
  ///   - days: how long it's valid from now on; -1 for one that ended yesterday.
  package func identity(_ name: String, for names: String = "DNS:nobody", days: Int = 30) throws -> Identity {
    let path = "\(folder.path)/\(name)"
    let request = "\(path).csr"
    try Self.run(["req", "-new", "-subj", "/CN=\(name)", "-out", request] + Self.newKey("\(path).key"))
    let extensions = try folder.write("\(name).ext", "subjectAltName=\(names)\n")
    try Self.run([
      "x509", "-req", "-in", request, "-CA", file, "-CAkey", "\(folder.path)/ca.key", "-CAcreateserial", "-days",
      "\(days)",
      "-extfile", extensions, "-out", "\(path).pem",
    ])
    return Identity(certificate: "\(path).pem", key: "\(path).key")
  }

  private static func newKey(_ path: String) -> [String] {
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]
  }

  /// Runs `openssl`.
  @discardableResult
  package static func run(_ arguments: [String]) throws -> String {
    let result = try Subprocess.run("openssl", arguments)
    guard result.exit == .code(0) else { throw Failure("openssl \(arguments): \(result.errors)") }
    return result.output
  }
}
