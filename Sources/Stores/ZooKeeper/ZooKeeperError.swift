/// What a server says instead of doing what was asked (ZooKeeper's KeeperException.Code): those that mean something here, and
/// the numbers of all others.
package enum ZooKeeperError: Error, Hashable, CustomStringConvertible {
  /// There is no such node, or none above the one that is to be made.
  case noNode
  /// There is one already.
  case nodeExists
  /// It has another version.
  case badVersion
  /// It has nodes below it.
  case notEmpty
  /// This user may not.
  case noPermission
  /// The user's password isn't the one.
  case badPassword
  /// A part of a multi that wasn't done since a part before it couldn't be.
  case partOfFailure
  /// Something else.
  case other(Int32)

  /// Takes the number; nil if it says that all is well.
  init?(code: Int32) {
    switch code {
    case 0: return nil
    case -2: self = .partOfFailure
    case -101: self = .noNode
    case -102: self = .noPermission
    case -103: self = .badVersion
    case -110: self = .nodeExists
    case -111: self = .notEmpty
    case -115: self = .badPassword
    default: self = .other(code)
    }
  }

  /// A clause about the server.
  package var description: String {
    switch self {
    case .noNode: "has no such node"
    case .nodeExists: "has such a node already"
    case .badVersion: "has another version"
    case .notEmpty: "has nodes below it"
    case .noPermission: "gives no permission"
    case .badPassword: "knows no such user and password"
    case .partOfFailure: "has left it undone with the rest"
    case .other(let code): "answers with error \(code)"
    }
  }
}
