package import Config
package import Introduction
import Sockets
package import TLS

/// What a probe does.
package struct ProbeTask {
  /// What is done when the connection stands.
  package enum Work {
    /// Nothing: the check is content.
    case connect
    /// Sends bytes, if any, and judges what comes back.
    case exchange(request: [UInt8], Answer)
  }

  /// How TLS begins.
  struct Security {
    /// A connection by TLS that has said nothing yet.
    let session: TLSSession
    /// What asks the server to begin with it, in which case it answers by a lone `S`; empty if TLS begins at once.
    let request: [UInt8]
  }

  /// What goes first, as it is.
  let heading: [UInt8]
  /// TLS; nil for none.
  let security: Security?
  let work: Work

  /// Does this, and nothing before it.
  package init(_ work: Work) { (heading, security, self.work) = ([], nil, work) }

  /// The task of a health check; nil if there is nothing to check.
  ///
  /// - Parameters:
  ///   - host: the Host header of an HTTP request, where the check doesn't give one.
  ///   - header: the version of the header of the PROXY protocol that goes first, and names nobody; nil for none. A check that only connects
  ///     isn't noticed by the backend's program, so it says nothing to it.
  ///   - session: a new connection by TLS; nil for bytes as they are.
  package init?(
    _ check: HealthCheck, host: String, header: ProxyHeader.Version? = nil, over session: TLSSession? = nil
  ) {
    guard let work = Self.work(of: check, host: host) else { return nil }
    self.work = work
    let isSilent = if case .connect = work { session == nil } else { false }
    heading = isSilent ? [] : header.map { ProxyHeader($0, .sender).bytes() } ?? []
    let request: [UInt8] = if case .postgres = check { PostgresAnswer.securityRequest } else { [] }
    security = session.map { Security(session: $0, request: request) }
  }

  /// Asks an agent.
  package init(_ agent: AgentConfiguration) {
    self.init(.exchange(request: agent.send, .agent(AgentAnswer())))
  }

  private static func work(of check: HealthCheck, host: String) -> Work? {
    switch check {
    case .none: nil
    case .tcp: .connect
    case .http(let check): .exchange(request: request(check, host: host), .http(HTTPAnswer(check.expect)))
    case .script(let check): .exchange(request: check.send.bytes, .script(ScriptAnswer(expect: check.expect)))
    case .redis(let check): .exchange(request: RedisAnswer.request(check), .redis(RedisAnswer(check)))
    case .postgres(let check): .exchange(request: PostgresAnswer.request(check), .postgres(PostgresAnswer(check)))
    case .mysql(let user): .exchange(request: [], .mysql(MySQLAnswer(user: user)))
    case .smtp: .exchange(request: [], .smtp(SMTPAnswer()))
    case .ldap: .exchange(request: LDAPAnswer.request, .ldap(LDAPAnswer()))
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
