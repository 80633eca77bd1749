/// Goes through the bytes of a handshake message of TLS, which may stand in several records (RFC 8446, 5.1). The bytes are given each time, as
/// they lie in somebody else's memory.
struct HandshakeReader {
  /// Why it doesn't go on.
  enum Stop: Error {
    /// The next byte has to come.
    case incomplete
    /// It makes no sense.
    case wrong
  }

  private var place = 0
  /// Where the record ends in which the place is.
  private var recordEnd = 0

  /// The longest piece of a message in a record.
  private static let longestRecord = 1 << 14

  /// The next byte.
  mutating func byte(_ bytes: Span<UInt8>) throws(Stop) -> Int {
    if place == recordEnd { try enterRecord(bytes) }
    guard place < bytes.count else { throw .incomplete }
    defer { place += 1 }
    return Int(bytes[place])
  }

  /// The next number of so many bytes, in network order.
  mutating func number(_ bytes: Span<UInt8>, of count: Int) throws(Stop) -> Int {
    var number = 0
    for _ in 0..<count { number = number << 8 | (try byte(bytes)) }
    return number
  }

  /// Goes on behind so many bytes.
  mutating func skip(_ bytes: Span<UInt8>, _ count: Int) throws(Stop) {
    var count = count
    while count > 0 {
      if place == recordEnd { try enterRecord(bytes) }
      let step = min(count, recordEnd - place)
      guard place + step <= bytes.count else { throw .incomplete }
      place += step
      count -= step
    }
  }

  /// A record without a piece of the message mustn't be, so each one gets further.
  private mutating func enterRecord(_ bytes: Span<UInt8>) throws(Stop) {
    for (index, wanted) in [22, 3].enumerated() as EnumeratedSequence<[UInt8]> {
      guard place + index < bytes.count else { throw .incomplete }
      guard bytes[place + index] == wanted else { throw .wrong }
    }
    guard place + 5 <= bytes.count else { throw .incomplete }
    let length = Int(bytes[place + 3]) << 8 | Int(bytes[place + 4])
    guard 1...Self.longestRecord ~= length else { throw .wrong }
    place += 5
    recordEnd = place + length
  }
}
