/// What the first bytes of a connection look like, for people who wonder why they aren't what they should be.
package enum Beginning: String, Sendable {
  /// A client's hello by TLS.
  case tls = "a TLS hello"
  /// A request by HTTP.
  case http = "an HTTP request"
  /// SSH's first line.
  case ssh = "SSH"
  /// PostgreSQL's first message.
  case postgres = "PostgreSQL"
  /// A header of the PROXY protocol.
  case proxy = "a PROXY protocol header"
  /// Nothing that is known.
  case other = "something else"

  /// That of some bytes.
  package init(_ bytes: Span<UInt8>) {
    func begins(_ text: StaticString) -> Bool {
      guard bytes.count >= text.utf8CodeUnitCount else { return false }
      for index in 0..<text.utf8CodeUnitCount where unsafe bytes[index] != text.utf8Start[index] { return false }
      return true
    }
    self =
      switch ClientProtocol.read(bytes) {
      case .known(.tls): .tls
      case .known(.http): .http
      case .known(.ssh): .ssh
      case .known(.postgres): .postgres
      case .incomplete, .other: begins("PROXY ") || begins("\r\n\r\n\0\r\nQUIT\n") ? .proxy : .other
      }
  }
}
