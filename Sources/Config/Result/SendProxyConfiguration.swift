package import Introduction

/// How a backend is told whose session it is: by a header of the PROXY protocol before the session's first byte.
package struct SendProxyConfiguration: Equatable, Sendable {
  /// How it's written.
  package var version: ProxyHeader.Version
  /// What it says beside the addresses; version 2 alone.
  package var fields: [Field]

  /// A header of a version.
  package init(_ version: ProxyHeader.Version, fields: [Field] = []) {
    self.version = version
    self.fields = fields
  }

  /// What a header may say beside the addresses. The raw value is the word in the file.
  package enum Field: String, CaseIterable, Sendable {
    /// The name that the client asked for, where it's known.
    case authority
    /// The protocol that was agreed on with the client, where it's known.
    case alpn
    /// What tells the session from all others: what was received, or one of this process's own.
    case uniqueID = "unique-id"
    /// The header's checksum.
    case crc32c
    /// All that the header has said with which the client came, but for its checksum.
    case received
  }
}

/// Whether a check begins with a header of the PROXY protocol, one that names nobody. The raw value is the word in the file.
package enum CheckProxy: String, CaseIterable, Sendable {
  /// As sessions do, if it goes where they go.
  case auto
  /// It doesn't.
  case off
  /// With one of version 1.
  case v1
  /// With one of version 2.
  case v2

  /// The version of a check's header; nil for none.
  ///
  /// - Parameters:
  ///   - sessions: how sessions of the same backend begin.
  ///   - isSamePlace: whether the check goes where sessions go.
  package func version(
    where sessions: SendProxyConfiguration?, isSamePlace: Bool
  ) -> ProxyHeader.Version? {
    switch self {
    case .auto: isSamePlace ? sessions?.version : nil
    case .off: nil
    case .v1: .v1
    case .v2: .v2
    }
  }
}
