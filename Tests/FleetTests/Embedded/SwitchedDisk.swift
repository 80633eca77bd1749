import Fleet
import Synchronization
import SystemPackage

/// The real disk, but for what a test lets go wrong, from any thread.
final class SwitchedDisk: JournalDisk, Sendable {
  /// What becomes of each write.
  private let fault = Mutex<Errno?>(nil)
  private let isFull = Mutex(false)
  private let missing = Mutex<String?>(nil)
  private let isBlind = Mutex(false)
  private let attempts = Mutex(0)

  /// Whether there's no room for more than there is.
  func fill(_ isFull: Bool) {
    self.isFull.withLock { $0 = isFull }
  }

  /// From now on each write fails so; not any more if it's nil.
  func fail(_ error: Errno?) {
    fault.withLock { $0 = error }
  }

  /// There's no descriptor left when the file of this name is opened.
  func lackDescriptor(for name: String?) {
    missing.withLock { $0 = name }
  }

  /// Folders look empty, whatever is in them.
  func blind(_ isBlind: Bool) {
    self.isBlind.withLock { $0 = isBlind }
  }

  fileprivate func check() throws(Errno) {
    if let error = fault.withLock({ $0 }) { throw error }
  }

  private var disk: SystemDisk { SystemDisk() }

  func makeFolder(_ path: String) throws(Errno) { try disk.makeFolder(path) }

  func lock(_ folder: String) throws(Errno) -> any JournalLock { try disk.lock(folder) }

  func names(in folder: String) throws(Errno) -> [String] {
    if isBlind.withLock({ $0 }) { return [] }
    return try disk.names(in: folder)
  }

  func open(_ path: String) throws(Errno) -> any JournalFile {
    if let name = missing.withLock({ $0 }), path.hasSuffix("/\(name)") { throw .tooManyOpenFiles }
    return File(try disk.open(path), self)
  }

  /// How many files were made, or tried to be.
  var made: Int { attempts.withLock { $0 } }

  func create(_ path: String) throws(Errno) -> any JournalFile {
    attempts.withLock { $0 += 1 }
    try check()
    if isFull.withLock({ $0 }) { throw .noSpace }
    return File(try disk.create(path), self)
  }

  func rename(_ path: String, to other: String) throws(Errno) { try disk.rename(path, to: other) }

  func remove(_ path: String) throws(Errno) { try disk.remove(path) }

  func sync(_ folder: String) throws(Errno) { try disk.sync(folder) }

  private final class File: JournalFile {
    private let file: any JournalFile
    private let disk: SwitchedDisk

    init(_ file: any JournalFile, _ disk: SwitchedDisk) {
      (self.file, self.disk) = (file, disk)
    }

    func lock() throws(Errno) { try file.lock() }

    func size() throws(Errno) -> Int { try file.size() }

    func read(_ count: Int, at offset: Int) throws(Errno) -> [UInt8] { try file.read(count, at: offset) }

    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
      try disk.check()
      if disk.isFull.withLock({ $0 }), try offset + bytes.count > file.size() { throw .noSpace }
      try file.write(bytes, at: offset)
    }

    func sync() throws(Errno) { try file.sync() }
  }
}
