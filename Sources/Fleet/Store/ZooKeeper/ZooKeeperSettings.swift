package import Config
package import Sockets

/// Where ZooKeeper is, and how it's used.
package struct ZooKeeperSettings: Sendable {
  /// The servers, which are one ensemble.
  package var servers: [Endpoint]
  /// The node below which everything is, such as `/martlet/edge`; it's made if it's missing, with those above it.
  package var root: String
  /// Who asks; what is made is this user's alone. Nil for nobody in particular: everybody may do everything with it.
  ///
  /// The password goes to the servers as it is, by ZooKeeper's digest scheme: without TLS, who can listen on the network in
  /// between learns it.
  package var user: ZooKeeperUser?
  /// How the servers are known, and as who they are asked; nil for connections without TLS.
  package var tls: ServerTLS?
  /// How long an answer may take until the next server is asked.
  package var patience = Duration.milliseconds(400)

  /// Settings without a user or TLS.
  package init(servers: [Endpoint], root: String) {
    self.servers = servers
    self.root = root
  }
}

/// How a server is spoken to.
struct ZooKeeperManners {
  /// How long an answer may take; then the connection is given up, as its server is stuck or cut off.
  var patience = Duration.milliseconds(400)
  /// After how much silence of ours the server is asked for a sign of life, so that a stuck one shows before it's needed.
  var pingInterval = Duration.seconds(1)
  /// After how long without us the server may forget the session. It's all the same to us: nothing belongs to a session.
  var sessionTimeout = Duration.seconds(6)
  /// `user:password`, as ZooKeeper's digest scheme has it; nil for nobody in particular.
  var user: [UInt8]?
  /// TLS, as it's now; nil for none.
  var tls: RenewedTLS?
}

/// A user with a password, out of a file.
package struct ZooKeeperUser: Equatable, Sendable {
  /// `user:password`.
  let bytes: [UInt8]

  /// Why there is none.
  package enum Problem: Error, Equatable, CustomStringConvertible {
    /// The file isn't read.
    case unreadable(path: String, StoredFile.Refusal)
    /// There's something else in it.
    case notUserAndPassword(path: String)

    /// What is wrong and what helps, in words.
    package var description: String {
      switch self {
      case .unreadable(let path, let refusal): "\(path) can't be read: \(refusal)"
      case .notUserAndPassword(let path): "\(path) must hold one line, user:password"
      }
    }
  }

  /// Takes `user:password`; nil if it's something else. The password may have colons in it.
  package init?(_ bytes: [UInt8]) {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon < bytes.count - 1,
      bytes.allSatisfy({ $0 >= 0x20 })
    else { return nil }
    self.bytes = bytes
  }

  /// Reads the one line of a file.
  package init(file path: String) throws(Problem) {
    let bytes: [UInt8]
    do throws(StoredFile.Refusal) {
      bytes = try StoredFile(path).read(atMost: 4096, trusting: .regular)
    } catch {
      throw .unreadable(path: path, error)
    }
    let line = bytes.last == UInt8(ascii: "\n") ? Array(bytes.dropLast()) : bytes
    guard let user = ZooKeeperUser(line) else { throw .notUserAndPassword(path: path) }
    self = user
  }
}
