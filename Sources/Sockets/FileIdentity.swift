import Glibc

/// What tells a file from what it was before: another inode, another time of modification, another size. Of a folder it's only
/// the inode: what is in it comes and goes.
package struct FileIdentity: Codable, Hashable, Sendable {
  private let device: UInt
  private let inode: UInt
  private let seconds: Int
  private let nanoseconds: Int
  private let size: Int

  /// Looks at a file or a folder, through symbolic links; nil if there is none.
  package init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = status.st_dev
    inode = status.st_ino
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    seconds = isFolder ? 0 : status.st_mtim.tv_sec
    nanoseconds = isFolder ? 0 : status.st_mtim.tv_nsec
    size = isFolder ? 0 : status.st_size
  }
}
