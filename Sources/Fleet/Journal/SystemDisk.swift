import Sockets
package import SystemPackage

/// The file systems of this machine.
package final class SystemDisk: JournalDisk {
  /// All of them.
  package init() {}

  package func makeFolder(_ path: String) throws(Errno) {
    try DiskFolder.make(path)
  }

  package func lock(_ folder: String) throws(Errno) -> any JournalLock {
    let lock = try DiskFile(folder: folder)
    try lock.lock()
    return lock
  }

  package func names(in folder: String) throws(Errno) -> [String] {
    try FolderListing.names(in: folder, ending: "", atMost: .max - 1)
  }

  package func open(_ path: String) throws(Errno) -> any JournalFile {
    try DiskFile(opening: path)
  }

  package func create(_ path: String) throws(Errno) -> any JournalFile {
    try DiskFile(creating: path)
  }

  package func rename(_ path: String, to other: String) throws(Errno) {
    try DiskFolder.rename(path, to: other)
  }

  package func remove(_ path: String) throws(Errno) {
    try DiskFolder.remove(path)
  }

  package func sync(_ folder: String) throws(Errno) {
    try DiskFolder.sync(folder)
  }
}

extension DiskFile: JournalFile {}
