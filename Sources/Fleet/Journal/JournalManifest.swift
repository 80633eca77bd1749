/// The number of the journal's last segment, in a file of its own: segments that are gone aren't taken for ones that never were.
///
/// It's made before anything else of the folder, and written when the segment has its number, so that it's the last one's or the one's before.
final class JournalManifest {
  private let path: String
  private let file: SlotFile

  /// Opens it, or makes it in a folder that has no journal yet.
  init(_ folder: JournalFolder) throws(JournalFault) {
    path = folder.manifest
    if folder.hasManifest {
      file = try SlotFile(opening: path, .manifest, on: folder.disk)
      guard file.slots.count == 1, file.slots[0].sequence == 0 || file.slots[0].bytes.count == 8 else {
        throw .corrupt(path, "it's no journal's")
      }
    } else if folder.numbers.isEmpty {
      try folder.lacks(path)
      file = try SlotFile(making: path, .manifest, [SlotCopy(empty: 0)], on: folder.disk)
    } else {
      throw .corrupt(path, "it isn't there, and the journal is")
    }
  }

  /// The last segment's number; 0 if there is none yet.
  var last: UInt64 {
    file.slots[0].sequence == 0 ? 0 : file.slots[0].bytes.little(at: 0)
  }

  /// Says whether the segments of a folder are those that must be there.
  func check(_ folder: JournalFolder) throws(JournalFault) {
    let found = folder.numbers.last ?? 0
    guard found >= last else { throw .corrupt(folder.path(last), "it isn't there") }
    guard found - last <= 1 else { throw .corrupt(path, "it says that segment \(last) is the last one, not \(found)") }
  }

  /// Stores that this segment is there.
  func store(_ last: UInt64) throws(JournalFault) {
    guard last != self.last else { return }
    var bytes: [UInt8] = []
    bytes.append(little: last)
    try file.write(0, bytes)
  }
}
