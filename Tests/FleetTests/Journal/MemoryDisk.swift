import Balancing
import SystemPackage

@testable import Fleet

/// A disk in memory that knows what was flushed, fails where it's told to, and can lose its power.
final class MemoryDisk: JournalDisk {
  /// What happens at a call.
  enum Fault: Equatable {
    /// The process ends in the midst of it, or the machine does.
    case crash
    /// It fails; what it was to write is written in part.
    case error(Errno)
  }

  /// What changes something, and what doesn't: only the one can lack room.
  private enum Kind { case looks, changes }

  private enum NameChange {
    case add(String, MemoryContents)
    case rename(String, String)
    case remove(String)
  }

  /// Such a fault at the call with this number, counted from 1.
  var fault: (call: Int, Fault)?
  private(set) var calls = 0
  /// How often a file was flushed.
  private(set) var flushes = 0
  /// How many bytes more there's room for.
  var room = Int.max
  private(set) var isDead = false
  /// Whether the fault has come.
  private(set) var hasFailed = false
  var random: SplitMix64

  private var names: [String: MemoryContents] = [:]
  private var durableNames: [String: MemoryContents] = [:]
  private var changes: [NameChange] = []
  private var holders: [String: WeakLock] = [:]

  init(seed: UInt64 = 1) {
    random = SplitMix64(seed: seed)
  }

  // MARK: The disk

  func makeFolder(_ path: String) throws(Errno) {
    try call(.changes) {}
  }

  func lock(_ folder: String) throws(Errno) -> any JournalLock {
    try call(.looks) {}
    guard holders[folder]?.lock == nil else { throw .wouldBlock }
    let lock = MemoryLock()
    holders[folder] = WeakLock(lock: lock)
    return lock
  }

  func names(in folder: String) throws(Errno) -> [String] {
    try call(.looks) {}
    return files.compactMap { $0.hasPrefix("\(folder)/") ? String($0.dropFirst(folder.count + 1)) : nil }
  }

  func open(_ path: String) throws(Errno) -> any JournalFile {
    try call(.looks) {}
    guard let contents = names[path] else { throw .noSuchFileOrDirectory }
    return MemoryFile(contents, on: self)
  }

  func create(_ path: String) throws(Errno) -> any JournalFile {
    try call(.changes) { [self] in
      if let contents = names[path] {
        free(contents)
        contents.truncate()
      } else {
        let contents = MemoryContents()
        names[path] = contents
        changes.append(.add(path, contents))
      }
    }
    guard let contents = names[path] else { throw .noSuchFileOrDirectory }
    return MemoryFile(contents, on: self)
  }

  func rename(_ path: String, to other: String) throws(Errno) {
    guard names[path] != nil else { throw .noSuchFileOrDirectory }
    try call(.changes) { [self] in
      if let contents = names[other] { free(contents) }
      names[other] = names.removeValue(forKey: path)
      changes.append(.rename(path, other))
    }
  }

  func remove(_ path: String) throws(Errno) {
    guard names[path] != nil else { throw .noSuchFileOrDirectory }
    try call(.looks) { [self] in
      if let contents = names[path] { free(contents) }
      names[path] = nil
      changes.append(.remove(path))
    }
  }

  func sync(_ folder: String) throws(Errno) {
    try call(.looks, failing: { [self] in settleNames() }) { [self] in
      guard !isDead else { return }
      durableNames = names
      changes = []
    }
  }

  /// Counts a call and does what it's for, unless it fails.
  ///
  /// - Parameter failing: what comes of it if it fails.
  private func call(_ kind: Kind, failing: () -> Void = {}, _ work: () -> Void) throws(Errno) {
    calls += 1
    guard !isDead else { throw .ioError }
    guard let fault, fault.call == calls else { return work() }
    switch fault.1 {
    case .crash:
      (hasFailed, isDead) = (true, true)
      work()
      throw .ioError
    case .error(let error):
      if error.meansFull, kind == .looks { return work() }
      hasFailed = true
      failing()
      throw error
    }
  }

  // MARK: What files ask of it

  fileprivate func look() throws(Errno) {
    try call(.looks) {}
  }

  fileprivate func write(_ bytes: [UInt8], at offset: Int, to contents: MemoryContents) throws(Errno) {
    let more = max(0, offset + bytes.count - contents.bytes.count)
    guard more <= room else { throw .noSpace }
    if room < .max { room -= more }
    try call(
      .changes, failing: { contents.write(Array(bytes[..<part(of: bytes.count)]), at: offset) },
      { contents.write(bytes, at: offset) })
  }

  /// How much of a write that fails is done: often little of it, as most of what is written are zeros.
  private func part(of count: Int) -> Int {
    random.below(random.below(2) == 0 ? count + 1 : min(count, 64) + 1)
  }

  fileprivate func sync(_ contents: MemoryContents) throws(Errno) {
    flushes += 1
    try call(.changes, failing: { contents.settle(&random, .some) }) {
      if !isDead { contents.flush() }
    }
  }

  private func free(_ contents: MemoryContents) {
    if room < .max { room += contents.bytes.count }
  }

  private func settleNames() {
    for change in changes where random.below(2) == 0 { Self.apply(change, to: &durableNames) }
    changes = []
  }

  private static func apply(_ change: NameChange, to names: inout [String: MemoryContents]) {
    switch change {
    case .add(let name, let contents): names[name] = contents
    case .rename(let name, let other): if let contents = names.removeValue(forKey: name) { names[other] = contents }
    case .remove(let name): names[name] = nil
    }
  }

  // MARK: What tests do with it

  /// The paths of all files.
  var files: [String] { names.keys.sorted() }

  /// What's in a file; nil if there's none.
  subscript(path: String) -> [UInt8]? {
    get { names[path]?.bytes }
    set {
      let contents = MemoryContents()
      contents.write(newValue ?? [], at: 0)
      contents.flush()
      names[path] = newValue == nil ? nil : contents
      durableNames[path] = names[path]
    }
  }

  /// Another process has it, with what this one has written, and no fault comes.
  func handOver() {
    (fault, calls, isDead, hasFailed) = (nil, 0, false, false)
  }

  /// What is left after the power was lost. What was flushed is all there; of the rest so much.
  func powered(again seed: UInt64, keeping part: MemoryContents.Part) -> MemoryDisk {
    let other = MemoryDisk(seed: seed)
    var left = durableNames
    for change in changes {
      switch part {
      case .none: break
      case .all: Self.apply(change, to: &left)
      case .some: if other.random.below(2) == 0 { Self.apply(change, to: &left) }
      }
    }
    for (name, contents) in left.sorted(by: { $0.key < $1.key }) {
      other[name] = contents.settled(&other.random, part)
    }
    return other
  }

  /// The same files, all of it flushed: a copy to spoil.
  var copy: MemoryDisk { powered(again: 1, keeping: .all) }
}

private final class MemoryLock: JournalLock {}

private struct WeakLock {
  weak var lock: MemoryLock?
}

/// An open file of a ``MemoryDisk``.
private final class MemoryFile: JournalFile {
  private let contents: MemoryContents
  private let disk: MemoryDisk

  init(_ contents: MemoryContents, on disk: MemoryDisk) {
    (self.contents, self.disk) = (contents, disk)
  }

  func lock() throws(Errno) {
    guard contents.holder == nil || contents.holder === self else { throw .wouldBlock }
    contents.holder = self
  }

  func size() throws(Errno) -> Int {
    try disk.look()
    return contents.bytes.count
  }

  func read(_ count: Int, at offset: Int) throws(Errno) -> [UInt8] {
    try disk.look()
    return Array(contents.bytes.dropFirst(offset).prefix(count))
  }

  func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
    try disk.write(bytes, at: offset, to: contents)
  }

  func sync() throws(Errno) {
    try disk.sync(contents)
  }
}
