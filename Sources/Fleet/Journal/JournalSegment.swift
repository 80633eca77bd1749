/// What a segment's header says.
struct JournalSegment: Equatable {
  /// What it begins with.
  enum Opening: UInt64 {
    /// More records.
    case continuation = 0
    /// Records that stand for all before them.
    case checkpoint = 1
  }

  /// Its number, and its name; the next one's is greater by 1.
  let number: UInt64
  /// The number of its first record.
  let first: UInt64
  /// How many bytes it has, with what isn't used yet.
  let size: Int
  let opening: Opening
  /// How many frames were durable before it got its name.
  let opened: Int

  /// No number of a segment or a record gets there.
  private static let most: UInt64 = 1 << 62
  /// The smallest that can be: a header and a seal.
  static let smallest = FileHeader.length + JournalFrame.overhead

  init(_ number: UInt64, first: UInt64, size: Int, _ opening: Opening, of opened: Int) {
    (self.number, self.first, self.size, self.opening, self.opened) = (number, first, size, opening, opened)
  }

  /// Reads it from a file's first bytes.
  init(_ bytes: [UInt8]) throws(FileHeader.Fault) {
    let numbers = try FileHeader(bytes, as: .segment).numbers
    guard numbers[0] < Self.most, numbers[1] < Self.most, let size = Int(exactly: numbers[2]),
      let opened = Int(exactly: numbers[3]), let opening = Opening(rawValue: numbers[4])
    else { throw .damaged }
    self.init(numbers[0], first: numbers[1], size: size, opening, of: opened)
  }

  /// Its bytes.
  var encoded: [UInt8] {
    FileHeader(.segment, [number, first, UInt64(size), UInt64(opened), opening.rawValue]).encoded
  }
}

/// What lies in a segment: all frames from its beginning on that are whole, sound and in order.
struct SegmentContents {
  let frames: [JournalFrame]
  /// The number of the first that isn't there.
  let next: UInt64
  /// Where they end.
  let end: Int

  /// Reads a segment's bytes, with the header.
  init(_ bytes: [UInt8], _ segment: JournalSegment) {
    var frames: [JournalFrame] = []
    var next = segment.first
    var end = FileHeader.length
    while let frame = JournalFrame(at: end, in: bytes, of: segment.number), frame.sequence == next {
      frames.append(frame)
      next &+= 1
      end = frame.range.upperBound
    }
    (self.frames, self.next, self.end) = (frames, next, end)
  }

  /// Whether what isn't there was durable: something behind it says so. Else it was never more than on its way: parts of one batch
  /// may reach the disk in any order.
  func isMissingMore(in bytes: [UInt8], _ segment: JournalSegment) -> Bool {
    stride(from: end, to: bytes.count, by: 8).contains {
      JournalFrame.confirms(next, at: $0, in: bytes, of: segment.number)
    }
  }
}
