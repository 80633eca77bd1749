package import Sockets
package import SystemPackage

/// A server at a Unix socket, whose file somebody may remove while it runs.
package protocol UnixDoor: AnyObject {
  /// Where the file is.
  var path: String { get }
  /// The file; nil if the socket has none, or if it's another process's by now.
  var file: UnixSocketFile? { get }
  /// Listens at a new socket at the same path.
  func bindAgain() throws(Errno)
}
