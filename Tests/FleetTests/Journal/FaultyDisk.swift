import SystemPackage

@testable import Fleet

/// Another disk, of which a call fails, or the process ends at it.
final class FaultyDisk: JournalDisk {
  /// Such a fault at the call with this number, counted from 1.
  var fault: (call: Int, MemoryDisk.Fault)?
  private(set) var calls = 0
  private var isDead = false
  private let disk: any JournalDisk

  init(_ disk: any JournalDisk) {
    self.disk = disk
  }

  /// - Parameter part: what is done of it where it fails.
  fileprivate func call<Value>(
    failing part: () throws(Errno) -> Void = {}, _ work: () throws(Errno) -> Value
  ) throws(Errno) -> Value {
    calls += 1
    guard !isDead else { throw .ioError }
    guard let fault, fault.call == calls else { return try work() }
    try part()
    guard case .error(let error) = fault.1 else {
      isDead = true
      throw .ioError
    }
    throw error
  }

  func makeFolder(_ path: String) throws(Errno) {
    try call { () throws(Errno) in try disk.makeFolder(path) }
  }

  func lock(_ folder: String) throws(Errno) -> any JournalLock {
    try call { () throws(Errno) in try disk.lock(folder) }
  }

  func names(in folder: String) throws(Errno) -> [String] {
    try call { () throws(Errno) in try disk.names(in: folder) }
  }

  func open(_ path: String) throws(Errno) -> any JournalFile {
    try call { () throws(Errno) in FaultyFile(try disk.open(path), self) }
  }

  func create(_ path: String) throws(Errno) -> any JournalFile {
    try call { () throws(Errno) in FaultyFile(try disk.create(path), self) }
  }

  func rename(_ path: String, to other: String) throws(Errno) {
    try call { () throws(Errno) in try disk.rename(path, to: other) }
  }

  func remove(_ path: String) throws(Errno) {
    try call { () throws(Errno) in try disk.remove(path) }
  }

  func sync(_ folder: String) throws(Errno) {
    try call { () throws(Errno) in try disk.sync(folder) }
  }
}

/// An open file of a ``FaultyDisk``.
private final class FaultyFile: JournalFile {
  private let file: any JournalFile
  private let disk: FaultyDisk

  init(_ file: any JournalFile, _ disk: FaultyDisk) {
    (self.file, self.disk) = (file, disk)
  }

  func lock() throws(Errno) {
    try file.lock()
  }

  func size() throws(Errno) -> Int {
    try disk.call { () throws(Errno) in try file.size() }
  }

  func read(_ count: Int, at offset: Int) throws(Errno) -> [UInt8] {
    try disk.call { () throws(Errno) in try file.read(count, at: offset) }
  }

  /// A half is written where it fails.
  func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
    try disk.call(failing: { () throws(Errno) in try file.write(Array(bytes[..<(bytes.count / 2)]), at: offset) }) {
      () throws(Errno) in try file.write(bytes, at: offset)
    }
  }

  func sync() throws(Errno) {
    try disk.call { () throws(Errno) in try file.sync() }
  }
}
