/// What the first bytes of a connection look like, for people who wonder why they aren't what they should be.
package enum Beginning: String, Sendable {
  /// A client's hello by TLS (RFC 8446, 5.1).
  case tls = "a TLS hello"
  /// A request by HTTP.
  case http = "an HTTP request"
  /// SSH's first line (RFC 4253, 4.2).
  case ssh = "SSH"
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
      if bytes.count >= 3, bytes[0] == 22, bytes[1] == 3 {
        .tls
      } else if begins("SSH-") {
        .ssh
      } else if begins("PROXY ") || begins("\r\n\r\n\0\r\nQUIT\n") {
        .proxy
      } else if begins("GET ") || begins("POST ") || begins("HEAD ") || begins("PUT ") || begins("OPTIONS ")
        || begins("DELETE ") || begins("CONNECT ") || begins("PRI * HTTP/2")
      {
        .http
      } else {
        .other
      }
  }
}
