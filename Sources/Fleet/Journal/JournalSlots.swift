import Sockets

/// Places of a fixed size for what must be durable even when the disk is full, each of which holds what was written to it last.
///
/// The file lies in the journal's folder and is opened before the journal: where a journal is and no slots are, they were lost. It belongs
/// to one thread, and waits for the disk.
package final class JournalSlots {
  /// The most bytes that a slot holds.
  package static let largest = 4_000

  private let file: SlotFile

  /// Opens the slots in this file, or makes them; where there are fewer than asked for, it makes more.
  package static func open(
    _ path: String, count: Int, on disk: any JournalDisk
  ) throws(JournalFault) -> JournalSlots {
    // Held only until this returns: the journal, which is opened next, asks for it.
    let folder = try JournalFolder(opening: DiskFolder.parent(of: path), on: disk)
    defer { withExtendedLifetime(folder) {} }
    guard folder.names.contains(where: { "\(folder.path)/\($0)" == path }) else {
      guard folder.numbers.isEmpty, try JournalManifest(folder).last == 0 else {
        throw .corrupt(path, "it isn't there, and the journal was")
      }
      try folder.lacks(path)
      let slots = (0..<count).map { SlotCopy(empty: $0) }
      return JournalSlots(try SlotFile(making: path, .slots, slots, on: disk))
    }
    // It was made before the slots were.
    guard folder.hasManifest else { throw .corrupt(folder.manifest, "it isn't there, and the slots are") }
    let file = try SlotFile(opening: path, .slots, on: disk)
    guard file.slots.count < count else { return JournalSlots(file) }
    let more = (file.slots.count..<count).map { SlotCopy(empty: $0) }
    return JournalSlots(try SlotFile(making: path, .slots, file.slots + more, on: disk))
  }

  /// How many there are.
  package var count: Int { file.slots.count }

  private init(_ file: SlotFile) {
    self.file = file
  }

  /// What was written to a slot last; nil if nothing ever was, or if there's no such slot.
  package func read(_ slot: Int) -> [UInt8]? {
    slot >= file.slots.count || file.slots[slot].sequence == 0 ? nil : file.slots[slot].bytes
  }

  /// Writes to a slot: it's durable when this returns. After a fault it may be there when the slots are opened again, or what was
  /// there before.
  ///
  /// - Parameter bytes: at most ``largest``.
  package func write(_ slot: Int, _ bytes: [UInt8]) throws(JournalFault) {
    try file.write(slot, bytes)
  }

  /// Writes to several slots at once, as by ``write(_:_:)`` to each, with no more flushes than that takes for one.
  package func write(_ values: [Int: [UInt8]]) throws(JournalFault) {
    try file.write(values)
  }
}
