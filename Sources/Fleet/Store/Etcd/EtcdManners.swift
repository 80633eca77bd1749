import Libevent
import Sockets
import Stores
import TLS

/// How a server is spoken to.
struct EtcdManners {
  /// How long an answer may take; then the connection is given up, as its server is stuck or cut off from the others.
  var patience = Duration.milliseconds(400)
  /// After how much silence of ours the server is asked for a sign of life, so that a stuck one shows before it's needed.
  var pingInterval = Duration.seconds(1)
  /// The key by which it's asked for one.
  var probe: String
  /// Who asks; nil for nobody in particular.
  var user: StoreUser?
  /// TLS, as it's now; nil for none.
  var tls: RenewedTLS?

  /// The most bytes of an answer: a value of 400,000 bytes as base64, or what is told of several, and what stands around that.
  static let largestAnswer = 4 << 20
  /// What waits to be read, which is taken as it comes, and the largest request.
  static let bounds = BufferedConnection.Bounds(input: 1 << 20, output: 4 << 20)

  /// A request as HTTP/1.1 has it.
  ///
  /// - Parameter fields: more lines of its head.
  static func message(
    to server: StoreServer, _ method: String, _ path: String, _ content: [UInt8], token: String?, fields: String = ""
  ) -> [UInt8] {
    let authorization = token.map { "Authorization: \($0)\r\n" } ?? ""
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: \(server.address)\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(content.count)\r\n\(authorization)\(fields)\r\n"
    return Array(head.utf8) + content
  }
}
