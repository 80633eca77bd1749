import Glibc
package import SystemPackage

/// The names in folders, and how they get to the disk.
package enum DiskFolder {
  /// Makes a folder of this user's alone where there is none; its name is on the disk when this returns.
  package static func make(_ path: String) throws(Errno) {
    do throws(Errno) {
      _ = try syscall { unsafe mkdir(path, 0o700) }
    } catch {
      guard error == .fileExists else { throw error }
    }
    try sync(parent(of: path))
  }

  /// Gives a file another name, in place of what has it.
  package static func rename(_ path: String, to other: String) throws(Errno) {
    _ = try syscall { unsafe Glibc.rename(path, other) }
  }

  /// Takes the name of a file away, or of a folder that is empty.
  package static func remove(_ path: String) throws(Errno) {
    _ = try syscall { unsafe Glibc.remove(path) }
  }

  /// Waits until the names in a folder are on the disk. Not every file system can do that for a folder.
  package static func sync(_ path: String) throws(Errno) {
    try DiskFile(folder: path).syncNames()
  }

  /// The folder in which a path ends.
  package static func parent(of path: String) -> String {
    let slash = path.lastIndex(of: "/")
    return slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }
}
