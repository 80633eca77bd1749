package import Balancing
import Glibc
import Names
import Sockets
import SystemPackage

/// What has kept this machine from connecting to a pool's backends, through no fault of theirs.
package struct Hindrances {
  private struct Record {
    var backend: String
    var egress: EgressRules
    var count = 0
    var first: Instant
    var last: Instant
    var told: Instant?
  }

  /// For how long one is worth telling.
  private static let memory = Duration.seconds(60)
  /// How often the log tells of the same one.
  private static let logInterval = Duration.seconds(10)

  /// One for each error: there are few of them.
  private var records: [Errno: Record] = [:]

  /// Takes note of one; gives what the log should say, if it hasn't just now.
  ///
  /// - Parameter egress: how connections to the backend leave.
  mutating func note(
    _ error: Errno, backend: String, leavingBy egress: EgressRules = EgressRules(), at now: Instant
  ) -> String? {
    let new = Record(backend: backend, egress: egress, first: now, last: now)
    var record = records[error] ?? new
    if now - record.last > Self.memory { record = new }
    (record.backend, record.egress) = (backend, egress)
    record.count += 1
    record.last = now
    defer { records[error] = record }
    if let told = record.told, now - told < Self.logInterval { return nil }
    record.told = now
    return "can't connect to \(backend): \(Self.advice(error, egress))"
  }

  /// What there was within the last minute, in words, the latest first.
  package func recent(at now: Instant) -> [String] {
    let recent = records.filter { now - $0.value.last <= Self.memory }
    return recent.sorted { $0.value.last > $1.value.last }.map { error, record in
      "\(record.count) \(record.count == 1 ? "connect" : "connects") failed through no fault of a backend, the last one to "
        + "\(record.backend): \(Self.advice(error, record.egress))"
    }
  }

  private static func advice(_ error: Errno, _ egress: EgressRules) -> String {
    switch error {
    case .addressRequired:
      "its port is the one that a client asks for, and a client came that asked for none: by a Unix socket, perhaps without a header of "
        + "the PROXY protocol that says so"
    case .addressNotAvailable where !egress.strangers.isEmpty:
      "\(egress.strangers.map(\.host).joined(separator: ", ")) of \"source\" is none of this machine's addresses"
        + (egress.sourceCount > egress.strangers.count ? ", and the others have no port left, or no way there" : "")
    case Errno(rawValue: ENODEV): "this machine has no interface \"\(egress.interface ?? "")\""
    case .permissionDenied where egress.needsCapability, .notPermitted where egress.needsCapability:
      "\"mark\", \"interface\" and \"source\": \"client\" take CAP_NET_ADMIN, or a rule of this machine forbids it (\(error))"
    case .addressNotAvailable where egress.source != .any:
      "there is no way to it from \"source\", or no local port left there (net.ipv4.ip_local_port_range); more addresses of \"source\" "
        + "have more ports"
    case .addressNotAvailable:
      "no local port is left for connections to it (net.ipv4.ip_local_port_range); more backends, or more addresses of "
        + "one, make room"
    case .tooManyOpenFiles: "the process has no descriptor left (LimitNOFILE, ulimit -n)"
    case .tooManyOpenFilesInSystem: "the machine has no descriptor left (fs.file-max)"
    case .permissionDenied, .notPermitted:
      "a firewall's rule or a security policy of this machine forbids it (\(error))"
    default: "the kernel has no memory left for it (\(error))"
    }
  }
}

extension EgressRules {
  /// The sources that aren't this machine's addresses now.
  fileprivate var strangers: [SocketAddress] {
    guard case .addresses(let all) = source else { return [] }
    let routes = LocalRoutes()
    return all.filter { !routes.isLocal($0) }
  }

  /// How many sources are named.
  fileprivate var sourceCount: Int {
    if case .addresses(let all) = source { all.count } else { 0 }
  }

  /// Whether a process without capabilities may be refused it.
  fileprivate var needsCapability: Bool { mark != 0 || interface != nil || source == .client }
}
