/// A frame that says it's larger than anything that is taken.
package struct FrameTooLarge: Error, Equatable {
  /// What it says.
  package let length: Int
}

extension ByteStream {
  /// The most bytes of one frame: more than any message has, and nothing that hurts.
  package static var largestFrame: Int { 2 << 20 }

  /// Takes the next frame if all of it is there: a length of four bytes, the largest first, and as many bytes.
  package func takeFrame() throws(FrameTooLarge) -> [UInt8]? {
    let head = peek(4)
    guard head.count == 4 else { return nil }
    let length = Int(head.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    guard length <= Self.largestFrame else { throw FrameTooLarge(length: length) }
    guard available >= 4 + length else { return nil }
    _ = take(4)
    return take(length)
  }
}
