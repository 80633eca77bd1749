import SystemPackage

/// What is in a journal's folder, when it has segments: read, and nothing changed yet.
///
/// The segments that count are the last one that begins with a checkpoint and all after it. Each got its number when all before it was
/// durable, so its first record's number says what has to be there; only of the last one can the end be missing.
struct JournalRecovery {
  /// The records since the last checkpoint, in order.
  private(set) var records: [JournalRecord] = []
  /// How many bytes the frames have that came after the checkpoint.
  private(set) var size = 0
  /// The last segment.
  let last: JournalSegment
  /// Where its frames end, and what the next one's number is.
  let end: Int
  let next: UInt64
  /// Whether the last frame is a seal.
  let isSealed: Bool
  /// The last segment's frames of which nobody knows whether they are durable, and where they begin.
  private let uncertain: (offset: Int, bytes: [UInt8])
  /// The segments that are in use, in order.
  let used: [UInt64]
  /// Those from before the checkpoint.
  let older: [UInt64]

  /// Reads the segments of a folder, of which there's one at least.
  init(_ folder: JournalFolder) throws(JournalFault) {
    let segments = try Self.segments(folder)
    var next = segments[0].first
    var end = 0
    var isSealed = false
    var uncertain: (Int, [UInt8]) = (0, [])
    for (index, segment) in segments.enumerated() {
      let path = folder.path(segment.number)
      guard segment.first == next else {
        throw .corrupt(path, "it begins with record \(segment.first), and \(next) is missing")
      }
      let bytes = try Self.reading(path) { () throws(Errno) in
        try folder.disk.open(path).read(segment.size, at: 0)
      }
      let contents = SegmentContents(bytes, segment)
      guard contents.frames.count >= segment.opened, !contents.isMissingMore(in: bytes, segment) else {
        throw .corrupt(path, "record \(contents.next) isn't there as it was written")
      }
      for frame in contents.frames where frame.kind == .record {
        records.append(JournalRecord(type: frame.type, body: Array(bytes[frame.body])))
      }
      let opened = index == 0 ? segment.opened : 0
      size += contents.frames.dropFirst(opened).reduce(0) { $0 + ($1.kind == .record ? $1.range.count : 0) }
      (next, end, isSealed) = (contents.next, contents.end, contents.frames.last?.kind == .seal)
      let certain = contents.frames.reduce(segment.first &+ UInt64(segment.opened) &- 1) { max($0, $1.durable) }
      let start = contents.frames.first { $0.sequence > certain }?.range.lowerBound ?? end
      uncertain = (start, Array(bytes[start..<end]))
    }
    (self.next, self.end, self.isSealed, self.uncertain) = (next, end, isSealed, uncertain)
    last = segments[segments.count - 1]
    used = segments.map(\.number)
    older = folder.numbers.filter { $0 < segments[0].number }
  }

  /// Makes all of it durable; gives the last segment's file, to go on in.
  ///
  /// What isn't known to be durable is written once more before it's believed: it may have been read from memory, and a flush that has
  /// failed in another process isn't told of again. For the same reason all behind it becomes zeros, also where zeros are read: what's left
  /// of a batch that was cut off can't come back then.
  func settle(_ folder: JournalFolder) throws(Errno) -> any JournalFile {
    let file = try folder.disk.open(folder.path(last.number))
    try file.write(uncertain.bytes, at: uncertain.offset)
    try file.zero(end..<last.size)
    try file.sync()
    return file
  }

  /// What the headers say, from the last checkpoint on.
  private static func segments(_ folder: JournalFolder) throws(JournalFault) -> [JournalSegment] {
    var segments: [JournalSegment] = []
    for number in folder.numbers.reversed() {
      let path = folder.path(number)
      if let after = segments.last, after.number - 1 != number {
        throw .corrupt(path, "segment \(after.number - 1) isn't there")
      }
      let (bytes, size) = try reading(path) { () throws(Errno) in
        let file = try folder.disk.open(path)
        return (try file.read(FileHeader.length, at: 0), try file.size())
      }
      let segment: JournalSegment
      do throws(FileHeader.Fault) {
        segment = try JournalSegment(bytes)
      } catch {
        throw JournalFault(path, error)
      }
      guard segment.number == number else { throw .corrupt(path, "it's segment \(segment.number)") }
      guard segment.size <= size, segment.size >= JournalSegment.smallest else {
        throw .corrupt(path, "it has \(size) bytes instead of \(segment.size)")
      }
      segments.append(segment)
      if segment.opening == .checkpoint { return segments.reversed() }
    }
    throw .corrupt(folder.path, "the last checkpoint isn't there")
  }

  private static func reading<Value>(
    _ path: String, _ read: () throws(Errno) -> Value
  ) throws(JournalFault) -> Value {
    do throws(Errno) { return try read() } catch { throw .unreadable(path, error) }
  }
}
