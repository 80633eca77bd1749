/// What a TLS client says first (RFC 8446, 4.1.2), as far as it says where it wants to go.
package struct ClientHello: Equatable, Sendable {
  /// The name of the server that it wants (RFC 6066, 3), in lower case and without a dot at its end; nil if it names none. What isn't 1…255
  /// printable characters of ASCII is taken for none.
  package var serverName: String?
  /// The protocols that it would speak (RFC 7301), in its order, 16 at most. What isn't printable ASCII is left out, such as values that
  /// stand for nothing (GREASE, RFC 8701).
  package var protocols: [String]

  /// A hello.
  package init(serverName: String? = nil, protocols: [String] = []) {
    self.serverName = serverName
    self.protocols = protocols
  }

  /// How many bytes are looked at, records' headers among them. Post-quantum key shares make some 1,800.
  package static let longest = 16 << 10
  /// How many protocols are kept.
  static let mostProtocols = 16
  /// How long a name may be.
  static let longestName = 255
}

/// What the first bytes of a connection come to as a hello.
package enum ClientHelloReading: Equatable, Sendable {
  /// The rest of it has to come.
  case incomplete
  /// It's whole.
  case hello(ClientHello)
  /// It's none that could be read.
  case wrong
}
