/// Why bytes aren't what they should be.
package enum DecodingFault: Error, Equatable, Sendable {
  /// They end too early.
  case short
  /// There's more of them than belongs to the value.
  case excess
  /// They say something that there isn't.
  case unknown(String)
  /// They are of a form that a later program knows.
  case later(Form)
}

/// Takes values out of bytes that anybody may have sent: it never reads beyond the end, and makes room for no more than is there.
package struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var next: Int

  /// Reads these.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes[...]
    next = 0
  }

  /// How many are left.
  package var left: Int { bytes.endIndex - next }

  /// A number of a given type.
  package mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(DecodingFault) -> Number
  {
    let width = Number.bitWidth / 8
    guard left >= width else { throw .short }
    var value: Number = 0
    for index in next..<next + width { value = value << 8 | Number(truncatingIfNeeded: bytes[index]) }
    next += width
    return value
  }

  /// Which of several, by its number in a byte.
  ///
  /// - Parameter what: what there are several kinds of, for people: "… of kind 7".
  mutating func kind<Kind: RawRepresentable<UInt8>>(of what: String) throws(DecodingFault) -> Kind {
    let code = try number(UInt8.self)
    guard let kind = Kind(rawValue: code) else { throw .unknown("\(what) of kind \(code)") }
    return kind
  }

  /// A yes or a no.
  package mutating func flag() throws(DecodingFault) -> Bool {
    switch try number(UInt8.self) {
    case 0: false
    case 1: true
    case let other: throw .unknown("flag \(other)")
    }
  }

  /// A text behind the number of its bytes; what isn't UTF-8 is refused.
  package mutating func text() throws(DecodingFault) -> String {
    let block = try slice()
    guard let text = String(validating: block, as: UTF8.self) else { throw .unknown("text that isn't UTF-8") }
    return text
  }

  /// Bytes behind their number.
  package mutating func block() throws(DecodingFault) -> [UInt8] {
    Array(try slice())
  }

  /// What may be missing.
  package mutating func optional<Value>(
    _ read: (inout ByteReader) throws(DecodingFault) -> Value
  ) throws(DecodingFault) -> Value? {
    try flag() ? try read(&self) : nil
  }

  /// Several of a kind; each takes a byte at least, so their number is bounded by what is left.
  package mutating func array<Value>(
    _ read: (inout ByteReader) throws(DecodingFault) -> Value
  ) throws(DecodingFault) -> [Value] {
    let count = Int(try number(UInt32.self))
    guard count <= left else { throw .short }
    var values: [Value] = []
    for _ in 0..<count { values.append(try read(&self)) }
    return values
  }

  /// Says that nothing may be left.
  package func finish() throws(DecodingFault) {
    guard left == 0 else { throw .excess }
  }

  private mutating func slice() throws(DecodingFault) -> ArraySlice<UInt8> {
    let count = Int(try number(UInt32.self))
    guard count <= left else { throw .short }
    defer { next += count }
    return bytes[next..<next + count]
  }
}
