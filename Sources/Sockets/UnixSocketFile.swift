import Glibc
package import SystemPackage

/// The file that a listening Unix socket has in the file system: this very one, and none that has come to its path since.
///
/// A path says nothing about whose the file is: the next process may have bound it while this one still serves its last
/// sessions. The file's place in the file system does, as long as the socket is held, since that keeps it from being given
/// to another file.
package struct UnixSocketFile: Hashable, Codable, Sendable {
  /// Where it is.
  package let path: String
  private let device: UInt
  private let inode: UInt

  /// The socket's file that is at the path now; nil if there is none.
  package init?(at path: String) {
    guard let status = Self.status(of: path), status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    self.path = path
    device = status.st_dev
    inode = status.st_ino
  }

  /// Whether clients find it at its path.
  package var isPresent: Bool { UnixSocketFile(at: path) == self }

  /// Changes its mode and whose it is; what is nil stays. Somebody else's that has come to its path is left alone.
  package func change(mode: UInt32?, user: UInt32?, group: UInt32?) throws(Errno) {
    guard isPresent else { return }
    // First the mode: who gives a file away may no longer change it.
    if let mode { _ = try syscall { unsafe chmod(path, mode) } }
    if user != nil || group != nil {
      _ = try syscall { unsafe chown(path, user ?? .max, group ?? .max) }
    }
  }

  /// Fails if this process may not give a file of its own away like that. It's tried with a socket that has no file.
  package static func tryGiving(to user: UInt32?, group: UInt32?) throws(Errno) {
    guard user != nil || group != nil else { return }
    let socket = try Socket(for: .unix(path: "/"))
    defer { socket.close() }
    _ = try syscall { fchown(socket.descriptor, user ?? .max, group ?? .max) }
  }

  /// Removes it, unless another has come to its path. To be called while the socket is open.
  package func remove() {
    if isPresent { _ = unsafe unlink(path) }
  }
}

// MARK: - Paths

extension UnixSocketFile {
  /// What a path leads to, for who wants to bind it.
  package enum Occupant: Equatable, Sendable {
    /// Nothing is there.
    case nobody
    /// A socket that nobody listens at, as after a crash.
    case stale
    /// A socket that somebody listens at, or that this user may not connect to.
    case listener
    /// Something else: a clause such as "a regular file".
    case stranger(String)
  }

  /// Looks at a path.
  package static func occupant(of path: String) -> Occupant {
    guard let status = status(of: path) else { return .nobody }
    switch status.st_mode & S_IFMT {
    case S_IFSOCK: break
    case S_IFREG: return .stranger("a regular file")
    case S_IFDIR: return .stranger("a folder")
    case S_IFLNK: return .stranger("a symbolic link")
    case S_IFIFO: return .stranger("a named pipe")
    default: return .stranger("a device")
    }
    guard let socket = try? Socket(for: .unix(path: path)) else { return .listener }
    defer { socket.close() }
    return socket.connect(to: .unix(path: path)) == .failed(.connectionRefused) ? .stale : .listener
  }

  /// Removes the file if nobody listens there any more.
  package static func removeIfStale(_ path: String) {
    if occupant(of: path) == .stale { _ = unsafe unlink(path) }
  }

  private static func status(of path: String) -> stat? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status : nil
  }
}
