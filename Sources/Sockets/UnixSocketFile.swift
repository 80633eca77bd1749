import Glibc

/// The file that a listening Unix socket leaves in the file system.
package enum UnixSocketFile {
  /// Removes the socket's file; anything else at the path stays.
  package static func remove(_ path: String) {
    if isSocket(path) { _ = unsafe unlink(path) }
  }

  /// Removes the file if nobody listens there any more, as after a crash.
  package static func removeIfStale(_ path: String) {
    guard isSocket(path), let socket = try? Socket(for: .unix(path: path)) else { return }
    defer { socket.close() }
    if socket.connect(to: .unix(path: path)) == .failed(.connectionRefused) { _ = unsafe unlink(path) }
  }

  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }
}
