import Balancing
import Config
import Introduction
import Sockets

@testable import Logs
@testable import Proxy

extension AccessLogOrigin {
  static let sample = AccessLogOrigin(host: "lb-1", process: 4711, prefix: "1a2b-")
}

extension SessionRecord {
  private static let web = ListenerStatus(name: "web", workers: 1)
  private static let main = PoolStatus(name: "main", cursorStart: 0, workers: 1)
  private static let reached = Backend(
    id: 1, pool: "main", name: "b1", address: .ipv4(0x0A00_0001, port: 80), workers: 1)
  private static let other = Backend(
    id: 2, pool: "main", name: "b2", address: .ipv4(0x0A00_0002, port: 80), workers: 1)

  /// One that has something of everything.
  static func whole(_ id: UInt64 = 7) -> SessionRecord {
    SessionRecord(
      id: id, client: .ipv4(0xC000_0201, port: 4711), peer: .ipv6(high: 0x2001_0DB8 << 32, low: 1, scope: 0, port: 5),
      listener: web, facts: ClientFacts(.tls, serverName: "db.example", alpn: ["h2", "a]\""]), pool: main,
      backend: reached, acceptedAt: 5_000_000_000, duration: 1_250_000_999,
      introductionTime: 1_000, waitTime: 0, connectTime: 250_000, firstByteTime: 2_000_000_000, bytesToBackend: 5,
      bytesToClient: 1_234_567_890_123, end: .closed(.clientEnded), attempts: 3,
      failures: [.init(other, .refused), .init(other, .timeout)])
  }

  /// One that reached nobody.
  static let refused = SessionRecord(
    id: 8, client: .unix(path: "/run/\"a b]\\\n"), peer: .unix(path: ""), listener: web, facts: nil, pool: main,
    backend: nil,
    acceptedAt: 5_000_000_000, duration: 0, introductionTime: nil, waitTime: nil, connectTime: nil, firstByteTime: nil,
    bytesToBackend: 0, bytesToClient: 0, end: .refused(.noBackend), attempts: 0, failures: [])

  /// One that lasts.
  static let lasting = SessionRecord(
    id: 9, client: .ipv4(1, port: 1), peer: .ipv4(1, port: 1), listener: web, facts: ClientFacts(), pool: main,
    backend: reached,
    acceptedAt: 5_000_000_000, duration: 1_000_000_000, introductionTime: nil, waitTime: 0, connectTime: 1_000,
    firstByteTime: nil, bytesToBackend: 0, bytesToClient: 0, end: nil, attempts: 1, failures: [])
}

extension AccessLogs {
  /// Notes a session, as a worker does.
  func note(_ session: SessionRecord, _ configuration: AccessLogConfiguration) { note([session], configuration) }

  /// The same of several at once.
  func note(_ sessions: [SessionRecord], _ configuration: AccessLogConfiguration) {
    var records = sessions.map {
      AccessRecord(session: $0, source: .ipv4(0x0A00_0009, port: 999), log: log(for: configuration))
    }
    outboxes[0].put(&records)
  }
}

extension AccessLogConfiguration {
  init(_ to: AccessLogTarget, _ format: AccessLogFormat = .json) {
    self.init(to: to)
    self.format = format
  }
}
