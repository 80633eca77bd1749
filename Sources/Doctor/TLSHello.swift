/// A client's hello, to find out whether a server speaks TLS, and which version of it.
enum TLSHello {
  /// One that offers TLS 1.2 and 1.3 with what every server of today has (RFC 8446, 4.1.2). Its key share is nobody's: no handshake comes of it.
  static let bytes: [UInt8] = {
    let random = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
    let suites: [UInt8] = [
      0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xC0, 0x2F, 0xC0, 0x2B, 0xC0, 0x30, 0xC0, 0x2C, 0x00, 0x9C,
    ]
    let extensions =
      part(0x000A, counted([0x00, 0x1D, 0x00, 0x17]))
      + part(0x000B, [1, 0])
      + part(0x000D, counted([0x04, 0x03, 0x08, 0x04, 0x04, 0x01, 0x05, 0x03, 0x08, 0x05, 0x08, 0x06, 0x02, 0x01]))
      + part(0x002B, [4, 0x03, 0x04, 0x03, 0x03])
      + part(0x0033, counted([0x00, 0x1D] + counted(random)))
    let hello = [0x03, 0x03] + random + [0] + counted(suites) + [1, 0] + counted(extensions)
    let handshake = [1, 0] + counted(hello)
    return [22, 3, 1] + counted(handshake)
  }()

  /// The version that a server answers with; nil if that is no TLS.
  static func version(_ answer: [UInt8]) -> String? {
    guard answer.count >= 5, answer[1] == 3 else { return nil }
    // It speaks TLS, and isn't content with this hello.
    if answer[0] == 21 { return "yes, of a version that isn't known" }
    // The version, 32 random bytes, and a session id of so many follow (RFC 8446, 4.1.3).
    guard answer[0] == 22, answer.count > 43, answer[5] == 2 else { return nil }
    var place = 44 + Int(answer[43]) + 3 + 2
    while place + 4 <= answer.count {
      let length = Int(answer[place + 2]) << 8 | Int(answer[place + 3])
      if answer[place] == 0, answer[place + 1] == 0x2B { return "1.3" }
      place += 4 + length
    }
    return switch answer[10] {
    case 3: "1.2"
    case 2: "1.1"
    default: "1.0"
    }
  }

  private static func counted(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
  }

  private static func part(_ kind: UInt16, _ bytes: [UInt8]) -> [UInt8] {
    [UInt8(kind >> 8), UInt8(kind & 0xFF)] + counted(bytes)
  }
}
