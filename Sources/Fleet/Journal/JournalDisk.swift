package import SystemPackage

/// Where a journal and its slots are kept: what they need of a file system, and where tests let it fail.
///
/// What was written, and which names there are, is certain to outlive a crash only once it was flushed; until then any part of it may.
package protocol JournalDisk: AnyObject {
  /// Makes a folder where there is none; its name is durable when this returns.
  func makeFolder(_ path: String) throws(Errno)

  /// Keeps a folder for who holds the result.
  ///
  /// - Throws: EWOULDBLOCK if somebody else has it.
  func lock(_ folder: String) throws(Errno) -> any JournalLock

  /// The names of the files in a folder, in no order.
  func names(in folder: String) throws(Errno) -> [String]

  /// Opens a file that exists.
  func open(_ path: String) throws(Errno) -> any JournalFile

  /// Makes an empty file, in place of the one that is there.
  func create(_ path: String) throws(Errno) -> any JournalFile

  /// Gives a file another name, in place of the file that has it.
  func rename(_ path: String, to other: String) throws(Errno)

  /// Takes a file away.
  func remove(_ path: String) throws(Errno)

  /// Makes the names in a folder durable.
  func sync(_ folder: String) throws(Errno)
}

/// What keeps others away for as long as it's held.
package protocol JournalLock: AnyObject {}

/// An open file of a ``JournalDisk``.
package protocol JournalFile: JournalLock {
  /// Keeps it for this object.
  ///
  /// - Throws: EWOULDBLOCK if somebody else has it.
  func lock() throws(Errno)

  /// How many bytes it has.
  func size() throws(Errno) -> Int

  /// So many bytes from an offset on, fewer at the end of the file.
  func read(_ count: Int, at offset: Int) throws(Errno) -> [UInt8]

  /// Writes all of these bytes, beyond the end as well. One that fails may have written any part of them.
  func write(_ bytes: [UInt8], at offset: Int) throws(Errno)

  /// Makes all that was written durable. One that fails has lost any part of it for ever, whatever is read afterwards.
  func sync() throws(Errno)
}

extension JournalFile {
  /// Writes zeros over a range of offsets: blocks that were written once take later writes faster, and on a full disk too.
  func zero(_ range: Range<Int>) throws(Errno) {
    let most = 1 << 20
    let zeros = [UInt8](repeating: 0, count: min(most, range.count))
    for start in stride(from: range.lowerBound, to: range.upperBound, by: most) {
      let count = min(most, range.upperBound - start)
      try write(count == zeros.count ? zeros : Array(zeros[..<count]), at: start)
    }
  }
}
