/// Makes bytes of values: whole numbers in network order, texts and blocks behind their length.
package struct ByteWriter {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []

  /// Begins with nothing.
  package init() {}

  /// A number, in as many bytes as its type has.
  package mutating func put(_ number: some FixedWidthInteger) {
    var rest = number.bigEndian
    unsafe withUnsafeBytes(of: &rest) { unsafe bytes.append(contentsOf: $0) }
  }

  /// A yes or a no.
  package mutating func put(_ flag: Bool) {
    bytes.append(flag ? 1 : 0)
  }

  /// A text behind the number of its bytes (32 bits).
  package mutating func put(_ text: String) {
    put(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// Bytes behind their number (32 bits).
  package mutating func put(_ block: [UInt8]) {
    put(UInt32(block.count))
    bytes.append(contentsOf: block)
  }

  /// What may be missing, behind a byte that says whether it's there.
  package mutating func put<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
    put(value != nil)
    if let value { write(&self, value) }
  }

  /// Several of a kind, behind their number (32 bits).
  package mutating func put<Value>(each values: [Value], _ write: (inout ByteWriter, Value) -> Void) {
    put(UInt32(values.count))
    for value in values { write(&self, value) }
  }
}
