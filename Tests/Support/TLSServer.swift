package import Sockets

/// OpenSSL's own server: it ends TLS as others do, and answers nothing that means anything.
package final class TLSServer {
  /// Where it listens.
  package let address: SocketAddress
  private let process: Subprocess

  /// Starts it.
  ///
  /// - Parameters:
  ///   - identity: what it shows to clients.
  ///   - options: more of `openssl s_server`'s.
  package init(as identity: TestCA.Identity, _ options: [String] = []) throws {
    process = try Subprocess(
      "openssl",
      ["s_server", "-accept", "127.0.0.1:0", "-rev", "-cert", identity.certificate, "-key", identity.key] + options)
    let line = try process.line(in: .output, containing: "ACCEPT ", limit: .seconds(20))
    guard let address = line.split(separator: " ").last.flatMap({ SocketAddress(String($0)) }) else {
      throw Failure("no address: \(line)")
    }
    self.address = address
  }
}
