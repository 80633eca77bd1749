import Testing

import Sockets

/// RFC 3720, appendix B.4, and what catalogues of checksums name as the check.
@Suite struct CRC32CTests {
  @Test(
    "the vectors of RFC 3720",
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
      (
        [
          0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
          0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
        ], 0xD996_3A56
      ), (Array("123456789".utf8), 0xE306_9283), ([], 0),
    ] as [([UInt8], UInt32)])
  func vectors(bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C(bytes).value == expected)
  }

  @Test("in parts it's the same as at once", arguments: 0...40)
  func parts(cut: Int) {
    let bytes = (0..<40).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    var parts = CRC32C()
    parts.add(bytes[..<cut])
    parts.add(bytes[cut...])
    #expect(parts.value == CRC32C(bytes).value)
  }

  @Test("a number is its bytes, the lowest first")
  func number() {
    var number = CRC32C()
    number.add(0x0807_0605_0403_0201)
    #expect(number.value == CRC32C([1, 2, 3, 4, 5, 6, 7, 8]).value)
  }
}
