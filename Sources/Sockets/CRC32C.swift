/// The Castagnoli CRC of 32 bits, as iSCSI has it (RFC 3720, section 12.1), eight bytes at a time.
package struct CRC32C {
  private var register: UInt32 = .max

  /// That of no bytes.
  package init() {}

  /// That of these bytes.
  package init(_ bytes: [UInt8]) {
    add(bytes[...])
  }

  /// The checksum of what was added.
  package var value: UInt32 { ~register }

  /// Adds a number's bytes, the lowest first.
  package mutating func add(_ number: UInt64) {
    register = Self.tables.add(number, to: register)
  }

  /// Adds bytes.
  package mutating func add(_ bytes: ArraySlice<UInt8>) {
    register = unsafe bytes.withUnsafeBytes { unsafe Self.tables.add($0, to: register) }
  }

  private static let tables = Tables()

  /// What each value of a byte does to the register, when that many bytes more come after it.
  private struct Tables {
    /// Eight tables of 256.
    private let entries: [UInt32]

    init() {
      var entries: [UInt32] = []
      entries.reserveCapacity(8 * 256)
      for byte in 0..<256 as Range<UInt32> {
        entries.append((0..<8).reduce(byte) { rest, _ in rest >> 1 ^ (rest & 1 == 1 ? 0x82F6_3B78 : 0) })
      }
      for index in 256..<8 * 256 {
        let before = entries[index - 256]
        entries.append(before >> 8 ^ entries[Int(before & 0xFF)])
      }
      self.entries = entries
    }

    func add(_ number: UInt64, to register: UInt32) -> UInt32 {
      unsafe entries.withUnsafeBufferPointer { unsafe Self.add(number, to: register, $0) }
    }

    func add(_ bytes: UnsafeRawBufferPointer, to register: UInt32) -> UInt32 {
      unsafe entries.withUnsafeBufferPointer { entries in
        var register = register
        var next = 0
        while next + 8 <= bytes.count {
          let number = unsafe bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self)
          register = unsafe Self.add(UInt64(littleEndian: number), to: register, entries)
          next += 8
        }
        while next < bytes.count {
          register = unsafe register >> 8 ^ entries[Int((register ^ UInt32(bytes[next])) & 0xFF)]
          next += 1
        }
        return register
      }
    }

    @inline(__always)
    private static func add(
      _ number: UInt64, to register: UInt32, _ entries: UnsafeBufferPointer<UInt32>
    ) -> UInt32 {
      let mixed = number ^ UInt64(register)
      func entry(_ place: UInt64) -> UInt32 {
        unsafe entries[Int((7 - place) << 8 | mixed >> (8 * place) & 0xFF)]
      }
      return entry(0) ^ entry(1) ^ entry(2) ^ entry(3) ^ entry(4) ^ entry(5) ^ entry(6) ^ entry(7)
    }
  }
}
