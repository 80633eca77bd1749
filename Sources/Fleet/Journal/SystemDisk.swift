import Sockets
package import SystemPackage

/// The file systems of this machine.
package final class SystemDisk: JournalDisk {
  /// The folders that are kept: their names get to the disk by the descriptor that is open anyway, as there may be no other one left.
  private var kept: [String: Kept] = [:]

  private struct Kept {
    weak var folder: DiskFile?
  }

  /// All of them.
  package init() {}

  package func makeFolder(_ path: String) throws(Errno) {
    try DiskFolder.make(path)
  }

  package func lock(_ folder: String) throws(Errno) -> any JournalLock {
    let lock = try DiskFile(folder: folder)
    try lock.lock()
    kept = kept.filter { $0.value.folder != nil }
    kept[folder] = Kept(folder: lock)
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
    guard let kept = kept[folder]?.folder else { return try DiskFolder.sync(folder) }
    try kept.syncNames()
  }
}

extension DiskFile: JournalFile {}
