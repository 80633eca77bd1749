import Introduction

extension FuzzTarget {
  static let introductions = [
    FuzzTarget(
      "proxy-header",
      seeds: [
        Array("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nabc".utf8),
        Array("PROXY TCP6 2001:db8::1 ::1 1 2\r\n".utf8),
        Array("PROXY UNKNOWN\r\n".utf8), ProxyHeader(.v2, .sender).bytes(),
        ProxyHeader(.v2, .client(.ipv4(1, port: 2), to: .ipv4(3, port: 4))).bytes(.crc32c),
        ProxyHeader(
          .v2, .client(.ipv6(high: 1, low: 2, scope: 0, port: 3), to: .ipv6(high: 4, low: 5, scope: 0, port: 6)),
          fields: [
            ProxyField(.ssl, [7, 0, 0, 0, 0, 0x21, 0, 2, 0x76, 0x31]), ProxyField(.alpn, [0x68, 0x32]),
            ProxyField(.uniqueID, [1]),
          ]
        ).bytes(),
        ProxyHeader(.v2, .client(.unix(path: "/a"), to: .unix(path: ""))).bytes(),
      ]
    ) { bytes in
      switch ProxyHeader.read(bytes.span) {
      case .incomplete(let needed):
        precondition(bytes.count < needed && needed <= ProxyHeader.longest, "nothing is missing")
      case .wrong: break
      case .header(let header, let length):
        precondition(length <= bytes.count && length <= ProxyHeader.longest, "it's longer than what there is")
        for field in header.fields { _ = ProxyTLS(field) }
        // Whatever stands behind it changes nothing, and neither does writing it.
        precondition(
          ProxyHeader.read(bytes.span.extracting(..<length)) == .header(header, length: length),
          "it's another one alone")
        let written = header.bytes()
        guard case .header(let again, let count) = ProxyHeader.read(written.span) else {
          preconditionFailure("it can't be read")
        }
        precondition(count == written.count && again.fields == header.fields, "it's another one, written again")
      }
    },
    FuzzTarget(
      "client-hello",
      seeds: [
        hello("db.example", [0x00, 0x10, 0x00, 0x0E, 0x00, 0x0C, 0x02, 0x68, 0x32, 0x08] + Array("http/1.1".utf8)),
        hello("a.b.example.", [0x9A, 0x9A, 0, 0]), inRecords(hello("x", []), of: 20), Array("SSH-2.0-a\r\n".utf8),
        Array("GET / HTTP/1.1\r\n".utf8), [0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F], [0x80, 0x2E, 1, 3, 1, 0, 0x15],
      ]
    ) { bytes in
      guard let facts = ClientFacts.read(bytes.span) else {
        precondition(bytes.count < ClientFacts.longest, "it waits for more than there may be")
        return
      }
      precondition(facts.alpn.count <= 16, "there are too many protocols")
      for text in facts.alpn + [facts.serverName ?? "-"] {
        precondition((1...255).contains(text.utf8.count), "a text is too long, or empty")
        precondition(text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a text can't be shown")
      }
      // What is known doesn't change by what comes behind it, and by no other records.
      precondition(ClientFacts.read((bytes + [0, 22, 3]).span) == facts, "it's another one with more behind it")
      if facts.protocol == .tls, let again = reframed(bytes) {
        precondition(ClientFacts.read(again.span) == facts, "it's another one in other records")
      }
    },
  ]

  /// A hello that asks for a server, with other extensions.
  private static func hello(_ name: String, _ more: [UInt8]) -> [UInt8] {
    func vector(_ size: Int, _ bytes: [UInt8]) -> [UInt8] {
      (0..<size).reversed().map { UInt8(bytes.count >> ($0 * 8) & 0xFF) } + bytes
    }
    let extensions = [0, 0] + vector(2, vector(2, [0] + vector(2, Array(name.utf8)))) + more
    let body =
      [3, 3] + Array(repeating: 5, count: 32) + vector(1, [1, 2]) + vector(2, [0x13, 1]) + [1, 0]
      + vector(2, extensions)
    return [22, 3, 1] + vector(2, [1] + vector(3, body))
  }

  /// The same message of one record in several.
  private static func inRecords(_ bytes: [UInt8], of size: Int) -> [UInt8] {
    stride(from: 5, to: bytes.count, by: size).flatMap { start in
      let piece = bytes[start..<min(start + size, bytes.count)]
      return [22, 3, 3, UInt8(piece.count >> 8), UInt8(piece.count & 0xFF)] + piece
    }
  }

  /// The same in records of 100 bytes; nil if that's too long then.
  private static func reframed(_ bytes: [UInt8]) -> [UInt8]? {
    var message: [UInt8] = []
    var place = 0
    while place + 5 <= bytes.count, bytes[place] == 22, bytes[place + 1] == 3 {
      let length = Int(bytes[place + 3]) << 8 | Int(bytes[place + 4])
      message += bytes[(place + 5)..<min(place + 5 + length, bytes.count)]
      place += 5 + length
    }
    let again = inRecords([0, 0, 0, 0, 0] + message, of: 100)
    return again.count < ClientFacts.longest ? again : nil
  }
}
