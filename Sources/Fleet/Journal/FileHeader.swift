import Sockets

/// What a file of a journal begins with: 64 bytes, which lie in all versions of a format like this.
///
///     [magic 8][version u32][CRC-32C u32 of the rest of the 64][six numbers u64]
struct FileHeader: Equatable {
  /// What kind of file it is.
  enum Magic: String {
    case segment = "mrtltjnl"
    case slots = "mrtltslt"
    case manifest = "mrtltmnf"
  }

  /// Why bytes are no header.
  enum Fault: Error, Equatable {
    case damaged
    case version(UInt32)
  }

  /// How many bytes it has.
  static let length = 64
  /// The version that's written.
  private static let version: UInt32 = 1

  let magic: Magic
  /// Six, of which each kind of file says what they mean; those that aren't given are 0.
  let numbers: [UInt64]

  init(_ magic: Magic, _ numbers: [UInt64]) {
    self.magic = magic
    self.numbers = numbers + [UInt64](repeating: 0, count: 6 - numbers.count)
  }

  /// Reads it from the first of these bytes.
  init(_ bytes: [UInt8], as magic: Magic) throws(Fault) {
    guard bytes.count >= Self.length, bytes.starts(with: magic.rawValue.utf8) else { throw .damaged }
    guard bytes.little(UInt32.self, at: 12) == Self.checksum(of: bytes) else { throw .damaged }
    let version = bytes.little(UInt32.self, at: 8)
    guard version == Self.version else { throw .version(version) }
    self.magic = magic
    numbers = (0..<6).map { bytes.little(at: 16 + 8 * $0) }
  }

  /// Its bytes.
  var encoded: [UInt8] {
    var bytes = Array(magic.rawValue.utf8)
    bytes.append(little: Self.version)
    bytes.append(little: 0 as UInt32)
    for number in numbers { bytes.append(little: number) }
    bytes.put(little: Self.checksum(of: bytes), at: 12)
    return bytes
  }

  private static func checksum(of bytes: [UInt8]) -> UInt32 {
    var checksum = CRC32C()
    checksum.add(bytes[..<12])
    checksum.add(bytes[16..<length])
    return checksum.value
  }
}
