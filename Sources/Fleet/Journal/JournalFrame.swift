import Sockets

/// A record as it lies in a segment, at an offset that 8 divides:
///
///     [length u32 of the body][CRC-32C u32][type u8][kind u8][0 u16][0 u32][sequence u64][durable u64][body][zeros up to 8]
///
/// The checksum is over the segment's number, the offset, the length and all that comes after it: a record that lies where it
/// wasn't written, as what was left of another segment, is none.
struct JournalFrame: Equatable {
  /// What it's for.
  enum Kind: UInt8 {
    /// It's somebody's record.
    case record = 0
    /// It says no more than what was durable when it was written.
    case seal = 1
  }

  /// How many bytes one without a body has.
  static let overhead = 32

  let kind: Kind
  let type: UInt8
  /// Its number among all frames that were ever written to the journal, from 1 on.
  let sequence: UInt64
  /// Up to which number all were known to be durable when it was written.
  let durable: UInt64
  /// Where its body lies.
  let body: Range<Int>
  /// Where it begins, and where the next one would.
  let range: Range<Int>

  /// How many bytes one has, with a body of so many.
  static func length(ofBody count: Int) -> Int {
    (overhead + count + 7) & ~7
  }

  /// The whole and sound one at an offset of a segment's bytes; nil if there's none.
  init?(at offset: Int, in bytes: [UInt8], of segment: UInt64) {
    guard offset + Self.overhead <= bytes.count else { return nil }
    let count = Int(bytes.little(UInt32.self, at: offset))
    let end = offset + Self.length(ofBody: count)
    guard count <= Journal.largestBody, end <= bytes.count, let kind = Kind(rawValue: bytes[offset + 9]) else {
      return nil
    }
    guard bytes.little(UInt32.self, at: offset + 4) == Self.checksum(at: offset, until: end, in: bytes, of: segment)
    else { return nil }
    self.kind = kind
    type = bytes[offset + 8]
    sequence = bytes.little(at: offset + 16)
    durable = bytes.little(at: offset + 24)
    body = offset + Self.overhead..<offset + Self.overhead + count
    range = offset..<end
    guard durable < sequence else { return nil }
  }

  /// Whether there's one at an offset, with a number after this one, that was written when this number was durable.
  ///
  /// Looked for at each eighth byte of a segment, so the numbers come before the checksum.
  static func confirms(_ number: UInt64, at offset: Int, in bytes: [UInt8], of segment: UInt64) -> Bool {
    guard offset + overhead <= bytes.count else { return false }
    let sequence = bytes.little(UInt64.self, at: offset + 16)
    guard sequence > number, sequence - number <= UInt64(bytes.count / overhead) else { return false }
    guard bytes.little(UInt64.self, at: offset + 24) >= number else { return false }
    return JournalFrame(at: offset, in: bytes, of: segment) != nil
  }

  private static func checksum(at offset: Int, until end: Int, in bytes: [UInt8], of segment: UInt64) -> UInt32 {
    var checksum = CRC32C()
    checksum.add(segment)
    checksum.add(UInt64(offset))
    checksum.add(bytes[offset..<offset + 4])
    checksum.add(bytes[offset + 8..<end])
    return checksum.value
  }

  /// Frames in the order in which they come to lie, as the bytes that are to be written.
  struct Batch {
    private(set) var bytes: [UInt8] = []
    /// The number of the next one.
    private(set) var next: UInt64
    private let segment: UInt64
    private let offset: Int
    private let durable: UInt64

    /// Nothing, to be written at an offset of a segment.
    ///
    /// - Parameter next: the first one's number.
    init(to segment: UInt64, at offset: Int, next: UInt64, durable: UInt64) {
      (self.segment, self.offset, self.next, self.durable) = (segment, offset, next, durable)
    }

    /// Where the next one begins.
    var end: Int { offset + bytes.count }

    mutating func add(_ record: JournalRecord) {
      add(.record, record)
    }

    mutating func addSeal() {
      add(.seal, JournalRecord(type: 0, body: []))
    }

    private mutating func add(_ kind: Kind, _ record: JournalRecord) {
      precondition(record.body.count <= Journal.largestBody, "a record that's too large")
      var frame: [UInt8] = []
      frame.reserveCapacity(JournalFrame.length(ofBody: record.body.count))
      frame.append(little: UInt32(record.body.count))
      frame.append(little: 0 as UInt32)
      frame += [record.type, kind.rawValue, 0, 0, 0, 0, 0, 0]
      frame.append(little: next)
      frame.append(little: durable)
      frame += record.body
      frame += repeatElement(0, count: JournalFrame.length(ofBody: record.body.count) - frame.count)
      var checksum = CRC32C()
      checksum.add(segment)
      checksum.add(UInt64(end))
      checksum.add(frame[..<4])
      checksum.add(frame[8...])
      frame.put(little: checksum.value, at: 4)
      bytes += frame
      next += 1
    }
  }
}

extension [JournalRecord] {
  /// How many bytes they have as frames.
  var framed: Int { reduce(0) { $0 + JournalFrame.length(ofBody: $1.body.count) } }
}
