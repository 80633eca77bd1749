package import Sockets

/// What stands before a connection's first byte by the PROXY protocol (HAProxy's specification, revision of 2020/03/05, versions 1 and 2): who the
/// client is, by the word of whoever passes its connection on.
package struct ProxyHeader: Equatable, Sendable {
  /// How it's written.
  package enum Version: String, CaseIterable, Sendable {
    /// A line of text.
    case v1
    /// Binary, with more to say than addresses.
    case v2
  }

  /// Whose connection it is.
  package enum Origin: Equatable, Sendable {
    /// The sender's own, such as a check's (LOCAL, version 2 alone).
    case sender
    /// A client's that the sender can't or won't name (UNKNOWN, UNSPEC, what isn't a stream).
    case unknown
    /// A client's, from there to there.
    case client(SocketAddress, to: SocketAddress)
  }

  /// How it was written.
  package var version: Version
  /// Whose connection it is.
  package var origin: Origin
  /// What else it says, in its order; version 2 alone.
  package var fields: [ProxyField]

  /// A header.
  package init(_ version: Version, _ origin: Origin, fields: [ProxyField] = []) {
    self.version = version
    self.origin = origin
    self.fields = fields
  }

  /// How long one of version 1 may be, with its end of line.
  package static let longestLine = 107
  /// How long one may be as a whole. The specification allows 65,551 bytes; no sender is known to need more than some hundred, and a client's
  /// certificate may have some thousand.
  package static let longest = 16 << 10
}

/// What the first bytes of a connection come to.
package enum ProxyReading: Equatable, Sendable {
  /// It may be a header, once there are so many bytes at least.
  case incomplete(needed: Int)
  /// It's a header, of so many bytes.
  case header(ProxyHeader, length: Int)
  /// It's none that can be gone by.
  case wrong(ProxyFault)
}

/// Why a connection's first bytes are no header that can be gone by. The raw value is the word for people and metrics.
package enum ProxyFault: String, CaseIterable, Error, Sendable {
  /// They begin as no header does.
  case missing
  /// It's of a version that isn't taken here.
  case version
  /// It's cut short, or what it says makes no sense.
  case malformed
  /// It's longer than one may be.
  case tooLong
  /// Its checksum says that it was changed on its way.
  case checksum
}
