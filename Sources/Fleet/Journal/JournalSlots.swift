import Sockets
import SystemPackage

/// Places of a fixed size for what must be durable even when the disk is full, each of which holds what was written to it last.
///
/// One file that was written whole before, with two copies of each slot. A write goes to one copy and then to the other, each flushed, so
/// that a crash or a block that rots leaves one of them. The file lies in the journal's folder and is opened before the journal: where a
/// journal is and no slots are, they were lost. It belongs to one thread, and waits for the disk.
package final class JournalSlots {
  /// The most bytes that a slot holds.
  package static let largest = 4_000

  private let path: String
  private let file: any JournalFile
  /// What each slot holds.
  private var slots: [SlotCopy]
  private var fault: JournalFault?

  /// Opens the slots in this file, or makes them; where there are fewer than asked for, it makes more.
  package static func open(
    _ path: String, count: Int, on disk: any JournalDisk
  ) throws(JournalFault) -> JournalSlots {
    guard let file = try found(path, on: disk) else {
      return try JournalSlots(path, (0..<count).map { SlotCopy(empty: $0) }, on: disk)
    }
    let newest = try read(path, file)
    let slots = newest.map(\.held)
    if slots.count < count {
      return try JournalSlots(path, slots + (slots.count..<count).map { SlotCopy(empty: $0) }, on: disk)
    }
    // The copies that count are written once more before the others: they may have been read from memory, and the flush that has
    // failed in another process isn't told of again.
    try writing(path) { () throws(Errno) in
      for (slot, copy) in newest { try file.write(slot.encoded, at: offset(of: slot.slot, copy)) }
      try file.sync()
      for (slot, copy) in newest { try file.write(slot.encoded, at: offset(of: slot.slot, 1 - copy)) }
      try file.sync()
    }
    return JournalSlots(path, file, slots)
  }

  private init(_ path: String, _ file: any JournalFile, _ slots: [SlotCopy]) {
    (self.path, self.file, self.slots) = (path, file, slots)
  }

  /// Makes a file with these slots, which takes the place of the one that is there.
  private init(_ path: String, _ slots: [SlotCopy], on disk: any JournalDisk) throws(JournalFault) {
    let beside = "\(path).new"
    var bytes = FileHeader(.slots, [UInt64(slots.count)]).encoded
    bytes += [UInt8](repeating: 0, count: SlotCopy.length - bytes.count)
    for slot in slots { bytes += slot.encoded + slot.encoded }
    do throws(Errno) {
      file = try disk.create(beside)
      try file.lock()
      try file.write(bytes, at: 0)
      try file.sync()
      try disk.rename(beside, to: path)
      try disk.sync(DiskFolder.parent(of: path))
    } catch {
      guard error.meansFull else { throw .broken(path, error) }
      try? disk.remove(beside)
      throw .full(path, error)
    }
    (self.path, self.slots) = (path, slots)
  }

  /// What was written to a slot last; nil if nothing ever was.
  ///
  /// - Parameter slot: below the number that was asked for.
  package func read(_ slot: Int) -> [UInt8]? {
    slots[slot].sequence == 0 ? nil : slots[slot].bytes
  }

  /// Writes to a slot: it's durable when this returns. After a fault it may be there when the slots are opened again, or what was
  /// there before.
  ///
  /// - Parameter bytes: at most ``largest``.
  package func write(_ slot: Int, _ bytes: [UInt8]) throws(JournalFault) {
    if let fault { throw fault }
    precondition(bytes.count <= Self.largest, "more than a slot holds")
    let next = slots[slot].followed(by: bytes)
    let block = next.encoded
    do throws(JournalFault) {
      try Self.writing(path) { () throws(Errno) in
        for copy in 0..<2 {
          try file.write(block, at: Self.offset(of: slot, copy))
          try file.sync()
        }
      }
    } catch {
      fault = error
      throw error
    }
    slots[slot] = next
  }

  /// The file; nil if it's to be made.
  private static func found(_ path: String, on disk: any JournalDisk) throws(JournalFault) -> (any JournalFile)? {
    let folder = DiskFolder.parent(of: path)
    let isThere: Bool
    let hasJournal: Bool
    do throws(Errno) {
      try disk.makeFolder(folder)
      let names = try disk.names(in: folder)
      isThere = names.contains { "\(folder)/\($0)" == path }
      hasJournal = !JournalFolder.numbers(of: names).isEmpty
    } catch {
      throw error.meansFull ? .full(folder, error) : .unreadable(folder, error)
    }
    guard isThere else {
      guard hasJournal else { return nil }
      throw .corrupt(path, "it isn't there, and the journal is")
    }
    do throws(Errno) {
      let file = try disk.open(path)
      try file.lock()
      return file
    } catch {
      throw error == .wouldBlock ? .busy(path) : .unreadable(path, error)
    }
  }

  /// What each slot of a file holds, and which copy has it.
  private static func read(
    _ path: String, _ file: any JournalFile
  ) throws(JournalFault) -> [(held: SlotCopy, copy: Int)] {
    let bytes: [UInt8]
    do throws(Errno) { bytes = try file.read(file.size(), at: 0) } catch { throw .unreadable(path, error) }
    let header: FileHeader
    do throws(FileHeader.Fault) {
      header = try FileHeader(bytes, as: .slots)
    } catch {
      switch error {
      case .damaged: throw .corrupt(path, "its header isn't there as it was written")
      case .version(let version): throw .version(path, version)
      }
    }
    let count = bytes.count / (2 * SlotCopy.length)
    guard header.numbers[0] <= UInt64(count) else { throw .corrupt(path, "it has room for \(count) slots") }
    var newest: [(SlotCopy, Int)] = []
    for slot in 0..<Int(header.numbers[0]) {
      let copies = (0..<2).compactMap { copy in
        let offset = offset(of: slot, copy)
        return SlotCopy(Array(bytes[offset..<min(offset + SlotCopy.length, bytes.count)]), of: slot).map { ($0, copy) }
      }
      guard let held = copies.max(by: { $0.0.sequence < $1.0.sequence }) else {
        throw .corrupt(path, "neither copy of slot \(slot) is there as it was written")
      }
      newest.append(held)
    }
    return newest
  }

  private static func offset(of slot: Int, _ copy: Int) -> Int {
    (1 + 2 * slot + copy) * SlotCopy.length
  }

  private static func writing(_ path: String, _ work: () throws(Errno) -> Void) throws(JournalFault) {
    do throws(Errno) { try work() } catch { throw .broken(path, error) }
  }
}
