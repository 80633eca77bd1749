import Model
import Sockets

/// Room in which a line is made. What doesn't fit is left out.
///
/// Each session's line has some twenty values, and the writer's time is the workers': none of them becomes a text first, and each byte is put
/// where it belongs once. Arrays ask at each byte whether they are shared, so it's memory of its own, with its own look at the bound.
@safe
struct LineWriter: ~Copyable {
  /// How a text stands in a line.
  enum Quoting: UInt8 {
    /// As it is, on one line.
    case none
    /// In a JSON string.
    case json
    /// In a value of structured data (RFC 5424, 6.3.3).
    case parameter
  }

  /// The longest line, in bytes.
  static let capacity = 65_536

  private let start: UnsafeMutablePointer<UInt8>
  /// How many bytes there are.
  private(set) var count = 0

  init() { unsafe start = .allocate(capacity: Self.capacity) }

  deinit { unsafe start.deallocate() }

  /// Begins another line.
  mutating func removeAll() { count = 0 }

  /// Takes back what came after so many bytes.
  mutating func cut(to count: Int) { self.count = min(count, self.count) }

  /// Reads the line.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    unsafe body(UnsafeBufferPointer(start: start, count: count))
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    guard count < Self.capacity else { return }
    unsafe start[count] = byte
    count += 1
  }

  @inline(__always)
  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, count + bytes.count <= Self.capacity else { return }
    unsafe (start + count).update(from: source, count: bytes.count)
    count += bytes.count
  }

  /// Appends a text without anything that would end it, or the line.
  mutating func append(_ text: String, _ quoting: Quoting) {
    var text = text
    text.withUTF8 { bytes in
      for index in bytes.indices {
        let byte = unsafe bytes[index]
        if byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != UInt8(ascii: "]")
        {
          append(byte)
        } else {
          appendOdd(byte, quoting)
        }
      }
    }
  }

  private mutating func appendOdd(_ byte: UInt8, _ quoting: Quoting) {
    switch (byte, quoting) {
    case (UInt8(ascii: "\""), .json), (UInt8(ascii: "\\"), .json), (UInt8(ascii: "\""), .parameter),
      (UInt8(ascii: "\\"), .parameter), (UInt8(ascii: "]"), .parameter):
      append(UInt8(ascii: "\\"))
      append(byte)
    case (0..<0x20, .json):
      for byte in "\\u00".utf8 { append(byte) }
      append(UInt(byte), digits: 2, radix: 16)
    case (0..<0x20, _), (0x7F, _): append(UInt8(ascii: "?"))
    default: append(byte)
    }
  }

  mutating func append(_ number: Int) {
    if number < 0 { append(UInt8(ascii: "-")) }
    append(number.magnitude)
  }

  mutating func append(_ number: UInt) {
    var digits = 1
    var bound: UInt = 10
    while digits < 20, number >= bound {
      digits += 1
      bound = digits == 20 ? .max : bound * 10
    }
    append(number, digits: digits)
  }

  /// Appends the last digits of a number, with zeros before them.
  ///
  /// - Parameter radix: 10, or 16 for lower-case hexadecimal digits.
  @inline(__always)
  mutating func append(_ number: UInt, digits: Int, radix: UInt = 10) {
    guard count + digits <= Self.capacity else { return }
    var rest = number
    var place = count + digits
    count = place
    for _ in 0..<digits {
      place -= 1
      let (quotient, value) = rest.quotientAndRemainder(dividingBy: radix)
      let digit = UInt8(truncatingIfNeeded: value)
      unsafe start[place] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
      rest = quotient
    }
  }

  /// Appends a time in nanoseconds as seconds with microseconds: `0.000250`.
  mutating func append(nanoseconds: UInt64) {
    let (seconds, microseconds) = UInt(nanoseconds / 1000).quotientAndRemainder(dividingBy: 1_000_000)
    append(seconds)
    append(UInt8(ascii: "."))
    append(microseconds, digits: 6)
  }

  /// Appends an address, as people write it.
  mutating func append(_ address: SocketAddress, _ quoting: Quoting) {
    guard case .ipv4(let host, let port) = address else { return append(address.description, quoting) }
    append(UInt(host >> 24))
    append(UInt8(ascii: "."))
    append(UInt(host >> 16 & 0xFF))
    append(UInt8(ascii: "."))
    append(UInt(host >> 8 & 0xFF))
    append(UInt8(ascii: "."))
    append(UInt(host & 0xFF))
    append(UInt8(ascii: ":"))
    append(UInt(port))
  }
}

/// Writes moments, most of which fall into the same second as the one before.
struct MomentWriter {
  private var second = Int.min
  private var start: [UInt8] = []

  /// Appends a moment in milliseconds of Unix time: `2026-01-31T12:00:00.250Z`.
  mutating func append(milliseconds: Int, to line: inout LineWriter) {
    let second = milliseconds / 1000
    if second != self.second {
      self.second = second
      start = Array(Timestamp(milliseconds: second * 1000).description.utf8.dropLast(4))
    }
    unsafe start.withUnsafeBufferPointer { unsafe line.append($0) }
    line.append(UInt(milliseconds - second * 1000), digits: 3)
    line.append(UInt8(ascii: "Z"))
  }
}
