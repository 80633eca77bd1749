import CAres
import Libevent
import Sockets

/// One place where a service is, as an SRV record says it (RFC 2782).
package struct ServiceRecord: Hashable, Sendable {
  /// The name of the host, in lower case, without a dot at its end.
  package var host: String
  package var port: UInt16
  /// Those of the lowest number are asked first.
  package var priority: UInt16
  /// The share among those of the same priority; 0 for as little as can be.
  package var weight: UInt16

  /// All of it.
  package init(host: String, port: UInt16, priority: UInt16, weight: UInt16) {
    (self.host, self.port, self.priority, self.weight) = (host, port, priority, weight)
  }
}

/// What came of looking a service up.
package enum ServiceResolution: Equatable, Sendable {
  /// These, at least one, sorted by priority, host and port, each once.
  case records([ServiceRecord])
  /// There are none: a name server says so, and why.
  case none(String)
  /// Nobody knows: the reason is none of the name's.
  case failed(String)
}

extension ServiceResolution {
  /// The most records that are read of an answer.
  private static let most = 1024

  /// Reads what c-ares gives.
  init(status: Int32, answer: UnsafeMutablePointer<UInt8>?, length: Int32) {
    // What an answer without any comes to is the same for all kinds of records.
    switch unsafe Record(status: status, answer: answer, length: length, .ipv4) {
    case .noName: self = .none("no such name")
    case .unknown(let reason) where status != ARES_SUCCESS: self = .failed(reason)
    case .silent(let reason): self = .failed(reason)
    case .noData where status != ARES_SUCCESS: self = .none("no SRV record")
    case .addresses, .noData, .unknown: self = unsafe Self.read(answer, length)
    }
  }

  private static func read(_ answer: UnsafeMutablePointer<UInt8>?, _ length: Int32) -> ServiceResolution {
    var list: UnsafeMutablePointer<ares_srv_reply>?
    let status = unsafe ares_parse_srv_reply(answer, length, &list)
    defer { unsafe ares_free_data(list) }
    switch status {
    case ARES_SUCCESS: break
    case ARES_ENODATA: return .none("no SRV record")
    default: return .failed("the answer is broken")
    }
    var found: Set<ServiceRecord> = []
    var next = unsafe list
    while let record = unsafe next, found.count < most {
      unsafe next = record.pointee.next
      let host = unsafe String(cString: record.pointee.host).lowercased()
      // A lone dot says that the service is decidedly not there.
      guard !host.isEmpty, host != ".", unsafe record.pointee.port > 0 else { continue }
      found.insert(
        ServiceRecord(
          host: host.hasSuffix(".") ? String(host.dropLast()) : host, port: unsafe record.pointee.port,
          priority: unsafe record.pointee.priority, weight: unsafe record.pointee.weight))
    }
    guard !found.isEmpty else { return .none("the service isn't there, says its SRV record") }
    return .records(
      found.sorted { ($0.priority, $0.host, $0.port, $0.weight) < ($1.priority, $1.host, $1.port, $1.weight) })
  }
}

/// One look-up of a service under way. Dropping it ends it.
package final class ServiceLookup {
  private let answered: (ServiceResolution) -> Void
  /// Kept for as long as the question is under way.
  private var channel: DNSChannel?
  private var result: ServiceResolution?
  /// Ends the wait, and delivers what has come, so that nobody is called back from within a call of theirs.
  private var timer: Timer?

  init(
    _ name: String, channel: DNSChannel, timeout: Duration, on loop: EventLoop,
    answered: @escaping (ServiceResolution) -> Void
  ) {
    self.channel = channel
    self.answered = answered
    timer = Timer(on: loop) { [unowned self] in deliver(orElse: "no answer within \(timeout)") }
    timer?.schedule(after: timeout)
    channel.ask(name, for: self)
  }

  /// Takes the answer. Nobody is called back before the loop's next turn.
  func take(_ resolution: ServiceResolution) {
    guard result == nil, timer != nil else { return }
    result = resolution
    timer?.schedule(after: .zero)
  }

  private func deliver(orElse reason: String) {
    (timer, channel) = (nil, nil)
    answered(result ?? .failed(reason))
  }
}
