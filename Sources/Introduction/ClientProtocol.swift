/// A protocol that is known by a client's first bytes, whoever it's meant for. The raw value is the word for it.
package enum ClientProtocol: String, CaseIterable, Sendable {
  /// A client's hello by TLS (RFC 8446, 5.1).
  case tls
  /// A request by HTTP/1 with a method of RFC 9110 or PATCH, or the preface of HTTP/2.
  case http
  /// SSH's first line (RFC 4253, 4.2).
  case ssh
  /// PostgreSQL's first message: a session of version 3, a request for TLS or GSSAPI, or to cancel another session.
  case postgres

  /// What some first bytes come to.
  enum Reading: Equatable {
    /// More of them may make it known.
    case incomplete
    /// It begins so.
    case known(ClientProtocol)
    /// None of these.
    case other
  }

  /// That of some bytes.
  static func read(_ bytes: Span<UInt8>) -> Reading {
    var mayBe = false
    for candidate in allCases {
      switch candidate.fit(bytes) {
      case .whole: return .known(candidate)
      case .soFar: mayBe = true
      case .none: break
      }
    }
    return mayBe ? .incomplete : .other
  }

  private enum Fit {
    case whole, soFar, none
  }

  private func fit(_ bytes: Span<UInt8>) -> Fit {
    switch self {
    case .tls: Self.fit(bytes, 2) { $0 == 0 ? $1 == 22 : $1 == 3 }
    case .http: Self.fit(bytes, to: Self.requests)
    case .ssh: Self.fit(bytes, to: ["SSH-"])
    case .postgres: Self.fitsPostgres(bytes)
    }
  }

  private static let requests: [StaticString] = [
    "GET ", "POST ", "HEAD ", "PUT ", "OPTIONS ", "DELETE ", "CONNECT ", "PATCH ", "TRACE ", "PRI * HTTP/2",
  ]

  private static func fit(_ bytes: Span<UInt8>, to texts: [StaticString]) -> Fit {
    var best = Fit.none
    for text in texts {
      switch fit(bytes, text.utf8CodeUnitCount, { unsafe text.utf8Start[$0] == $1 }) {
      case .whole: return .whole
      case .soFar: best = .soFar
      case .none: break
      }
    }
    return best
  }

  /// - Parameter fits: whether a byte may stand at a place.
  private static func fit(_ bytes: Span<UInt8>, _ count: Int, _ fits: (Int, UInt8) -> Bool) -> Fit {
    for index in 0..<min(count, bytes.count) where !fits(index, bytes[index]) { return .none }
    return bytes.count >= count ? .whole : .soFar
  }

  /// A length of at most 10,000, and what is asked for: a version, or a number that can't be one.
  private static func fitsPostgres(_ bytes: Span<UInt8>) -> Fit {
    let fit = fit(bytes, 8) { index, byte in
      switch index {
      case 0, 1: byte == 0
      case 2: byte <= 0x27
      case 4: byte == 0x00 || byte == 0x04
      case 5: byte == 0x03 || byte == 0xD2
      default: true
      }
    }
    guard fit == .whole else { return fit }
    let isVersion = bytes[4] == 0 && bytes[5] == 3
    let isRequest = bytes[4] == 0x04 && bytes[5] == 0xD2 && bytes[6] == 0x16 && 0x2E...0x30 ~= bytes[7]
    let length = Int(bytes[2]) << 8 | Int(bytes[3])
    return (isVersion || isRequest) && 8...10_000 ~= length ? .whole : .none
  }
}
