import SystemPackage

/// What a node must know after a crash, in the order in which it was told: a log in a folder of its own.
///
/// It's a row of *segments*, files that were written with zeros before, so that an append neither waits for room nor fails for lack of it.
/// A segment gets its number, and so becomes part of the journal, when what it begins with is durable. One file more, the *spare* one, is
/// kept for the next checkpoint: a full disk can stop appends, and a checkpoint makes room for them again.
///
/// It belongs to one thread, and waits for the disk.
package final class Journal {
  /// The most bytes of a record's body.
  package static let largestBody = 32 << 20
  /// How many bytes a segment has, unless what it begins with needs more.
  package static let segmentSize = 16 << 20

  /// Bytes that were appended since the last checkpoint, as they lie on the disk.
  package private(set) var size = 0

  /// What the last batch is to be told from rot by.
  private enum Seal {
    /// None is written.
    case due
    /// One is written, but not certain to be durable.
    case written
    /// One is durable.
    case durable
  }

  private let folder: JournalFolder
  private let manifest: JournalManifest
  private let segmentSize: Int
  private var room: JournalRoom
  private var file: any JournalFile
  private var segment: JournalSegment
  /// Where the next frame goes, and its number.
  private var end: Int
  private var next: UInt64
  /// Up to which number all are durable.
  private var durable: UInt64
  private var seal = Seal.due
  /// The segments that are in use, in order.
  private var used: [UInt64]
  private var fault: JournalFault?

  /// Opens the journal in a folder, or makes the folder and an empty one.
  ///
  /// What was appended and hadn't returned may be there or not, in order and without a gap. One that throws has changed nothing that counts.
  ///
  /// - Parameters:
  ///   - segmentSize: how many bytes a new segment has; tests have small ones.
  ///   - take: called with each record since the last checkpoint, with those of the checkpoint, in order, once all of them are durable.
  package static func open(
    _ path: String, on disk: any JournalDisk, segmentSize: Int = segmentSize, take: (JournalRecord) -> Void
  ) throws(JournalFault) -> Journal {
    let folder = try JournalFolder(opening: path, on: disk)
    let manifest = try JournalManifest(folder)
    try manifest.check(folder)
    guard !folder.numbers.isEmpty else { return try Journal(new: folder, manifest, segmentSize) }
    let recovery = try JournalRecovery(folder)
    let journal = try Journal(recovery, folder, manifest, segmentSize)
    for record in recovery.records { take(record) }
    return journal
  }

  /// What a journal has that nobody uses, from the last checkpoint on; nothing is changed, so the last of it may not be durable.
  static func look(_ path: String, on disk: any JournalDisk) throws(JournalFault) -> [JournalRecord] {
    let folder = try JournalFolder(opening: path, on: disk)
    defer { withExtendedLifetime(folder) {} }
    try JournalManifest(folder).check(folder)
    return folder.numbers.isEmpty ? [] : try JournalRecovery(folder).records
  }

  /// Makes a new one, whose first segment begins with a checkpoint of nothing.
  private init(new folder: JournalFolder, _ manifest: JournalManifest, _ segmentSize: Int) throws(JournalFault) {
    let segment = JournalSegment(1, first: 1, size: segmentSize, .checkpoint, of: 0)
    (room, file) = try Self.opening(folder.path) { () throws(Errno) in
      var room = JournalRoom(folder)
      try room.tidy(size: segmentSize)
      let file = try room.file(.next, size: segmentSize)
      try folder.begin(segment, [], in: file, .next)
      return (room, file)
    }
    try manifest.store(segment.number)
    (self.folder, self.manifest, self.segmentSize, self.segment) = (folder, manifest, segmentSize, segment)
    (end, next, durable, used) = (FileHeader.length, 1, 0, [1])
  }

  /// Goes on in the last segment of one that was read.
  private init(
    _ recovery: JournalRecovery, _ folder: JournalFolder, _ manifest: JournalManifest, _ segmentSize: Int
  ) throws(JournalFault) {
    (room, file) = try Self.opening(folder.path) { () throws(Errno) in
      let file = try recovery.settle(folder)
      var room = JournalRoom(folder)
      try room.tidy(size: segmentSize)
      try room.retire(recovery.older)
      return (room, file)
    }
    try manifest.store(recovery.last.number)
    (self.folder, self.manifest, self.segmentSize, segment) = (folder, manifest, segmentSize, recovery.last)
    (end, next, durable, used) = (recovery.end, recovery.next, recovery.next &- 1, recovery.used)
    (size, seal) = (recovery.size, recovery.isSealed ? .durable : .due)
  }

  private static func opening(
    _ path: String, _ work: () throws(Errno) -> (JournalRoom, any JournalFile)
  ) throws(JournalFault) -> (JournalRoom, any JournalFile) {
    do throws(Errno) { return try work() } catch {
      throw error.meansFull ? .full(path, error) : .broken(path, error)
    }
  }

  /// Appends records: all of them are durable when it returns, by one write and one flush.
  ///
  /// One that throws ``JournalFault/full(_:_:)`` has appended nothing. After any other fault they may be there when the journal is opened
  /// again, or the first of them, or none.
  package func append(_ records: [JournalRecord]) throws(JournalFault) {
    if let fault { throw fault }
    guard !records.isEmpty else { return }
    let bytes = records.framed
    if end + bytes + JournalFrame.overhead <= segment.size {
      var batch = JournalFrame.Batch(to: segment.number, at: end, next: next, durable: durable)
      for record in records { batch.add(record) }
      try write(batch)
      try flush()
      seal = .due
    } else {
      try begin(.continuation, records, in: .next)
    }
    size += bytes
  }

  /// Says on the disk that the last batch is durable: for when nobody waits. It costs no flush, and nothing if it was said.
  ///
  /// Until then, or until the next batch, a last batch that has rotted looks like one that was never whole.
  package func writeSeal() throws(JournalFault) {
    if let fault { throw fault }
    guard seal == .due else { return }
    var batch = JournalFrame.Batch(to: segment.number, at: end, next: next, durable: durable)
    batch.addSeal()
    try write(batch)
    seal = .written
  }

  /// Puts records in the place of all before them: they are durable when it returns, and what was before is gone.
  ///
  /// One that throws ``JournalFault/full(_:_:)`` has changed nothing. After any other fault it's all of them or what was before.
  package func checkpoint(_ records: [JournalRecord]) throws(JournalFault) {
    if let fault { throw fault }
    let older = used
    try begin(.checkpoint, records, in: .spare)
    used = [segment.number]
    size = 0
    try orBreak { () throws(Errno) in try room.retire(older) }
  }

  private func write(_ batch: JournalFrame.Batch) throws(JournalFault) {
    try orBreak { () throws(Errno) in try file.write(batch.bytes, at: end) }
    end = batch.end
    next = batch.next
  }

  private func flush() throws(JournalFault) {
    try orBreak { () throws(Errno) in try file.sync() }
    durable = next - 1
  }

  /// Begins the next segment with these records.
  private func begin(
    _ opening: JournalSegment.Opening, _ records: [JournalRecord], in place: JournalFolder.Place
  ) throws(JournalFault) {
    // Whatever is in a segment is durable when the next one gets its number.
    if seal == .written {
      try flush()
      seal = .durable
    }
    var batch = JournalFrame.Batch(to: segment.number + 1, at: FileHeader.length, next: next, durable: durable)
    let needed = max(segmentSize, (batch.end + records.framed + JournalFrame.overhead + 4_095) & ~4_095)
    let size = max(needed, place == .spare ? room.spare ?? 0 : 0)
    let fresh = try roomFor(place, size: size)
    for record in records { batch.add(record) }
    let begun = JournalSegment(segment.number + 1, first: next, size: size, opening, of: records.count)
    room.use(place)
    try orBreak { () throws(Errno) in try folder.begin(begun, batch.bytes, in: fresh, place) }
    do throws(JournalFault) { try manifest.store(begun.number) } catch { throw breaks(error) }
    (file, segment, end, next, durable) = (fresh, begun, batch.end, batch.next, batch.next - 1)
    used.append(begun.number)
    seal = .due
  }

  /// A file of zeros; where there's no room for it, that's said, and nothing has changed.
  private func roomFor(_ place: JournalFolder.Place, size: Int) throws(JournalFault) -> any JournalFile {
    do throws(Errno) { return try room.file(place, size: size) } catch {
      let path = folder.path(place)
      throw error.meansFull ? .full(path, error) : breaks(.broken(path, error))
    }
  }

  private func orBreak(_ work: () throws(Errno) -> Void) throws(JournalFault) {
    do throws(Errno) { try work() } catch { throw breaks(.broken(folder.path(segment.number), error)) }
  }

  /// What is thrown from now on.
  private func breaks(_ fault: JournalFault) -> JournalFault {
    self.fault = fault
    return fault
  }
}
