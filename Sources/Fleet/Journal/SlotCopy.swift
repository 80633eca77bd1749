import Sockets

/// One of the two copies of a slot: a block of 4 KiB.
///
///     [CRC-32C u32][length u32][sequence u64][bytes][zeros]
///
/// The checksum is over the slot's number and all that comes after it, up to the end of the bytes.
struct SlotCopy: Equatable {
  /// How many bytes a block has.
  static let length = 4_096
  private static let overhead = 16

  /// Which slot it's of.
  let slot: Int
  /// How often that was written; 0 for one that never was.
  let sequence: UInt64
  let bytes: [UInt8]

  /// One of a slot that was never written.
  init(empty slot: Int) {
    (self.slot, sequence, bytes) = (slot, 0, [])
  }

  /// What comes after this one.
  func followed(by bytes: [UInt8]) -> SlotCopy {
    SlotCopy(slot: slot, sequence: sequence + 1, bytes: bytes)
  }

  private init(slot: Int, sequence: UInt64, bytes: [UInt8]) {
    (self.slot, self.sequence, self.bytes) = (slot, sequence, bytes)
  }

  /// Reads a block; nil if it isn't as it was written to that slot.
  init?(_ block: [UInt8], of slot: Int) {
    guard block.count == Self.length else { return nil }
    let count = Int(block.little(UInt32.self, at: 4))
    guard count <= JournalSlots.largest else { return nil }
    let content = block[4..<Self.overhead + count]
    guard block.little(UInt32.self, at: 0) == Self.checksum(of: slot, content) else { return nil }
    let sequence = block.little(UInt64.self, at: 8)
    guard sequence < .max else { return nil }
    self.init(slot: slot, sequence: sequence, bytes: Array(content.dropFirst(Self.overhead - 4)))
  }

  /// Its block.
  var encoded: [UInt8] {
    var block: [UInt8] = []
    block.append(little: 0 as UInt32)
    block.append(little: UInt32(bytes.count))
    block.append(little: sequence)
    block += bytes
    block.put(little: Self.checksum(of: slot, block[4...]), at: 0)
    return block + [UInt8](repeating: 0, count: Self.length - block.count)
  }

  private static func checksum(of slot: Int, _ content: ArraySlice<UInt8>) -> UInt32 {
    var checksum = CRC32C()
    checksum.add(UInt64(slot))
    checksum.add(content)
    return checksum.value
  }
}

/// What the two copies of a slot say together.
struct SlotPair {
  /// What the slot holds.
  let newest: SlotCopy
  /// Which copies are to be written once more, in this order, each flushed before the next.
  ///
  /// What was read may be in memory only, and the flush that has failed in another process isn't told of again. So what counts is written
  /// anew, but never over the only copy that is known to be durable: the second one was begun when the first one was.
  let mended: [Int]

  /// Nil if neither copy is there as it was written.
  init?(_ first: SlotCopy?, _ second: SlotCopy?) {
    switch (first, second) {
    case (nil, nil): return nil
    case (let first?, nil): (newest, mended) = (first, [1])
    case (nil, let second?): (newest, mended) = (second, [0])
    case (let first?, let second?):
      if first.sequence == second.sequence {
        (newest, mended) = (first, [1])
      } else if first.sequence > second.sequence {
        (newest, mended) = (first, [0, 1])
      } else {
        (newest, mended) = (second, [0])
      }
    }
  }
}
