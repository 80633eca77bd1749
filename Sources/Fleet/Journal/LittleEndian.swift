// What is on a disk has its lowest byte first, as the processors have that use it.

extension [UInt8] {
  /// Appends a number.
  mutating func append(little number: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: number.littleEndian) { unsafe append(contentsOf: $0) }
  }

  /// Puts a number over the bytes at an offset, which are there.
  mutating func put(little number: UInt32, at offset: Int) {
    for place in 0..<4 { self[offset + place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
  }

  /// The number at an offset, whose bytes are there.
  func little<Number: FixedWidthInteger>(_: Number.Type = Number.self, at offset: Int) -> Number {
    precondition(offset >= 0 && offset + Number.bitWidth / 8 <= count, "a number behind the end")
    return unsafe withUnsafeBytes { bytes in
      Number(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
  }
}
