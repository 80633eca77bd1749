import Config
import Model
import Proxy
import Sockets

/// What the lines of an access log say beside what is known of a session.
package struct AccessLogOrigin: Sendable {
  /// The machine's name.
  package var host: String
  /// The process's id.
  package var process: Int
  /// What the ids of its sessions begin with, and those of no other process.
  package var prefix: String

  /// Of a process on a machine.
  package init(host: String, process: Int, prefix: String = SessionID.prefix) {
    self.host = host
    self.process = process
    self.prefix = prefix
  }

  /// The machine's name as RFC 5424 takes it.
  var hostname: String {
    let name = String(decoding: host.utf8.prefix(255).filter { (0x21...0x7E).contains($0) }, as: UTF8.self)
    return name.isEmpty ? "-" : name
  }
}

/// How records become lines.
struct AccessStyle: ~Copyable {
  /// Unix time less the monotonic clock, in nanoseconds: records have times of that.
  var wall: Int = 0
  /// Which configuration runs.
  var generation = 1
  /// The line that was made last, with its end.
  private(set) var line = LineWriter()

  private let origin: AccessLogOrigin
  private var ended = MomentWriter()
  private var began = MomentWriter()

  init(_ origin: AccessLogOrigin) {
    self.origin = origin
  }

  /// What lines of a log look like.
  func form(of log: AccessLog) -> AccessLineForm { AccessLineForm(log.configuration, origin) }

  /// Makes the line of a record.
  mutating func make(_ record: borrowing AccessRecord, _ form: borrowing AccessLineForm) {
    line.removeAll()
    unsafe form.texts.withUnsafeBufferPointer { texts in
      for piece in form.pieces {
        let before = line.count
        unsafe line.append(UnsafeBufferPointer(rebasing: texts[piece.before]))
        if let field = piece.field, !append(field, of: record, piece.quoting) {
          guard piece.hasPlaceholder else {
            line.cut(to: before)
            continue
          }
          line.append(UInt8(ascii: "-"))
        }
        if !piece.after.isEmpty { unsafe line.append(UnsafeBufferPointer(rebasing: texts[piece.after])) }
      }
    }
  }

  /// Makes a line that says how many others are missing, and since when, in milliseconds of Unix time.
  mutating func makeLost(_ count: Int, since: Int, at now: Int, for log: AccessLog) {
    let configuration = log.configuration
    line.removeAll()
    func moment(_ milliseconds: Int) -> String { Timestamp(milliseconds: milliseconds).description }
    if configuration.to.isSyslog {
      line.append(
        "<132>1 \(moment(now)) \(origin.hostname) martlet \(origin.process) lost [martlet@32473 event=\"lost\" lost=\"\(count)\"] ",
        .none)
    }
    if configuration.format == .json {
      line.append(
        "{\"time\":\"\(moment(now))\",\"event\":\"lost\",\"lost\":\(count),\"since\":\"\(moment(since))\"}", .none)
    } else {
      line.append("\(moment(now)) \(count) lines are missing here, since \(moment(since))", .none)
    }
    if !configuration.to.isSyslog { line.append(UInt8(ascii: "\n")) }
  }

  private func milliseconds(_ monotonic: UInt64) -> Int {
    (Int(monotonic) &+ wall) / 1_000_000
  }

  /// Appends the value of a field; false if there's none.
  private mutating func append(
    _ field: AccessLogField, of record: borrowing AccessRecord, _ quoting: LineWriter.Quoting
  ) -> Bool {
    switch field {
    case .time:
      ended.append(milliseconds: milliseconds(record.session.acceptedAt &+ record.session.duration), to: &line)
    case .event: line.append(record.session.end == nil ? "interval" : "end", .none)
    case .id: line.append(UInt(record.session.id))
    // What all of the process have in common stands before it.
    case .unique: line.append(UInt(record.session.id), digits: 16, radix: 16)
    case .start: began.append(milliseconds: milliseconds(record.session.acceptedAt), to: &line)
    case .client: line.append(record.session.client, quoting)
    case .peer: line.append(record.session.peer, quoting)
    case .listener: line.append(record.session.listener.name, quoting)
    case .sni:
      guard let name = record.session.facts?.serverName else { return false }
      line.append(name, quoting)
    case .alpn: return append(record.session.facts?.alpn ?? [], quoting)
    case .pool:
      guard let pool = record.session.pool else { return false }
      line.append(pool.name, quoting)
    case .backend:
      guard let backend = record.session.backend else { return false }
      line.append(backend.name, quoting)
    case .address:
      guard let address = record.session.address else { return false }
      line.append(address, quoting)
    case .source:
      guard let source = record.source else { return false }
      line.append(source, quoting)
    case .attempts: line.append(record.session.attempts)
    case .failures: return append(record.session.failures, quoting)
    case .introduction: return append(record.session.introductionTime)
    case .wait: return append(record.session.waitTime)
    case .connect: return append(record.session.connectTime)
    case .firstByte: return append(record.session.firstByteTime)
    case .duration: line.append(nanoseconds: record.session.duration)
    case .toBackend: line.append(record.session.bytesToBackend)
    case .toClient: line.append(record.session.bytesToClient)
    case .cause:
      guard let end = record.session.end else { return false }
      line.append(end.word, .none)
    case .generation: line.append(generation)
    case .process: line.append(origin.process)
    }
    return true
  }

  private mutating func append(_ nanoseconds: UInt64?) -> Bool {
    guard let nanoseconds else { return false }
    line.append(nanoseconds: nanoseconds)
    return true
  }

  /// `h2,http/1.1`.
  private mutating func append(_ words: [String], _ quoting: LineWriter.Quoting) -> Bool {
    for (index, word) in words.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      line.append(word, quoting)
    }
    return !words.isEmpty
  }

  /// `b1=refused,b2=timeout`.
  private mutating func append(_ failures: [FailedAttempt], _ quoting: LineWriter.Quoting) -> Bool {
    for (index, failed) in failures.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      line.append(failed.backend.name, quoting)
      line.append(UInt8(ascii: "="))
      line.append(failed.failure.rawValue, quoting)
    }
    return !failures.isEmpty
  }
}
