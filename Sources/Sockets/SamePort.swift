// A backend's address may leave the port to its clients: it's the one that each of them asks for. Nobody can be reached at port 0
// (RFC 6335, section 6), so that is how it's held; people read and write the word.

extension SocketAddress {
  /// The word in place of such a port.
  package static let samePort = "same"

  /// Whether its port is the one that a client asks for.
  package var hasSamePort: Bool { port == 0 }

  /// A backend's address in words: `10.0.0.1:80`, `10.0.0.1:same`.
  package var backendText: String {
    guard hasSamePort else { return description }
    return "\(description.dropLast())\(Self.samePort)"
  }
}
