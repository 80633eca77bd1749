import Glibc
package import SystemPackage

/// What lines are put at the end of: a file, a pipe, a terminal, or whatever the standard output is. Writing never waits for a reader.
package final class LineOutput {
  private enum Kind {
    /// The kernel takes all that there's room for on the disk.
    case file(device: UInt, inode: UInt)
    /// Others may write there as well, and somebody has to read.
    case stream
  }

  /// As much goes into a pipe in one piece, whoever else writes there (PIPE_BUF, pipe(7)).
  package static let pieceOfStream = 4096

  private let descriptor: Int32
  private let kind: Kind
  private let isOurs: Bool

  /// Opens a file, which is made for its owner and group where there's none, or a named pipe that somebody reads from.
  ///
  /// - Throws: ENXIO for a pipe that nobody reads from.
  package init(appendingTo path: String) throws(Errno) {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    descriptor = try syscall { unsafe open(path, flags, 0o640) }
    kind = Self.kind(of: descriptor)
    isOurs = true
  }

  /// Fails if nothing could be appended to a file by this process. Nothing is made or changed, and of a pipe nobody is looked for.
  package static func tryAppending(to path: String) throws(Errno) {
    var status = stat()
    guard unsafe stat(path, &status) != 0 else {
      if status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory }
      _ = try syscall { unsafe access(path, W_OK) }
      return
    }
    let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    _ = try syscall { unsafe access(folder.isEmpty ? "/" : folder, W_OK | X_OK) }
  }

  /// The program's standard output, which stays open.
  package init(standardOutput: Void) {
    descriptor = STDOUT_FILENO
    kind = Self.kind(of: descriptor)
    isOurs = false
  }

  deinit {
    if isOurs { Glibc.close(descriptor) }
  }

  private static func kind(of descriptor: Int32) -> Kind {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .stream }
    return .file(device: status.st_dev, inode: status.st_ino)
  }

  /// Whether it's a pipe or its like, of which at most `pieceOfStream` bytes are taken at a time.
  package var isStream: Bool {
    if case .stream = kind { true } else { false }
  }

  /// Whether what was opened at a path is still what is there.
  package func isStillAt(_ path: String) -> Bool {
    guard case .file(let device, let inode) = kind else { return true }
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode
  }

  /// Writes what there's room for now.
  package func write(_ bytes: ArraySlice<UInt8>) -> Transfer {
    if isStream {
      // Non-blocking is the open file's, and the standard output is others' too: so it's asked for.
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      if unsafe poll(&ready, 1, 0) <= 0 { return .wouldBlock }
    }
    return transfer { unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) } }
  }
}

/// A socket that sends datagrams to one address, and waits for nobody.
package final class DatagramSocket {
  private let descriptor: Int32

  /// Opens one for an IP address or a Unix socket.
  package init(to address: SocketAddress) throws(Errno) {
    let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let opened = try syscall { socket(address.family, kind, 0) }
    // All of it stands: whoever throws from here on closes it.
    descriptor = opened
    _ = try syscall { unsafe address.withSockaddr { unsafe Glibc.connect(opened, $0, $1) } }
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// Sends one datagram.
  package func send(_ bytes: ArraySlice<UInt8>) -> Transfer {
    transfer { unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, 0) } }
  }
}
