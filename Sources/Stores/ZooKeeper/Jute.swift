// ZooKeeper's way of writing records down (Jute): integers are big-endian, what has a length follows it, nothing is named.

/// Why bytes are no record.
enum JuteError: Error, Equatable {
  /// They end in the midst of one.
  case truncated
  /// A length that no bytes can have.
  case badLength(Int32)
  /// A text that isn't UTF-8.
  case badText
  /// A kind of record that wasn't asked for.
  case unexpected(Int32)
  /// There are more bytes than the record has.
  case leftOver(Int)
}

/// Writes records.
struct JuteWriter {
  /// What was written.
  private(set) var bytes: [UInt8] = []

  mutating func int(_ value: Int32) {
    append(UInt32(bitPattern: value))
  }

  mutating func long(_ value: Int64) {
    append(UInt64(bitPattern: value))
  }

  mutating func bool(_ value: Bool) {
    bytes.append(value ? 1 : 0)
  }

  /// Bytes behind their number.
  mutating func buffer(_ value: some Collection<UInt8>) {
    int(Int32(clamping: value.count))
    bytes += value
  }

  mutating func string(_ value: String) {
    buffer(value.utf8)
  }

  private mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}

/// Reads records: whatever the bytes are, the answer is a value or an error.
struct JuteReader: Equatable {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// How many bytes are left.
  var left: Int { bytes.count - offset }

  mutating func int() throws(JuteError) -> Int32 {
    Int32(truncatingIfNeeded: try integer(bytes: 4))
  }

  mutating func long() throws(JuteError) -> Int64 {
    Int64(bitPattern: try integer(bytes: 8))
  }

  mutating func bool() throws(JuteError) -> Bool {
    try integer(bytes: 1) != 0
  }

  /// Bytes behind their number; none for what ZooKeeper calls null, whose number is -1.
  mutating func buffer() throws(JuteError) -> [UInt8] {
    Array(try take(try length(ofAtLeast: 1)))
  }

  mutating func string() throws(JuteError) -> String {
    guard let text = String(validating: try take(try length(ofAtLeast: 1)), as: UTF8.self) else { throw .badText }
    return text
  }

  /// Texts behind their number.
  mutating func strings() throws(JuteError) -> [String] {
    var all: [String] = []
    for _ in 0..<(try length(ofAtLeast: 4)) { all.append(try string()) }
    return all
  }

  /// Passes over what nobody asks for.
  mutating func skip(_ count: Int) throws(JuteError) {
    _ = try take(count)
  }

  /// Nothing may be left.
  func end() throws(JuteError) {
    guard left == 0 else { throw .leftOver(left) }
  }

  /// A number of things, each of which takes so many bytes at least: nothing is made room for that can't be there.
  private mutating func length(ofAtLeast size: Int) throws(JuteError) -> Int {
    let count = try int()
    guard count >= -1 else { throw .badLength(count) }
    guard Int(count) * size <= left else { throw .truncated }
    return max(0, Int(count))
  }

  private mutating func integer(bytes count: Int) throws(JuteError) -> UInt64 {
    try take(count).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func take(_ count: Int) throws(JuteError) -> ArraySlice<UInt8> {
    guard count <= left else { throw .truncated }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }
}
