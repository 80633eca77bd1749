import Sockets
import SystemPackage

/// A file of slots, each of which holds what was written to it last. It was written whole before, so that a write needs no room.
///
/// Each slot has two copies. A write goes to the first one and then to the second one, each flushed, so that a crash or a block that rots
/// leaves one of them.
final class SlotFile {
  private let path: String
  private let file: any JournalFile
  /// What each slot holds.
  private(set) var slots: [SlotCopy]
  private var fault: JournalFault?

  /// Makes a file with these slots, which takes the place of the one that is there.
  init(
    making path: String, _ magic: FileHeader.Magic, _ slots: [SlotCopy], on disk: any JournalDisk
  ) throws(JournalFault) {
    let beside = "\(path).new"
    var bytes = FileHeader(magic, [UInt64(slots.count)]).encoded
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

  /// Opens the one that is there, and mends what a crash or a rotten block has left of its copies.
  init(opening path: String, _ magic: FileHeader.Magic, on disk: any JournalDisk) throws(JournalFault) {
    let bytes: [UInt8]
    do throws(Errno) {
      file = try disk.open(path)
      try file.lock()
      bytes = try file.read(file.size(), at: 0)
    } catch {
      throw error == .wouldBlock ? .busy(path) : .unreadable(path, error)
    }
    let pairs = try Self.pairs(in: bytes, path, magic)
    (self.path, slots) = (path, pairs.map(\.newest))
    for copy in 0..<2 {
      let mended = pairs.filter { $0.mended.contains(copy) }.map(\.newest)
      guard !mended.isEmpty else { continue }
      try orBreak { () throws(Errno) in
        for slot in mended { try file.write(slot.encoded, at: Self.offset(of: slot.slot, copy)) }
        try file.sync()
      }
    }
  }

  /// Writes to a slot: it's durable when this returns. After a fault it may be there when the file is opened again, or what was there
  /// before.
  ///
  /// - Parameter bytes: at most ``JournalSlots/largest``.
  func write(_ slot: Int, _ bytes: [UInt8]) throws(JournalFault) {
    try write([slot: bytes])
  }

  /// Writes to several slots, by two flushes of all together: each is then as it is by ``write(_:_:)``.
  func write(_ values: [Int: [UInt8]]) throws(JournalFault) {
    if let fault { throw fault }
    let next = values.sorted { $0.key < $1.key }.map { slot, bytes in
      precondition(bytes.count <= JournalSlots.largest, "more than a slot holds")
      return slots[slot].followed(by: bytes)
    }
    let blocks = next.map(\.encoded)
    try orBreak { () throws(Errno) in
      for copy in 0..<2 {
        for (slot, block) in zip(next, blocks) { try file.write(block, at: Self.offset(of: slot.slot, copy)) }
        try file.sync()
      }
    }
    for slot in next { slots[slot.slot] = slot }
  }

  private func orBreak(_ work: () throws(Errno) -> Void) throws(JournalFault) {
    do throws(Errno) { try work() } catch {
      let broken = JournalFault.broken(path, error)
      fault = broken
      throw broken
    }
  }

  /// What each slot of a file has.
  private static func pairs(
    in bytes: [UInt8], _ path: String, _ magic: FileHeader.Magic
  ) throws(JournalFault) -> [SlotPair] {
    let header: FileHeader
    do throws(FileHeader.Fault) {
      header = try FileHeader(bytes, as: magic)
    } catch {
      throw JournalFault(path, error)
    }
    let count = bytes.count / (2 * SlotCopy.length)
    guard header.numbers[0] <= UInt64(count) else {
      throw .corrupt(path, "it has \(count) slots instead of \(header.numbers[0])")
    }
    var pairs: [SlotPair] = []
    for slot in 0..<Int(header.numbers[0]) {
      let copies = (0..<2).map { copy in
        let offset = offset(of: slot, copy)
        return SlotCopy(Array(bytes[offset..<min(offset + SlotCopy.length, bytes.count)]), of: slot)
      }
      guard let pair = SlotPair(copies[0], copies[1]) else {
        throw .corrupt(path, "neither copy of slot \(slot) is there as it was written")
      }
      pairs.append(pair)
    }
    return pairs
  }

  private static func offset(of slot: Int, _ copy: Int) -> Int {
    (1 + 2 * slot + copy) * SlotCopy.length
  }
}
