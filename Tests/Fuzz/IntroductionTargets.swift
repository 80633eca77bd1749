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
    }
  ]
}
