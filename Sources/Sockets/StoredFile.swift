import Glibc
package import SystemPackage

/// A file in a place where somebody else may have put something: it's looked at before it's believed.
///
/// What stands at a path may be a link to somewhere else, a pipe that nobody writes to, a device without an end, or another
/// user's. Opening one never waits, reading has a bound, and writing goes to a new file that takes the other's place.
package struct StoredFile: Sendable {
  /// What is taken for the file.
  package enum Trust: Sendable {
    /// Whatever the path leads to, as who runs a command means it: a pipe or a device too, which may let wait.
    case anything
    /// A regular file, through links.
    case regular
    /// A regular file without a link, of this user or of root, that nobody else may write to.
    case own
    /// A regular file, through links, of this user or of root, that others may neither read nor write: its group may read it.
    case secret
  }

  /// Why a file isn't read or written.
  package enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system says no.
    case system(Errno)
    /// Something else is there, in words.
    case otherKind(String)
    /// It's another user's.
    case foreign(owner: UInt32)
    /// Others than its owner may write to it.
    case writableByOthers
    /// Everybody may read it.
    case readableByOthers
    /// It's larger than so many bytes.
    case tooLarge(limit: Int)

    /// The refusal in words.
    package var description: String {
      switch self {
      case .system(let error): "\(error)".lowercased()
      case .otherKind(let kind): "it is \(kind), not a file"
      case .foreign(let owner): "it belongs to another user, uid \(owner)"
      case .writableByOthers: "others than its owner may write to it"
      case .readableByOthers: "everybody may read it"
      case .tooLarge(let limit): "it is larger than \(limit) bytes"
      }
    }
  }

  /// Where it is.
  package let path: String

  /// The file at a path.
  package init(_ path: String) {
    self.path = path
  }

  /// All of it, at most so many bytes.
  package func read(atMost limit: Int, trusting trust: Trust) throws(Refusal) -> [UInt8] {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .system(.noSuchFileOrDirectory) }
    let flags: Int32 =
      switch trust {
      case .anything: 0
      case .regular, .secret: O_NONBLOCK
      case .own: O_NONBLOCK | O_NOFOLLOW
      }
    let descriptor: Int32
    do throws(Errno) {
      descriptor = try syscall { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags) }
    } catch {
      if trust == .own, let kind = kindThere, kind != Self.regular { throw .otherKind(kind) }
      throw .system(error)
    }
    defer { _ = close(descriptor) }
    try Self.judge(descriptor, by: trust)
    return try Self.bytes(of: descriptor, atMost: limit)
  }

  /// All that comes from the standard input, at most so many bytes.
  package static func readStandardInput(atMost limit: Int) throws(Refusal) -> [UInt8] {
    try bytes(of: STDIN_FILENO, atMost: limit)
  }

  private static func judge(_ descriptor: Int32, by trust: Trust) throws(Refusal) {
    guard trust != .anything else { return }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(Errno(rawValue: errno)) }
    let kind = name(ofKind: status.st_mode)
    guard kind == regular else { throw .otherKind(kind) }
    guard trust == .own || trust == .secret else { return }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .foreign(owner: status.st_uid) }
    guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else { throw .writableByOthers }
    guard trust != .secret || status.st_mode & S_IROTH == 0 else { throw .readableByOthers }
  }

  private static func bytes(of descriptor: Int32, atMost limit: Int) throws(Refusal) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count: Int
      do throws(Errno) {
        count = try syscall {
          unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        }
      } catch {
        throw .system(error)
      }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
    }
  }

  /// Puts a file with these bytes in the place of what is there: another version of it, or nothing. It's this user's alone.
  ///
  /// It's written beside the old one, flushed to the disk and renamed, so that a crash leaves the one or the other. At the
  /// name beside, what stands there goes first, and the new file is made only where nothing is: a link isn't followed.
  package func replace(with bytes: [UInt8]) throws(Refusal) {
    if let kind = kindThere, !Self.replaceable.contains(kind) { throw .otherKind(kind) }
    let beside = "\(path).new"
    _ = unsafe unlink(beside)
    do throws(Errno) {
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
      let descriptor = try syscall { unsafe open(beside, flags, 0o600) }
      var isInPlace = false
      defer {
        _ = close(descriptor)
        if !isInPlace { _ = unsafe unlink(beside) }
      }
      try Self.put(bytes, to: descriptor)
      _ = try syscall { fsync(descriptor) }
      _ = try syscall { unsafe rename(beside, path) }
      isInPlace = true
      try DiskFolder.sync(DiskFolder.parent(of: path))
    } catch {
      throw .system(error)
    }
  }

  private static func put(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try syscall { unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) } }
      rest = rest.dropFirst(count)
    }
  }

  /// What stands at the path, without following a link; nil if that can't be seen, as where nothing is.
  private var kindThere: String? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? Self.name(ofKind: status.st_mode) : nil
  }

  private static let regular = "a regular file"
  private static let link = "a symbolic link"
  private static let pipe = "a named pipe"
  /// What gives way to the file: nobody loses more than the name that he has given to something. A device's name is the
  /// whole machine's.
  private static let replaceable = [regular, link, pipe]

  private static func name(ofKind mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFREG: regular
    case S_IFDIR: "a directory"
    case S_IFLNK: link
    case S_IFIFO: pipe
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }
}
