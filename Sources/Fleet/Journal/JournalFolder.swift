import Sockets
import SystemPackage

/// The files of a journal.
struct JournalFolder {
  /// A file that has no number yet.
  enum Place: String {
    /// Room for the next checkpoint, so that a full disk can't take it away.
    case spare
    /// What becomes the next segment.
    case next
  }

  let path: String
  let disk: any JournalDisk

  /// The path of a segment.
  func path(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return "\(path)/\(String(repeating: "0", count: 16 - digits.count))\(digits)"
  }

  /// The path of a file without a number.
  func path(_ place: Place) -> String {
    "\(path)/\(place.rawValue)"
  }

  /// The numbers of the segments among these names, in order.
  static func numbers(of names: [String]) -> [UInt64] {
    names.compactMap { $0.utf8.count == 16 ? UInt64(digits: $0, radix: 16) : nil }.sorted()
  }

  /// A file of zeros, all of them on the disk: a new one, or one that's there and is made larger where it's too small.
  ///
  /// - Parameter present: how many bytes of zeros there are already; nil if there's no such file.
  func room(_ place: Place, size: Int, present: Int?) throws(Errno) -> any JournalFile {
    let file = present == nil ? try disk.create(path(place)) : try disk.open(path(place))
    let start = present ?? 0
    if start < size {
      try file.zero(start..<size)
      try file.sync()
    }
    return file
  }

  /// Makes a file of zeros what this segment is, with these bytes behind its header, and gives it its number once that's durable.
  func begin(_ segment: JournalSegment, _ bytes: [UInt8], in file: any JournalFile, _ place: Place) throws(Errno) {
    try file.write(segment.encoded + bytes, at: 0)
    try file.sync()
    try disk.rename(path(place), to: path(segment.number))
    try disk.sync(path)
  }

  /// Makes an old segment the spare one; how many bytes that has.
  func recycle(_ number: UInt64) throws(Errno) -> Int {
    try disk.rename(path(number), to: path(.spare))
    return try clear(.spare)
  }

  /// Writes zeros over a file; how many bytes it has.
  func clear(_ place: Place) throws(Errno) -> Int {
    let file = try disk.open(path(place))
    let size = try file.size()
    try file.zero(0..<size)
    try file.sync()
    return size
  }
}
