import Sockets
import SystemPackage

/// The folder of a journal, locked for as long as this is held.
struct JournalFolder {
  /// A file that has no number yet.
  enum Place: String {
    /// Room for the next checkpoint, so that a full disk can't take it away.
    case spare
    /// What becomes the next segment.
    case next
  }

  private static let manifest = "manifest"

  let path: String
  let disk: any JournalDisk
  /// The names in it when it was opened.
  let names: [String]
  private let lock: any JournalLock

  /// Opens a folder, or makes it.
  init(opening path: String, on disk: any JournalDisk) throws(JournalFault) {
    do throws(Errno) {
      try disk.makeFolder(path)
      lock = try disk.lock(path)
      names = try disk.names(in: path)
    } catch {
      switch error {
      case .wouldBlock: throw .busy(path)
      case _ where error.meansFull: throw .full(path, error)
      default: throw .unreadable(path, error)
      }
    }
    (self.path, self.disk) = (path, disk)
  }

  /// Throws if there's a file after all that wasn't in it: nothing is made in the place of what a node has promised.
  func lacks(_ path: String) throws(JournalFault) {
    do throws(Errno) {
      _ = try disk.open(path)
    } catch {
      guard error != .noSuchFileOrDirectory else { return }
      throw error.meansFull ? .full(path, error) : .unreadable(path, error)
    }
    throw .unreadable(path, .fileExists)
  }

  /// The numbers of the segments that were in it then, in order.
  var numbers: [UInt64] {
    names.compactMap { $0.utf8.count == 16 ? UInt64(digits: $0, radix: 16) : nil }.sorted()
  }

  /// Whether such a file was in it then.
  func has(_ place: Place) -> Bool { names.contains(place.rawValue) }

  /// Whether ``manifest`` was in it then.
  var hasManifest: Bool { names.contains(Self.manifest) }

  /// The path of the file that says which segment is the last one.
  var manifest: String { "\(path)/\(Self.manifest)" }

  /// The path of a segment.
  func path(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return "\(path)/\(String(repeating: "0", count: 16 - digits.count))\(digits)"
  }

  /// The path of a file without a number.
  func path(_ place: Place) -> String {
    "\(path)/\(place.rawValue)"
  }

  /// Makes a file of zeros what this segment is, with these bytes behind its header, and gives it its number once that's durable.
  func begin(_ segment: JournalSegment, _ bytes: [UInt8], in file: any JournalFile, _ place: Place) throws(Errno) {
    try file.write(segment.encoded + bytes, at: 0)
    try file.sync()
    try disk.rename(path(place), to: path(segment.number))
    try disk.sync(path)
  }
}
