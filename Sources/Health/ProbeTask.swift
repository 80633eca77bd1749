package import Config
package import Introduction
import Sockets

/// What a probe does.
package enum ProbeTask {
  /// Connects, and is content.
  case connect
  /// Sends bytes, if any, and judges what comes back.
  case exchange(request: [UInt8], Answer)

  /// The task of a health check; nil if there is nothing to check.
  ///
  /// - Parameters:
  ///   - host: the Host header of an HTTP request, where the check doesn't give one.
  ///   - header: the version of the header of the PROXY protocol that goes first, and names nobody; nil for none. A check that only connects
  ///     isn't noticed by the backend's program, so it says nothing to it.
  package init?(_ check: HealthCheck, host: String, header: ProxyHeader.Version? = nil) {
    let heading = header.map { ProxyHeader($0, .sender).bytes() } ?? []
    switch check {
    case .none: return nil
    case .tcp: self = .connect
    case .http(let check):
      self = .exchange(request: heading + Self.request(check, host: host), .http(HTTPAnswer(check.expect)))
    case .script(let check):
      self = .exchange(request: heading + check.send.bytes, .script(ScriptAnswer(expect: check.expect)))
    }
  }

  /// HTTP/1.1, since Envoy answers 1.0 with 426 unless told otherwise; what that costs us is to understand chunks.
  private static func request(_ check: HTTPCheck, host: String) -> [UInt8] {
    let lines = [
      "\(check.method.rawValue) \(check.path) HTTP/1.1", "Host: \(check.host ?? host)", "User-Agent: martlet",
      "Accept: */*", "Connection: close", "", "",
    ]
    return Array(lines.joined(separator: "\r\n").utf8)
  }
}
