/// What a client's first bytes say of what it wants; all of it is unknown of one that says nothing, or nothing that can be read.
package struct ClientFacts: Equatable, Sendable {
  /// The protocol that it speaks.
  package var `protocol`: ClientProtocol?
  /// The name of the server that it asks for by TLS, as ``ClientHello`` has it.
  package var serverName: String?
  /// The protocols that it would speak within TLS, likewise.
  package var alpn: [String]

  /// Facts.
  package init(_ protocol: ClientProtocol? = nil, serverName: String? = nil, alpn: [String] = []) {
    self.protocol = `protocol`
    self.serverName = serverName
    self.alpn = alpn
  }

  /// The most bytes that say something.
  package static let longest = ClientHello.longest

  /// Those of some bytes; nil as long as more may say more.
  package static func read(_ bytes: Span<UInt8>) -> ClientFacts? {
    switch ClientProtocol.read(bytes) {
    case .incomplete: nil
    case .other: ClientFacts()
    case .known(.tls):
      switch ClientHello.read(bytes) {
      case .incomplete: nil
      case .wrong: ClientFacts()
      case .hello(let hello): ClientFacts(.tls, serverName: hello.serverName, alpn: hello.protocols)
      }
    case .known(let known): ClientFacts(known)
    }
  }
}
