/// Something that a header of version 2 says beside the addresses (a TLV, section 2.2 of the specification).
package struct ProxyField: Equatable, Sendable {
  /// What it's about.
  package var kind: Kind
  /// What it says.
  package var value: [UInt8]

  /// A field.
  package init(_ kind: Kind, _ value: [UInt8]) {
    self.kind = kind
    self.value = value
  }

  /// What a field is about, by its number.
  package struct Kind: RawRepresentable, Hashable, Sendable {
    /// Its number.
    package let rawValue: UInt8

    /// The one of a number.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The protocol that client and sender agreed on (RFC 7301), such as `h2`.
    package static let alpn = Kind(rawValue: 0x01)
    /// The name that the client asked for, such as by SNI.
    package static let authority = Kind(rawValue: 0x02)
    /// The header's CRC-32C, with zeros in this place, in network order.
    package static let crc32c = Kind(rawValue: 0x03)
    /// Nothing: it fills up.
    package static let padding = Kind(rawValue: 0x04)
    /// What tells the connection from all others, 128 bytes at most.
    package static let uniqueID = Kind(rawValue: 0x05)
    /// The client's TLS: a byte of flags, what came of its certificate, and fields of their own.
    package static let ssl = Kind(rawValue: 0x20)
    /// The sender's network namespace.
    package static let namespace = Kind(rawValue: 0x30)
    /// Amazon's: its first byte says what, 1 the endpoint of a VPC.
    package static let aws = Kind(rawValue: 0xEA)
    /// Microsoft's: its first byte says what, 1 the identifier of a private endpoint.
    package static let azure = Kind(rawValue: 0xEE)

    /// How it's called; those without a name by their number.
    package var name: String {
      switch self {
      case .alpn: "alpn"
      case .authority: "authority"
      case .crc32c: "crc32c"
      case .padding: "padding"
      case .uniqueID: "unique-id"
      case .ssl: "ssl"
      case .namespace: "netns"
      case .aws: "aws"
      case .azure: "azure"
      default: "0x" + (rawValue < 16 ? "0" : "") + String(rawValue, radix: 16)
      }
    }
  }

  /// The longest value of a unique id.
  static let longestUniqueID = 128
}

/// What a header says of the client's TLS.
package struct ProxyTLS: Equatable, Sendable {
  /// Whether the client spoke TLS.
  package var isUsed = false
  /// Whether it has shown a certificate, on this connection or in this session.
  package var hasCertificate = false
  /// Whether that was found to be good; nil if it has shown none.
  package var isVerified: Bool?
  /// Such as `TLSv1.3`.
  package var version: String?
  /// The common name of the certificate's subject.
  package var commonName: String?
  /// Such as `ECDHE-RSA-AES128-GCM-SHA256`.
  package var cipher: String?

  /// That of a field of kind `ssl`; nil if that makes no sense.
  package init?(_ field: ProxyField) {
    guard field.kind == .ssl, field.value.count >= 5 else { return nil }
    let flags = field.value[0]
    isUsed = flags & 0x01 != 0
    hasCertificate = flags & 0x06 != 0
    if hasCertificate { isVerified = field.value[1...4].allSatisfy { $0 == 0 } }
    guard let fields = try? ProxyField.fields(of: field.value.span.extracting(5...)) else { return nil }
    for field in fields {
      let text = String(decoding: field.value, as: UTF8.self)
      switch field.kind.rawValue {
      case 0x21: version = text
      case 0x22: commonName = text
      case 0x23: cipher = text
      default: break
      }
    }
  }
}
