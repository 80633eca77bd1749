package import Sockets

/// What a client has to be like for a route to take it: all that is given here has to hold, and of several values of one kind any.
package struct RouteCondition: Equatable, Sendable {
  /// What it's about. The raw value is the key in a configuration.
  package enum Key: String, Sendable {
    case from, `protocol`, sni, alpn
  }

  /// Where the client is.
  package var from: [AddressRange]
  /// The protocol that it speaks.
  package var protocols: [ClientProtocol]
  /// The server that it asks for by TLS: names in lower case without a dot at their end; `*.` with a name for all that stand under that one, at
  /// any depth; `*` for whatever it names.
  package var sni: [String]
  /// A protocol that it would speak within TLS.
  package var alpn: [String]

  /// A condition; of what is left out nothing is asked.
  package init(
    from: [AddressRange] = [], protocols: [ClientProtocol] = [], sni: [String] = [], alpn: [String] = []
  ) {
    self.from = from
    self.protocols = protocols
    self.sni = sni
    self.alpn = alpn
  }

  /// Whether it hangs on what the client says.
  package var asksForFacts: Bool { !protocols.isEmpty || !sni.isEmpty || !alpn.isEmpty }

  /// Whether the client may be where it is.
  func mayBe(_ client: SocketAddress) -> Bool {
    from.isEmpty || from.contains { $0.contains(client) }
  }
}
