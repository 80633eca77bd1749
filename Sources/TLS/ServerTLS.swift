import COpenSSL
package import Config
package import Sockets

/// TLS towards servers that have certificates, by files as they were when they were read.
@safe
package struct ServerTLS: Sendable {
  /// Why files can't be gone by.
  package enum Problem: Error, Equatable, CustomStringConvertible {
    /// OpenSSL isn't there.
    case noTLS(String)
    /// The file isn't read.
    case unreadable(path: String, StoredFile.Refusal)
    /// There is no such file with the system's CAs.
    case noSystemCAs
    /// There's something else in it than certificates.
    case noCertificate(path: String)
    /// There's something else in it than a private key.
    case noKey(path: String)
    /// The key is behind a passphrase, and nobody is asked for it.
    case lockedKey(path: String)
    /// The key is another certificate's.
    case otherKey(path: String, certificate: String)
    /// OpenSSL doesn't take what is in it, such as a key that is too short.
    case refused(path: String, words: String)

    /// What is wrong, and what helps, in words.
    package var description: String {
      switch self {
      case .noTLS(let what): what
      case .unreadable(let path, .readableByOthers): "everybody may read \(path): chmod o-r"
      case .unreadable(let path, let refusal): "\(path) can't be read: \(refusal)"
      case .noSystemCAs: "the system has no CAs: install ca-certificates, or name a file by \"ca\""
      case .noCertificate(let path): "\(path) must hold certificates in PEM, and what is there is none"
      case .noKey(let path): "\(path) must hold a private key in PEM, and what is there is none"
      case .lockedKey(let path): "the key in \(path) has a passphrase: take it away by `openssl pkey`"
      case .otherKey(let path, let certificate): "the key in \(path) isn't that of the certificate in \(certificate)"
      case .refused(let path, let words): "what is in \(path) isn't taken: \(words)"
      }
    }
  }

  /// Where systems have their CAs in one file: Debian and those like it, Fedora and RHEL, SUSE, Alpine.
  private static let systemCAs = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
  ]
  /// The most bytes of a file; systems' CAs have about 220 KB.
  private static let largestFile = 4 << 20

  /// What it was read by.
  package let configuration: TLSConfiguration
  /// The files as they were before they were read.
  package let files: FileSnapshot
  /// What people should know of the files, though they can be gone by.
  package let notices: [String]
  private let context: TLSContext

  /// Reads the files; that may take some milliseconds.
  package init(_ configuration: TLSConfiguration) throws(Problem) {
    let openSSL: OpenSSL
    switch OpenSSL.loaded {
    case .success(let loaded): openSSL = loaded
    case .failure(let missing): throw .noTLS("\(missing)")
    }
    var files = FileSnapshot()
    for path in configuration.files { files.add(path) }
    let context = TLSContext(.visiting(configuration), openSSL)
    if configuration.isVerified {
      let ca = configuration.ca ?? Self.systemCAs.first { FileIdentity($0) != nil }
      guard let ca else { throw .noSystemCAs }
      files.add(ca)
      for authority in try Self.certificates(in: ca, openSSL) { context.believe(authority) }
    }
    var notices: [String] = []
    if let identity = configuration.identity {
      let chain = try Self.certificates(in: identity.certificate, openSSL)
      let key = try PEM(Self.bytes(of: identity.key, trusting: .secret), openSSL).key(in: identity.key)
      try context.show(chain, key, from: identity)
      let own = unsafe Certificate(chain[0].pointer, openSSL)
      if own.hasExpired { notices.append("the certificate in \(identity.certificate) has expired, on \(own.end)") }
    }
    self.configuration = configuration
    self.files = files
    self.notices = notices
    self.context = context
  }

  /// A connection to a server that is dialled by this name.
  package func session(to server: TLSName) -> TLSSession {
    TLSSession(context, to: configuration.serverName.map { TLSName($0) } ?? server)
  }

  /// At least one.
  private static func certificates(in path: String, _ openSSL: OpenSSL) throws(Problem) -> [PEM.Certificate] {
    let found = try PEM(bytes(of: path, trusting: .regular), openSSL).certificates
    guard let found, !found.isEmpty else { throw .noCertificate(path: path) }
    return found
  }

  private static func bytes(of path: String, trusting trust: StoredFile.Trust) throws(Problem) -> [UInt8] {
    do throws(StoredFile.Refusal) {
      return try StoredFile(path).read(atMost: largestFile, trusting: trust)
    } catch {
      throw .unreadable(path: path, error)
    }
  }
}
