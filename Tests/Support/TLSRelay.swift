package import Sockets

/// What ends TLS in front of a server that a test plays: bytes come out of it as they were, and go into it so.
package final class TLSRelay {
  private let relay: PythonRelay

  /// Where it listens.
  package var address: SocketAddress { relay.address }

  /// Starts it.
  ///
  /// - Parameters:
  ///   - target: whom it connects each client with.
  ///   - identity: what it shows to clients.
  ///   - ca: who has to have signed a client's certificate; nil for clients without one.
  ///   - options: more of Python's settings of `context`, an `ssl.SSLContext`.
  package init(to target: SocketAddress, as identity: TestCA.Identity, clients ca: String? = nil, options: String = "")
    throws
  {
    let clients = ca.map { "context.verify_mode = ssl.CERT_REQUIRED; context.load_verify_locations('\($0)')" }
    let settings = ["context.load_cert_chain('\(identity.certificate)', '\(identity.key)')", clients ?? "", options]
    relay = try PythonRelay(to: target, context: settings.joined(separator: "\n"))
  }

  /// Waits for a line that Python's settings write.
  package func line(containing text: String) throws -> String {
    try relay.process.line(in: .output, containing: text)
  }
}
